import ControlModel
import GRDB

// Databases in a cluster, as wanted. One that is being dropped is hidden, and its name is taken, until it is removed.

extension ControlStore {
    /// Names of a cluster's databases, in the order of their creation.
    package func databaseNames(clusterID: String) async throws -> [String] {
        try await pool.read { try DatabaseNames.all(clusterID: clusterID, areDropping: false, $0) }
    }

    /// Stores the name of a database.
    ///
    /// - Throws: `.unprocessableEntity` when it is taken, also by a database that is being dropped.
    package func insertDatabase(clusterID: String, name: String) async throws {
        try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            try DatabaseNames.insert(name, clusterID: clusterID, into: database)
        }
    }

    /// Acknowledges that a database will be dropped.
    ///
    /// - Throws: `.notFound` for one that does not exist or is being dropped already.
    package func markDatabaseDropping(clusterID: String, name: String) async throws {
        try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            try database.execute(
                sql: """
                    UPDATE cluster_databases SET is_dropping = 1 WHERE cluster_id = ? AND name = ? AND NOT is_dropping
                    """,
                arguments: [clusterID, name])
            guard database.changesCount == 1 else { throw ServiceError.notFound("database \(name)") }
        }
    }

    /// Names of the databases that are being dropped, in the order of their creation.
    package func droppingDatabaseNames(clusterID: String) async throws -> [String] {
        try await pool.read { try DatabaseNames.all(clusterID: clusterID, areDropping: true, $0) }
    }

    /// Forgets a database; one that is gone already is fine.
    package func removeDatabase(clusterID: String, name: String) async throws {
        try await pool.write { database in
            try database.execute(
                sql: "DELETE FROM cluster_databases WHERE cluster_id = ? AND name = ?",
                arguments: [clusterID, name])
        }
    }
}

/// Rows of `cluster_databases`, which are names and no more.
enum DatabaseNames {
    static func insert(_ name: String, clusterID: String, into database: Database) throws {
        try checkText(name, named: "database name", lengthMax: StoreLimits.textLengthMax)
        try refusingDuplicates(ServiceError.unprocessable("database name is not available")) {
            try database.execute(
                sql: "INSERT INTO cluster_databases (cluster_id, name) VALUES (?, ?)", arguments: [clusterID, name])
        }
    }

    fileprivate static func all(clusterID: String, areDropping: Bool, _ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: "SELECT name FROM cluster_databases WHERE cluster_id = ? AND is_dropping = ? ORDER BY sequence",
            arguments: [clusterID, areDropping])
    }
}
