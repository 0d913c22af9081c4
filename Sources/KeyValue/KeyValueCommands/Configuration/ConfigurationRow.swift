/// One directive of redis.conf: its name, kind, range and default. Parsing, CONFIG GET, SET and REWRITE, the command line
/// and the documentation derive from the rows.
package struct ConfigurationRow: Sendable {
    package let name: String
    /// An older name.
    package let alias: String?
    package let kind: ConfigurationKind
    package let flags: ConfigurationFlags
    /// The part that will give it an effect; nil for directives that have theirs.
    package let part: UnbuiltPart?

    init(
        _ name: String, _ kind: ConfigurationKind, alias: String? = nil, _ flags: ConfigurationFlags = [],
        partOf part: UnbuiltPart? = nil
    ) {
        self.name = name
        self.kind = kind
        self.alias = alias
        self.flags = flags
        self.part = part
    }
}

/// How a directive may be used.
package struct ConfigurationFlags: OptionSet, Sendable {
    /// One bit a member.
    package let rawValue: Int
    /// Flags from their bits.
    package init(rawValue: Int) { self.rawValue = rawValue }
    /// Not by CONFIG SET.
    package static let immutable = ConfigurationFlags(rawValue: 1)
    /// Takes any number of words.
    package static let manyValues = ConfigurationFlags(rawValue: 2)
    /// By CONFIG SET only if enable-protected-configs allows it.
    package static let protected = ConfigurationFlags(rawValue: 4)
    /// Returned only when it is asked for by its full name.
    package static let hidden = ConfigurationFlags(rawValue: 8)
    /// A secret: kept out of logs, the slow log and MONITOR.
    package static let sensitive = ConfigurationFlags(rawValue: 16)
    /// For tests of Redis.
    package static let debug = ConfigurationFlags(rawValue: 32)
}

/// Parts that are built later; their directives are accepted, stored and returned.
package enum UnbuiltPart: String, Sendable, CaseIterable {
    case persistence, replication, cluster, scripting, accessControl, defragmentation, threads
}

/// The kind of a directive's value, and its default.
package enum ConfigurationKind: Sendable {
    case boolean(Bool)
    case integer(ClosedRange<Int64>, Int64, IntegerUnit = .plain)
    case text(String)
    /// One of the words, or several where the row takes many.
    case choice([String], String)
    case special(SpecialDirective)
}

/// How an integer is written.
package enum IntegerUnit: Sendable {
    case plain
    /// With k, kb, m, mb, g, gb.
    case bytes
    case octal
    /// Bytes, or "10%": kept as a negative number.
    case bytesOrPercent
}

/// Directives with a form of their own.
package enum SpecialDirective: Sendable {
    case directory, savePoints, outputLimits, oomScores, events, addresses, primary, percentiles, networks
}

/// All directives.
package enum ConfigurationTable {
    package static let rows: [ConfigurationRow] = (networkRows + keyspaceRows + processRows + laterRows)
        .sorted { $0.name < $1.name }

    private static let byName: [String: Int] = {
        var names: [String: Int] = [:]
        for (index, row) in rows.enumerated() {
            names[row.name] = index
            if let alias = row.alias { names[alias] = index }
        }
        return names
    }()

    /// The row of a name or an older name, in any case of letters.
    package static func find(_ name: String) -> ConfigurationRow? {
        byName[name.lowercased()].map { rows[$0] }
    }
}
