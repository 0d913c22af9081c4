// The loop over io_uring: a receive stays armed on every connection and fills buffers that the loop provides, and one
// system call a turn hands all sends over and waits for what comes next.
//
// A turn's sends are made not to wait, and only those that the socket did not take whole are reported; all others are
// known to be done when the call has returned. So a busy turn costs no completion a send, and "wait for one event" is
// not answered by the turn's own sends.

import Bytes
import CIOLoop
import Glibc

final class UringBackend: LoopBackend {
    private let ring: OpaquePointer
    private let waker: LoopWaker
    private let completions: UnsafeMutablePointer<atoll_completion>
    /// Connections whose bytes are handed over in this turn.
    private let sending: UnsafeMutablePointer<ConnectionPointer>
    @exclusivity(unchecked) private var sendingCount = 0
    /// Whether some of them have more to send than is handed over: no completion tells when that may follow.
    @exclusivity(unchecked) private var hasMoreToSend = false
    @exclusivity(unchecked) private var gathering = Gathering()
    /// Listeners whose accept the kernel still has.
    @exclusivity(unchecked) private var accepting: [Listener] = []
    @exclusivity(unchecked) private var stopped: [Listener] = []
    /// Given up while others go on listening: closed when the kernel has let go of them.
    @exclusivity(unchecked) private var withdrawn: [Listener] = []
    /// Detached connections that completions will still name.
    @exclusivity(unchecked) private var leavingCount = 0

    private static let entriesCount: UInt32 = 512
    /// Must hold a failure of every send of a turn and what else a turn brings: silence means success.
    private static let completionsCount: UInt32 = 16384
    private static let sendsMax = 8192
    private static let bufferCount: UInt32 = 32
    private static let bufferByteCount: UInt32 = 32 << 10

    /// What a completion belongs to: the low four bits of its mark, beside an address.
    private enum Operation {
        static let receive: UInt64 = 1
        static let send: UInt64 = 2
        static let sendWhenReady: UInt64 = 3
        static let connect: UInt64 = 4
        static let accept: UInt64 = 5
        static let wake: UInt64 = 6
        static let mask: UInt64 = 15
    }

    init(waker: LoopWaker) throws(LoopError) {
        self.waker = waker
        var code: Int32 = 0
        guard
            let ring = atoll_ring_open(
                Self.entriesCount, Self.completionsCount, Self.bufferCount, Self.bufferByteCount, &code)
        else { throw LoopError(operation: "io_uring_setup", subject: "loop", code: code) }
        self.ring = ring
        completions = .allocate(capacity: Int(Self.completionsCount))
        sending = .allocate(capacity: Self.sendsMax)
        super.init()
        atoll_ring_watch_readable(ring, waker.descriptor, Operation.wake)
    }

    deinit {
        atoll_ring_close(ring)
        completions.deallocate()
        sending.deallocate()
    }

    private static func mark(_ connection: ConnectionPointer, _ operation: UInt64) -> UInt64 {
        UInt64(UInt(bitPattern: connection)) | operation
    }

    private static func mark(_ listener: Listener) -> UInt64 {
        UInt64(UInt(bitPattern: Unmanaged.passUnretained(listener).toOpaque())) | Operation.accept
    }

    // MARK: - Listeners

    override func start(_ listener: Listener, _ loop: EventLoop) throws(LoopError) {
        accepting.append(listener)
        atoll_ring_accept(ring, listener.descriptor, Self.mark(listener))
    }

    override func stop(_ listener: Listener) {
        guard accepting.contains(where: { $0 === listener }) else { return }
        stopped.append(listener)
        atoll_ring_cancel(ring, Self.mark(listener))
        // The accept holds the socket: it would go on listening until the loop next enters the kernel.
        shutdown(listener.descriptor, Int32(SHUT_RDWR))
    }

    override func withdraw(_ listener: Listener, _ loop: EventLoop) {
        guard accepting.contains(where: { $0 === listener }) else {
            close(listener.descriptor)
            return
        }
        withdrawn.append(listener)
        atoll_ring_cancel(ring, Self.mark(listener))
    }

