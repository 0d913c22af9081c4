/// One command or subcommand, as a line of the table: all that COMMAND tells about it.
package struct CommandRow: Sendable {
    /// In lower case; of a subcommand, only its own part.
    package let name: String
    /// The chapter of the manual.
    package let group: CommandGroup
    /// The version of Redis that brought the command.
    package let since: String
    /// The number of arguments with the command's own name; negative: at least that many.
    package let arity: Int
    /// Those of the row, and `movableKeys` if the key specifications call for it.
    package let flags: CommandFlags
    /// The categories named in the row and those that the flags imply.
    package let categories: CommandCategories
    /// What the command does, in one sentence.
    package let summary: String
    /// How the time it takes grows, with the meaning of the letters.
    package let complexity: String
    /// Hints for clients and proxies.
    package let tips: CommandTips
    /// That Redis advises against the command.
    package let deprecation: Deprecation?
    /// Meant for the server's own use.
    package let isInternal: Bool
    /// Where the command line has keys.
    package let keys: [KeySpec]
    /// The command's own search where `keys` leave something open.
    package let keySearch: KeySearch?
    /// What `keys` come to in the form of first, last and step.
    package let keyRange: KeyRange
    /// The arguments in the notation of `CommandSyntax`.
    package let syntax: String
    /// The commands that this one is a container of.
    package let subcommands: [CommandRow]
    /// What executes the command; nil for one that is not built yet.
    package let handler: CommandHandler?

    /// Since when not to use a command, and what to use.
    package struct Deprecation: Sendable {
        /// The version of Redis.
        package let since: String
        /// The replacement, with commands in backticks.
        package let replacement: String
    }

    // Not inlined: 370 copies would take the compiler many seconds.
    @inline(never)
    init(
        _ name: String, _ group: CommandGroup, since: String, arity: Int, _ flags: CommandFlags,
        acl: CommandCategories = [], summary: String, complexity: String = "O(1)", tips: CommandTips = [],
        deprecation: Deprecation? = nil, isInternal: Bool = false, keys: [KeySpec] = [], keySearch: KeySearch? = nil,
        syntax: String = "", subcommands: [CommandRow] = [], handler: CommandHandler? = nil
    ) {
        self.handler = handler
        self.name = name
        self.group = group
        self.since = since
        self.arity = arity
        let range = KeyRange.summarizing(keys)
        self.flags = range.findsAll ? flags : flags.union(.movableKeys)
        self.categories = acl.adding(impliedBy: flags)
        self.summary = summary
        self.complexity = complexity
        self.tips = tips
        self.deprecation = deprecation
        self.isInternal = isInternal
        self.keys = keys
        self.keySearch = keySearch
        self.keyRange = range.range
        self.syntax = syntax
        self.subcommands = subcommands
    }

    /// The subcommand that lists its siblings, which every container has.
    /// - Parameter flags: beside those that all of them have.
    static func help(
        _ group: CommandGroup, since: String, flags: CommandFlags = [], acl: CommandCategories = []
    ) -> CommandRow {
        CommandRow(
            "help", group, since: since, arity: 2, flags.union([.loading, .stale]), acl: acl,
            summary: "Lists the subcommands.",
            handler: IntrospectionCommands.help
        )
    }
}

/// A search for keys that a command needs because its specifications leave some, or how they are used, open.
package enum KeySearch: Sendable {
    case sort, sortReadOnly, migrate, set, bitfield
}

extension KeyRange {
    /// The range that covers as many of the specifications as one can, and whether it finds all keys.
    static func summarizing(_ specs: [KeySpec]) -> (range: KeyRange, findsAll: Bool) {
        var findsAll = true
        var first = Int.max
        var last = 0
        var step = 1
        for spec in specs {
            guard case .index(let position) = spec.begin, case .range(let specLast, let specStep, _) = spec.find else {
                findsAll = false
                continue
            }
            let isPlain = specStep == 1 && (last == 0 || last == position - 1)
            guard isPlain || specs.count == 1 else {
                findsAll = false
                continue
            }
            if spec.flags.contains(.incomplete) { findsAll = false }
            step = specStep
            first = min(first, position)
            // As unsigned numbers, those counted from the end come after those counted from the front, in order.
            let absoluteLast = specLast >= 0 ? specLast + position : specLast
            last = Int(bitPattern: max(UInt(bitPattern: last), UInt(bitPattern: absoluteLast)))
        }
        guard first != Int.max else { return (.none, specs.isEmpty) }
        return (KeyRange(first: first, last: last, step: step), findsAll)
    }
}
