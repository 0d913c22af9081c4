package import ControlModel
import GRDB

// Connection pools of PostgreSQL clusters, as wanted.

extension ControlStore {
    /// Pools of a cluster, in the order of their creation.
    package func pools(clusterID: String) async throws -> [ConnectionPool] {
        try await pool.read { try ConnectionPool.all(clusterID: clusterID, $0) }
    }

    /// Stores a pool.
    ///
    /// - Parameter sizesMax: what the sizes of all pools of the cluster may add up to.
    /// - Throws: `.unprocessableEntity` when the name is taken or the size is more than is left.
    package func insertPool(clusterID: String, _ wanted: ConnectionPool, sizesMax: Int) async throws {
        try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            try wanted.check(clusterID: clusterID, sizesMax: sizesMax, database)
            try refusingDuplicates(ServiceError.unprocessable("pool name is not available")) {
                try database.execute(
                    sql: """
                        INSERT INTO cluster_pools (cluster_id, name, mode, size, database_name, user_name)
                        VALUES (?, ?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        clusterID, wanted.name, wanted.mode.rawValue, wanted.size, wanted.databaseName,
                        wanted.userName,
                    ])
            }
        }
    }

    /// Replaces everything of a pool but its name.
    ///
    /// - Throws: `.notFound`, or `.unprocessableEntity` when the size is more than is left.
    package func updatePool(clusterID: String, _ wanted: ConnectionPool, sizesMax: Int) async throws {
        try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            try wanted.check(clusterID: clusterID, sizesMax: sizesMax, database)
            try database.execute(
                sql: """
                    UPDATE cluster_pools SET mode = ?, size = ?, database_name = ?, user_name = ?
                    WHERE cluster_id = ? AND name = ?
                    """,
                arguments: [
                    wanted.mode.rawValue, wanted.size, wanted.databaseName, wanted.userName, clusterID, wanted.name,
                ])
            guard database.changesCount == 1 else { throw ServiceError.notFound("pool \(wanted.name)") }
        }
    }

    /// Forgets a pool.
    ///
    /// - Throws: `.notFound` for one that does not exist.
    package func removePool(clusterID: String, name: String) async throws {
        try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            try database.execute(
                sql: "DELETE FROM cluster_pools WHERE cluster_id = ? AND name = ?", arguments: [clusterID, name])
            guard database.changesCount == 1 else { throw ServiceError.notFound("pool \(name)") }
        }
    }
}

extension ConnectionPool {
    fileprivate init(row: Row) throws {
        self.init(
            name: row["name"], mode: try row.enumeration("mode"), size: row["size"],
            databaseName: row["database_name"], userName: row["user_name"])
    }

    fileprivate static func all(clusterID: String, _ database: Database) throws -> [ConnectionPool] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM cluster_pools WHERE cluster_id = ? ORDER BY sequence",
            arguments: [clusterID]
        ).map(ConnectionPool.init(row:))
    }

    /// The other pools of the cluster leave room for this one.
    fileprivate func check(clusterID: String, sizesMax: Int, _ database: Database) throws {
        try checkText(name, named: "pool name", lengthMax: StoreLimits.textLengthMax)
        let others = try Self.all(clusterID: clusterID, database).filter { $0.name != name }
        let taken = others.map(\.size).reduce(0, +)
        let left = max(0, sizesMax - taken)
        guard size <= left else {
            throw ServiceError.unprocessable(
                "size must be at most \(left): the cluster has \(sizesMax) connections for pools, "
                    + "and its other pools have \(taken) of them")
        }
    }
}
