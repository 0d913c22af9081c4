package import ControlModel
package import Foundation
import GRDB

// The history of a cluster, of which the last 1,000 entries are kept.

extension ControlStore {
    /// Adds an entry to the history of a cluster, also of one that is being deleted.
    @discardableResult
    package func appendEvent(
        clusterID: String, _ kind: ClusterEvent.Kind, at now: Date
    ) async throws -> ClusterEvent {
        try await pool.write { try ClusterEvent.append(kind, clusterID: clusterID, at: now, $0) }
    }

    /// The history of a cluster, newest first.
    package func events(clusterID: String) async throws -> [ClusterEvent] {
        try await pool.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM cluster_events WHERE cluster_id = ? ORDER BY sequence DESC",
                arguments: [clusterID]
            ).map(ClusterEvent.init(row:))
        }
    }
}

extension ClusterEvent {
    fileprivate init(row: Row) throws {
        self.init(
            id: row["id"], clusterName: row["cluster_name"], kind: try row.enumeration("kind"),
            createdAt: row.date("created_at_ms"))
    }

    @discardableResult
    static func append(_ kind: Kind, clusterID: String, at now: Date, _ database: Database) throws -> ClusterEvent {
        let id = makeResourceID()
        try database.execute(
            sql: """
                INSERT INTO cluster_events (cluster_id, id, cluster_name, kind, created_at_ms)
                SELECT id, ?, name, ?, ? FROM clusters WHERE id = ?
                """,
            arguments: [id, kind.rawValue, now.storedMilliseconds, clusterID])
        let row = try Row.fetchOne(database, sql: "SELECT * FROM cluster_events WHERE id = ?", arguments: [id])
        guard let row else { throw ServiceError.notFound("cluster \(clusterID)") }
        try database.execute(
            sql: """
                DELETE FROM cluster_events WHERE cluster_id = ?1 AND sequence <= (
                    SELECT sequence FROM cluster_events WHERE cluster_id = ?1
                    ORDER BY sequence DESC LIMIT 1 OFFSET ?2)
                """,
            arguments: [clusterID, StoreLimits.eventsPerClusterMax])
        return try ClusterEvent(row: row)
    }
}