    private func accepted(_ completion: atoll_completion, _ loop: EventLoop) {
        guard let address = UnsafeRawPointer(bitPattern: UInt(completion.mark & ~Operation.mask)) else { return }
        let listener = Unmanaged<Listener>.fromOpaque(address).takeUnretainedValue()
        let isStopped = stopped.contains { $0 === listener }
        if completion.result >= 0 {
            if isStopped { close(completion.result) } else { loop.accept(completion.result, listener) }
        }
        guard completion.flags & ATOLL_RING_MORE == 0 else { return }
        accepting.removeAll { $0 === listener }
        if isStopped { return stopped.removeAll { $0 === listener } }
        if withdrawn.contains(where: { $0 === listener }) {
            close(listener.descriptor)
            return withdrawn.removeAll { $0 === listener }
        }
        switch -completion.result {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL, ENOTSOCK, EOPNOTSUPP:
            loop.acceptFailed(listener, code: -completion.result)
        default:
            accepting.append(listener)
            atoll_ring_accept(ring, listener.descriptor, Self.mark(listener))
        }
    }

    // MARK: - Connections

    override func attach(_ connection: ConnectionPointer) -> Int32 {
        guard !connection.pointee.flags.contains(.connecting) else {
            connection.pointee.operationCount += 1
            atoll_ring_await_writable(
                ring, connection.pointee.descriptor, Self.mark(connection, Operation.connect))
            return 0
        }
        receive(connection)
        return 0
    }

    private func receive(_ connection: ConnectionPointer) {
        guard !connection.pointee.flags.contains(.receiving) else { return }
        connection.pointee.flags.insert(.receiving)
        connection.pointee.operationCount += 1
        atoll_ring_receive(ring, connection.pointee.descriptor, Self.mark(connection, Operation.receive))
    }

    override func detach(_ connection: ConnectionPointer) -> Bool {
        guard connection.pointee.operationCount > 0 else {
            if connection.pointee.descriptor >= 0 { close(connection.pointee.descriptor) }
            return true
        }
        leavingCount += 1
        connection.pointee.flags.insert(.detached)
        if connection.pointee.flags.contains(.receiving) {
            atoll_ring_cancel(ring, Self.mark(connection, Operation.receive))
        }
        if connection.pointee.flags.contains(.waitingForRoom) {
            atoll_ring_cancel(ring, Self.mark(connection, Operation.sendWhenReady))
        }
        if connection.pointee.flags.contains(.connecting) {
            atoll_ring_cancel(ring, Self.mark(connection, Operation.connect))
        }
        return false
    }

    /// One operation of the connection is over. If it was a leaving connection's last, the connection goes, and this
    /// is false.
    private func finishOperation(_ connection: ConnectionPointer, _ loop: EventLoop) -> Bool {
        connection.pointee.operationCount -= 1
        guard connection.pointee.flags.contains(.detached) else { return true }
        guard connection.pointee.operationCount == 0 else { return false }
        leavingCount -= 1
        close(connection.pointee.descriptor)
        loop.free(connection)
        return false
    }

    override func pause(_ connection: ConnectionPointer) {
        guard connection.pointee.flags.contains(.receiving) else { return }
        atoll_ring_cancel(ring, Self.mark(connection, Operation.receive))
    }

    override func resume(_ connection: ConnectionPointer) {
        if connection.pointee.flags.isDisjoint(with: [.endHeld, .endOfStream, .connecting]) { receive(connection) }
    }

    override func shutDownSending(_ connection: ConnectionPointer) {
        shutdown(connection.pointee.descriptor, Int32(SHUT_WR))
    }

    override func releaseIdleMemory() { atoll_ring_release_buffers(ring) }

    override var hasImmediateWork: Bool { hasMoreToSend }
    override var hasRoomToSend: Bool { sendingCount < Self.sendsMax }

