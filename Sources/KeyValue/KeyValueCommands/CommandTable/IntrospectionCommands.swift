import Bytes
import RESP

/// COMMAND and its subcommands, and HELP of every container.
enum IntrospectionCommands {
    /// COMMAND
    static func command(_ call: inout Call) {
        let rows = rows(call)
        let description = CommandDescription(writer: call.reply)
        call.reply.array(rows.count)
        for row in rows { description.writeInfo(row) }
    }

    /// COMMAND COUNT
    static func count(_ call: inout Call) { call.reply.integer(rows(call).count) }

    /// COMMAND INFO [command-name ...]
    static func info(_ call: inout Call) {
        guard call.count > 2 else { return command(&call) }
        let description = CommandDescription(writer: call.reply)
        call.reply.array(call.count - 2)
        for index in 2..<call.count {
            guard let found = find(call[index], call) else {
                call.reply.null()
                continue
            }
            description.writeInfo(found.pointee.row, container: found.pointee.container?.pointee.row.name)
        }
    }

    /// COMMAND DOCS [command-name ...]
    static func documentation(_ call: inout Call) {
        let description = CommandDescription(writer: call.reply)
        guard call.count > 2 else {
            let rows = rows(call)
            call.reply.map(rows.count)
            for row in rows {
                call.reply.bulk(row.name)
                description.writeDocumentation(row)
            }
            return
        }
        let found = (2..<call.count).compactMap { find(call[$0], call) }
        call.reply.map(found.count)
        for command in found {
            call.reply.bulk(command.pointee.fullName)
            description.writeDocumentation(command.pointee.row)
        }
    }

    /// COMMAND LIST [FILTERBY <MODULE name | ACLCAT category | PATTERN pattern>]
    static func list(_ call: inout Call) {
        guard let includes = filter(call) else { return call.syntaxError() }
        writeNames(of: rows(call), call.reply, includes)
    }

    private static func writeNames(
        of rows: [CommandRow], _ reply: ReplyWriter, _ includes: (String, CommandRow) -> Bool
    ) {
        let names = rows.flatMap { row in
            ([(row.name, row)] + row.subcommands.map { ("\(row.name)|\($0.name)", $0) }).filter(includes).map(\.0)
        }
        reply.array(names.count)
        for name in names { reply.bulk(name) }
    }

    /// What a list of commands is to include; nil if the arguments are no valid filter.
    private static func filter(_ call: Call) -> ((String, CommandRow) -> Bool)? {
        guard call.count > 2 else { return { _, _ in true } }
        guard call.count == 5, call.matches(2, "filterby") else { return nil }
        // There are no modules.
        if call.matches(3, "module") { return { _, _ in false } }
        if call.matches(3, "aclcat") {
            guard let category = CommandCategories.named(call[4].text) else { return { _, _ in false } }
            return { _, row in row.categories.contains(category) }
        }
        guard call.matches(3, "pattern") else { return nil }
        let pattern = call[4]
        return { name, _ in
            var name = name
            return name.withUTF8 { GlobPattern.matches(pattern, ByteSlice($0), ignoringCase: true) }
        }
    }

    /// COMMAND GETKEYS command [arg ...]
    static func keys(_ call: inout Call) { writeKeys(call, withFlags: false) }

    /// COMMAND GETKEYSANDFLAGS command [arg ...]
    static func keysAndFlags(_ call: inout Call) { writeKeys(call, withFlags: true) }

    private static func writeKeys(_ call: Call, withFlags: Bool) {
        let line = Arguments(base: call.arguments.base + 2, count: call.count - 2)
        guard var command = call.engine.pointee.directory.find(line[0]) else { return invalidCommand(call) }
        if line.count > 1, !command.pointee.subcommands.isEmpty {
            guard let subcommand = command.pointee.subcommands[line[1].text.lowercased()] else {
                return invalidCommand(call)
            }
            command = subcommand
        }
        let row = command.pointee.row
        guard CommandKeys.canExist(for: row) else { return call.error("ERR The command has no key arguments") }
        guard row.arity > 0 ? line.count == row.arity : line.count >= -row.arity else {
            return call.error("ERR Invalid number of arguments specified for command")
        }
        let count = CommandKeys.forEach(of: row, in: line) { _, _ in }
        guard count > 0 || row.flags.contains(.noMandatoryKeys) else {
            return call.error("ERR Invalid arguments specified for command")
        }
        let description = CommandDescription(writer: call.reply)
        call.reply.array(count)
        CommandKeys.forEach(of: row, in: line) { position, flags in
            if withFlags { call.reply.array(2) }
            call.reply.bulk(line[position])
            if withFlags { description.writeKeyFlags(flags) }
        }
    }

    private static func invalidCommand(_ call: Call) { call.error("ERR Invalid command specified") }

    /// ACL CAT [category]
    static func categories(_ call: inout Call) {
        guard call.count > 2 else {
            call.reply.array(CommandCategories.names.count)
            for (_, name) in CommandCategories.names { call.reply.bulk(name) }
            return
        }
        guard call.count == 3 else {
            let name = call[1].text
            return call.error("ERR unknown subcommand or wrong number of arguments for '\(name)'. Try ACL HELP.")
        }
        guard let category = CommandCategories.named(call[2].text) else {
            return call.error("ERR Unknown category '\(call[2].slice(0, min(call[2].count, 128)).printed)'")
        }
        // What rename-command took away still counts: rules are about commands, whatever their names.
        writeNames(of: CommandTable.rows, call.reply) { _, row in row.categories.contains(category) }
    }

    /// HELP of any container
    static func help(_ call: inout Call) {
        guard let container = call.command.pointee.container else { return call.syntaxError() }
        CommandDescription(writer: call.reply).writeHelp(container.pointee.row)
    }

    /// The rows of the commands that `rename-command` has not taken away.
    private static func rows(_ call: Call) -> [CommandRow] {
        call.engine.pointee.directory.reachable.map(\.pointee.row)
    }

    /// The command of a name, or of `container|subcommand`.
    private static func find(_ name: ByteSlice, _ call: Call) -> UnsafeMutablePointer<Command>? {
        guard let bar = name.firstIndex(of: 0x7C) else { return call.engine.pointee.directory.find(name) }
        let container = call.engine.pointee.directory.find(name.slice(0, bar))
        return container?.pointee.subcommands[name.slice(bar + 1, name.count).text.lowercased()]
    }
}
