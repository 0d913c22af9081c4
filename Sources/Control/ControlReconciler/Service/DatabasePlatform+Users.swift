package import ControlModel
import ControlStore
import PostgresCluster
import PostgresWire

/// Login roles and databases of a cluster.
///
/// PostgreSQL itself says which there are, so what users make or drop by SQL shows here too; the state database adds
/// the passwords that the platform made. Order of a change: server first, then state, then the answer. A control
/// process killed in between leaves at worst a role without a known password, which can be reset or deleted.
extension DatabasePlatform {
    package func users(clusterID: String) async throws -> [DatabaseUser] {
        try Self.requirePostgres(try await find(clusterID).0, "User management")
        let stored = try await store.users(clusterID: clusterID)
        guard let (_, _, endpoint) = try? await findPostgres(clusterID) else { return stored }
        let roles = try await session(endpoint) { session in try await session.loginRoles() }
        return roles.map { role in
            let known = stored.first { $0.name == role.name }
            return DatabaseUser(
                name: role.name, role: known?.role ?? .normal, password: known?.password ?? "",
                allowsReplication: role.allowsReplication)
        }
    }

    package func user(clusterID: String, name: String) async throws -> DatabaseUser {
        guard let user = try await users(clusterID: clusterID).first(where: { $0.name == name }) else {
            throw ServiceError.notFound("the cluster has no user \(name)")
        }
        return user
    }

    package func createUser(clusterID: String, name: String, allowsReplication: Bool) async throws -> DatabaseUser {
        try Self.requirePostgres(try await find(clusterID).0, "User management")
        try NameRules.checkRole(name)
        let (_, _, endpoint) = try await findPostgres(clusterID)
        let user = DatabaseUser(
            name: name, role: .normal, password: Passwords.make(), allowsReplication: allowsReplication)
        let verifier = try ScramVerifier.random(password: user.password).text
        try await session(endpoint) { session in
            try await session.createRole(name, verifier: verifier, allowsReplication: allowsReplication)
        }
        do {
            // A row of that name belongs to a role that was dropped by SQL.
            try await store.removeUser(clusterID: clusterID, name: name)
            try await store.insertUser(clusterID: clusterID, user)
        } catch {
            try await session(endpoint) { session in try await session.dropRole(name) }
            throw error
        }
        return user
    }

    package func updateUser(clusterID: String, name: String, allowsReplication: Bool) async throws -> DatabaseUser {
        var user = try await user(clusterID: clusterID, name: name)
        let (_, _, endpoint) = try await findPostgres(clusterID)
        try await session(endpoint) { session in
            try await session.setReplication(ofRole: name, allowed: allowsReplication)
        }
        if try await store.user(clusterID: clusterID, name: name) != nil {
            try await store.setUserReplication(clusterID: clusterID, name: name, allowsReplication: allowsReplication)
        }
        user.allowsReplication = allowsReplication
        return user
    }

    package func resetPassword(clusterID: String, userName: String) async throws -> DatabaseUser {
        let (found, controller) = try await find(clusterID)
        if found.engine != .postgres { return try await resetKeyValuePassword(found, controller, userName: userName) }
        var user = try await user(clusterID: clusterID, name: userName)
        let (cluster, driver, _) = try await findPostgres(clusterID)
        user.password = Passwords.make()
        if try await store.user(clusterID: clusterID, name: userName) == nil {
            try await store.insertUser(clusterID: clusterID, user)
        }
        do {
            try await driver.setPassword(user.password, ofUser: userName, port: cluster.port)
        } catch let error as AdminError {
            // Noted as pending: the controller sets it when the server can take it.
            await controller.kick()
            throw Self.serviceError(error)
        }
        return user
    }

    /// The password is one of the server's settings: stored first, then in force.
    private func resetKeyValuePassword(
        _ cluster: Cluster, _ controller: ClusterController, userName: String
    ) async throws -> DatabaseUser {
        guard var user = try await store.user(clusterID: cluster.id, name: userName) else {
            throw ServiceError.notFound("the cluster has no user \(userName)")
        }
        user.password = Passwords.make()
        try await store.setUserPassword(clusterID: cluster.id, name: userName, password: user.password)
        try await settleIfServing(controller)
        return user
    }

    /// DigitalOcean has neither users nor databases to manage in Redis and Valkey clusters.
    private static func requirePostgres(_ cluster: Cluster, _ what: String) throws {
        guard cluster.engine != .postgres else { return }
        let title = EngineTable.row(of: cluster.engine).title
        throw ServiceError.unprocessable("\(what) is not supported for \(title) clusters.")
    }

