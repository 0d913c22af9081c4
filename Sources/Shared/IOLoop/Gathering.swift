/// How many events a busy loop waits for before it wakes, as a network card gathers packets before it interrupts.
///
/// Waking for each of 50 clients' requests costs more than answering them. So while many connections are busy, a wait
/// goes on until as many events are there as come in a tenth of a millisecond, and for no longer than that. Two rules
/// keep this from costing anybody time: it takes at least a few events a tenth of a millisecond, so that a quiet
/// loop wakes at once; and no more are waited for than half of the busy connections, because the others may be waiting
/// for an answer before they ask again.
///
/// epoll cannot wait for a number of events. There the loop pauses before it asks, for a sixteenth of the time between
/// two requests of a connection: no client's round gets longer by more than that. It does so if it then finds some
/// events as a rule, that is with 32 busy connections or more.
struct Gathering {
    /// How many events to wait for (io_uring).
    private(set) var eventCount: UInt32 = 1
    /// How long to pause before asking for events; 0 for not at all (epoll).
    private(set) var pauseNanoseconds: Int64 = 0
    /// The number of the current window, which connections are stamped with.
    private(set) var window: UInt32 = 1
    private var windowStartNanoseconds: Int64 = 0
    /// Connections that received in this window, and how often any did.
    private var activeCount = 0
    private var receiveCount = 0

    /// The longest that the first event waits for the others.
    static let limitMicroseconds: UInt32 = 100
    private static let limitNanoseconds = Int64(limitMicroseconds) * 1000
    private static let windowNanoseconds: Int64 = 10_000_000
    private static let eventsMax = 64
    private static let pauseNanosecondsMax: Int64 = 50_000
    private static let pausesPerRound: Int64 = 16
    /// Events expected in a pause that make it worth while.
    private static let eventsPerPauseMin: Int64 = 2

    /// Whether to wait for more than one.
    var isActive: Bool { eventCount > 1 }

    /// The connection received something.
    @inline(__always)
    mutating func note(_ connection: ConnectionPointer) {
        receiveCount &+= 1
        guard connection.pointee.activeWindow != window else { return }
        connection.pointee.activeWindow = window
        activeCount &+= 1
    }

    /// A turn begins.
    @inline(__always)
    mutating func advance(to nanoseconds: Int64) {
        if nanoseconds &- windowStartNanoseconds >= Self.windowNanoseconds { endWindow(nanoseconds) }
    }

    private mutating func endWindow(_ nanoseconds: Int64) {
        let elapsed = nanoseconds &- windowStartNanoseconds
        let expected = Int(Int64(receiveCount) &* Self.limitNanoseconds / elapsed)
        eventCount = UInt32(max(1, min(expected, activeCount / 2, Self.eventsMax)))
        pauseNanoseconds = Self.pause(Int64(activeCount), Int64(receiveCount), elapsed)
        windowStartNanoseconds = nanoseconds
        window &+= 1
        activeCount = 0
        receiveCount = 0
    }

    /// - Parameters: connections that received something in the elapsed nanoseconds, and how often any did.
    private static func pause(_ activeCount: Int64, _ receiveCount: Int64, _ elapsed: Int64) -> Int64 {
        guard receiveCount > 0 else { return 0 }
        let round = elapsed &* activeCount / receiveCount
        let pause = min(round / pausesPerRound, pauseNanosecondsMax)
        return receiveCount &* pause >= eventsPerPauseMin &* elapsed ? pause : 0
    }
}