    // MARK: - Sending

    override func send(_ connection: ConnectionPointer, _ loop: EventLoop) {
        guard connection.pointee.inFlight.isEmpty else { return }
        guard loop.prepareWire(connection) else { return loop.drained(connection) }
        connection.pointee.beginFlight()
        if connection.pointee.pendingSendByteCount > connection.pointee.inFlight.count { hasMoreToSend = true }
        let bytes = connection.pointee.inFlight.readable
        connection.pointee.operationCount += 1
        sending[sendingCount] = connection
        sendingCount += 1
        atoll_ring_send(
            ring, connection.pointee.descriptor, bytes.baseAddress, UInt64(bytes.count),
            Self.mark(connection, Operation.send))
    }

    /// Reports of sends that the socket did not take whole, which must be known before the others count as done.
    private func noteShortSends(_ count: Int) {
        for index in 0..<count where completions[index].mark & Operation.mask == Operation.send {
            guard let connection = Self.connection(completions[index]) else { continue }
            connection.pointee.flags.insert(.sentShort)
            connection.pointee.shortSendResult = completions[index].result
        }
    }

    private func finishSends(_ loop: EventLoop) {
        hasMoreToSend = false
        for index in 0..<sendingCount {
            let connection = sending[index]
            let isShort = connection.pointee.flags.contains(.sentShort)
            guard finishOperation(connection, loop) else { continue }
            guard !isShort else {
                finishShort(connection, loop)
                continue
            }
            connection.pointee.endFlight()
            guard !connection.pointee.flags.contains(.closed) else { continue }
            loop.progressed(connection)
            if connection.pointee.pendingSendByteCount == 0 {
                loop.drained(connection)
            } else {
                loop.scheduleSend(connection)
            }
        }
        sendingCount = 0
    }

    private func finishShort(_ connection: ConnectionPointer, _ loop: EventLoop) {
        connection.pointee.flags.remove(.sentShort)
        guard !connection.pointee.flags.contains(.closed) else { return }
        let result = connection.pointee.shortSendResult
        guard result > 0 || result == -EAGAIN || result == -EINTR else {
            return loop.cannotSend(connection, code: -result)
        }
        if result > 0 {
            connection.pointee.inFlight.consume(Int(result))
            loop.progressed(connection)
        }
        sendWhenReady(connection)
    }

    private func sendWhenReady(_ connection: ConnectionPointer) {
        connection.pointee.flags.insert(.waitingForRoom)
        connection.pointee.operationCount += 1
        let bytes = connection.pointee.inFlight.readable
        atoll_ring_send_when_ready(
            ring, connection.pointee.descriptor, bytes.baseAddress, UInt64(bytes.count),
            Self.mark(connection, Operation.sendWhenReady))
    }

    private func sentWhenReady(_ completion: atoll_completion, _ loop: EventLoop) {
        guard let connection = Self.connection(completion) else { return }
        guard finishOperation(connection, loop) else { return }
        connection.pointee.flags.remove(.waitingForRoom)
        guard !connection.pointee.flags.contains(.closed) else { return }
        guard completion.result >= 0 || completion.result == -EAGAIN || completion.result == -EINTR else {
            return loop.cannotSend(connection, code: -completion.result)
        }
        if completion.result > 0 {
            connection.pointee.inFlight.consume(Int(completion.result))
            loop.progressed(connection)
        }
        guard connection.pointee.inFlight.isEmpty else { return sendWhenReady(connection) }
        connection.pointee.endFlight()
        loop.scheduleSend(connection)
    }

    // MARK: - A turn

    override func flushSends() { atoll_ring_enter(ring, 0, 0, 0) }

