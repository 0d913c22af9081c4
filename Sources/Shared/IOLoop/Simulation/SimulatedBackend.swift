import Bytes
import Glibc
import SeededRandom

/// The loop over a simulated network.
final class SimulatedBackend: LoopBackend {
    private let network: SimulatedNetwork
    private var listeners: [Listener] = []
    /// The peer of the connection that is being made.
    private var joining: SimulatedPeer?
    private var refused: Set<UInt64> = []

    init(network: SimulatedNetwork) {
        self.network = network
    }

    override var virtualNanoseconds: Int64? { network.nowNanoseconds }

    // MARK: - Sockets that are none

    override func open(_ endpoint: ListenEndpoint, backlog: Int, _ options: ListenOptions) throws(LoopError) -> Int32 {
        -1
    }
    override func closeSocket(of listener: Listener) {}
    override func open(
        _ endpoint: ConnectEndpoint, localAddress: String?, _ options: SocketOptions
    ) throws(LoopError) -> Int32 {
        joining = network.accept?(endpoint)
        if let joining { network.adopt(joining) }
        return -1
    }

    override func connectError(_ connection: ConnectionPointer) -> Int32 {
        refused.remove(connection.pointee.id) == nil ? 0 : ECONNREFUSED
    }

    override func start(_ listener: Listener, _ loop: EventLoop) { listeners.append(listener) }
    override func stop(_ listener: Listener) { listeners.removeAll { $0 === listener } }

    override func attach(_ connection: ConnectionPointer) -> Int32 {
        let peer = joining ?? network.peerForOutgoing()
        if joining == nil {
            refused.insert(connection.pointee.id)
            network.adopt(peer)
        }
        joining = nil
        peer.connection = connection
        return 0
    }

    override func detach(_ connection: ConnectionPointer) -> Bool {
        if let peer = peer(of: connection) {
            peer.readIfReading()
            peer.isEnded = true
            peer.connection = nil
            network.forget(peer)
        }
        return true
    }

    override func simulatedPeer(of connection: ConnectionPointer) -> AnyObject? { peer(of: connection) }

    /// The peer stays one of the network's.
    override func forget(_ connection: ConnectionPointer) { peer(of: connection)?.connection = nil }

    override func attach(_ connection: ConnectionPointer, simulated: AnyObject?) -> Int32 {
        joining = simulated as? SimulatedPeer
        return attach(connection)
    }

    override func pause(_ connection: ConnectionPointer) {}
    override func resume(_ connection: ConnectionPointer) {}
    override func shutDownSending(_ connection: ConnectionPointer) { peer(of: connection)?.isEnded = true }
    override var hasImmediateWork: Bool { false }
    override func finish(_ loop: EventLoop) {}

    private func peer(of connection: ConnectionPointer) -> SimulatedPeer? {
        network.peers.first { $0.connection == connection }
    }

    // MARK: - A turn

    override func wait(milliseconds: Int) { network.advance(toNextWithin: milliseconds) }

    override func dispatch(_ loop: EventLoop, _ application: any LoopApplication) -> Int {
        var due = network.peers.filter { ($0.dueNanoseconds ?? .max) <= network.nowNanoseconds }
        var count = 0
        // In any order, as a kernel tells them.
        while !due.isEmpty {
            let index = network.random.below(due.count)
            due.swapAt(index, due.count - 1)
            step(due.removeLast(), loop, application)
            count += 1
        }
        return count
    }

    private func step(_ peer: SimulatedPeer, _ loop: EventLoop, _ application: any LoopApplication) {
        if peer.arrivalNanoseconds != nil { return arrive(peer, loop) }
        guard let connection = peer.connection, !connection.pointee.flags.contains(.closed) else { return }
        peer.readIfReading()
        if connection.pointee.flags.contains(.waitingForRoom), peer.room > 0 {
            connection.pointee.flags.remove(.waitingForRoom)
            loop.scheduleSend(connection)
        }
        guard connection.pointee.flags.isDisjoint(with: [.readingPaused, .endOfStream]),
            let segment = peer.segments.first, segment.nanoseconds <= network.nowNanoseconds
        else { return }
        switch segment.kind {
        case .end:
            peer.segments.removeFirst()
            loop.reachedEnd(connection)
        case .reset:
            peer.segments.removeFirst()
            peer.isEnded = true
            loop.failed(connection, .readFailed(ECONNRESET))
        case .bytes:
            deliver(peer, connection, loop, application)
        }
    }

    private func arrive(_ peer: SimulatedPeer, _ loop: EventLoop) {
        peer.arrivalNanoseconds = nil
        if let connection = peer.connection { return loop.finishedConnecting(connection) }
        guard let listener = listeners.first(where: { $0.tag == peer.listenerTag }) else {
            peer.isEnded = true
            return network.forget(peer)
        }
        joining = peer
        loop.accept(-1, listener)
    }

    private func deliver(
        _ peer: SimulatedPeer, _ connection: ConnectionPointer, _ loop: EventLoop, _ application: any LoopApplication
    ) {
        var bytes = peer.segments[0].bytes
        if bytes.count > 1, network.random.isHit(network.faults.choppedPercent, of: 100) {
            let count = 1 + network.random.below(bytes.count - 1)
            peer.segments[0].bytes.removeFirst(count)
            bytes.removeLast(bytes.count - count)
        } else {
            peer.segments.removeFirst()
        }
        bytes.withUnsafeBytes { loop.arrived(connection, $0, application) }
    }

    override func send(_ connection: ConnectionPointer, _ loop: EventLoop) {
        guard !connection.pointee.flags.contains(.waitingForRoom), let peer = peer(of: connection) else { return }
        while loop.prepareWire(connection) {
            let waiting = connection.pointee.wireBytes.count
            var count = min(waiting, peer.room)
            if count > 1, network.random.isHit(network.faults.partialPercent, of: 100) {
                count = 1 + network.random.below(count - 1)
            }
            if count > 0 {
                peer.unread += connection.pointee.wireBytes.slice(0, count).array
                connection.pointee.consumeWire(count)
                loop.progressed(connection)
            }
            guard count < waiting else { continue }
            connection.pointee.flags.insert(.waitingForRoom)
            return
        }
        peer.readIfReading()
        loop.drained(connection)
    }
}
