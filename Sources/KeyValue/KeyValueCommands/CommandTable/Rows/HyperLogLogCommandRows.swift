// The rows of the command table for HyperLogLogs. `CommandRow` says what each part means.

extension CommandTable {
    static let hyperLogLogRows: [CommandRow] = [
        CommandRow(
            "pfadd", .hyperLogLog, since: "2.8.9", arity: -2, [.write, .denyOutOfMemory, .fast], acl: [.hyperLogLog],
            summary: "Adds elements to a HyperLogLog.",
            complexity: "O(1) an element",
            keys: [.index(1, [.readWrite, .insert])],
            syntax: "key [element...]",
            handler: HyperLogLogCommands.add
        ),
        CommandRow(
            "pfcount", .hyperLogLog, since: "2.8.9", arity: -2, [.readOnly, .mayReplicate], acl: [.hyperLogLog],
            summary: "Estimates how many different elements were added to HyperLogLogs.",
            complexity: "O(1) for one key, O(N) for N keys",
            keys: [.index(1, last: -1, [.readWrite, .access])],
            syntax: "key...",
            handler: HyperLogLogCommands.count
        ),
        CommandRow(
            "pfdebug", .hyperLogLog, since: "2.8.9", arity: 3, [.write, .denyOutOfMemory, .admin], acl: [.hyperLogLog],
            summary: "Looks inside a HyperLogLog, for tests.",
            isInternal: true,
            keys: [.index(2, [.readWrite, .access])],
            syntax: "subcommand key",
            handler: HyperLogLogCommands.debug
        ),
        CommandRow(
            "pfmerge", .hyperLogLog, since: "2.8.9", arity: -2, [.write, .denyOutOfMemory], acl: [.hyperLogLog],
            summary: "Merges HyperLogLogs into one.",
            complexity: "O(N), N keys",
            keys: [.index(1, [.readWrite, .access, .insert]), .index(2, last: -1, [.readOnly, .access])],
            syntax: "destkey:key [sourcekey:key1...]",
            handler: HyperLogLogCommands.merge
        ),
        CommandRow(
            "pfselftest", .hyperLogLog, since: "2.8.9", arity: 1, [.admin], acl: [.hyperLogLog],
            summary: "Checks the HyperLogLog implementation.",
            isInternal: true,
            handler: HyperLogLogCommands.selfTest
        ),
    ]
}
