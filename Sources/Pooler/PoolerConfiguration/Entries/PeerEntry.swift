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
    package static let keyNoun = "connection"

    package static let keys = Dictionary(keys: [
        EntryKey<PeerEntry>("host", .hosts(\.hostList), concernsServers: true),
        EntryKey("port", .port(\.port), concernsServers: true),
        EntryKey("pool_size", .override(\.poolSize, from: 0)),
    ])

    package init(checking name: String) throws(ValueProblem) {
        let range = 1...ConfigurationLimits.peerNumberMax
        do throws(ValueProblem) {
            self.init(number: try NumberText.integer(name, in: range, .decimal))
        } catch {
            throw ValueProblem("ids of peers must be numbers from 1 to \(range.upperBound)")
        }
    }

    package mutating func complete() throws(ValueProblem) {
        guard hostList != nil else { throw ValueProblem("host was not provided for peer \(number)") }
    }
}
