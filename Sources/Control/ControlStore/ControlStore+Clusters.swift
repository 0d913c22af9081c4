package import ControlModel
package import Foundation
import GRDB

// Clusters. A row stays until nothing of the cluster is left: while it is being deleted it keeps its ports, but not its
// name.

extension ControlStore {
    /// All clusters, also those that are being deleted, oldest first.
    package func clusters() async throws -> [Cluster] {
        try await pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM clusters ORDER BY sequence").map(Cluster.init(row:))
        }
    }

    /// The cluster with this id, also one that is being deleted; nil if there is none.
    package func cluster(id: String) async throws -> Cluster? {
        try await pool.read { database in
            try Row.fetchOne(database, sql: "SELECT * FROM clusters WHERE id = ?", arguments: [id])
                .map(Cluster.init(row:))
        }
    }

    /// Stores a new cluster with its tags, rules, users, database names and the create event: all of it or nothing.
    ///
    /// - Parameter choosingPorts: gets all ports in use by clusters and chooses two others; runs inside the
    ///   transaction, so that no two clusters get the same.
    /// - Throws: `.unprocessableEntity` when the name is taken or the project or VPC does not exist.
    package func insertCluster(
        _ draft: ClusterDraft, choosingPorts: @escaping @Sendable (Set<Int>) throws -> (port: Int, poolPort: Int)
    ) async throws -> Cluster {
        try checkText(draft.name, named: "cluster name", lengthMax: StoreLimits.textLengthMax)
        return try await pool.write { [sealer] database in
            guard try !Cluster.isNameTaken(draft.name, database) else {
                throw ServiceError.unprocessable("cluster name is not available")
            }
            let ports = try Cluster.choosePorts(database, choosingPorts)
            let cluster = try Cluster(draft: draft, port: ports.port, poolPort: ports.poolPort, database)
            try cluster.insert(into: database)
            for tag in draft.tags {
                let tagID = try Tag.insertWhereMissing(named: tag, database)
                try Tag.attach(tagID, toCluster: cluster.id, database)
            }
            for rule in draft.rules { try rule.insert(clusterID: cluster.id, into: database) }
            for user in draft.users { try user.insert(clusterID: cluster.id, into: database, sealer: sealer) }
            for name in draft.databaseNames {
                try DatabaseNames.insert(name, clusterID: cluster.id, into: database)
            }
            try ClusterEvent.append(.create, clusterID: cluster.id, at: draft.createdAt, database)
            return try Cluster.required(id: cluster.id, database)
        }
    }

    /// Notes what the reconciler sees of a cluster.
    ///
    /// A cluster that is being deleted stays so, and takes only a new reason, with `.deleting`.
    ///
    /// - Returns: false if nothing was noted, because the cluster is gone or its deletion came in between.
    @discardableResult
    package func setState(clusterID: String, _ state: ClusterState, reason: String?) async throws -> Bool {
        try await pool.write { database in
            try database.execute(
                sql: """
                    UPDATE clusters SET state = ?1, state_reason = ?2
                    WHERE id = ?3 AND (state = 'deleting') = (?1 = 'deleting')
                    """,
                arguments: [state.rawValue, reason, clusterID])
            return database.changesCount == 1
        }
    }

    /// Notes that the data of a cluster exists, so that it is never initialised again.
    package func markInitialized(clusterID: String) async throws {
        try await pool.write { database in
            try Cluster.requireRow(id: clusterID, database)
            try database.execute(
                sql: "UPDATE clusters SET is_initialized = 1 WHERE id = ?", arguments: [clusterID])
        }
    }

    /// Replaces what the user configured.
    package func setConfiguration(clusterID: String, _ configuration: [String: JSONValue]) async throws {
        try await updateConfiguration(clusterID: clusterID) { $0 = configuration }
    }

    /// Changes what the user configured, from what it is at that moment; two changes at once are both kept.
    ///
    /// - Returns: the configuration after the change.
    @discardableResult
    package func updateConfiguration(
        clusterID: String, _ change: @escaping @Sendable (inout [String: JSONValue]) throws -> Void
    ) async throws -> [String: JSONValue] {
        try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            var configuration = try Cluster.required(id: clusterID, database).configuration
            try change(&configuration)
            try database.execute(
                sql: "UPDATE clusters SET configuration = ? WHERE id = ?",
                arguments: [try jsonText(configuration), clusterID])
            return configuration
        }
    }

    /// Replaces the weekly hour of updates.
    package func setMaintenanceWindow(clusterID: String, _ window: MaintenanceWindow) async throws {
        try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            try database.execute(
                sql: "UPDATE clusters SET maintenance_window = ? WHERE id = ?",
                arguments: [try jsonText(window), clusterID])
        }
    }

    /// Acknowledges a deletion: the name is free from now on, and the delete event is noted.
    ///
    /// - Throws: `.notFound` when there is no such cluster, or it is being deleted already.
    package func markDeleting(clusterID: String, at now: Date) async throws {
        try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            try database.execute(
                sql: """
                    UPDATE clusters SET state = 'deleting', state_reason = NULL, deleting_since_ms = ? WHERE id = ?
                    """,
                arguments: [now.storedMilliseconds, clusterID])
            try ClusterEvent.append(.delete, clusterID: clusterID, at: now, database)
        }
    }

    /// Forgets a cluster with all its rows, also its events and metrics; one that is gone already is fine.
    ///
    /// The metrics go first, in transactions of bounded size; the rest goes in one, which comes last, so that a
    /// removal that was interrupted can be repeated.
    package func removeCluster(clusterID: String) async throws {
        while try await pool.write({ try MetricTables.deletePoints(ofCluster: clusterID, $0) }) {}
        try await pool.write { database in
            while try MetricTables.deletePoints(ofCluster: clusterID, database) {}
            try database.execute(sql: "DELETE FROM metric_series WHERE cluster_id = ?", arguments: [clusterID])
            try database.execute(sql: "DELETE FROM clusters WHERE id = ?", arguments: [clusterID])
        }
    }
}

