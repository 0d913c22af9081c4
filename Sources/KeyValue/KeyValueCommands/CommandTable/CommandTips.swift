/// Hints for clients and proxies: whether replies can be compared, and how to spread a command over a cluster.
package struct CommandTips: OptionSet, Sendable {
    /// One bit a member.
    package let rawValue: UInt16

    /// Tips from their bits.
    package init(rawValue: UInt16) { self.rawValue = rawValue }

    /// The same data may give another reply.
    package static let nondeterministicOutput = CommandTips(rawValue: 1 << 0)
    /// The same data may give the elements of the reply in another order.
    package static let nondeterministicOutputOrder = CommandTips(rawValue: 1 << 1)
    /// To be sent to all nodes.
    package static let requestAllNodes = CommandTips(rawValue: 1 << 2)
    /// To be sent to all primaries.
    package static let requestAllShards = CommandTips(rawValue: 1 << 3)
    /// To be split by the shards of its keys.
    package static let requestMultiShard = CommandTips(rawValue: 1 << 4)
    /// To be sent in a way of its own.
    package static let requestSpecial = CommandTips(rawValue: 1 << 5)
    /// Succeeds if one node did.
    package static let responseOneSucceeded = CommandTips(rawValue: 1 << 6)
    /// Succeeds if all nodes did.
    package static let responseAllSucceeded = CommandTips(rawValue: 1 << 7)
    /// The logical and of the replies.
    package static let responseLogicalAnd = CommandTips(rawValue: 1 << 8)
    /// The least of the replies.
    package static let responseMinimum = CommandTips(rawValue: 1 << 9)
    /// The sum of the replies.
    package static let responseSum = CommandTips(rawValue: 1 << 10)
    /// Replies to be put together in a way of its own.
    package static let responseSpecial = CommandTips(rawValue: 1 << 11)

    /// The names of the protocol.
    static let names: [(tip: CommandTips, name: StaticString)] = [
        (.nondeterministicOutput, "nondeterministic_output"),
        (.nondeterministicOutputOrder, "nondeterministic_output_order"),
        (.requestAllNodes, "request_policy:all_nodes"), (.requestAllShards, "request_policy:all_shards"),
        (.requestMultiShard, "request_policy:multi_shard"), (.requestSpecial, "request_policy:special"),
        (.responseOneSucceeded, "response_policy:one_succeeded"),
        (.responseAllSucceeded, "response_policy:all_succeeded"),
        (.responseLogicalAnd, "response_policy:agg_logical_and"), (.responseMinimum, "response_policy:agg_min"),
        (.responseSum, "response_policy:agg_sum"), (.responseSpecial, "response_policy:special"),
    ]
}
