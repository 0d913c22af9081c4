// The rows of the command table for sets. `CommandRow` says what each part means.

extension CommandTable {
    static let setRows: [CommandRow] = [
        CommandRow(
            "sadd", .set, since: "1.0.0", arity: -3, [.write, .denyOutOfMemory, .fast], acl: [.set],
            summary: "Adds members to a set.",
            complexity: "O(1) a member",
            keys: [.index(1, [.readWrite, .insert])],
            syntax: "key member...",
            handler: SetCommands.sadd
        ),
        CommandRow(
            "scard", .set, since: "1.0.0", arity: 2, [.readOnly, .fast], acl: [.set],
            summary: "Counts the members of a set.",
            keys: [.index(1, [.readOnly])],
            syntax: "key",
            handler: SetCommands.scard
        ),
        CommandRow(
            "sdiff", .set, since: "1.0.0", arity: -2, [.readOnly], acl: [.set],
            summary: "Returns the members of the first set that no other has.",
            complexity: "O(N), N members in all sets",
            tips: [.nondeterministicOutputOrder],
            keys: [.index(1, last: -1, [.readOnly, .access])],
            syntax: "key...",
            handler: SetCommands.sdiff
        ),
        CommandRow(
            "sdiffstore", .set, since: "1.0.0", arity: -3, [.write, .denyOutOfMemory], acl: [.set],
            summary: "Stores the members of the first set that no other has.",
            complexity: "O(N), N members in all sets",
            keys: [.index(1, [.overwrite, .update]), .index(2, last: -1, [.readOnly, .access])],
            syntax: "destination:key key:key1...",
            handler: SetCommands.sdiffstore
        ),
        CommandRow(
            "sinter", .set, since: "1.0.0", arity: -2, [.readOnly], acl: [.set],
            summary: "Returns the members that all sets have.",
            complexity: "O(N*M), N members in the smallest set, M sets",
            tips: [.nondeterministicOutputOrder],
            keys: [.index(1, last: -1, [.readOnly, .access])],
            syntax: "key...",
            handler: SetCommands.sinter
        ),
        CommandRow(
            "sintercard", .set, since: "7.0.0", arity: -3, [.readOnly], acl: [.set],
            summary: "Counts the members that all sets have.",
            complexity: "O(N*M), N members in the smallest set, M sets",
            keys: [.counted(1, [.readOnly, .access])],
            syntax: "numkeys:int key... [LIMIT limit:int]",
            handler: SetCommands.sintercard
        ),
        CommandRow(
            "sinterstore", .set, since: "1.0.0", arity: -3, [.write, .denyOutOfMemory], acl: [.set],
            summary: "Stores the members that all sets have.",
            complexity: "O(N*M), N members in the smallest set, M sets",
            keys: [.index(1, [.readWrite, .update]), .index(2, last: -1, [.readOnly, .access])],
            syntax: "destination:key key:key1...",
            handler: SetCommands.sinterstore
        ),
        CommandRow(
            "sismember", .set, since: "1.0.0", arity: 3, [.readOnly, .fast], acl: [.set],
            summary: "Tells whether a set has a member.",
            keys: [.index(1, [.readOnly])],
            syntax: "key member",
            handler: SetCommands.sismember
        ),
        CommandRow(
            "smembers", .set, since: "1.0.0", arity: 2, [.readOnly], acl: [.set],
            summary: "Returns all members of a set.",
            complexity: "O(N), N members in the set",
            tips: [.nondeterministicOutputOrder],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key",
            handler: SetCommands.smembers
        ),
        CommandRow(
            "smismember", .set, since: "6.2.0", arity: -3, [.readOnly, .fast], acl: [.set],
            summary: "Tells for each of several members whether a set has it.",
            complexity: "O(N), N members asked for",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key member...",
            handler: SetCommands.smismember
        ),
        CommandRow(
            "smove", .set, since: "1.0.0", arity: 4, [.write, .fast], acl: [.set],
            summary: "Moves a member from one set to another.",
            keys: [.index(1, [.readWrite, .access, .delete]), .index(2, [.readWrite, .insert])],
            syntax: "source:key destination:key1 member",
            handler: SetCommands.smove
        ),
        CommandRow(
            "spop", .set, since: "1.0.0", arity: -2, [.write, .fast], acl: [.set],
            summary: "Takes members from a set at random.",
            complexity: "O(N), N members returned",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readWrite, .access, .delete])],
            syntax: "key [count:int@3.2.0]",
            handler: SetCommands.spop
        ),
        CommandRow(
            "srandmember", .set, since: "1.0.0", arity: -2, [.readOnly], acl: [.set],
            summary: "Returns members of a set at random.",
            complexity: "O(N), N members returned",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key [count:int@2.6.0]",
            handler: SetCommands.srandmember
        ),
        CommandRow(
            "srem", .set, since: "1.0.0", arity: -3, [.write, .fast], acl: [.set],
            summary: "Removes members from a set.",
            complexity: "O(N), N members removed",
            keys: [.index(1, [.readWrite, .delete])],
            syntax: "key member...",
            handler: SetCommands.srem
        ),
        CommandRow(
            "sscan", .set, since: "2.8.0", arity: -3, [.readOnly], acl: [.set],
            summary: "Walks the members of a set, some at a call.",
            complexity: "O(1) a call, O(N) for the whole walk",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
            handler: SetCommands.sscan
        ),
        CommandRow(
            "sunion", .set, since: "1.0.0", arity: -2, [.readOnly], acl: [.set],
            summary: "Returns the members that any set has.",
            complexity: "O(N), N members in all sets",
            tips: [.nondeterministicOutputOrder],
            keys: [.index(1, last: -1, [.readOnly, .access])],
            syntax: "key...",
            handler: SetCommands.sunion
        ),
        CommandRow(
            "sunionstore", .set, since: "1.0.0", arity: -3, [.write, .denyOutOfMemory], acl: [.set],
            summary: "Stores the members that any set has.",
            complexity: "O(N), N members in all sets",
            keys: [.index(1, [.overwrite, .update]), .index(2, last: -1, [.readOnly, .access])],
            syntax: "destination:key key:key1...",
            handler: SetCommands.sunionstore
        ),
    ]
}
