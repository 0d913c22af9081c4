/// A line of section [peers]: another pooler of the group, to which cancel requests may belong.
package struct PeerEntry: Equatable, Sendable {
    package let number: Int
    package var hostList: HostList?
    package var port = 6432
    /// Cancel requests under way at once; nil: the default size of pools.
    package var poolSize: Int?

    package init(number: Int) { self.number = number }
}

extension PeerEntry: ConfiguredEntry {
    static let noun = "peer"

    static let keys: [EntryKey<PeerEntry>] = [
        EntryKey("host", .hosts(\.hostList), concernsServers: true),
        EntryKey("port", .integer(\.port, 1...65535), concernsServers: true),
        EntryKey("pool_size", .override(\.poolSize, from: 0)),
    ]
}
