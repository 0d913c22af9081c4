/// A question to a server about what its session holds, in the words of one Query message.
///
/// The first statement answers with one row of columns as `columns` has them; a second, if settings are asked for,
/// with rows of a name and a value each. Every name is qualified: the client's search path does not matter.
package enum SessionProbe {
    /// Statements that the pooler prepares by SQL have names that begin so; all others are the client's own.
    package static let ownedStatementPrefix = "atoll_"

    /// What each boolean column of the first statement says, in their order; behind them comes the role.
    static let subjects: [(scope: ProbeScope, question: String)] = [
        (
            .locks,
            "EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' "
                + "AND pid = pg_catalog.pg_backend_pid() AND granted)"
        ),
        (
            // Every object in the session's temporary schema depends on it. 2615 is pg_namespace.
            .temporary,
            "EXISTS (SELECT FROM pg_catalog.pg_depend WHERE refclassid = 2615 "
                + "AND refobjid = pg_catalog.pg_my_temp_schema() AND pg_catalog.pg_my_temp_schema() <> 0)"
        ),
        (.cursors, "EXISTS (SELECT FROM pg_catalog.pg_cursors WHERE is_holdable)"),
        (.channels, "EXISTS (SELECT FROM pg_catalog.pg_listening_channels())"),
        (
            .statements,
            "EXISTS (SELECT FROM pg_catalog.pg_prepared_statements WHERE from_sql "
                + "AND NOT pg_catalog.starts_with(name, '\(ownedStatementPrefix)'))"
        ),
    ]

    /// The text that asks. That for a scope without settings is always the same, and may be prepared.
    /// - Parameter names: Of settings to ask for, as `ClientState.probedSettingNames` has them.
    package static func text(_ scope: ProbeScope, names: [String]) -> String {
        let questions = subjects.map { scope.contains($0.scope) ? $0.question : "false" }
        var text = "SELECT \(questions.joined(separator: ", ")), pg_catalog.current_setting('role')"
        if scope.contains(.namedSettings), !names.isEmpty {
            let values = names.map { "('\(quoted($0))')" }.joined(separator: ", ")
            text += "; SELECT n, pg_catalog.current_setting(n, true) FROM (VALUES \(values)) v (n)"
        }
        if scope.contains(.allSettings) {
            text += "; SELECT name, setting FROM pg_catalog.pg_settings WHERE source = 'session'"
        }
        return text
    }

    /// Inside of a plain string; names of settings have no backslash that the server would take.
    private static func quoted(_ name: String) -> String {
        String(name.filter { $0 != "\\" }.flatMap { $0 == "'" ? "''" : "\($0)" })
    }
}

/// What a probe has found.
package struct ProbeFindings: Sendable {
    /// Subjects of which there is something.
    package private(set) var found: ProbeScope = []
    /// The role and the settings asked for; no value: not set.
    package private(set) var settings: [(name: String, value: String?)] = []

    package init() {}

    /// Takes in a DataRow by its body, behind type and length; false if it is no row of a probe.
    package mutating func read(dataRow body: UnsafeRawBufferPointer) -> Bool {
        guard let values = Self.columns(body) else { return false }
        if values.count == 2, let name = values[0] {
            settings.append((name.lowercased(), values[1]))
            return true
        }
        guard values.count == SessionProbe.subjects.count + 1 else { return false }
        for (subject, value) in zip(SessionProbe.subjects, values) where value == "t" { found.insert(subject.scope) }
        let role = values[values.count - 1]
        settings.append(("role", role == "none" ? nil : role))
        return true
    }

    /// The columns of a DataRow: a count of two bytes, then each with its length of four bytes, -1 for NULL.
    private static func columns(_ body: UnsafeRawBufferPointer) -> [String?]? {
        var offset = 2
        guard body.count >= 2 else { return nil }
        let count = Int(UInt16(bigEndian: body.loadUnaligned(as: UInt16.self)))
        var columns: [String?] = []
        for _ in 0..<count {
            guard body.count - offset >= 4 else { return nil }
            let length = Int(Int32(bigEndian: body.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
            offset += 4
            if length < 0 {
                columns.append(nil)
                continue
            }
            guard body.count - offset >= length else { return nil }
            columns.append(String(decoding: body[offset..<offset + length], as: UTF8.self))
            offset += length
        }
        return offset == body.count ? columns : nil
    }
}
