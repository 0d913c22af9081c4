/// One key of section [pgbouncer]. The file, SET and SHOW CONFIG derive from the rows.
package struct SettingRow: Sendable {
    package let name: String
    /// What it is without a word in the file; nil where PgBouncer has none either, which SHOW CONFIG shows as null.
    package let defaultText: String?
    package let application: Application
    package let binding: ValueBinding<PoolerSettings>

    /// When a change of the file or SET has an effect.
    package enum Application: Sendable {
        /// At once.
        case reload
        /// When the pooler starts anew.
        case restart
    }

    init(
        _ name: String, _ binding: ValueBinding<PoolerSettings>, _ defaultText: String?,
        _ application: Application = .reload
    ) {
        self.name = name
        self.defaultText = defaultText
        self.application = application
        self.binding = binding
    }
}

/// All keys of section [pgbouncer].
package enum SettingTable {
    /// Sorted by name, which is the order of SHOW CONFIG.
    package static let rows: [SettingRow] =
        (processRows + poolRows + authenticationRows + serverRows + timeoutRows + tlsRows + networkRows + refusedRows)
        .sorted { $0.name < $1.name }

    private static let byName = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0) })

    package static func row(_ name: String) -> SettingRow? { byName[name] }

    /// The settings of an empty section [pgbouncer].
    package static let defaults: PoolerSettings = {
        var settings = PoolerSettings()
        for row in rows {
            guard let text = row.defaultText else { continue }
            do {
                try row.binding.write(text, &settings)
            } catch {
                preconditionFailure("the default of \(row.name): \(error)")
            }
        }
        return settings
    }()
}
