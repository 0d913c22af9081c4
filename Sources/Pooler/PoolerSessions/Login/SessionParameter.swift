/// Name and value of a setting, as in a StartupMessage or a ParameterStatus.
package struct SessionParameter: Hashable, Sendable {
    /// Name, spelt as PostgreSQL reports it where that is known.
    package var name: String
    package var value: String

    /// A setting with this value.
    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// Whether a session is one for replication: PostgreSQL documentation, "Streaming Replication Protocol".
package enum ReplicationMode: Hashable, Sendable {
    /// An ordinary session.
    case none
    /// `replication=true`: only replication commands.
    case physical
    /// `replication=database`: SQL too.
    case logical

    /// From the parameter's value, by PostgreSQL's rules for booleans; nil for what is neither.
    package init?(_ value: String) {
        if value == "database" {
            self = .logical
            return
        }
        let value = value.lowercased()
        let isPrefix = { (word: String) in !value.isEmpty && word.hasPrefix(value) }
        switch value {
        case "1", "on": self = .physical
        case "0", "of", "off": self = .none
        case _ where isPrefix("true") || isPrefix("yes"): self = .physical
        case _ where isPrefix("false") || isPrefix("no"): self = .none
        default: return nil
        }
    }

    /// Value for a StartupMessage, nil for an ordinary session.
    package var parameterValue: String? {
        switch self {
        case .none: nil
        case .physical: "yes"
        case .logical: "database"
        }
    }
}
