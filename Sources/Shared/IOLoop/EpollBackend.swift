import Bytes
import CIOLoop
import Glibc

/// The loop over epoll. Connections are watched edge-triggered and registered once: a request costs one read, one
/// write and its share of epoll_wait.
final class EpollBackend: LoopBackend {
    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>
    /// Where every read goes; what is not consumed by the application is copied by it.
    private let readBuffer: UnsafeMutableRawPointer
    @exclusivity(unchecked) private var readyCount = 0
    @exclusivity(unchecked) private var gathering = Gathering()
    /// Connections to read again without an event: their last turn's share was used up, or they were paused.
    @exclusivity(unchecked) private var rereads: [ConnectionPointer] = []
    /// Their memory is kept until the list that names them has been walked.
    @exclusivity(unchecked) private var rereading: [ConnectionPointer] = []

    /// Stopped in this turn, whose events may still name them.
    @exclusivity(unchecked) private var stopped: [Listener] = []

    private static let eventsMax = 1024
    static let readBufferByteCount = 64 << 10
    /// Full buffers that one connection may fill in a turn while others wait.
    private static let readsMax = 4
    private static let acceptsMax = 1000

    /// What an event belongs to: a connection's address, or a listener's with the lowest bit set, or the waker.
    private static let wakeMark: UInt64 = 2
    private static let listenerBit: UInt64 = 1

    private static let readable = EPOLLIN.rawValue
    private static let writable = EPOLLOUT.rawValue
    private static let peerDone = EPOLLRDHUP.rawValue
    private static let broken = EPOLLERR.rawValue | EPOLLHUP.rawValue
    private static let watched = readable | peerDone | ATOLL_EPOLL_EDGE

    private let waker: LoopWaker

    init(waker: LoopWaker) throws(LoopError) {
        self.waker = waker
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        events = atoll_epoll_events_take(Int32(Self.eventsMax))
        readBuffer = .allocate(byteCount: Self.readBufferByteCount, alignment: 64)
        super.init()
        atoll_pause_precisely()
        guard descriptor >= 0 else { throw LoopError(operation: "epoll_create1", subject: "loop", code: errno) }
        let code = control(EPOLL_CTL_ADD, waker.descriptor, Self.readable, Self.wakeMark)
        guard code == 0 else { throw LoopError(operation: "epoll_ctl", subject: "waker", code: code) }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        atoll_epoll_events_give(events)
        readBuffer.deallocate()
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ events: UInt32, _ mark: UInt64) -> Int32 {
        atoll_epoll_control(self.descriptor, operation, descriptor, events, mark)
    }

    private static func mark(_ connection: ConnectionPointer) -> UInt64 { UInt64(UInt(bitPattern: connection)) }
    private static func mark(_ listener: Listener) -> UInt64 {
        UInt64(UInt(bitPattern: Unmanaged.passUnretained(listener).toOpaque())) | listenerBit
    }

    override func start(_ listener: Listener, _ loop: EventLoop) throws(LoopError) {
        let code = control(EPOLL_CTL_ADD, listener.descriptor, Self.readable, Self.mark(listener))
        guard code == 0 else {
            throw LoopError(operation: "epoll_ctl", subject: listener.endpoint.description, code: code)
        }
    }

    override func stop(_ listener: Listener) {
        _ = control(EPOLL_CTL_DEL, listener.descriptor, 0, 0)
        stopped.append(listener)
    }

    override func attach(_ connection: ConnectionPointer) -> Int32 {
        let connecting = connection.pointee.flags.contains(.connecting)
        return control(
            EPOLL_CTL_ADD, connection.pointee.descriptor, connecting ? Self.watched | Self.writable : Self.watched,
            Self.mark(connection))
    }

    override func detach(_ connection: ConnectionPointer) -> Bool {
        if connection.pointee.flags.contains(.rereadScheduled) {
            rereads.removeAll { $0 == connection }
        }
        // Closing also takes it out of the epoll set: no other descriptor refers to the socket.
        if connection.pointee.descriptor >= 0 { close(connection.pointee.descriptor) }
        return true
    }

    override func forget(_ connection: ConnectionPointer) {
        _ = control(EPOLL_CTL_DEL, connection.pointee.descriptor, 0, 0)
    }

    override func pause(_ connection: ConnectionPointer) {}

    override func resume(_ connection: ConnectionPointer) {
        scheduleReread(connection)
    }

    override func shutDownSending(_ connection: ConnectionPointer) {
        shutdown(connection.pointee.descriptor, Int32(SHUT_WR))
    }

    override var hasImmediateWork: Bool { !rereads.isEmpty }

    private func scheduleReread(_ connection: ConnectionPointer) {
        guard !connection.pointee.flags.contains(.rereadScheduled) else { return }
        connection.pointee.flags.insert(.rereadScheduled)
        rereads.append(connection)
    }

    // MARK: - A turn

    override func wait(milliseconds: Int) {
        if wakePatienceNanoseconds > 0 {
            _ = atoll_wake_await(waker.descriptor, wakePatienceNanoseconds)
        } else if gathering.pauseNanoseconds > 0, milliseconds != 0 {
            atoll_pause(gathering.pauseNanoseconds)
        }
        let count = epoll_wait(
            descriptor, events, Int32(Self.eventsMax), Int32(clamping: milliseconds))
        readyCount = max(0, Int(count))
    }

