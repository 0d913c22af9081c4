package import ControlModel
package import Foundation
import GRDB

// Named values: plain and sealed ones of the installation, sealed ones of a cluster, and the metrics credentials.

extension ControlStore {
    /// A plain value of the installation; nil when it was never set.
    package func setting(_ name: String) async throws -> String? {
        try await pool.read { database in
            try String.fetchOne(database, sql: "SELECT value FROM settings WHERE name = ?", arguments: [name])
        }
    }

    /// Sets a plain value of the installation, or removes it (nil).
    package func setSetting(_ name: String, _ value: String?) async throws {
        try await pool.write { database in
            guard let value else {
                return try database.execute(sql: "DELETE FROM settings WHERE name = ?", arguments: [name])
            }
            try database.execute(
                sql: "INSERT OR REPLACE INTO settings (name, value) VALUES (?, ?)", arguments: [name, value])
        }
    }

    /// A sealed value of the installation; nil when it was never set.
    package func sealedSetting(_ name: String) async throws -> Data? {
        let sealed = try await pool.read { database in
            try Data.fetchOne(
                database, sql: "SELECT value_sealed FROM sealed_settings WHERE name = ?", arguments: [name])
        }
        return try sealed.map { try sealer.open($0, at: .setting(name)) }
    }

    /// Seals and stores a value of the installation, or removes it (nil).
    package func setSealedSetting(_ name: String, _ value: Data?) async throws {
        let sealed = try value.map { try sealer.seal($0, at: .setting(name)) }
        try await pool.write { database in
            guard let sealed else {
                return try database.execute(sql: "DELETE FROM sealed_settings WHERE name = ?", arguments: [name])
            }
            try database.execute(
                sql: "INSERT OR REPLACE INTO sealed_settings (name, value_sealed) VALUES (?, ?)",
                arguments: [name, sealed])
        }
    }

    /// A secret of a cluster that is no user's password, such as a private key; nil when it was never set.
    package func sealedSecret(clusterID: String, name: String) async throws -> Data? {
        let sealed = try await pool.read { database in
            try Data.fetchOne(
                database, sql: "SELECT value_sealed FROM cluster_secrets WHERE cluster_id = ? AND name = ?",
                arguments: [clusterID, name])
        }
        return try sealed.map { try sealer.open($0, at: .clusterSecret(clusterID: clusterID, name: name)) }
    }

    /// Seals and stores a secret of a cluster, also of one that is being deleted.
    package func setSealedSecret(clusterID: String, name: String, value: Data) async throws {
        let sealed = try sealer.seal(value, at: .clusterSecret(clusterID: clusterID, name: name))
        try await pool.write { database in
            try Cluster.requireRow(id: clusterID, database)
            try database.execute(
                sql: "INSERT OR REPLACE INTO cluster_secrets (cluster_id, name, value_sealed) VALUES (?, ?, ?)",
                arguments: [clusterID, name, sealed])
        }
    }

    package func metricsCredentials() async throws -> MetricsCredentials {
        try await pool.read { [sealer] database in
            let row = try Row.fetchOne(database, sql: "SELECT * FROM metrics_credentials")
            guard let row else { throw ServiceError.notFound("metrics credentials") }
            return MetricsCredentials(
                username: row["username"],
                password: try sealer.openText(row["password_sealed"], at: .metricsPassword))
        }
    }

    package func setMetricsCredentials(_ credentials: MetricsCredentials) async throws {
        try checkText(credentials.username, named: "username", lengthMax: StoreLimits.textLengthMax)
        // Basic authentication ends the user name at the first colon (RFC 7617 §2).
        guard !credentials.username.contains(":") else {
            throw ServiceError.unprocessable("username must not contain a colon")
        }
        try checkText(credentials.password, named: "password", lengthMax: StoreLimits.passwordLengthMax)
        try await pool.write { [sealer] in try credentials.save(in: $0, sealer: sealer) }
    }
}

extension MetricsCredentials {
    func save(in database: Database, sealer: Sealer) throws {
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO metrics_credentials (singleton, username, password_sealed) VALUES (1, ?, ?)
                """,
            arguments: [username, try sealer.seal(password, at: .metricsPassword)])
    }
}

extension SealedPlace {
    static let metricsPassword = SealedPlace(table: "metrics_credentials", row: ["1"], column: "password_sealed")

    static func setting(_ name: String) -> SealedPlace {
        SealedPlace(table: "sealed_settings", row: [name], column: "value_sealed")
    }

    static func clusterSecret(clusterID: String, name: String) -> SealedPlace {
        SealedPlace(table: "cluster_secrets", row: [clusterID, name], column: "value_sealed")
    }

    static func userPassword(clusterID: String, name: String) -> SealedPlace {
        SealedPlace(table: "cluster_users", row: [clusterID, name], column: "password_sealed")
    }
}