    override func wait(milliseconds: Int) {
        if wakePatienceNanoseconds > 0 {
            // What is to be sent goes first.
            atoll_ring_enter(ring, 0, 0, 0)
            let isWoken = atoll_wake_await(waker.descriptor, wakePatienceNanoseconds)
            // What came meanwhile has waited long enough: nothing more is gathered.
            return atoll_ring_enter(ring, isWoken ? 0 : Int64(milliseconds), isWoken ? 0 : 1, 0)
        }
        atoll_ring_enter(
            ring, Int64(milliseconds), gathering.eventCount, gathering.isActive ? Gathering.limitMicroseconds : 0)
    }

    override func dispatch(_ loop: EventLoop, _ application: any LoopApplication) -> Int {
        for listener in loop.takeRested() {
            accepting.append(listener)
            atoll_ring_accept(ring, listener.descriptor, Self.mark(listener))
        }
        let count = Int(atoll_ring_take(ring, completions, Self.completionsCount))
        gathering.advance(to: loop.nowNanoseconds)
        if sendingCount > 0 {
            noteShortSends(count)
            finishSends(loop)
        }
        for index in 0..<count {
            let completion = completions[index]
            switch completion.mark & Operation.mask {
            case Operation.receive: received(completion, loop, application)
            case Operation.sendWhenReady: sentWhenReady(completion, loop)
            case Operation.accept: accepted(completion, loop)
            case Operation.connect: connected(completion, loop)
            case Operation.wake: woken(completion, application)
            default: continue
            }
        }
        return count
    }

    private static func connection(_ completion: atoll_completion) -> ConnectionPointer? {
        ConnectionPointer(bitPattern: UInt(completion.mark & ~Operation.mask))
    }

    private func woken(_ completion: atoll_completion, _ application: any LoopApplication) {
        waker.clear()
        if completion.flags & ATOLL_RING_MORE == 0 {
            atoll_ring_watch_readable(ring, waker.descriptor, Operation.wake)
        }
        application.woken()
    }

    private func connected(_ completion: atoll_completion, _ loop: EventLoop) {
        guard let connection = Self.connection(completion), finishOperation(connection, loop),
            !connection.pointee.flags.contains(.closed)
        else { return }
        loop.finishedConnecting(connection)
        if connection.pointee.flags.isDisjoint(with: [.closed, .readingPaused]) { receive(connection) }
    }

    private func received(
        _ completion: atoll_completion, _ loop: EventLoop, _ application: any LoopApplication
    ) {
        guard let connection = Self.connection(completion) else { return }
        var completion = completion
        if completion.result > 0, let bytes = atoll_ring_bytes(ring, &completion) {
            gathering.note(connection)
            loop.arrived(connection, ByteSlice(start: bytes, count: Int(completion.result)), application)
        }
        atoll_ring_bytes_done(ring, &completion)
        guard completion.flags & ATOLL_RING_MORE == 0 else { return }
        connection.pointee.flags.remove(.receiving)
        guard finishOperation(connection, loop), !connection.pointee.flags.contains(.closed) else { return }
        switch completion.result {
        case 0:
            loop.reachedEnd(connection)
        case 1..., -ENOBUFS, -EINTR, -EAGAIN, -ECANCELED:
            if !connection.pointee.flags.contains(.readingPaused) { receive(connection) }
        default:
            loop.failed(connection, .readFailed(-completion.result))
        }
    }

    override func finish(_ loop: EventLoop) {
        // Every operation has been cancelled, so this ends after a turn or two.
        var turns = 0
        while (leavingCount > 0 || sendingCount > 0) && turns < 1000 {
            atoll_ring_enter(ring, turns < 10 ? 0 : 1, 1, 0)
            turns += 1
            let count = Int(atoll_ring_take(ring, completions, Self.completionsCount))
            finishSends(loop)
            for index in 0..<count {
                let completion = completions[index]
                let operation = completion.mark & Operation.mask
                guard completion.flags & ATOLL_RING_MORE == 0,
                    operation == Operation.receive || operation == Operation.sendWhenReady
                        || operation == Operation.connect,
                    let connection = Self.connection(completion)
                else { continue }
                connection.pointee.flags.remove(.receiving)
                _ = finishOperation(connection, loop)
            }
        }
    }
}