extension Cluster {
    fileprivate init(row: Row) throws {
        self.init(
            id: row["id"], name: row["name"], engine: try row.enumeration("engine"), version: row["version"],
            sizeSlug: row["size_slug"], nodeCount: row["node_count"], regionSlug: row["region_slug"],
            storageMiB: row["storage_mib"], projectID: row["project_id"], vpcID: row["vpc_id"],
            createdAt: row.date("created_at_ms"), port: row["port"], poolPort: row["pool_port"],
            maintenanceWindow: try row.json("maintenance_window"), configuration: try row.json("configuration"),
            state: try row.enumeration("state"), stateReason: row["state_reason"],
            isInitialized: row["is_initialized"])
    }

    fileprivate init(draft: ClusterDraft, port: Int, poolPort: Int, _ database: Database) throws {
        self.init(
            id: draft.id, name: draft.name, engine: draft.engine, version: draft.version, sizeSlug: draft.sizeSlug,
            nodeCount: draft.nodeCount, regionSlug: draft.regionSlug, storageMiB: draft.storageMiB,
            projectID: try Self.projectID(of: draft, database), vpcID: try Self.vpcID(of: draft, database),
            createdAt: draft.createdAt, port: port, poolPort: poolPort, maintenanceWindow: draft.maintenanceWindow,
            configuration: draft.configuration)
    }

    fileprivate func insert(into database: Database) throws {
        try database.execute(
            sql: """
                INSERT INTO clusters (id, name, engine, version, size_slug, node_count, region_slug, storage_mib,
                    project_id, project_assigned_at_ms, vpc_id, created_at_ms, port, pool_port, maintenance_window,
                    configuration, state, state_reason, is_initialized)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id, name, engine.rawValue, version, sizeSlug, nodeCount, regionSlug, storageMiB, projectID,
                createdAt.storedMilliseconds, vpcID, createdAt.storedMilliseconds, port, poolPort,
                try jsonText(maintenanceWindow), try jsonText(configuration), state.rawValue, stateReason,
                isInitialized,
            ])
    }

    fileprivate static func isNameTaken(_ name: String, _ database: Database) throws -> Bool {
        try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM clusters WHERE name = ? AND state <> 'deleting')",
            arguments: [name]) ?? false
    }

    fileprivate static func choosePorts(
        _ database: Database, _ choose: (Set<Int>) throws -> (port: Int, poolPort: Int)
    ) throws -> (port: Int, poolPort: Int) {
        let taken = try Int.fetchSet(
            database, sql: "SELECT port FROM clusters UNION SELECT pool_port FROM clusters")
        let ports = try choose(taken)
        guard ports.port != ports.poolPort, taken.isDisjoint(with: [ports.port, ports.poolPort]) else {
            throw ServiceError(.serverError, "Ports \(ports.port) and \(ports.poolPort) are not both free.")
        }
        return ports
    }

    private static func projectID(of draft: ClusterDraft, _ database: Database) throws -> String {
        guard let id = draft.projectID, !id.isEmpty else { return try Project.theDefault(database).id }
        guard try exists(id, inTable: "projects", database) else {
            throw ServiceError.unprocessable("project \(id) does not exist")
        }
        return id
    }

    private static func vpcID(of draft: ClusterDraft, _ database: Database) throws -> String {
        guard let id = draft.vpcID, !id.isEmpty else {
            return try VPC.theDefault(regionSlug: draft.regionSlug, database).id
        }
        guard try exists(id, inTable: "vpcs", database) else {
            throw ServiceError.unprocessable("VPC \(id) does not exist")
        }
        return id
    }

    private static func exists(_ id: String, inTable table: String, _ database: Database) throws -> Bool {
        try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM \(table) WHERE id = ?)", arguments: [id]) ?? false
    }

    fileprivate static func required(id: String, _ database: Database) throws -> Cluster {
        let row = try Row.fetchOne(database, sql: "SELECT * FROM clusters WHERE id = ?", arguments: [id])
        guard let row else { throw ServiceError.notFound("cluster \(id)") }
        return try Cluster(row: row)
    }

    /// The cluster is in the database, perhaps being deleted.
    static func requireRow(id: String, _ database: Database) throws {
        guard try exists(id, inTable: "clusters", database) else { throw ServiceError.notFound("cluster \(id)") }
    }

    /// The cluster exists for its users: it is not being deleted.
    static func requireLive(id: String, _ database: Database) throws {
        let isLive = try Bool.fetchOne(
            database, sql: "SELECT EXISTS (SELECT 1 FROM clusters WHERE id = ? AND state <> 'deleting')",
            arguments: [id])
        guard isLive == true else { throw ServiceError.notFound("cluster \(id)") }
    }

    static func live(inVPC id: String, _ database: Database) throws -> [Cluster] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM clusters WHERE vpc_id = ? AND state <> 'deleting' ORDER BY sequence",
            arguments: [id]
        ).map(Cluster.init(row:))
    }
}
