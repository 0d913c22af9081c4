package import ControlModel
import GRDB

// Users of a cluster, as wanted. One that is being dropped is hidden, and its name is taken, until it is removed.

extension ControlStore {
    /// Users of a cluster: the primary one first, the others in the order of their creation.
    package func users(clusterID: String) async throws -> [DatabaseUser] {
        try await pool.read { [sealer] database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM cluster_users WHERE cluster_id = ? AND NOT is_dropping
                    ORDER BY role <> 'primary', sequence
                    """,
                arguments: [clusterID]
            ).map { try DatabaseUser(row: $0, sealer: sealer) }
        }
    }

    /// The user with this name; nil if there is none, or if it is being dropped.
    package func user(clusterID: String, name: String) async throws -> DatabaseUser? {
        try await pool.read { [sealer] database in
            try Row.fetchOne(
                database, sql: "SELECT * FROM cluster_users WHERE cluster_id = ? AND name = ? AND NOT is_dropping",
                arguments: [clusterID, name]
            ).map { try DatabaseUser(row: $0, sealer: sealer) }
        }
    }

    /// Stores a user, its password sealed.
    ///
    /// - Throws: `.unprocessableEntity` when the name is taken, also by a user that is being dropped.
    package func insertUser(clusterID: String, _ user: DatabaseUser) async throws {
        try await pool.write { [sealer] database in
            try Cluster.requireLive(id: clusterID, database)
            try user.insert(clusterID: clusterID, into: database, sealer: sealer)
        }
    }

    /// Replaces a user's password.
    package func setUserPassword(clusterID: String, name: String, password: String) async throws {
        let sealed = try sealer.seal(password, at: .userPassword(clusterID: clusterID, name: name))
        try await changeUser(clusterID: clusterID, name: name, "password_sealed = ?", sealed)
    }

    /// Changes whether a user has the REPLICATION attribute.
    package func setUserReplication(clusterID: String, name: String, allowsReplication: Bool) async throws {
        try await changeUser(clusterID: clusterID, name: name, "allows_replication = ?", allowsReplication)
    }

    /// Acknowledges that a user will be dropped.
    ///
    /// - Throws: `.forbidden` for the primary user, `.notFound` for one that does not exist or is being dropped
    ///   already.
    package func markUserDropping(clusterID: String, name: String) async throws {
        let user = try await user(clusterID: clusterID, name: name)
        if user?.role == .primary {
            throw ServiceError(.forbidden, "user \(name) is the cluster's administrator and cannot be deleted")
        }
        try await changeUser(clusterID: clusterID, name: name, "is_dropping = ?", true)
    }

    /// Names of the users that are being dropped, in the order of their creation.
    package func droppingUserNames(clusterID: String) async throws -> [String] {
        try await pool.read { database in
            try String.fetchAll(
                database,
                sql: "SELECT name FROM cluster_users WHERE cluster_id = ? AND is_dropping ORDER BY sequence",
                arguments: [clusterID])
        }
    }

    /// Forgets a user; one that is gone already is fine.
    package func removeUser(clusterID: String, name: String) async throws {
        try await pool.write { database in
            try database.execute(
                sql: "DELETE FROM cluster_users WHERE cluster_id = ? AND name = ?", arguments: [clusterID, name])
        }
    }

    private func changeUser(
        clusterID: String, name: String, _ assignment: String, _ value: some DatabaseValueConvertible & Sendable
    ) async throws {
        try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            try database.execute(
                sql: "UPDATE cluster_users SET \(assignment) WHERE cluster_id = ? AND name = ? AND NOT is_dropping",
                arguments: [value, clusterID, name])
            guard database.changesCount == 1 else { throw ServiceError.notFound("user \(name)") }
        }
    }
}

extension DatabaseUser {
    fileprivate init(row: Row, sealer: Sealer) throws {
        let name: String = row["name"]
        self.init(
            name: name, role: try row.enumeration("role"),
            password: try sealer.openText(
                row["password_sealed"], at: .userPassword(clusterID: row["cluster_id"], name: name)),
            allowsReplication: row["allows_replication"])
    }

    func insert(clusterID: String, into database: Database, sealer: Sealer) throws {
        try checkText(name, named: "user name", lengthMax: StoreLimits.textLengthMax)
        let sealed = try sealer.seal(password, at: .userPassword(clusterID: clusterID, name: name))
        try refusingDuplicates(ServiceError.unprocessable("user name is not available")) {
            try database.execute(
                sql: """
                    INSERT INTO cluster_users (cluster_id, name, role, password_sealed, allows_replication)
                    VALUES (?, ?, ?, ?, ?)
                    """,
                arguments: [clusterID, name, role.rawValue, sealed, allowsReplication])
        }
    }
}
