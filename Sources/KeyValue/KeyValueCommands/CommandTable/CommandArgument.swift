/// An argument of a command as COMMAND DOCS describes it, expanded from a row's syntax.
package struct CommandArgument: Sendable, Equatable {
    /// What an argument is made of.
    package enum Kind: String, Sendable {
        case string, integer, double, key, pattern
        case unixTime = "unix-time"
        /// Nothing but its token.
        case pureToken = "pure-token"
        /// One of its parts.
        case oneOf = "oneof"
        /// All of its parts, in order.
        case block
    }

    /// Different from its siblings' names.
    package var name: String
    /// What the argument is made of.
    package var kind: Kind
    /// What to show for the argument if it is not the name.
    package var display: String?
    /// The index of the key specification that finds the argument.
    package var keySpecIndex: Int?
    /// The word that comes before the argument, or is all of it.
    package var token: String?
    /// The version of Redis that brought the argument.
    package var since: String?
    /// The version of Redis that advised against it.
    package var deprecatedSince: String?
    /// Whether it may be left out.
    package var isOptional = false
    /// Whether it may be given several times in a row.
    package var isMultiple = false
    /// Whether the token is repeated with each of several values.
    package var repeatsToken = false
    /// What a block or a choice consists of.
    package var parts: [CommandArgument] = []
}
