import IOLoop
import PoolerSessions
import Synchronization

/// The way out of one loop to the process that has taken over: clients at rest are looked for, and handed on when the
/// kernel has let go of them. Its loop's thread's only, but for `isOver`.
final class ClientExit {
    /// Clients that are not read from so that they can go.
    private var leaving: Set<UInt64> = []
    private var nextSearch: Int64 = 0
    /// Something has happened since the last search, or that one has found somebody.
    private var isSearchOwed = true
    private let gate: ExitGate
    /// The new process has gone: everybody stays. Set by the main thread under the loop's lock.
    var isOver = false

    /// How often clients at rest are looked for, in nanoseconds.
    private static let searchInterval: Int64 = 5_000_000

    init(_ gate: ExitGate) { self.gate = gate }

    /// How soon `turnEnded` wants to be called again, in milliseconds; nil for as long as nothing happens.
    var timeoutMilliseconds: Int? { isSearchOwed ? Int(Self.searchInterval / 1_000_000) : nil }

    /// Looks for clients to hand over.
    func turnEnded(_ poolerLoop: PoolerLoop) {
        guard !isOver else { return end(poolerLoop) }
        for id in leaving { send(id, poolerLoop) }
        let now = poolerLoop.loop.nowNanoseconds
        isSearchOwed = now < nextSearch
        guard !isSearchOwed else { return }
        nextSearch = now + Self.searchInterval
        poolerLoop.closeSpareServers()
        isSearchOwed = !leaving.isEmpty
        for id in poolerLoop.pooler.clientsAtRest(atMost: ExitGate.underWayMax) where !leaving.contains(id) {
            isSearchOwed = true
            guard gate.enter() else { return }
            poolerLoop.pauseReading(ofClient: id)
            leaving.insert(id)
            // With epoll nothing has to be waited for.
            send(id, poolerLoop)
        }
    }

    private func send(_ id: UInt64, _ poolerLoop: PoolerLoop) {
        switch poolerLoop.surrender(client: id) {
        case .notYet: break
        case .stays:
            leaving.remove(id)
            gate.leave()
        case .handedOver(let client, let descriptor):
            leaving.remove(id)
            gate.pass(client, descriptor)
        }
    }

    private func end(_ poolerLoop: PoolerLoop) {
        for id in leaving {
            poolerLoop.resumeReading(ofClient: id)
            gate.leave()
        }
        poolerLoop.exit = nil
    }
}

/// Where the clients that leave all loops come together, for the main thread to send them on.
final class ExitGate: Sendable {
    /// Clients that are on their way at once, those that only wait for the kernel included: their descriptors count
    /// twice meanwhile.
    static let underWayMax = 256

    private let underWayCount = Atomic<Int>(0)
    private let passed = Mutex<[(client: ClientHandover, descriptor: Int32)]>([])
    private let waker: LoopWaker

    /// - Parameter waker: of the main thread's loop.
    init(waker: LoopWaker) { self.waker = waker }

    /// Takes a place for one more; false if there is none.
    func enter() -> Bool {
        guard underWayCount.add(1, ordering: .relaxed).newValue > Self.underWayMax else { return true }
        leave()
        return false
    }

    /// Gives a place back: the client stays, or the new process has it.
    func leave() { underWayCount.subtract(1, ordering: .relaxed) }

    /// A client has left its loop.
    func pass(_ client: ClientHandover, _ descriptor: Int32) {
        passed.withLock { $0.append((client, descriptor)) }
        waker.wake()
    }

    /// Those who have left since the last time.
    func take() -> [(client: ClientHandover, descriptor: Int32)] {
        passed.withLock { passed in
            defer { passed = [] }
            return passed
        }
    }

    /// Whether somebody is on his way to the main thread.
    var isEmpty: Bool { passed.withLock { $0.isEmpty } }
}
