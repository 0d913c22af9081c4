import ControlModel
import Foundation
import GRDB

/// The rows that every installation has from its first start on.
enum Seeds {
    private static let keyCheck = "atoll"
    private static let keyCheckPlace = SealedPlace(table: "account", row: ["1"], column: "key_check_sealed")

    /// Fails when the key is not the one that sealed this database.
    static func checkKey(in database: Database, with sealer: Sealer, directory: String) throws {
        let sealed = try Data.fetchOne(database, sql: "SELECT key_check_sealed FROM account") ?? Data()
        guard let opened = try? sealer.openText(sealed, at: keyCheckPlace), opened == keyCheck else {
            throw ServiceError(
                .serverError,
                """
                \(directory)/\(SecretsKey.fileName) is not the key that sealed the secrets in \
                \(ControlStore.databaseFileName). Put back the key file that belongs to this database.
                """)
        }
    }

    /// Account, default project, default VPC and metrics credentials; nothing if there is an account.
    static func insertWhereMissing(in database: Database, sealer: Sealer, at now: Date) throws {
        guard try !Migrations.isSeeded(database) else { return }
        let accountID = makeResourceID()
        try insertAccount(id: accountID, in: database, sealer: sealer)
        let project = Project(
            id: makeResourceID(), ownerID: accountID, name: "Default", description: "",
            purpose: "Just trying out Atoll", environment: "Development", isDefault: true, createdAt: now,
            updatedAt: now)
        try project.insert(into: database)
        let vpc = VPC(
            id: makeResourceID(), name: "default-nyc1", description: "", regionSlug: Region.defaultSlug,
            ipRange: "10.10.0.0/20", isDefault: true, createdAt: now)
        try vpc.insert(into: database, projectID: project.id)
        let password = hexadecimal(randomBytes(count: 16))
        try MetricsCredentials(username: "atoll", password: password).save(in: database, sealer: sealer)
    }

    private static func insertAccount(id: String, in database: Database, sealer: Sealer) throws {
        try database.execute(
            sql: """
                INSERT INTO account (singleton, id, email, name, team_id, team_name, key_check_sealed)
                VALUES (1, ?, 'admin@localhost', 'Atoll', ?, 'My Team', ?)
                """,
            arguments: [id, makeResourceID(), try sealer.seal(keyCheck, at: keyCheckPlace)])
    }
}
