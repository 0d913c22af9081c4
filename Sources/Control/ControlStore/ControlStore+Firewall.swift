package import ControlModel
import GRDB

// Trusted sources of a cluster.

extension ControlStore {
    /// Rules of a cluster, in the order they were given.
    package func firewallRules(clusterID: String) async throws -> [FirewallRule] {
        try await pool.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM cluster_firewall_rules WHERE cluster_id = ? ORDER BY sequence",
                arguments: [clusterID]
            ).map(FirewallRule.init(row:))
        }
    }

    /// Replaces all rules of a cluster. The cluster id in the rules is not looked at.
    ///
    /// - Throws: `.unprocessableEntity` when two rules have the same source or the same id.
    package func replaceFirewallRules(clusterID: String, with rules: [FirewallRule]) async throws {
        try await pool.write { database in
            try Cluster.requireLive(id: clusterID, database)
            try database.execute(
                sql: "DELETE FROM cluster_firewall_rules WHERE cluster_id = ?", arguments: [clusterID])
            for rule in rules { try rule.insert(clusterID: clusterID, into: database) }
        }
    }
}

extension FirewallRule {
    fileprivate init(row: Row) throws {
        self.init(
            id: row["id"], clusterID: row["cluster_id"], type: try row.enumeration("type"), value: row["value"],
            description: row["description"], createdAt: row.date("created_at_ms"))
    }

    func insert(clusterID: String, into database: Database) throws {
        try checkText(value, named: "rule value", lengthMax: StoreLimits.textLengthMax)
        try checkDescription(description ?? "")
        try refusingDuplicates(ServiceError.unprocessable("rule \(type.rawValue) \(value) is given twice")) {
            try database.execute(
                sql: """
                    INSERT INTO cluster_firewall_rules (cluster_id, id, type, value, description, created_at_ms)
                    VALUES (?, ?, ?, ?, ?, ?)
                    """,
                arguments: [clusterID, id, type.rawValue, value, description, createdAt.storedMilliseconds])
        }
    }
}
