/// How a command uses a key: one of the first four, and what happens to the user's data in it.
package struct KeyFlags: OptionSet, Sendable {
    /// One bit a member.
    package let rawValue: UInt16

    /// Flags from their bits.
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Reads the value or its metadata.
    package static let readOnly = KeyFlags(rawValue: 1 << 0)
    /// Reads and changes the value or its metadata.
    package static let readWrite = KeyFlags(rawValue: 1 << 1)
    /// Replaces the value whatever it was.
    package static let overwrite = KeyFlags(rawValue: 1 << 2)
    /// Deletes the key whatever it was.
    package static let remove = KeyFlags(rawValue: 1 << 3)
    /// Returns, copies or uses the user's data.
    package static let access = KeyFlags(rawValue: 1 << 4)
    /// Changes the user's data.
    package static let update = KeyFlags(rawValue: 1 << 5)
    /// Adds to the user's data and changes none of it.
    package static let insert = KeyFlags(rawValue: 1 << 6)
    /// Deletes some of the user's data.
    package static let delete = KeyFlags(rawValue: 1 << 7)
    /// Is no key, but is routed in a cluster as if it were.
    package static let notKey = KeyFlags(rawValue: 1 << 8)
    /// There are more keys than the specification finds.
    package static let incomplete = KeyFlags(rawValue: 1 << 9)
    /// Depends on the other arguments.
    package static let variableFlags = KeyFlags(rawValue: 1 << 10)

    // Combinations by name: a literal where it is used would be an array in debug builds.

    /// With any of these a specification does not say by itself which keys there are, or how they are used.
    static let undecided: KeyFlags = [.notKey, .incomplete, .variableFlags]
    /// Reads the user's data.
    static let use: KeyFlags = [.readOnly, .access]
    /// Reads the user's data and changes it.
    static let change: KeyFlags = [.readWrite, .access, .update]
    /// Puts other data in the place of the user's.
    static let replacement: KeyFlags = [.overwrite, .update]

    /// The names of the protocol, in its order.
    static let names: [(flag: KeyFlags, name: StaticString)] = [
        (.readOnly, "RO"), (.readWrite, "RW"), (.overwrite, "OW"), (.remove, "RM"), (.access, "access"),
        (.update, "update"), (.insert, "insert"), (.delete, "delete"), (.notKey, "not_key"),
        (.incomplete, "incomplete"), (.variableFlags, "variable_flags"),
    ]
}

/// Where a command line has keys, and how the command uses them. Positions count from the command's name, which is 0.
package struct KeySpec: Sendable {
    /// Where the search begins.
    package enum Begin: Sendable, Equatable {
        /// At a position.
        case index(Int)
        /// After a word that is looked for from a position on; negative: from the end backwards.
        case keyword(String, from: Int)
        /// Somewhere that the specification cannot say.
        case unknown
    }

    /// Which arguments from there on are keys.
    package enum Find: Sendable, Equatable {
        /// Every `step`th up to `last`, which counts from the beginning, or if negative from the end of the line;
        /// there, a `limit` above 1 leaves only that part of the line (2: half of it).
        case range(last: Int, step: Int, limit: Int)
        /// As many as the argument at `count` says, from `first` on, both counted from the beginning.
        case counted(count: Int, first: Int, step: Int)
        /// Some that the specification cannot say.
        case unknown
    }

    /// Where the search begins.
    package let begin: Begin
    /// What it finds there.
    package let find: Find
    /// How the command uses the keys found.
    package let flags: KeyFlags

    /// Keys from a position on.
    @inline(never)
    static func index(_ position: Int, last: Int = 0, step: Int = 1, _ flags: KeyFlags) -> KeySpec {
        KeySpec(begin: .index(position), find: .range(last: last, step: step, limit: 0), flags: flags)
    }

    /// A number at a position, and that many keys after it.
    @inline(never)
    static func counted(_ position: Int, _ flags: KeyFlags) -> KeySpec {
        KeySpec(begin: .index(position), find: .counted(count: 0, first: 1, step: 1), flags: flags)
    }

    /// Keys after a word.
    @inline(never)
    static func keyword(_ word: String, from: Int, last: Int = 0, limit: Int = 0, _ flags: KeyFlags) -> KeySpec {
        KeySpec(begin: .keyword(word, from: from), find: .range(last: last, step: 1, limit: limit), flags: flags)
    }

    /// Keys that only the command itself finds.
    @inline(never)
    static func unknown(_ flags: KeyFlags) -> KeySpec {
        KeySpec(begin: .unknown, find: .unknown, flags: flags)
    }
}

/// Keys at every `step`th argument from `first` to `last`; a negative `last` counts from the end of the line.
/// `first` is 0 for a command without such keys. The oldest and cheapest form, which all clients know.
package struct KeyRange: Sendable, Equatable {
    /// The position of the first key.
    package let first: Int
    /// The position of the last key.
    package let last: Int
    /// The distance between keys.
    package let step: Int

    static let none = KeyRange(first: 0, last: 0, step: 0)
}
