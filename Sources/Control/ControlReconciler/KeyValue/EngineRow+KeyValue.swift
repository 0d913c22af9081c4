import ControlModel

extension EngineRow {
    /// Redis's one user.
    static let keyValueUserName = "default"

    /// Versions as DigitalOcean's clients ask for them; what runs is `semanticVersion`.
    static let redis = keyValue(.redis, title: "Redis", version: "7")
    static let valkey = keyValue(.valkey, title: "Valkey", version: "8")

    private static func keyValue(_ engine: DatabaseEngine, title: String, version: String) -> EngineRow {
        EngineRow(
            engine: engine, title: title,
            versions: [DatabaseEngineOptions.Version(version: version, endOfLife: nil)], defaultVersion: version,
            sizes: DatabaseSize.keyValue, administratorName: keyValueUserName, databaseNames: [],
            userNamePrefix: "atoll-kv-", logFileName: "keyvalue.log",
            semanticVersion: { $0.keyValueVersion },
            serverPorts: { KeyValueSettings($0).flag("ssl") ? [$0.poolPort] : [$0.port, $0.poolPort] },
            connection: { cluster, host, user in
                let usesTLS = KeyValueSettings(cluster).flag("ssl")
                return ConnectionDetails.keyValue(
                    host: host, port: usesTLS ? cluster.poolPort : cluster.port, user: user.name,
                    password: user.password, usesTLS: usesTLS)
            },
            shownConfiguration: { KeyValueSettings($0).shown },
            patchedConfiguration: { cluster, changes in
                var settings = KeyValueSettings(cluster)
                try settings.apply(changes)
                return settings.stored
            },
            makeDriver: { KeyValueDriver(files: $0, store: $1, logger: $2) })
    }
}
