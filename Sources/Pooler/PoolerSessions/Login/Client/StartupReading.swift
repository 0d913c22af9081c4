import PostgresWire

// What a StartupMessage says, under a policy.

extension StartupParameters {
    init(_ message: StartupMessage, _ policy: StartupPolicy) throws(LoginFailure) {
        self.init(version: min(message.version, policy.newestVersion))
        // First, because it decides how the options are read.
        if let value = message.value(of: "replication")?.string {
            guard let mode = ReplicationMode(value) else { throw .invalidReplication(value) }
            replication = mode
        }
        var reader = message.parameters
        while let parameter = reader.next() {
            try take(parameter.name.string, parameter.value.string, policy)
        }
        if database.isEmpty { database = user }
        guard !user.isEmpty else { throw .userMissing }
        guard user.utf8.count <= LoginLimits.userNameByteCountMax else { throw .userTooLong }
        guard database.utf8.count <= LoginLimits.databaseNameByteCountMax else { throw .databaseTooLong(database) }
    }

    private mutating func take(_ name: String, _ value: String, _ policy: StartupPolicy) throws(LoginFailure) {
        switch name {
        case "user": user = value
        case "database": database = value
        case "replication": break
        case "options": try takeOptions(value, policy)
        case _ where name.hasPrefix("_pq_."): break
        default:
            if let tracked = policy.trackedName(name) {
                set(tracked, value)
            } else if !policy.ignores(name) {
                throw .unsupportedParameter(name).with(detail: "\(name)=\(value)")
            }
        }
    }

    private mutating func takeOptions(_ value: String, _ policy: StartupPolicy) throws(LoginFailure) {
        guard replication == .none else {
            // A replication client has its server to itself, which takes the options apart better than we could.
            options = value
            return
        }
        for setting in try StartupOptions.settings(value) {
            if let tracked = policy.trackedName(setting.name) {
                set(tracked, setting.value)
            } else if !policy.ignores(setting.name), !policy.ignores("options") {
                throw .unsupportedOption(setting.name).with(detail: "\(setting.name)=\(setting.value)")
            }
        }
    }
}
