import ControlModel

/// `/v2/databases/{cluster}/users`: login roles.
func databaseUserRoutes(_ services: APIServices) -> [Route] {
    let databases = services.databases
    let list = "/v2/databases/{cluster}/users"
    let one = "\(list)/{username}"
    return [
        Route(.get, list) { call in
            let users = try await databases.users(clusterID: try call.identifier("cluster"))
            return .ok(UserList(users: users.map { DatabaseUserView($0, showsPassword: call.showsPasswords) }))
        },
        Route(.post, list) { call in
            let id = try call.identifier("cluster")
            _ = try await databases.cluster(id: id)
            let body = try await call.body()
            let user = try await databases.createUser(
                clusterID: id, name: try body.requiredString("name"),
                allowsReplication: try body.object("settings")?.boolean("pg_allow_replication") ?? false)
            return .created(UserEnvelope(user, call: call))
        },
        Route(.get, one) { call in
            let user = try await databases.user(
                clusterID: try call.identifier("cluster"), name: try call.parameter("username"))
            return .ok(UserEnvelope(user, call: call))
        },
        Route(.put, one) { call in
            let (id, name) = (try call.identifier("cluster"), try call.parameter("username"))
            let user = try await databases.user(clusterID: id, name: name)
            let settings = try (try await call.body()).requiredObject("settings")
            let updated = try await databases.updateUser(
                clusterID: id, name: name,
                allowsReplication: try settings.boolean("pg_allow_replication") ?? user.allowsReplication)
            return .created(UserEnvelope(updated, call: call))
        },
        Route(.delete, one) { call in
            try await databases.deleteUser(
                clusterID: try call.identifier("cluster"), name: try call.parameter("username"))
            return .noContent
        },
        Route(.post, "\(one)/reset_auth") { call in
            let (id, name) = (try call.identifier("cluster"), try call.parameter("username"))
            // Its one field is MySQL's; the body is read so that a broken one is refused.
            _ = try await call.optionalBody()?.object("mysql_settings")
            return .ok(UserEnvelope(try await databases.resetPassword(clusterID: id, userName: name), call: call))
        },
    ]
}

private struct UserList: Encodable {
    let users: [DatabaseUserView]
}

private struct UserEnvelope: Encodable {
    let user: DatabaseUserView

    init(_ user: DatabaseUser, call: Call) {
        self.user = DatabaseUserView(user, showsPassword: call.showsPasswords)
    }
}

struct DatabaseUserView: Encodable {
    struct Settings: Encodable {
        let pgAllowReplication: Bool

        enum CodingKeys: String, CodingKey {
            case pgAllowReplication = "pg_allow_replication"
        }
    }

    let name: String
    let role: String
    let password: String?
    /// Absent while all settings have their defaults, so that Terraform sees no difference from what it asked for.
    let settings: Settings?

    init(_ user: DatabaseUser, showsPassword: Bool) {
        name = user.name
        role = user.role.rawValue
        password = showsPassword ? user.password : nil
        settings = user.allowsReplication ? Settings(pgAllowReplication: true) : nil
    }
}
