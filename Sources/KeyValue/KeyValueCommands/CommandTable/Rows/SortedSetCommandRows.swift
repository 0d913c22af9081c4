// The rows of the command table for sorted sets. `CommandRow` says what each part means.

extension CommandTable {
    static let sortedSetRows: [CommandRow] = [
        CommandRow(
            "bzmpop", .sortedSet, since: "7.0.0", arity: -5, [.write, .blocking], acl: [.sortedSet],
            summary: "Takes members with the lowest or highest scores; waits if need be.",
            complexity: "O(K)+O(M*log(N)), K keys, M members returned, N in the set",
            keys: [.counted(2, [.readWrite, .access, .delete])],
            syntax: "timeout:double numkeys:int key... where(MIN|MAX) [COUNT count:int]",
            handler: SortedSetPopCommands.bzmpop
        ),
        CommandRow(
            "bzpopmax", .sortedSet, since: "5.0.0", arity: -3, [.write, .blocking, .fast], acl: [.sortedSet],
            summary: "Takes the member with the highest score; waits if need be.",
            complexity: "O(log(N)), N members in the set",
            keys: [.index(1, last: -2, [.readWrite, .access, .delete])],
            syntax: "key... timeout:double",
            handler: SortedSetPopCommands.bzpopmax
        ),
        CommandRow(
            "bzpopmin", .sortedSet, since: "5.0.0", arity: -3, [.write, .blocking, .fast], acl: [.sortedSet],
            summary: "Takes the member with the lowest score; waits if need be.",
            complexity: "O(log(N)), N members in the set",
            keys: [.index(1, last: -2, [.readWrite, .access, .delete])],
            syntax: "key... timeout:double",
            handler: SortedSetPopCommands.bzpopmin
        ),
        CommandRow(
            "zadd", .sortedSet, since: "1.2.0", arity: -4, [.write, .denyOutOfMemory, .fast], acl: [.sortedSet],
            summary: "Adds members with scores, or changes their scores.",
            complexity: "O(log(N)) a member, N members in the set",
            keys: [.index(1, [.readWrite, .update])],
            syntax: """
                key [condition(NX|XX)@3.0.2] [comparison(GT|LT)@6.2.0] [CH change:token@3.0.2] \
                [INCR increment:token@3.0.2] data(score:double member)...
                """,
            handler: SortedSetAddCommands.zadd
        ),
        CommandRow(
            "zcard", .sortedSet, since: "1.2.0", arity: 2, [.readOnly, .fast], acl: [.sortedSet],
            summary: "Counts the members of a sorted set.",
            keys: [.index(1, [.readOnly])],
            syntax: "key",
            handler: SortedSetCommands.zcard
        ),
        CommandRow(
            "zcount", .sortedSet, since: "2.0.0", arity: 4, [.readOnly, .fast], acl: [.sortedSet],
            summary: "Counts the members in a range of scores.",
            complexity: "O(log(N)), N members in the set",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key min:double max:double",
            handler: SortedSetRangeCommands.zcount
        ),
        CommandRow(
            "zdiff", .sortedSet, since: "6.2.0", arity: -3, [.readOnly], acl: [.sortedSet],
            summary: "Returns the members of the first sorted set that no other has.",
            complexity: "O(L+(N-K)*log(N)), L members in all sets, N in the first, K returned",
            keys: [.counted(1, [.readOnly, .access])],
            syntax: "numkeys:int key... [WITHSCORES]",
            handler: SortedSetAlgebraCommands.zdiff
        ),
        CommandRow(
            "zdiffstore", .sortedSet, since: "6.2.0", arity: -4, [.write, .denyOutOfMemory], acl: [.sortedSet],
            summary: "Stores the members of the first sorted set that no other has.",
            complexity: "O(L+(N-K)*log(N)), L members in all sets, N in the first, K stored",
            keys: [.index(1, [.overwrite, .update]), .counted(2, [.readOnly, .access])],
            syntax: "destination:key numkeys:int key:key1...",
            handler: SortedSetAlgebraCommands.zdiffstore
        ),
        CommandRow(
            "zincrby", .sortedSet, since: "1.2.0", arity: 4, [.write, .denyOutOfMemory, .fast], acl: [.sortedSet],
            summary: "Adds to the score of a member.",
            complexity: "O(log(N)), N members in the set",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key increment:int member",
            handler: SortedSetAddCommands.zincrby
        ),
        CommandRow(
            "zinter", .sortedSet, since: "6.2.0", arity: -3, [.readOnly], acl: [.sortedSet],
            summary: "Returns the members that all sorted sets have.",
            complexity: "O(N*K)+O(M*log(M)), N members in the smallest set, K sets, M returned",
            keys: [.counted(1, [.readOnly, .access])],
            syntax: "numkeys:int key... [WEIGHTS weight:int...] [AGGREGATE aggregate(SUM|MIN|MAX)] [WITHSCORES]",
            handler: SortedSetAlgebraCommands.zinter
        ),
        CommandRow(
            "zintercard", .sortedSet, since: "7.0.0", arity: -3, [.readOnly], acl: [.sortedSet],
            summary: "Counts the members that all sorted sets have.",
            complexity: "O(N*K), N members in the smallest set, K sets",
            keys: [.counted(1, [.readOnly, .access])],
            syntax: "numkeys:int key... [LIMIT limit:int]",
            handler: SortedSetAlgebraCommands.zintercard
        ),
        CommandRow(
            "zinterstore", .sortedSet, since: "2.0.0", arity: -4, [.write, .denyOutOfMemory], acl: [.sortedSet],
            summary: "Stores the members that all sorted sets have.",
            complexity: "O(N*K)+O(M*log(M)), N members in the smallest set, K sets, M stored",
            keys: [.index(1, [.overwrite, .update]), .counted(2, [.readOnly, .access])],
            syntax: """
                destination:key numkeys:int key:key1... [WEIGHTS weight:int...] [AGGREGATE aggregate(SUM|MIN|MAX)]
                """,
            handler: SortedSetAlgebraCommands.zinterstore
        ),
        CommandRow(
            "zlexcount", .sortedSet, since: "2.8.9", arity: 4, [.readOnly, .fast], acl: [.sortedSet],
            summary: "Counts the members in a range of names.",
            complexity: "O(log(N)), N members in the set",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key min max",
            handler: SortedSetRangeCommands.zlexcount
        ),
        CommandRow(
            "zmpop", .sortedSet, since: "7.0.0", arity: -4, [.write], acl: [.sortedSet],
            summary: "Takes members with the lowest or highest scores.",
            complexity: "O(K)+O(M*log(N)), K keys, M members returned, N in the set",
            keys: [.counted(1, [.readWrite, .access, .delete])],
            syntax: "numkeys:int key... where(MIN|MAX) [COUNT count:int]",
            handler: SortedSetPopCommands.zmpop
        ),
        CommandRow(
            "zmscore", .sortedSet, since: "6.2.0", arity: -3, [.readOnly, .fast], acl: [.sortedSet],
            summary: "Returns the scores of several members.",
            complexity: "O(N), N members asked for",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key member...",
            handler: SortedSetCommands.zmscore
        ),
        CommandRow(
            "zpopmax", .sortedSet, since: "5.0.0", arity: -2, [.write, .fast], acl: [.sortedSet],
            summary: "Takes the members with the highest scores.",
            complexity: "O(log(N)*M), N members in the set, M returned",
            keys: [.index(1, [.readWrite, .access, .delete])],
            syntax: "key [count:int]",
            handler: SortedSetPopCommands.zpopmax
        ),
        CommandRow(
            "zpopmin", .sortedSet, since: "5.0.0", arity: -2, [.write, .fast], acl: [.sortedSet],
            summary: "Takes the members with the lowest scores.",
            complexity: "O(log(N)*M), N members in the set, M returned",
            keys: [.index(1, [.readWrite, .access, .delete])],
            syntax: "key [count:int]",
            handler: SortedSetPopCommands.zpopmin
        ),
        CommandRow(
            "zrandmember", .sortedSet, since: "6.2.0", arity: -2, [.readOnly], acl: [.sortedSet],
            summary: "Returns members of a sorted set at random.",
            complexity: "O(N), N members returned",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key [options(count:int [WITHSCORES])]",
            handler: SortedSetChanceCommands.zrandmember
        ),
        CommandRow(
            "zrange", .sortedSet, since: "1.2.0", arity: -4, [.readOnly], acl: [.sortedSet],
            summary: "Returns the members in a range of ranks, scores or names.",
            complexity: "O(log(N)+M), N members in the set, M returned",
            keys: [.index(1, [.readOnly, .access])],
            syntax: """
                key start stop [sortby(BYSCORE|BYLEX)@6.2.0] [REV@6.2.0] [LIMIT limit(offset:int count:int)@6.2.0] \
                [WITHSCORES]
                """,
            handler: SortedSetRangeCommands.zrange
        ),
        CommandRow(
            "zrangebylex", .sortedSet, since: "2.8.9", arity: -4, [.readOnly], acl: [.sortedSet],
            summary: "Returns the members in a range of names.",
            complexity: "O(log(N)+M), N members in the set, M returned",
            deprecation: .init(since: "6.2.0", replacement: "`ZRANGE` with `BYLEX`"),
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key min max [LIMIT limit(offset:int count:int)]",
            handler: SortedSetRangeCommands.zrangebylex
        ),
        CommandRow(
            "zrangebyscore", .sortedSet, since: "1.0.5", arity: -4, [.readOnly], acl: [.sortedSet],
            summary: "Returns the members in a range of scores.",
            complexity: "O(log(N)+M), N members in the set, M returned",
            deprecation: .init(since: "6.2.0", replacement: "`ZRANGE` with `BYSCORE`"),
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key min:double max:double [WITHSCORES@2.0.0] [LIMIT limit(offset:int count:int)]",
            handler: SortedSetRangeCommands.zrangebyscore
        ),
        CommandRow(
            "zrangestore", .sortedSet, since: "6.2.0", arity: -5, [.write, .denyOutOfMemory], acl: [.sortedSet],
            summary: "Stores the members in a range of ranks, scores or names.",
            complexity: "O(log(N)+M), N members in the set, M stored",
            keys: [.index(1, [.overwrite, .update]), .index(2, [.readOnly, .access])],
            syntax: "dst:key src:key1 min max [sortby(BYSCORE|BYLEX)] [REV] [LIMIT limit(offset:int count:int)]",
            handler: SortedSetRangeCommands.zrangestore
        ),
        CommandRow(
            "zrank", .sortedSet, since: "2.0.0", arity: -3, [.readOnly, .fast], acl: [.sortedSet],
            summary: "Tells the rank of a member, lowest score first.",
            complexity: "O(log(N)), N members in the set",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key member [WITHSCORE]",
            handler: SortedSetCommands.zrank
        ),
        CommandRow(
            "zrem", .sortedSet, since: "1.2.0", arity: -3, [.write, .fast], acl: [.sortedSet],
            summary: "Removes members from a sorted set.",
            complexity: "O(M*log(N)), N members in the set, M removed",
            keys: [.index(1, [.readWrite, .delete])],
            syntax: "key member...",
            handler: SortedSetCommands.zrem
        ),
        CommandRow(
            "zremrangebylex", .sortedSet, since: "2.8.9", arity: 4, [.write], acl: [.sortedSet],
            summary: "Removes the members in a range of names.",
            complexity: "O(log(N)+M), N members in the set, M removed",
            keys: [.index(1, [.readWrite, .delete])],
            syntax: "key min max",
            handler: SortedSetRangeCommands.zremrangebylex
        ),
        CommandRow(
            "zremrangebyrank", .sortedSet, since: "2.0.0", arity: 4, [.write], acl: [.sortedSet],
            summary: "Removes the members in a range of ranks.",
            complexity: "O(log(N)+M), N members in the set, M removed",
            keys: [.index(1, [.readWrite, .delete])],
            syntax: "key start:int stop:int",
            handler: SortedSetRangeCommands.zremrangebyrank
        ),
        CommandRow(
            "zremrangebyscore", .sortedSet, since: "1.2.0", arity: 4, [.write], acl: [.sortedSet],
            summary: "Removes the members in a range of scores.",
            complexity: "O(log(N)+M), N members in the set, M removed",
            keys: [.index(1, [.readWrite, .delete])],
            syntax: "key min:double max:double",
            handler: SortedSetRangeCommands.zremrangebyscore
        ),
        CommandRow(
            "zrevrange", .sortedSet, since: "1.2.0", arity: -4, [.readOnly], acl: [.sortedSet],
            summary: "Returns the members in a range of ranks, highest score first.",
            complexity: "O(log(N)+M), N members in the set, M returned",
            deprecation: .init(since: "6.2.0", replacement: "`ZRANGE` with `REV`"),
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key start:int stop:int [WITHSCORES]",
            handler: SortedSetRangeCommands.zrevrange
        ),
        CommandRow(
            "zrevrangebylex", .sortedSet, since: "2.8.9", arity: -4, [.readOnly], acl: [.sortedSet],
            summary: "Returns the members in a range of names, backwards.",
            complexity: "O(log(N)+M), N members in the set, M returned",
            deprecation: .init(since: "6.2.0", replacement: "`ZRANGE` with `REV` and `BYLEX`"),
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key max min [LIMIT limit(offset:int count:int)]",
            handler: SortedSetRangeCommands.zrevrangebylex
        ),
        CommandRow(
            "zrevrangebyscore", .sortedSet, since: "2.2.0", arity: -4, [.readOnly], acl: [.sortedSet],
            summary: "Returns the members in a range of scores, highest first.",
            complexity: "O(log(N)+M), N members in the set, M returned",
            deprecation: .init(since: "6.2.0", replacement: "`ZRANGE` with `REV` and `BYSCORE`"),
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key max:double min:double [WITHSCORES] [LIMIT limit(offset:int count:int)]",
            handler: SortedSetRangeCommands.zrevrangebyscore
        ),
        CommandRow(
            "zrevrank", .sortedSet, since: "2.0.0", arity: -3, [.readOnly, .fast], acl: [.sortedSet],
            summary: "Tells the rank of a member, highest score first.",
            complexity: "O(log(N)), N members in the set",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key member [WITHSCORE]",
            handler: SortedSetCommands.zrevrank
        ),
        CommandRow(
            "zscan", .sortedSet, since: "2.8.0", arity: -3, [.readOnly], acl: [.sortedSet],
            summary: "Walks the members and scores, some at a call.",
            complexity: "O(1) a call, O(N) for the whole walk",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
            handler: SortedSetChanceCommands.zscan
        ),
        CommandRow(
            "zscore", .sortedSet, since: "1.2.0", arity: 3, [.readOnly, .fast], acl: [.sortedSet],
            summary: "Returns the score of a member.",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key member",
            handler: SortedSetCommands.zscore
        ),
        CommandRow(
            "zunion", .sortedSet, since: "6.2.0", arity: -3, [.readOnly], acl: [.sortedSet],
            summary: "Returns the members that any sorted set has.",
            complexity: "O(N)+O(M*log(M)), N members in all sets, M returned",
            keys: [.counted(1, [.readOnly, .access])],
            syntax: "numkeys:int key... [WEIGHTS weight:int...] [AGGREGATE aggregate(SUM|MIN|MAX)] [WITHSCORES]",
            handler: SortedSetAlgebraCommands.zunion
        ),
        CommandRow(
            "zunionstore", .sortedSet, since: "2.0.0", arity: -4, [.write, .denyOutOfMemory], acl: [.sortedSet],
            summary: "Stores the members that any sorted set has.",
            complexity: "O(N)+O(M*log(M)), N members in all sets, M stored",
            keys: [.index(1, [.overwrite, .update]), .counted(2, [.readOnly, .access])],
            syntax: """
                destination:key numkeys:int key:key1... [WEIGHTS weight:int...] [AGGREGATE aggregate(SUM|MIN|MAX)]
                """,
            handler: SortedSetAlgebraCommands.zunionstore
        ),
    ]
}
