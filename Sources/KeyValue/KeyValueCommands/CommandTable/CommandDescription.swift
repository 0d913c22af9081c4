import RESP

/// Writes what COMMAND tells about a row.
struct CommandDescription {
    let writer: ReplyWriter

    /// The ten parts of COMMAND INFO.
    func writeInfo(_ row: CommandRow, container: String? = nil) {
        writer.array(10)
        writer.bulk(Self.fullName(row, container))
        writer.integer(row.arity)
        writeNames(CommandFlags.shownNames.lazy.filter { row.flags.contains($0.flag) }.map(\.name))
        writer.integer(row.keyRange.first)
        writer.integer(row.keyRange.last)
        writer.integer(row.keyRange.step)
        let categories = CommandCategories.names.filter { row.categories.contains($0.category) }
        writer.set(categories.count)
        for category in categories { writer.simple("@\(category.name)") }
        let tips = CommandTips.names.filter { row.tips.contains($0.tip) }
        writer.set(tips.count)
        for tip in tips { writer.bulk(tip.name) }
        writer.set(row.keys.count)
        for spec in row.keys { writeSpec(spec) }
        guard !row.subcommands.isEmpty else { return writer.set(0) }
        writer.array(row.subcommands.count)
        for subcommand in row.subcommands { writeInfo(subcommand, container: row.name) }
    }

    /// How a key is used, as a set of names.
    func writeKeyFlags(_ flags: KeyFlags) {
        writeNames(KeyFlags.names.lazy.filter { flags.contains($0.flag) }.map(\.name))
    }

    static func fullName(_ row: CommandRow, _ container: String?) -> String {
        container.map { "\($0)|\(row.name)" } ?? row.name
    }

    private func writeNames(_ names: some Sequence<StaticString>) {
        let names = Array(names)
        writer.set(names.count)
        for name in names { writer.simple(name) }
    }

    private func writeSpec(_ spec: KeySpec) {
        writer.map(3)
        writer.bulk("flags")
        writeKeyFlags(spec.flags)
        writer.bulk("begin_search")
        switch spec.begin {
        case .index(let position): writePart("index", [("index", position)])
        case .keyword(let word, let from):
            writePart("keyword", pairCount: 2)
            writer.bulk("keyword")
            writer.bulk(word)
            writer.bulk("startfrom")
            writer.integer(from)
        case .unknown: writePart("unknown", [])
        }
        writer.bulk("find_keys")
        switch spec.find {
        case .range(let last, let step, let limit):
            writePart("range", [("lastkey", last), ("keystep", step), ("limit", limit)])
        case .counted(let count, let first, let step):
            writePart("keynum", [("keynumidx", count), ("firstkey", first), ("keystep", step)])
        case .unknown: writePart("unknown", [])
        }
    }

    private func writePart(_ type: StaticString, _ numbers: [(name: StaticString, value: Int)]) {
        writePart(type, pairCount: numbers.count)
        for number in numbers {
            writer.bulk(number.name)
            writer.integer(number.value)
        }
    }

    private func writePart(_ type: StaticString, pairCount: Int) {
        writer.map(2)
        writer.bulk("type")
        writer.bulk(type)
        writer.bulk("spec")
        writer.map(pairCount)
    }
}

extension CommandDescription {
    /// The map of COMMAND DOCS.
    func writeDocumentation(_ row: CommandRow) {
        let arguments = (try? CommandSyntax.arguments(row.syntax)) ?? []
        var count = 4
        if row.isInternal || row.deprecation != nil { count += 1 }
        if row.deprecation != nil { count += 2 }
        if !arguments.isEmpty { count += 1 }
        if !row.subcommands.isEmpty { count += 1 }
        writer.map(count)
        writePair("summary", row.summary)
        writePair("since", row.since)
        writePair("group", row.group.rawValue)
        writePair("complexity", row.complexity)
        if row.isInternal || row.deprecation != nil {
            writer.bulk("doc_flags")
            writeNames((row.deprecation != nil ? ["deprecated"] : []) + (row.isInternal ? ["syscmd"] : []))
        }
        if let deprecation = row.deprecation {
            writePair("deprecated_since", deprecation.since)
            writePair("replaced_by", deprecation.replacement)
        }
        if !arguments.isEmpty {
            writer.bulk("arguments")
            writeArguments(arguments)
        }
        if !row.subcommands.isEmpty {
            writer.bulk("subcommands")
            writer.map(row.subcommands.count)
            for subcommand in row.subcommands {
                writer.bulk(Self.fullName(subcommand, row.name))
                writeDocumentation(subcommand)
            }
        }
    }

    private func writePair(_ name: StaticString, _ value: String) {
        writer.bulk(name)
        writer.bulk(value)
    }

    private func writeArguments(_ arguments: [CommandArgument]) {
        writer.array(arguments.count)
        for argument in arguments { writeArgument(argument) }
    }

    private func writeArgument(_ argument: CommandArgument) {
        let isGroup = !argument.parts.isEmpty
        var flags: [StaticString] = []
        if argument.isOptional { flags.append("optional") }
        if argument.isMultiple { flags.append("multiple") }
        if argument.repeatsToken { flags.append("multiple_token") }
        // Two that all have, then display_text or arguments, then those that are there.
        var count = 3
        if argument.keySpecIndex != nil { count += 1 }
        count += [argument.token, argument.since, argument.deprecatedSince].count { $0 != nil }
        if !flags.isEmpty { count += 1 }
        writer.map(count)
        writePair("name", argument.name)
        writePair("type", argument.kind.rawValue)
        if !isGroup { writePair("display_text", argument.display ?? argument.name) }
        if let index = argument.keySpecIndex {
            writer.bulk("key_spec_index")
            writer.integer(index)
        }
        if let token = argument.token { writePair("token", token) }
        if let since = argument.since { writePair("since", since) }
        if let since = argument.deprecatedSince { writePair("deprecated_since", since) }
        if !flags.isEmpty {
            writer.bulk("flags")
            writeNames(flags)
        }
        if isGroup {
            writer.bulk("arguments")
            writeArguments(argument.parts)
        }
    }
}

extension CommandDescription {
    /// The reply of HELP in a container: a heading, then for each subcommand its arguments and, indented, what it does.
    func writeHelp(_ container: CommandRow) {
        let subcommands = container.subcommands.filter { $0.name != "help" }
        writer.array(1 + subcommands.count * 2 + 2)
        writer.simple("\(container.name.uppercased()) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        for subcommand in subcommands {
            let arguments = (try? CommandSyntax.arguments(subcommand.syntax)) ?? []
            writer.simple(
                ([subcommand.name.uppercased()] + arguments.map { CommandSynopsis.text(of: [$0]) })
                    .joined(separator: " "))
            writer.simple("    \(subcommand.summary)")
        }
        writer.simple("HELP")
        writer.simple("    Print this help.")
    }
}