    package func deleteUser(clusterID: String, name: String) async throws {
        try Self.requirePostgres(try await find(clusterID).0, "User management")
        guard name != Bootstrap.administratorName else {
            throw ServiceError(.forbidden, "doadmin is the cluster's administrator and cannot be deleted.")
        }
        _ = try await user(clusterID: clusterID, name: name)
        let (_, _, endpoint) = try await findPostgres(clusterID)
        let databases = try await session(endpoint) { session in
            try await session.closeRole(name)
            try await session.terminateSessions(ofRole: name)
            return try await session.databaseNames()
        }
        // What the role owns goes to doadmin, database by database, as DROP ROLE refuses owners.
        for database in databases {
            do {
                try await session(endpoint, database: database) { session in
                    try await session.disinherit(role: name, heir: Bootstrap.administratorName)
                }
            } catch {
                // One that was dropped meanwhile has nothing to inherit.
                let left = try await session(endpoint) { session in try await session.databaseNames() }
                guard !left.contains(database) else { throw error }
            }
        }
        try await session(endpoint) { session in
            // A session that was logging in while the role was closed.
            try await session.terminateSessions(ofRole: name)
            try await session.dropRole(name)
        }
        try await store.removeUser(clusterID: clusterID, name: name)
    }

    // MARK: - Databases

    package func databaseNames(clusterID: String) async throws -> [String] {
        try Self.requirePostgres(try await find(clusterID).0, "Database management")
        guard let (_, _, endpoint) = try? await findPostgres(clusterID) else {
            return try await store.databaseNames(clusterID: clusterID)
        }
        let names = try await session(endpoint) { session in try await session.databaseNames() }
        note(databaseNames: names, ofCluster: clusterID)
        return names
    }

    package func createDatabase(clusterID: String, name: String) async throws {
        try Self.requirePostgres(try await find(clusterID).0, "Database management")
        try NameRules.checkDatabase(name)
        let (_, _, endpoint) = try await findPostgres(clusterID)
        try await session(endpoint) { session in
            try await session.createDatabase(name, owner: Bootstrap.administratorName)
        }
        try await store.removeDatabase(clusterID: clusterID, name: name)
        try await store.insertDatabase(clusterID: clusterID, name: name)
        _ = try? await databaseNames(clusterID: clusterID)
    }

    package func deleteDatabase(clusterID: String, name: String) async throws {
        try Self.requirePostgres(try await find(clusterID).0, "Database management")
        guard name != Bootstrap.defaultDatabaseName else {
            throw ServiceError(.forbidden, "defaultdb is the cluster's default database and cannot be deleted.")
        }
        guard try await databaseNames(clusterID: clusterID).contains(name) else {
            throw ServiceError.notFound("the cluster has no database \(name)")
        }
        let (_, _, endpoint) = try await findPostgres(clusterID)
        try await session(endpoint) { session in try await session.dropDatabase(name) }
        try await store.removeDatabase(clusterID: clusterID, name: name)
        _ = try? await databaseNames(clusterID: clusterID)
    }

    /// A cluster that serves, its driver, and where to log in.
    private func findPostgres(_ id: String) async throws -> (Cluster, PostgresDriver, AdminEndpoint) {
        let (cluster, controller) = try await findServing(id)
        guard let driver = controller.driver as? PostgresDriver else {
            throw ServiceError.unprocessable("\(cluster.name) is no PostgreSQL cluster.")
        }
        return (cluster, driver, try await driver.endpoint(port: cluster.port))
    }

    /// A session whose refusals are put into the API's words.
    private func session<Result: Sendable>(
        _ endpoint: AdminEndpoint, database: String = "postgres",
        _ body: @escaping @Sendable (inout AdminSession) async throws -> Result
    ) async throws -> Result {
        do {
            return try await AdminSession.run(endpoint, database: database, timeoutSeconds: 60, body)
        } catch let error as AdminError {
            throw Self.serviceError(error)
        }
    }

    private static func serviceError(_ error: AdminError) -> ServiceError {
        switch error.sqlState {
        case .duplicateObject?, .duplicateDatabase?:
            ServiceError.unprocessable("The name is not available: \(error.description).")
        case .some: ServiceError.unprocessable("PostgreSQL refused: \(error.description).")
        case nil: ServiceError(.serviceUnavailable, "The cluster does not answer: \(error.description).")
        }
    }
}
