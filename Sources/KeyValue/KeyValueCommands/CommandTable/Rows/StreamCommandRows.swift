// The rows of the command table for streams. `CommandRow` says what each part means.

extension CommandTable {
    static let streamRows: [CommandRow] = [
        CommandRow(
            "xack", .stream, since: "5.0.0", arity: -4, [.write, .fast], acl: [.stream],
            summary: "Marks messages as done for a group.",
            complexity: "O(1) a message",
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key group id...",
            handler: StreamCommands.acknowledge
        ),
        CommandRow(
            "xadd", .stream, since: "5.0.0", arity: -5, [.write, .denyOutOfMemory, .fast], acl: [.stream],
            summary: "Appends a message to a stream.",
            complexity: "O(1), plus O(N) for N entries trimmed",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readWrite, .update])],
            syntax: """
                key [NOMKSTREAM@6.2.0] [trim(strategy(MAXLEN|MINID@6.2.0) [operator('=' equal:token|\
                '~' approximately:token)] threshold [LIMIT count:int@6.2.0])] id-selector('*' auto-id:token|id) \
                data(field value)...
                """,
            handler: StreamCommands.add
        ),
        CommandRow(
            "xautoclaim", .stream, since: "6.2.0", arity: -6, [.write, .fast], acl: [.stream],
            summary: "Takes over messages that others in the group left pending too long.",
            complexity: "O(1) for a small count",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readWrite, .delete])],
            syntax: "key group consumer min-idle-time start [COUNT count:int] [JUSTID]",
            handler: StreamCommands.automaticClaim
        ),
        CommandRow(
            "xclaim", .stream, since: "5.0.0", arity: -6, [.write, .fast], acl: [.stream],
            summary: "Takes over given messages that others in the group left pending.",
            complexity: "O(log N), N messages pending",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readWrite, .update])],
            syntax: """
                key group consumer min-idle-time id... [IDLE ms:int] [TIME unix-time-milliseconds:time] \
                [RETRYCOUNT count:int] [FORCE] [JUSTID] [LASTID lastid]
                """,
            handler: StreamCommands.claim
        ),
        CommandRow(
            "xdel", .stream, since: "5.0.0", arity: -3, [.write, .fast], acl: [.stream],
            summary: "Deletes messages of a stream by id.",
            complexity: "O(1) a message",
            keys: [.index(1, [.readWrite, .delete])],
            syntax: "key id...",
            handler: StreamCommands.delete
        ),
        CommandRow(
            "xgroup", .stream, since: "5.0.0", arity: -2, [],
            summary: "Groups the commands about consumer groups.",
            complexity: "Depends on the subcommand",
            subcommands: xgroupSubcommands,
        ),
        CommandRow(
            "xinfo", .stream, since: "5.0.0", arity: -2, [],
            summary: "Groups the commands that look inside a stream.",
            complexity: "Depends on the subcommand",
            subcommands: xinfoSubcommands,
        ),
        CommandRow(
            "xlen", .stream, since: "5.0.0", arity: 2, [.readOnly, .fast], acl: [.stream],
            summary: "Counts the messages of a stream.",
            keys: [.index(1, [.readOnly])],
            syntax: "key",
            handler: StreamCommands.length
        ),
        CommandRow(
            "xpending", .stream, since: "5.0.0", arity: -3, [.readOnly], acl: [.stream],
            summary: "Tells which messages a group has not acknowledged.",
            complexity: "O(N), N messages returned",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key group [filters([IDLE min-idle-time:int@6.2.0] start end count:int [consumer])]",
            handler: StreamCommands.pending
        ),
        CommandRow(
            "xrange", .stream, since: "5.0.0", arity: -4, [.readOnly], acl: [.stream],
            summary: "Returns the messages in a range of ids.",
            complexity: "O(N), N messages returned",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key start end [COUNT count:int]",
            handler: StreamCommands.range
        ),
        CommandRow(
            "xread", .stream, since: "5.0.0", arity: -4, [.readOnly, .blocking], acl: [.stream],
            summary: "Returns the messages after given ids from several streams; waits if need be.",
            complexity: "O(N), N messages returned",
            keys: [.keyword("STREAMS", from: 1, last: -1, limit: 2, [.readOnly, .access])],
            syntax: "[COUNT count:int] [BLOCK milliseconds:int] STREAMS streams(key... id...)",
            handler: StreamCommands.read
        ),
        CommandRow(
            "xreadgroup", .stream, since: "5.0.0", arity: -7, [.write, .blocking], acl: [.stream],
            summary: "Returns messages to a consumer of a group; waits if need be.",
            complexity: "O(N), N messages returned",
            keys: [.keyword("STREAMS", from: 4, last: -1, limit: 2, [.readOnly, .access])],
            syntax: """
                GROUP group-block(group consumer) [COUNT count:int] [BLOCK milliseconds:int] [NOACK] \
                STREAMS streams(key... id...)
                """,
            handler: StreamCommands.readGroup
        ),
        CommandRow(
            "xrevrange", .stream, since: "5.0.0", arity: -4, [.readOnly], acl: [.stream],
            summary: "Returns the messages in a range of ids, newest first.",
            complexity: "O(N), N messages returned",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key end start [COUNT count:int]",
            handler: StreamCommands.reverseRange
        ),
        CommandRow(
            "xsetid", .stream, since: "5.0.0", arity: -3, [.write, .denyOutOfMemory, .fast], acl: [.stream],
            summary: "Sets the last id and the counters of a stream; used by replication.",
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key last-id [ENTRIESADDED entries-added:int@7.0.0] [MAXDELETEDID max-deleted-id@7.0.0]",
            handler: StreamCommands.setID
        ),
        CommandRow(
            "xtrim", .stream, since: "5.0.0", arity: -4, [.write], acl: [.stream],
            summary: "Shortens a stream from its old end.",
            complexity: "O(N), N messages removed",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readWrite, .delete])],
            syntax: """
                key trim(strategy(MAXLEN|MINID@6.2.0) [operator('=' equal:token|'~' approximately:token)] threshold \
                [LIMIT count:int@6.2.0])
                """,
            handler: StreamCommands.trim
        ),
    ]

    private static let xgroupSubcommands: [CommandRow] = [
        CommandRow(
            "create", .stream, since: "5.0.0", arity: -5, [.write, .denyOutOfMemory], acl: [.stream],
            summary: "Creates a consumer group.",
            keys: [.index(2, [.readWrite, .insert])],
            syntax: "key group id-selector(id|'$' new-id:token) [MKSTREAM] [ENTRIESREAD entries-read:int]",
            handler: StreamCommands.createGroup
        ),
        CommandRow(
            "createconsumer", .stream, since: "6.2.0", arity: 5, [.write, .denyOutOfMemory], acl: [.stream],
            summary: "Creates a consumer in a group.",
            keys: [.index(2, [.readWrite, .insert])],
            syntax: "key group consumer",
            handler: StreamCommands.createConsumer
        ),
        CommandRow(
            "delconsumer", .stream, since: "5.0.0", arity: 5, [.write], acl: [.stream],
            summary: "Deletes a consumer and what it left pending.",
            keys: [.index(2, [.readWrite, .delete])],
            syntax: "key group consumer",
            handler: StreamCommands.deleteConsumer
        ),
        CommandRow(
            "destroy", .stream, since: "5.0.0", arity: 4, [.write], acl: [.stream],
            summary: "Deletes a consumer group.",
            complexity: "O(N), N messages pending",
            keys: [.index(2, [.readWrite, .delete])],
            syntax: "key group",
            handler: StreamCommands.destroyGroup
        ),
        .help(.stream, since: "5.0.0", acl: [.stream]),
        CommandRow(
            "setid", .stream, since: "5.0.0", arity: -5, [.write], acl: [.stream],
            summary: "Sets the id after which a group reads on.",
            keys: [.index(2, [.readWrite, .update])],
            syntax: "key group id-selector(id|'$' new-id:token) [ENTRIESREAD entriesread:int/entries-read]",
            handler: StreamCommands.setGroupID
        ),
    ]

    private static let xinfoSubcommands: [CommandRow] = [
        CommandRow(
            "consumers", .stream, since: "5.0.0", arity: 4, [.readOnly], acl: [.stream],
            summary: "Describes the consumers of a group.",
            tips: [.nondeterministicOutput],
            keys: [.index(2, [.readOnly, .access])],
            syntax: "key group",
            handler: StreamCommands.infoConsumers
        ),
        CommandRow(
            "groups", .stream, since: "5.0.0", arity: 3, [.readOnly], acl: [.stream],
            summary: "Describes the groups of a stream.",
            keys: [.index(2, [.readOnly, .access])],
            syntax: "key",
            handler: StreamCommands.infoGroups
        ),
        .help(.stream, since: "5.0.0", acl: [.stream]),
        CommandRow(
            "stream", .stream, since: "5.0.0", arity: -3, [.readOnly], acl: [.stream],
            summary: "Describes a stream.",
            keys: [.index(2, [.readOnly, .access])],
            syntax: "key [full-block(FULL! [COUNT count:int])]",
            handler: StreamCommands.infoStream
        ),
    ]
}
