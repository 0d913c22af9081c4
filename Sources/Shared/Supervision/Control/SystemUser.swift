import Glibc

/// An operating system user of ours, as each PostgreSQL cluster and each engine has one when run as root.
package struct SystemUser: Sendable, Equatable {
    /// Its name.
    package var name: String
    /// Its user id.
    package var userID: UInt32
    /// The id of its own group.
    package var groupID: UInt32

    /// Names end at 32 bytes.
    package static let nameBytesMax = 32

    /// Why a user could not be made or removed.
    package struct Failure: Error, Sendable, CustomStringConvertible {
        /// What happened, to what, and what to do next.
        package var description: String
    }

    /// Looks a user up; nil when there is none of that name.
    package static func find(name: String) throws -> SystemUser? {
        var capacity = 4096
        while true {
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            var buffer = [CChar](repeating: 0, count: capacity)
            let errorNumber = getpwnam_r(name, &entry, &buffer, capacity, &found)
            if errorNumber == ERANGE, capacity < 1 << 20 {
                capacity *= 2
                continue
            }
            if errorNumber == EINTR { continue }
            // Some name services report "no such user" by one of these.
            if found == nil, [0, ENOENT, ESRCH, EBADF, EPERM].contains(errorNumber) { return nil }
            guard found != nil else {
                throw Failure(description: "could not look up the user \(name): \(systemMessage(errorNumber))")
            }
            return SystemUser(name: name, userID: entry.pw_uid, groupID: entry.pw_gid)
        }
    }

    /// Makes a system user without home or shell, and a group of the same name, unless they are there.
    package static func ensure(name: String) async throws -> SystemUser {
        try validate(name)
        return try await queue.run {
            if let user = try find(name: name) { return user }
            // A group left over from a run that was killed half-way is taken into use again.
            let group = groupExists(name) ? ["--gid", name] : ["--user-group"]
            let arguments = ["--system", "--no-create-home", "--shell", "/usr/sbin/nologin"] + group + [name]
            // 9: another program has just made it.
            try await change("/usr/sbin/useradd", arguments, accepting: [0, 9])
            guard let user = try find(name: name) else {
                throw Failure(description: "useradd made the user \(name), but the system does not list it")
            }
            return user
        }
    }

    /// Removes a user and its group; nothing happens when there is none.
    package static func remove(name: String) async throws {
        try validate(name)
        try await queue.run {
            // 6: no such user.
            if try find(name: name) != nil { try await change("/usr/sbin/userdel", [name], accepting: [0, 6]) }
            if groupExists(name) { try await change("/usr/sbin/groupdel", [name], accepting: [0, 6]) }
        }
    }

    /// One change at a time: the tools fail at once while another holds their lock on /etc/passwd.
    private static let queue = SerialTasks()

    /// Other programs may hold that lock too, so a change is tried again for this long.
    private static let patience: Duration = .seconds(20)
    /// useradd and userdel: cannot update the password file (1), the group file (10); groupdel: 10.
    private static let lockedCodes: [Int32] = [1, 10]

    private static func change(_ tool: String, _ arguments: [String], accepting codes: [Int32]) async throws {
        let deadline = ContinuousClock.now + patience
        var pause: Duration = .milliseconds(50)
        while true {
            let environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"]
            let result = try await ShortCommand.run(tool, arguments, environment: environment)
            if case .exited(let code) = result.termination {
                if codes.contains(code) { return }
                if lockedCodes.contains(code), ContinuousClock.now < deadline, geteuid() == 0 {
                    try await Task.sleep(for: pause)
                    pause = min(pause * 2, .seconds(1))
                    continue
                }
            }
            let said = result.errorText.split(separator: "\n").joined(separator: " ")
            let advice = geteuid() == 0 ? "" : "; only root may change users"
            throw Failure(description: "\(tool) \(arguments.joined(separator: " ")) failed: \(said)\(advice)")
        }
    }

    private static func validate(_ name: String) throws {
        let first = name.utf8.first ?? 0
        let isLower = { (byte: UInt8) in byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") }
        let rest = name.utf8.allSatisfy {
            isLower($0) || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") || "-_".utf8.contains($0)
        }
        guard isLower(first) || first == UInt8(ascii: "_"), rest, name.utf8.count <= nameBytesMax else {
            throw Failure(
                description: "\"\(name)\" cannot be a user name: use a lower-case letter, then at most "
                    + "\(nameBytesMax - 1) of a-z, 0-9, - and _")
        }
    }

    private static func groupExists(_ name: String) -> Bool {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        // Our own groups have no members besides the user, so the entry is short.
        var buffer = [CChar](repeating: 0, count: 64 * 1024)
        return getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0 && found != nil
    }
}

/// Runs async operations one after another, in the order of their arrival.
private actor SerialTasks {
    private var last: Task<Void, Never>?

    func run<Value: Sendable>(_ operation: @escaping @Sendable () async throws -> Value) async throws -> Value {
        let previous = last
        let task = Task {
            await previous?.value
            return try await operation()
        }
        last = Task { _ = try? await task.value }
        return try await task.value
    }
}
