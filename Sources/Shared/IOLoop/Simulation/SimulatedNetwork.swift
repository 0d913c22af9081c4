import SeededRandom

/// What goes wrong in a simulated network, and how often.
package struct SimulatedFaults: Sendable {
    /// Of a hundred arrivals, how many come in pieces.
    package var choppedPercent = 50
    /// Of a hundred sends, how many are taken only in part.
    package var partialPercent = 50
    /// Of ten thousand arrivals, how many are a reset instead.
    package var resetPerTenThousand = 0
    /// The longest that bytes are under way, in microseconds of simulated time.
    package var delayMicrosecondsMax: Int64 = 1000
    /// How many unread bytes a peer's side of the network holds.
    package var windowByteCount = 64 << 10

    package init() {}
}

/// A network in memory for a loop made with `EventLoop(simulation:application:)`: the same connections, the same
/// order of a turn, but peers are objects of the test, time goes on only when everybody waits, and what happens is
/// decided by a seed. The same seed gives the same history.
package final class SimulatedNetwork {
    /// Simulated time.
    package private(set) var nowNanoseconds: Int64 = 1_000_000_000
    package let faults: SimulatedFaults
    /// The peer that an outgoing connection of the loop reaches; nil refuses it.
    package var accept: ((ConnectEndpoint) -> SimulatedPeer?)?
    var random: SeededGenerator
    private(set) var peers: [SimulatedPeer] = []

    package init(seed: UInt64, faults: SimulatedFaults = SimulatedFaults()) {
        random = SeededGenerator(seed: seed)
        self.faults = faults
    }

    /// Somebody connects to the listener with that tag.
    package func connect(listenerTag: Int) -> SimulatedPeer {
        let peer = SimulatedPeer(self, listenerTag: listenerTag)
        peer.arrivalNanoseconds = nowNanoseconds + delay()
        peers.append(peer)
        return peer
    }

    /// A peer for `accept` to return.
    package func peerForOutgoing() -> SimulatedPeer { SimulatedPeer(self, listenerTag: nil) }

    func adopt(_ peer: SimulatedPeer) {
        peer.arrivalNanoseconds = nowNanoseconds + delay()
        peers.append(peer)
    }

    /// Lets time pass.
    package func advance(nanoseconds: Int64) { nowNanoseconds += nanoseconds }

    func delay() -> Int64 { random.below(faults.delayMicrosecondsMax * 1000 + 1) }

    /// Goes to the next thing that happens, at most to the limit.
    func advance(toNextWithin milliseconds: Int) {
        var next: Int64?
        for peer in peers {
            guard let due = peer.dueNanoseconds else { continue }
            next = min(next ?? due, due)
        }
        let limit = milliseconds < 0 ? next : nowNanoseconds + Int64(milliseconds) * 1_000_000
        guard let target = [next, limit].compactMap({ $0 }).min(), target > nowNanoseconds else { return }
        nowNanoseconds = target
    }

    func forget(_ peer: SimulatedPeer) { peers.removeAll { $0 === peer } }
}

/// The other end of a simulated connection.
package final class SimulatedPeer {
    /// What the loop's side has sent and this side has read.
    package private(set) var received: [UInt8] = []
    /// The loop's side has said that no more comes, or closed.
    package internal(set) var isEnded = false
    /// Whether it reads; what it does not read fills its window.
    package var isReading = true

    /// Bytes under way to the loop, each with the time it arrives.
    struct Segment {
        let nanoseconds: Int64
        var bytes: [UInt8]
        let kind: Kind

        enum Kind { case bytes, end, reset }
    }

    unowned let network: SimulatedNetwork
    let listenerTag: Int?
    /// Until it is connected: when that happens.
    var arrivalNanoseconds: Int64?
    var connection: ConnectionPointer?
    var segments: [Segment] = []
    var unread: [UInt8] = []
    private var lastArrivalNanoseconds: Int64 = 0

    init(_ network: SimulatedNetwork, listenerTag: Int?) {
        self.network = network
        self.listenerTag = listenerTag
    }

    /// Sends bytes, which arrive after those sent before.
    package func send(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        enqueue(network.random.isHit(network.faults.resetPerTenThousand, of: 10_000) ? .reset : .bytes, bytes)
    }

    /// Says that no more comes.
    package func shutDownSending() { enqueue(.end, []) }

    /// Breaks the connection.
    package func reset() { enqueue(.reset, []) }

    private func enqueue(_ kind: Segment.Kind, _ bytes: [UInt8]) {
        lastArrivalNanoseconds = max(lastArrivalNanoseconds, network.nowNanoseconds + network.delay())
        segments.append(Segment(nanoseconds: lastArrivalNanoseconds, bytes: bytes, kind: kind))
    }

    var room: Int { network.faults.windowByteCount - unread.count }

    func readIfReading() {
        guard isReading else { return }
        received += unread
        unread.removeAll()
    }

    /// When something happens here next; nil if that needs somebody else.
    var dueNanoseconds: Int64? {
        if let arrivalNanoseconds { return arrivalNanoseconds }
        guard let connection else { return nil }
        if connection.pointee.flags.contains(.waitingForRoom), room > 0 || isReading { return network.nowNanoseconds }
        guard !connection.pointee.flags.contains(.readingPaused), let first = segments.first else { return nil }
        return first.nanoseconds
    }
}
