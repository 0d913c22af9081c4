// The rows of the command table for strings. `CommandRow` says what each part means.

extension CommandTable {
    static let stringRows: [CommandRow] = [
        CommandRow(
            "append", .string, since: "2.0.0", arity: 3, [.write, .denyOutOfMemory, .fast], acl: [.string],
            summary: "Appends to a string, which is created if need be.",
            complexity: "O(1) amortised",
            keys: [.index(1, [.readWrite, .insert])],
            syntax: "key value",
            handler: StringCommands.append
        ),
        CommandRow(
            "decr", .string, since: "1.0.0", arity: 2, [.write, .denyOutOfMemory, .fast], acl: [.string],
            summary: "Subtracts one from an integer.",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key",
            handler: StringCommands.decrement
        ),
        CommandRow(
            "decrby", .string, since: "1.0.0", arity: 3, [.write, .denyOutOfMemory, .fast], acl: [.string],
            summary: "Subtracts from an integer.",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key decrement:int",
            handler: StringCommands.decrementBy
        ),
        CommandRow(
            "get", .string, since: "1.0.0", arity: 2, [.readOnly, .fast], acl: [.string],
            summary: "Returns a string.",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key",
            handler: StringCommands.get
        ),
        CommandRow(
            "getdel", .string, since: "6.2.0", arity: 2, [.write, .fast], acl: [.string],
            summary: "Returns a string and deletes its key.",
            keys: [.index(1, [.readWrite, .access, .delete])],
            syntax: "key",
            handler: StringCommands.getDelete
        ),
        CommandRow(
            "getex", .string, since: "6.2.0", arity: -2, [.write, .fast], acl: [.string],
            summary: "Returns a string and sets or removes its expiry time.",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: """
                key [expiration(EX seconds:int|PX milliseconds:int|EXAT unix-time-seconds:time|\
                PXAT unix-time-milliseconds:time|PERSIST)]
                """,
            handler: StringCommands.getExpire
        ),
        CommandRow(
            "getrange", .string, since: "2.4.0", arity: 4, [.readOnly], acl: [.string],
            summary: "Returns a part of a string.",
            complexity: "O(N), N bytes returned",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key start:int end:int",
            handler: StringCommands.range
        ),
        CommandRow(
            "getset", .string, since: "1.0.0", arity: 3, [.write, .denyOutOfMemory, .fast], acl: [.string],
            summary: "Sets a string and returns the old one.",
            deprecation: .init(since: "6.2.0", replacement: "`SET` with `GET`"),
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key value",
            handler: StringCommands.getSet
        ),
        CommandRow(
            "incr", .string, since: "1.0.0", arity: 2, [.write, .denyOutOfMemory, .fast], acl: [.string],
            summary: "Adds one to an integer.",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key",
            handler: StringCommands.increment
        ),
        CommandRow(
            "incrby", .string, since: "1.0.0", arity: 3, [.write, .denyOutOfMemory, .fast], acl: [.string],
            summary: "Adds to an integer.",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key increment:int",
            handler: StringCommands.incrementBy
        ),
        CommandRow(
            "incrbyfloat", .string, since: "2.6.0", arity: 3, [.write, .denyOutOfMemory, .fast], acl: [.string],
            summary: "Adds to a number with a fraction.",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key increment:double",
            handler: StringCommands.incrementByFloat
        ),
        CommandRow(
            "lcs", .string, since: "7.0.0", arity: -3, [.readOnly], acl: [.string],
            summary: "Finds the longest common subsequence of two strings.",
            complexity: "O(N*M), N and M the lengths",
            keys: [.index(1, last: 1, [.readOnly, .access])],
            syntax: "key1:key key2:key [LEN] [IDX] [MINMATCHLEN min-match-len:int] [WITHMATCHLEN]",
            handler: StringCommands.longestCommonSubsequence
        ),
        CommandRow(
            "mget", .string, since: "1.0.0", arity: -2, [.readOnly, .fast], acl: [.string],
            summary: "Returns several strings.",
            complexity: "O(N), N keys",
            tips: [.requestMultiShard],
            keys: [.index(1, last: -1, [.readOnly, .access])],
            syntax: "key...",
            handler: StringCommands.getMany
        ),
        CommandRow(
            "mset", .string, since: "1.0.1", arity: -3, [.write, .denyOutOfMemory], acl: [.string],
            summary: "Sets several strings at once.",
            complexity: "O(N), N keys",
            tips: [.requestMultiShard, .responseAllSucceeded],
            keys: [.index(1, last: -1, step: 2, [.overwrite, .update])],
            syntax: "data(key value)...",
            handler: StringCommands.setMany
        ),
        CommandRow(
            "msetnx", .string, since: "1.0.1", arity: -3, [.write, .denyOutOfMemory], acl: [.string],
            summary: "Sets several strings at once, if none of the keys exists.",
            complexity: "O(N), N keys",
            keys: [.index(1, last: -1, step: 2, [.overwrite, .insert])],
            syntax: "data(key value)...",
            handler: StringCommands.setManyIfMissing
        ),
        CommandRow(
            "psetex", .string, since: "2.6.0", arity: 4, [.write, .denyOutOfMemory], acl: [.string],
            summary: "Sets a string that ends after some milliseconds.",
            deprecation: .init(since: "2.6.12", replacement: "`SET` with `PX`"),
            keys: [.index(1, [.overwrite, .update])],
            syntax: "key milliseconds:int value",
            handler: StringCommands.setWithMilliseconds
        ),
        CommandRow(
            "set", .string, since: "1.0.0", arity: -3, [.write, .denyOutOfMemory], acl: [.string],
            summary: "Sets a string, on conditions and with an expiry time if given.",
            keys: [.index(1, [.readWrite, .access, .update, .variableFlags])],
            keySearch: .set,
            syntax: """
                key value [condition(NX|XX)@2.6.12] [GET@6.2.0] [expiration(EX seconds:int@2.6.12|\
                PX milliseconds:int@2.6.12|EXAT unix-time-seconds:time@6.2.0|PXAT unix-time-milliseconds:time@6.2.0|\
                KEEPTTL@6.0.0)]
                """,
            handler: StringCommands.set
        ),
        CommandRow(
            "setex", .string, since: "2.0.0", arity: 4, [.write, .denyOutOfMemory], acl: [.string],
            summary: "Sets a string that ends after some seconds.",
            deprecation: .init(since: "2.6.12", replacement: "`SET` with `EX`"),
            keys: [.index(1, [.overwrite, .update])],
            syntax: "key seconds:int value",
            handler: StringCommands.setWithSeconds
        ),
        CommandRow(
            "setnx", .string, since: "1.0.0", arity: 3, [.write, .denyOutOfMemory, .fast], acl: [.string],
            summary: "Sets a string unless the key exists.",
            deprecation: .init(since: "2.6.12", replacement: "`SET` with `NX`"),
            keys: [.index(1, [.overwrite, .insert])],
            syntax: "key value",
            handler: StringCommands.setIfMissing
        ),
        CommandRow(
            "setrange", .string, since: "2.2.0", arity: 4, [.write, .denyOutOfMemory], acl: [.string],
            summary: "Overwrites a part of a string, which grows as needed.",
            complexity: "O(N), N bytes written",
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key offset:int value",
            handler: StringCommands.setRange
        ),
        CommandRow(
            "strlen", .string, since: "2.2.0", arity: 2, [.readOnly, .fast], acl: [.string],
            summary: "Tells the length of a string.",
            keys: [.index(1, [.readOnly])],
            syntax: "key",
            handler: StringCommands.length
        ),
        CommandRow(
            "substr", .string, since: "1.0.0", arity: 4, [.readOnly], acl: [.string],
            summary: "Returns a part of a string (old name).",
            complexity: "O(N), N bytes returned",
            deprecation: .init(since: "2.0.0", replacement: "`GETRANGE`"),
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key start:int end:int",
            handler: StringCommands.range
        ),
    ]
}
