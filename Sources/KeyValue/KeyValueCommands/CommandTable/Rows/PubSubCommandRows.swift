// The rows of the command table for channels. `CommandRow` says what each part means.

extension CommandTable {
    static let pubSubRows: [CommandRow] = [
        CommandRow(
            "psubscribe", .pubSub, since: "2.0.0", arity: -2, [.pubSub, .noScript, .loading, .stale, .sentinel],
            summary: "Listens to the channels that match patterns.",
            complexity: "O(N), N patterns",
            syntax: "pattern:pattern...",
            handler: PublishingCommands.psubscribe
        ),
        CommandRow(
            "publish", .pubSub, since: "2.0.0", arity: 3, [.pubSub, .loading, .stale, .fast, .mayReplicate, .sentinel],
            summary: "Sends a message to a channel.",
            complexity: "O(N+M), N subscribers of the channel, M patterns",
            syntax: "channel message",
            handler: PublishingCommands.publish
        ),
        CommandRow(
            "pubsub", .pubSub, since: "2.8.0", arity: -2, [],
            summary: "Groups the commands that look at channels.",
            complexity: "Depends on the subcommand",
            subcommands: pubsubSubcommands,
        ),
        CommandRow(
            "punsubscribe", .pubSub, since: "2.0.0", arity: -1, [.pubSub, .noScript, .loading, .stale, .sentinel],
            summary: "Stops listening to patterns.",
            complexity: "O(N), N patterns",
            syntax: "[pattern:pattern...]",
            handler: PublishingCommands.punsubscribe
        ),
        CommandRow(
            "spublish", .pubSub, since: "7.0.0", arity: 3, [.pubSub, .loading, .stale, .fast, .mayReplicate],
            summary: "Sends a message to a shard channel.",
            complexity: "O(N), N subscribers",
            keys: [.index(1, [.notKey])],
            syntax: "shardchannel message",
            handler: PublishingCommands.spublish
        ),
        CommandRow(
            "ssubscribe", .pubSub, since: "7.0.0", arity: -2, [.pubSub, .noScript, .loading, .stale],
            summary: "Listens to shard channels.",
            complexity: "O(N), N channels",
            keys: [.index(1, last: -1, [.notKey])],
            syntax: "shardchannel...",
            handler: PublishingCommands.ssubscribe
        ),
        CommandRow(
            "subscribe", .pubSub, since: "2.0.0", arity: -2, [.pubSub, .noScript, .loading, .stale, .sentinel],
            summary: "Listens to channels.",
            complexity: "O(N), N channels",
            syntax: "channel...",
            handler: PublishingCommands.subscribe
        ),
        CommandRow(
            "sunsubscribe", .pubSub, since: "7.0.0", arity: -1, [.pubSub, .noScript, .loading, .stale],
            summary: "Stops listening to shard channels.",
            complexity: "O(N), N channels",
            keys: [.index(1, last: -1, [.notKey])],
            syntax: "[shardchannel...]",
            handler: PublishingCommands.sunsubscribe
        ),
        CommandRow(
            "unsubscribe", .pubSub, since: "2.0.0", arity: -1, [.pubSub, .noScript, .loading, .stale, .sentinel],
            summary: "Stops listening to channels.",
            complexity: "O(N), N channels",
            syntax: "[channel...]",
            handler: PublishingCommands.unsubscribe
        ),
    ]

    private static let pubsubSubcommands: [CommandRow] = [
        CommandRow(
            "channels", .pubSub, since: "2.8.0", arity: -2, [.pubSub, .loading, .stale],
            summary: "Lists the channels that have subscribers.",
            complexity: "O(N), N channels",
            syntax: "[pattern:pattern]",
            handler: PubSubCommands.channels
        ),
        .help(.pubSub, since: "6.2.0"),
        CommandRow(
            "numpat", .pubSub, since: "2.8.0", arity: 2, [.pubSub, .loading, .stale],
            summary: "Counts the patterns subscribed to.",
            handler: PubSubCommands.numberOfPatterns
        ),
        CommandRow(
            "numsub", .pubSub, since: "2.8.0", arity: -2, [.pubSub, .loading, .stale],
            summary: "Counts the subscribers of channels.",
            complexity: "O(N), N channels",
            syntax: "[channel...]",
            handler: PubSubCommands.numberOfSubscribers
        ),
        CommandRow(
            "shardchannels", .pubSub, since: "7.0.0", arity: -2, [.pubSub, .loading, .stale],
            summary: "Lists the shard channels that have subscribers.",
            complexity: "O(N), N channels",
            syntax: "[pattern:pattern]",
            handler: PubSubCommands.shardChannels
        ),
        CommandRow(
            "shardnumsub", .pubSub, since: "7.0.0", arity: -2, [.pubSub, .loading, .stale],
            summary: "Counts the subscribers of shard channels.",
            complexity: "O(N), N channels",
            syntax: "[shardchannel...]",
            handler: PubSubCommands.numberOfShardSubscribers
        ),
    ]
}
