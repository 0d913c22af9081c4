import ControlModel
package import Foundation
import GRDB
import Synchronization

/// The durable state of the control process: `state.db`, a SQLite database, and `secrets.key`, which seals the secrets
/// in it.
///
/// Every function is one transaction unless it says otherwise, and durable when it returns (WAL with
/// `synchronous = FULL`). What a user can cause is thrown as `ServiceError`; errors of the disk or of SQLite are thrown
/// as they are, and leave nothing half-applied. One process at a time writes; the tables are described in
/// `docs/formats/state-database.md`.
package final class ControlStore: Sendable {
    /// The database's file name in the data directory.
    package static let databaseFileName = "state.db"

    let pool: DatabasePool
    let sealer: Sealer
    /// When the use of each token was last handed to the writer; by token id, guarded by the mutex.
    let tokenUseNotedAt = Mutex<[String: Date]>([:])

    /// Opens the state in a directory; makes directory, database, key and the first rows where they are missing.
    ///
    /// - Throws: `ServiceError` when the database is newer than this build, or when the key is missing, readable by
    ///   others, of the wrong length or not the one that sealed this database.
    package init(directory: String, at now: Date = Date()) throws {
        try StateFiles.prepareDirectory(directory)
        let databasePath = directory + "/" + Self.databaseFileName
        try StateFiles.prepareDatabaseFile(databasePath)
        pool = try Self.openPool(path: databasePath)
        let isSeeded = try pool.read { database in
            try Migrations.refuseNewer(database, path: databasePath)
            return try Migrations.isSeeded(database)
        }
        let key = try Self.loadKey(directory: directory, databaseHoldsSealedValues: isSeeded)
        sealer = Sealer(key: key)
        if isSeeded {
            try pool.read { [sealer] in try Seeds.checkKey(in: $0, with: sealer, directory: directory) }
        }
        try Migrations.migrator.migrate(pool)
        try pool.write { [sealer] in try Seeds.insertWhereMissing(in: $0, sealer: sealer, at: now) }
    }

    /// Ends the use of the database; functions called afterwards throw.
    package func close() throws {
        try pool.close()
    }

    private static func openPool(path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(StoreLimits.busyTimeoutSeconds)
        configuration.maximumReaderCount = StoreLimits.readerCountMax
        configuration.label = "state"
        let pool = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL as it switches to WAL, which may lose the last commits with the power. Only the writer
        // commits.
        try pool.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = FULL")
            guard try Int.fetchOne(database, sql: "PRAGMA synchronous") == 2 else {
                throw ServiceError(.serverError, "SQLite does not write \(path) through to the disk.")
            }
        }
        return pool
    }

    private static func loadKey(directory: String, databaseHoldsSealedValues: Bool) throws -> SecretsKey {
        if let key = try SecretsKey.load(fromDirectory: directory) { return key }
        if databaseHoldsSealedValues {
            throw ServiceError(
                .serverError,
                """
                \(directory)/\(SecretsKey.fileName) is missing, but \(databaseFileName) holds secrets sealed with it. \
                Put the key file back from your backup; without it the passwords in the database cannot be read.
                """)
        }
        return try SecretsKey.create(inDirectory: directory)
    }
}

/// A new id of a resource: a UUID in lower case.
func makeResourceID() -> String {
    UUID().uuidString.lowercased()
}
