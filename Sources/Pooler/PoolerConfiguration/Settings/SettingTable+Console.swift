// What the console shows and changes of the settings.

/// A line of SHOW CONFIG.
package struct SettingLine: Equatable, Sendable {
    package let key: String
    package let value: String?
    package let defaultValue: String?
    package let isChangeable: Bool
}

/// What became of `SET key = value`.
package enum SettingOutcome: Equatable, Sendable {
    case changed
    /// It was so before.
    case unchanged
    /// The pooler has to start anew for it; nothing was changed, as in PgBouncer.
    case needsRestart
}

extension SettingTable {
    /// The lines of SHOW CONFIG.
    package static func lines(_ settings: PoolerSettings) -> [SettingLine] {
        rows.map { row in
            SettingLine(
                key: row.name, value: row.binding.show(settings) ?? row.unsetText, defaultValue: row.defaultText,
                isChangeable: row.application == .reload)
        }
    }

    /// Changes one of the settings of a running pooler.
    package static func set(
        _ name: String, to text: String, in settings: inout PoolerSettings
    ) throws(ValueProblem) -> SettingOutcome {
        guard let row = row(name) else { throw ValueProblem("unknown parameter: pgbouncer/\(name)") }
        guard row.application == .reload else { return .needsRestart }
        var changed = settings
        try row.binding.write(text, &changed)
        guard !row.binding.isSame(settings, changed) else { return .unchanged }
        settings = changed
        return .changed
    }
}

extension SettingRow {
    /// How a value that is not set is shown: as the empty text, or as null where PgBouncer has no default. What is
    /// refused has its default.
    fileprivate var unsetText: String? {
        if case .refused = binding.kind { return defaultText }
        return defaultText == nil ? nil : ""
    }
}
