import ControlModel
import Foundation
import PostgresCluster

extension EngineRow {
    static let postgres = EngineRow(
        engine: .postgres, title: "PostgreSQL",
        versions: [
            DatabaseEngineOptions.Version(version: Initialization.majorVersion, endOfLife: postgresEndOfLife)
        ],
        defaultVersion: Initialization.majorVersion, sizes: DatabaseSize.all,
        administratorName: Bootstrap.administratorName, databaseNames: [Bootstrap.defaultDatabaseName],
        userNamePrefix: "atoll-pg-", logFileName: "postgres.log",
        semanticVersion: { $0.postgresVersion },
        serverPorts: { [$0.port] },
        connection: { cluster, host, user in
            ConnectionDetails.postgres(
                host: host, port: cluster.port, user: user.name, password: user.password,
                database: Bootstrap.defaultDatabaseName)
        },
        shownConfiguration: { PostgresSettings.shown(PostgresSettings.make(for: $0)) },
        patchedConfiguration: { cluster, changes in
            PostgresSettings.stored(try PostgresSettings.patched(PostgresSettings.make(for: cluster), with: changes))
        },
        makeDriver: { PostgresDriver(files: $0, store: $1, logger: $2) })

    /// Last release of PostgreSQL 15 (postgresql.org/support/versioning): 2027-11-11.
    private static let postgresEndOfLife = Date(timeIntervalSince1970: 1_825_891_200)
}
