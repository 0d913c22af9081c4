/// Where a spawn can fail, in the order of the steps: the order of `enum atoll_spawn_step`.
package enum SpawnStep: String, Codable, Sendable, CaseIterable {
    /// No step: all went well.
    case none
    /// The request itself.
    case arguments
    /// The pipe that reports errors.
    case pipe
    /// fork.
    case fork
    /// setsid.
    case session
    /// Streams and listening sockets.
    case descriptors
    /// Opening the paths of the rules.
    case landlockRules
    /// setgroups.
    case groups
    /// setgid.
    case group
    /// setuid.
    case user
    /// prctl.
    case noNewPrivileges
    /// landlock_restrict_self.
    case landlock
    /// prctl.
    case parentDeathSignal
    /// chdir.
    case workingDirectory
    /// execve.
    case execute

    init(number: Int32) {
        let all = Self.allCases
        self = all.indices.contains(Int(number)) ? all[Int(number)] : .none
    }
}
