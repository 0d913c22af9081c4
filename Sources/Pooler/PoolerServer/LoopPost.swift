import IOLoop
import PoolerSessions
import Synchronization

/// Clients that come to a loop from elsewhere in the process, with their connections, and what else its thread has to
/// know. Anybody posts, its loop takes.
final class LoopPost: Sendable {
    enum Parcel: Sendable {
        /// From another loop, in the middle of its login.
        case moving(MovingClient, DetachedConnection)
        /// From another process; counted for its pool already.
        case handedOver(ClientHandover, Int32, home: PoolKey)
    }

    private let parcels = Mutex<[Parcel]>([])
    private let wakeUp = Mutex<@Sendable () -> Void>({})
    private let isStopping = Atomic<Bool>(false)

    /// What ends the loop's sleep.
    func onPost(_ wake: @escaping @Sendable () -> Void) { wakeUp.withLock { $0 = wake } }

    func post(_ parcel: Parcel) {
        parcels.withLock { $0.append(parcel) }
        wake()
    }

    func wake() { wakeUp.withLock { $0 }() }

    /// Clients that are on their way.
    var count: Int { parcels.withLock { $0.count } }

    func take() -> [Parcel] {
        parcels.withLock { parcels in
            defer { parcels = [] }
            return parcels
        }
    }

    /// The loop is to end after its next turn.
    func stop() {
        isStopping.store(true, ordering: .relaxed)
        wake()
    }

    var isStopWanted: Bool { isStopping.load(ordering: .relaxed) }
}