    override func dispatch(_ loop: EventLoop, _ application: any LoopApplication) -> Int {
        gathering.advance(to: loop.nowNanoseconds)
        if !stopped.isEmpty { stopped.removeAll(keepingCapacity: true) }
        for listener in loop.takeRested() {
            _ = control(EPOLL_CTL_MOD, listener.descriptor, Self.readable, Self.mark(listener))
        }
        if !rereads.isEmpty { readAgain(loop, application) }
        for index in 0..<readyCount {
            let mark = atoll_epoll_data(events, Int32(index))
            let flags = atoll_epoll_flags(events, Int32(index))
            if mark == Self.wakeMark {
                loop.waker.clear()
                application.woken()
            } else if mark & Self.listenerBit != 0 {
                acceptAll(mark, loop)
            } else if let connection = ConnectionPointer(bitPattern: UInt(mark)) {
                handle(connection, flags, loop, application)
            }
        }
        return readyCount
    }

    private func readAgain(_ loop: EventLoop, _ application: any LoopApplication) {
        swap(&rereads, &rereading)
        for connection in rereading {
            connection.pointee.flags.remove(.rereadScheduled)
            read(connection, loop, application)
        }
        rereading.removeAll(keepingCapacity: true)
    }

    private func acceptAll(_ mark: UInt64, _ loop: EventLoop) {
        guard let opaque = UnsafeRawPointer(bitPattern: UInt(mark & ~Self.listenerBit)) else { return }
        let listener = Unmanaged<Listener>.fromOpaque(opaque).takeUnretainedValue()
        for _ in 0..<Self.acceptsMax {
            if stopped.contains(where: { $0 === listener }) { return }
            let accepted = atoll_io_accept(listener.descriptor)
            if accepted >= 0 {
                loop.accept(accepted, listener)
                continue
            }
            switch -accepted {
            case EAGAIN: return
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTUNREACH, ENETUNREACH: continue
            default:
                _ = control(EPOLL_CTL_MOD, listener.descriptor, 0, mark)
                loop.acceptFailed(listener, code: -accepted)
                return
            }
        }
    }

    private func handle(
        _ connection: ConnectionPointer, _ flags: UInt32, _ loop: EventLoop, _ application: any LoopApplication
    ) {
        guard !connection.pointee.flags.contains(.closed) else { return }
        if connection.pointee.flags.contains(.connecting) {
            guard flags & (Self.writable | Self.broken) != 0 else { return }
            loop.finishedConnecting(connection)
            guard connection.pointee.flags.isDisjoint(with: [.closed, .connecting]) else { return }
            _ = control(EPOLL_CTL_MOD, connection.pointee.descriptor, Self.watched, Self.mark(connection))
            return
        }
        if flags & Self.writable != 0, connection.pointee.flags.contains(.waitingForRoom) {
            connection.pointee.flags.remove(.waitingForRoom)
            _ = control(EPOLL_CTL_MOD, connection.pointee.descriptor, Self.watched, Self.mark(connection))
            loop.scheduleSend(connection)
        }
        if flags & (Self.peerDone | Self.broken) != 0 { connection.pointee.flags.insert(.hangingUp) }
        if flags & Self.broken != 0, connection.pointee.flags.contains(.readingPaused) {
            let code = SocketOpening.pendingError(connection.pointee.descriptor)
            return loop.failed(connection, .readFailed(code == 0 ? ECONNRESET : code))
        }
        if flags & (Self.readable | Self.peerDone | Self.broken) != 0 {
            read(connection, loop, application)
        }
    }

    private func read(
        _ connection: ConnectionPointer, _ loop: EventLoop, _ application: any LoopApplication
    ) {
        let capacity = Self.readBufferByteCount
        for _ in 0..<Self.readsMax {
            guard connection.pointee.flags.isDisjoint(with: [.closed, .readingPaused, .endOfStream]) else { return }
            let count = Int(atoll_receive(connection.pointee.descriptor, readBuffer, UInt64(capacity)))
            if count > 0 {
                gathering.note(connection)
                loop.arrived(connection, ByteSlice(start: readBuffer, count: count), application)
                // Less than asked for: the socket is empty, and the next arrival is a new edge.
                if count < capacity, !connection.pointee.flags.contains(.hangingUp) { return }
                continue
            }
            switch Int32(truncatingIfNeeded: -count) {
            case 0: return loop.reachedEnd(connection)
            case EAGAIN: return
            case EINTR: continue
            default: return loop.failed(connection, .readFailed(Int32(-count)))
            }
        }
        scheduleReread(connection)
    }

    override func finish(_ loop: EventLoop) {}

    override func send(_ connection: ConnectionPointer, _ loop: EventLoop) {
        guard !connection.pointee.flags.contains(.waitingForRoom) else { return }
        while loop.prepareWire(connection) {
            let bytes = connection.pointee.wireBytes
            let count = Int(
                atoll_send(connection.pointee.descriptor, bytes.baseAddress, UInt64(bytes.count)))
            if count == -Int(EINTR) { continue }
            if count < 0 && count != -Int(EAGAIN) {
                loop.cannotSend(connection, code: Int32(-count))
                return scheduleReread(connection)
            }
            if count > 0 {
                connection.pointee.consumeWire(count)
                loop.progressed(connection)
            }
            guard count < bytes.count else { continue }
            connection.pointee.flags.insert(.waitingForRoom)
            _ = control(
                EPOLL_CTL_MOD, connection.pointee.descriptor, Self.watched | Self.writable, Self.mark(connection))
            return
        }
        loop.drained(connection)
    }
}
