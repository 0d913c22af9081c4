package import ControlModel
import GRDB

// Tags keep the case they were made with, and are compared without it (the column's collation is NOCASE).

extension ControlStore {
    package func tags() async throws -> [Tag] {
        try await pool.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT id, name FROM tags ORDER BY name")
            return try rows.map { try Tag(row: $0, database) }
        }
    }

    package func tag(named name: String) async throws -> Tag {
        try await pool.read { try Tag.required(named: name, $0).tag }
    }

    package func createTag(named name: String) async throws -> Tag {
        try await pool.write { database in
            _ = try Tag.insertWhereMissing(named: name, database)
            return try Tag.required(named: name, database).tag
        }
    }

    package func deleteTag(named name: String) async throws {
        try await pool.write { database in
            let id = try Tag.required(named: name, database).id
            try database.execute(sql: "DELETE FROM tags WHERE id = ?", arguments: [id])
        }
    }

    package func tagClusters(_ clusterIDs: [String], with tag: String) async throws {
        try await pool.write { database in
            let tagID = try Tag.required(named: tag, database).id
            for clusterID in clusterIDs {
                try Cluster.requireLive(id: clusterID, database)
                try Tag.attach(tagID, toCluster: clusterID, database)
            }
        }
    }

    /// Takes the tag from the clusters; those that do not carry it stay as they are.
    package func untagClusters(_ clusterIDs: [String], from tag: String) async throws {
        try await pool.write { database in
            let tagID = try Tag.required(named: tag, database).id
            for clusterID in clusterIDs {
                try database.execute(
                    sql: "DELETE FROM cluster_tags WHERE cluster_id = ? AND tag_id = ?",
                    arguments: [clusterID, tagID])
            }
        }
    }

    /// Names of a cluster's tags, in alphabetical order.
    package func tagNames(clusterID: String) async throws -> [String] {
        try await pool.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT tags.name FROM tags JOIN cluster_tags ON cluster_tags.tag_id = tags.id
                    WHERE cluster_tags.cluster_id = ? ORDER BY tags.name
                    """,
                arguments: [clusterID])
        }
    }

    /// Ids of the clusters that carry a tag, oldest first; none for an unknown tag, and none that is being deleted.
    package func clusterIDs(taggedWith tag: String) async throws -> [String] {
        try await pool.read { try Tag.clusterIDs(taggedWith: tag, $0) }
    }
}

extension Tag {
    fileprivate init(row: Row, _ database: Database) throws {
        let name: String = row["name"]
        self.init(name: name, clusterIDs: try Self.clusterIDs(taggedWith: name, database))
    }

    fileprivate static func clusterIDs(taggedWith name: String, _ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT clusters.id FROM clusters
                JOIN cluster_tags ON cluster_tags.cluster_id = clusters.id
                JOIN tags ON tags.id = cluster_tags.tag_id
                WHERE tags.name = ? AND clusters.state <> 'deleting' ORDER BY clusters.sequence
                """,
            arguments: [name])
    }

    fileprivate static func required(named name: String, _ database: Database) throws -> (id: Int64, tag: Tag) {
        let row = try Row.fetchOne(database, sql: "SELECT id, name FROM tags WHERE name = ?", arguments: [name])
        guard let row else { throw ServiceError.notFound("tag \(name)") }
        return (row["id"], try Tag(row: row, database))
    }

    /// The id of the tag, which is made if there is none.
    static func insertWhereMissing(named name: String, _ database: Database) throws -> Int64 {
        try check(name: name)
        let known = try Int64.fetchOne(database, sql: "SELECT id FROM tags WHERE name = ?", arguments: [name])
        if let known { return known }
        try checkCount(of: "tags", inTable: "tags", max: StoreLimits.tagCountMax, database)
        try database.execute(sql: "INSERT INTO tags (name) VALUES (?)", arguments: [name])
        return database.lastInsertedRowID
    }

    static func attach(_ tagID: Int64, toCluster clusterID: String, _ database: Database) throws {
        try database.execute(
            sql: "INSERT OR IGNORE INTO cluster_tags (cluster_id, tag_id) VALUES (?, ?)",
            arguments: [clusterID, tagID])
    }

    /// `^[a-zA-Z0-9_\-:]+$`, at most 255 characters (DigitalOcean's rule).
    private static func check(name: String) throws {
        try checkText(name, named: "tag name", lengthMax: StoreLimits.textLengthMax)
        guard name.unicodeScalars.allSatisfy({ $0.isLetterOrDigit || "_-:".unicodeScalars.contains($0) }) else {
            throw ServiceError.unprocessable(
                "tag name may contain letters, numbers, colons, dashes and underscores only")
        }
    }
}

extension Unicode.Scalar {
    /// An ASCII letter or digit.
    var isLetterOrDigit: Bool {
        switch self {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }
}
