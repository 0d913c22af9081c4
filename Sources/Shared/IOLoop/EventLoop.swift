// The event loop: connections, the order of a turn, and what an application can ask for. How bytes move is the
// backend's affair (EpollBackend, UringBackend, SimulatedBackend).

import Bytes
import CIOLoop
import Glibc
package import TLS

/// How to talk to the kernel.
package enum Backend: String, Sendable, CaseIterable {
    /// Readiness, then one system call a read and a write.
    case epoll
    /// Completion: one system call a turn.
    case ioUring = "io_uring"
    /// io_uring where the kernel allows it, else epoll.
    case automatic = "auto"
}

/// A single-threaded loop over sockets. One thread makes it, runs it and calls it; only `waker` may be used elsewhere.
///
/// The application must outlive its loop, which does not retain it.
package final class EventLoop {
    /// "epoll", "io_uring" or "simulation".
    package let backendName: StaticString
    /// Wakes the loop from any thread.
    package let waker: LoopWaker
    /// Connections that exist, in whatever state.
    @exclusivity(unchecked) package private(set) var connectionCount = 0

    unowned(unsafe) let application: any LoopApplication
    let backend: LoopBackend
    private let sendQueue: UnsafeMutablePointer<SendQueue>
    @exclusivity(unchecked) private var clock = TurnClock()
    @exclusivity(unchecked) private var listeners: [Listener] = []
    /// Whether one of them may rest after a failed accept.
    @exclusivity(unchecked) private var mayHaveRested = false
    @exclusivity(unchecked) private var lastID: UInt64 = 0
    @exclusivity(unchecked) private var isStopped = false
    /// All connections that are neither closed nor ended.
    @exclusivity(unchecked) private var firstConnection: ConnectionPointer?
    /// Closed or ended ones whose memory stays until the end of the turn.
    @exclusivity(unchecked) private var firstClosed: ConnectionPointer?
    /// Those that hold output memory or are being closed; looked at once a second.
    @exclusivity(unchecked) private var firstSwept: ConnectionPointer?
    @exclusivity(unchecked) private var sweepMilliseconds: Int64 = 0
    /// Whether the backend may hold memory that it can release once nobody is swept any more.
    @exclusivity(unchecked) private var owesRelease = false

    /// Resumed connections whose held bytes, or held end, are to be delivered.
    @exclusivity(unchecked) private var deliveries: [ConnectionPointer] = []
    @exclusivity(unchecked) private var timers = TimerHeap()
    /// Where plaintext of TLS connections is decrypted to.
    let plainBuffer = UnsafeMutableRawPointer.allocate(byteCount: plainBufferByteCount, alignment: 64)

    static let plainBufferByteCount = 64 << 10
    /// How often memory of idle connections is released and slow closes are ended.
    private static let sweepIntervalMilliseconds: Int64 = 1000
    /// How long output memory outlives its last use.
    private static let outputIdleMilliseconds: Int64 = 1000
    /// How long a closing connection may make no progress in sending.
    private static let closingIdleMilliseconds: Int64 = 10_000
    /// How long a peer that was told the end may go on sending before the socket is closed on it.
    private static let lingerMilliseconds: Int64 = 1000

    /// Fails when the kernel refuses what the backend needs.
    package init(backend: Backend, application: any LoopApplication) throws(LoopError) {
        self.application = application
        waker = try LoopWaker()
        signal(SIGPIPE, SIG_IGN)
        sendQueue = .allocate(capacity: 1)
        sendQueue.initialize(to: SendQueue())
        if backend != .epoll {
            do throws(LoopError) {
                self.backend = try UringBackend(waker: waker)
                backendName = "io_uring"
                return
            } catch {
                if backend == .ioUring { throw error }
            }
        }
        self.backend = try EpollBackend(waker: waker)
        backendName = "epoll"
    }

    /// A loop over a simulated network, for tests.
    package init(simulation: SimulatedNetwork, application: any LoopApplication) throws(LoopError) {
        self.application = application
        waker = try LoopWaker()
        sendQueue = .allocate(capacity: 1)
        sendQueue.initialize(to: SendQueue())
        backend = SimulatedBackend(network: simulation)
        backendName = "simulation"
    }

    deinit {
        for listener in listeners { discard(listener) }
        while let connection = firstConnection { closeNow(connection) }
        reclaim()
        backend.finish(self)
        waker.close()
        sendQueue.deallocate()
        plainBuffer.deallocate()
    }

    /// How long the loop sleeps for its wake alone, from the next turn on: somebody is about to wake it, and there is
    /// little to do for other events before. 0, or less than a second.
    package var wakePatienceNanoseconds: Int64 {
        get { backend.wakePatienceNanoseconds }
        set { backend.wakePatienceNanoseconds = newValue }
    }

    // MARK: - Listening and connecting

    /// Accepts connections at the endpoint from now on. For a Unix path, a socket that a former process left is
    /// replaced. With `tls`, the bytes of its connections are plaintext for the application.
    package func listen(
        _ endpoint: ListenEndpoint, tag: Int, backlog: Int, options: ListenOptions = ListenOptions(),
        tls: TLSServerContext? = nil
    ) throws(LoopError) -> Listener {
        let descriptor = try backend.open(endpoint, backlog: backlog, options)
        let listener = Listener(
            tag: tag, endpoint: SocketOpening.resolved(endpoint, descriptor), tls: tls, descriptor: descriptor)
        try start(listener)
        return listener
    }

    /// Accepts connections of a socket that listens already, as another process has handed it over; the descriptor is
    /// the loop's from here.
    package func listen(on descriptor: Int32, _ endpoint: ListenEndpoint, tag: Int) throws(LoopError) -> Listener {
        let listener = Listener(tag: tag, endpoint: endpoint, tls: nil, descriptor: descriptor)
        try start(listener)
        return listener
    }

    private func start(_ listener: Listener) throws(LoopError) {
        do throws(LoopError) {
            try backend.start(listener, self)
        } catch {
            backend.closeSocket(of: listener)
            throw error
        }
        listeners.append(listener)
    }

    /// Accepts no more; connections stay. The path of a Unix socket is removed.
    package func close(_ listener: Listener) {
        guard let index = listeners.firstIndex(where: { $0 === listener }) else { return }
        listeners.remove(at: index)
        discard(listener)
    }

    /// Accepts no more on a socket that another process goes on with: neither is it shut down nor its path removed.
    /// Those who are being accepted at this moment still come in.
    package func withdraw(_ listener: Listener) {
        guard let index = listeners.firstIndex(where: { $0 === listener }) else { return }
        listeners.remove(at: index)
        backend.withdraw(listener, self)
    }

    private func discard(_ listener: Listener) {
        backend.stop(listener)
        backend.closeSocket(of: listener)
    }

    /// Begins an outgoing connection. `connected` or `ended` tells how it went, never before this returns; output may
    /// be appended at once. With `tls`, the server is verified to be `serverName`, a host name or an address.
    package func connect(
        to endpoint: ConnectEndpoint, localAddress: String? = nil, options: SocketOptions = SocketOptions(),
        tls: (context: TLSClientContext, serverName: String)? = nil
    ) throws(LoopError) -> ConnectionPointer {
        let descriptor = try backend.open(endpoint, localAddress: localAddress, options)
        let connection = makeConnection(descriptor)
        connection.pointee.flags.formUnion([.connecting, .outgoing])
        if let tls {
            do throws(TLSError) {
                install(try TLSSession(client: tls.context, serverName: tls.serverName), on: connection)
            } catch {
                closeNow(connection)
                throw LoopError(operation: "TLS", subject: tls.serverName, code: EINVAL)
            }
        }
        if case .unix = endpoint { connection.pointee.flags.insert(.unixSocket) }
        let code = backend.attach(connection)
        guard code != 0 else { return connection }
        closeNow(connection)
        throw LoopError(operation: "watch", subject: endpoint.description, code: code)
    }

    // MARK: - Running

    /// Turns until `stop`.
    /// - Parameter lock: held but while the loop waits for the kernel.
    package func runUntilStopped(holding lock: TurnLock? = nil) {
        // Taken once: every use of an unowned reference counts it up and down.
        let application = application
        isStopped = false
        lock?.beginTurn()
        clock.rest(until: monotonicNanoseconds)
        while !isStopped { turn(application, timeoutMilliseconds: application.timeoutMilliseconds(), lock) }
        lock?.endTurn()
    }

    /// Ends `runUntilStopped` after this turn. From another thread or a signal handler, set a flag of your own and
    /// use `waker`.
    package func stop() { isStopped = true }

    /// Wakes the loop's sleep; `woken` is called. On any thread by way of `waker`.
    package func wake() { waker.wake() }

    /// One turn, which sleeps that long at most while nothing happens; -1 without limit.
    package func runOnce(timeoutMilliseconds: Int) {
        clock.rest(until: monotonicNanoseconds)
        turn(application, timeoutMilliseconds: timeoutMilliseconds, nil)
    }

    private func turn(_ application: any LoopApplication, timeoutMilliseconds: Int, _ lock: TurnLock?) {
        // What was scheduled since the last turn's sends must not wait for the sleep to end.
        if sendQueue.pointee.head != nil || firstClosed != nil { sendAll() }
        let sleep = sleepMilliseconds(atMost: timeoutMilliseconds)
        if let lock {
            lock.endTurn()
            backend.wait(milliseconds: sleep)
            lock.beginTurn()
        } else {
            backend.wait(milliseconds: sleep)
        }
        clock.begin(at: monotonicNanoseconds)
        if lock != nil { application.turnBegan() }
        let eventCount = dispatch(application)
        application.turnWillSend()
        sendAll()
        sweepIfDue()
        application.turnEnded()
        clock.end(eventCount: eventCount, at: monotonicNanoseconds)
    }

    @inline(never)
    private func dispatch(_ application: any LoopApplication) -> Int {
        if timers.count > 0 { fireTimers(application) }
        if !deliveries.isEmpty { deliverHeld(application) }
        return backend.dispatch(self, application)
    }

    /// Sends the turn's output now where it would go with the coming sleep. For `turnEnded`.
    package func flushSends() { backend.flushSends() }

    /// Monotonic nanoseconds at the start of the turn: the cheap clock.
    package var nowNanoseconds: Int64 { clock.startNanoseconds }

    /// What the loop has done.
    package var turnStatistics: TurnStatistics {
        get { clock.statistics }
        set { clock.statistics = newValue }
    }

    private var monotonicNanoseconds: Int64 {
        @inline(__always) get { backend.virtualNanoseconds ?? atoll_monotonic_nanoseconds() }
    }

    private var nowMilliseconds: Int64 { clock.startNanoseconds / 1_000_000 }

    /// Calls `timerFired` in the first turn after that time.
    package func schedule(afterMilliseconds delay: Int, context: UnsafeMutableRawPointer? = nil) -> TimerHeap.Handle {
        timers.add(time: monotonicNanoseconds + Int64(delay) * 1_000_000, context: context)
    }

    /// False if the timer has fired or was cancelled.
    @discardableResult
    package func cancel(_ timer: TimerHeap.Handle) -> Bool { timers.cancel(timer) }

    private func fireTimers(_ application: any LoopApplication) {
        // A timer that is scheduled by a timer waits for the next turn, however short it is.
        let now = nowNanoseconds
        var left = timers.count
        while left > 0, let due = timers.removeFirst(dueAt: now) {
            left -= 1
            application.timerFired(due.handle, due.context)
        }
    }

    private func sleepMilliseconds(atMost limit: Int) -> Int {
        if backend.hasImmediateWork || sendQueue.pointee.head != nil || !deliveries.isEmpty { return 0 }
        var due: Int64?
        if firstSwept != nil || owesRelease { due = sweepMilliseconds }
        // Rounded up, so that the timer is due when the sleep is over.
        if let first = timers.firstTime { due = min(due ?? .max, (first + 999_999) / 1_000_000) }
        if mayHaveRested {
            for listener in listeners {
                if let retry = listener.retryMilliseconds { due = min(due ?? retry, retry) }
            }
        }
        guard let due, limit != 0 else { return limit }
        let now = clock.restNanoseconds / 1_000_000
        let wait = Int(max(0, due - now))
        return limit < 0 ? wait : min(limit, wait)
    }

    // MARK: - What applications do with connections

    /// Has the loop send the connection's output at the end of this turn. Cheap, and harmless when repeated.
    package func scheduleSend(_ connection: ConnectionPointer) {
        connection.scheduleSend()
    }

    /// Sends what waits, then tells the peer the end and closes. Nothing is received or reported any more, and the
    /// pointer must not be used after this turn. A peer that takes nothing for 10 seconds is closed on.
    package func closeAfterSending(_ connection: ConnectionPointer) {
        guard connection.pointee.flags.isDisjoint(with: [.closing, .closed]) else { return }
        connection.pointee.flags.insert(.closing)
        connection.pointee.lastSendMilliseconds = nowMilliseconds
        if connection.pointee.flags.contains(.readingPaused) { resumeReading(connection) }
        addToSweep(connection)
        scheduleSend(connection)
    }

    /// Closes without sending what waits. `ended` is not called; the pointer stays valid until the end of this turn.
    package func closeNow(_ connection: ConnectionPointer) {
        guard !connection.pointee.flags.contains(.closed) else { return }
        connection.pointee.flags.insert(.closed)
        unlink(connection)
        connection.pointee.next = firstClosed
        firstClosed = connection
    }

    /// Receives nothing until `resumeReading`, so that the peer's sending slows down. Its end may still be reported.
    package func pauseReading(_ connection: ConnectionPointer) {
        guard connection.pointee.flags.isDisjoint(with: [.readingPaused, .closed, .closing]) else { return }
        connection.pointee.flags.insert(.readingPaused)
        backend.pause(connection)
    }

    /// Undoes `pauseReading`; what came meanwhile is received in the next turn.
    package func resumeReading(_ connection: ConnectionPointer) {
        guard connection.pointee.flags.contains(.readingPaused) else { return }
        connection.pointee.flags.remove(.readingPaused)
        guard !connection.pointee.flags.contains(.closed) else { return }
        if !connection.pointee.held.isEmpty || connection.pointee.flags.contains(.endHeld) {
            scheduleDelivery(connection)
        }
        backend.resume(connection)
    }

    /// What is held is delivered in the next turn.
    func scheduleDelivery(_ connection: ConnectionPointer) {
        connection.pointee.flags.insert(.deliveryScheduled)
        if !deliveries.contains(connection) { deliveries.append(connection) }
    }

    /// Takes a connection over that has been accepted elsewhere; the descriptor is the loop's from here. Nil, with the
    /// descriptor closed, if it cannot be watched.
    package func adopt(_ descriptor: Int32, isUnixSocket: Bool) -> ConnectionPointer? {
        let connection = makeConnection(descriptor)
        if isUnixSocket { connection.pointee.flags.insert(.unixSocket) }
        guard backend.attach(connection) == 0 else {
            closeNow(connection)
            return nil
        }
        return connection
    }

    /// Lets go of a paused connection (`pauseReading`) that has nothing to send: its descriptor, and what has come and
    /// was not delivered, are the caller's. Neither is `ended` called, and the pointer must not be used after this turn.
    /// Nil while the kernel works on it: try again in a later turn; and for one whose peer has gone, or with TLS.
    package func surrender(_ connection: ConnectionPointer) -> (descriptor: Int32, received: [UInt8])? {
        guard connection.pointee.secure == nil, letGo(of: connection) == .yes else { return nil }
        let received = connection.pointee.held.readable.array
        let descriptor = connection.pointee.descriptor
        abandon(connection)
        return (descriptor, received)
    }

    /// Whether a connection may be let go of.
    enum LettingGo {
        case yes, notYet, never
    }

    func letGo(of connection: ConnectionPointer) -> LettingGo {
        let flags = connection.pointee.flags
        guard flags.contains(.readingPaused),
            flags.isDisjoint(with: [.closed, .closing, .lingering, .endOfStream, .endHeld, .connecting, .hangingUp]),
            connection.pointee.writeFailure == 0
        else { return .never }
        let isBusy =
            !flags.isDisjoint(with: [.receiving, .waitingForRoom, .deliveryScheduled])
            || connection.pointee.operationCount > 0 || connection.pointee.pendingSendByteCount > 0
        return isBusy ? .notYet : .yes
    }

    /// Forgets a connection whose socket lives on.
    func abandon(_ connection: ConnectionPointer) {
        backend.forget(connection)
        connection.pointee.descriptor = -1
        closeNow(connection)
    }

    /// Whether a paused connection may still be surrendered: the kernel works on it, or output waits for it.
    package func isBusy(_ connection: ConnectionPointer) -> Bool {
        connection.pointee.operationCount > 0
            || (connection.pointee.pendingSendByteCount > 0 && connection.pointee.flags.isDisjoint(with: .closed))
    }

    // MARK: - What backends report

    /// A connection came in; the descriptor is the loop's from here.
    func accept(_ descriptor: Int32, _ listener: Listener) {
        let connection = makeConnection(descriptor)
        if case .unix = listener.endpoint { connection.pointee.flags.insert(.unixSocket) }
        if let tls = listener.tls { install(TLSSession(server: tls), on: connection) }
        let code = backend.attach(connection)
        guard code == 0 else {
            closeNow(connection)
            application.acceptFailed(listener: listener.tag, code: code)
            return
        }
        application.accepted(connection, listener: listener.tag)
    }

    /// Accepting failed; the backend rests the listener if told so.
    func acceptFailed(_ listener: Listener, code: Int32) {
        listener.retryMilliseconds = monotonicNanoseconds / 1_000_000 + Listener.restMilliseconds
        mayHaveRested = true
        application.acceptFailed(listener: listener.tag, code: code)
    }

    /// Bytes came from the socket. Afterwards the connection may be closed or paused.
    @inline(__always)
    func arrived(_ connection: ConnectionPointer, _ bytes: ByteSlice, _ application: any LoopApplication) {
        if connection.pointee.flags.isDisjoint(with: .notPlainlyReceiving) {
            application.received(connection, bytes)
        } else {
            arrivedSpecially(connection, bytes, application)
        }
    }

    private func arrivedSpecially(
        _ connection: ConnectionPointer, _ bytes: ByteSlice, _ application: any LoopApplication
    ) {
        let flags = connection.pointee.flags
        guard flags.isDisjoint(with: [.closed, .lingering]) else { return }
        if !flags.isDisjoint(with: [.readingPaused, .deliveryScheduled]) {
            connection.pointee.held.append(bytes)
        } else if let secure = connection.pointee.secure {
            arrivedSecured(connection, secure, bytes, application)
        }
    }

    private func deliverHeld(_ application: any LoopApplication) {
        let now = deliveries
        deliveries.removeAll(keepingCapacity: true)
        for connection in now {
            connection.pointee.flags.remove(.deliveryScheduled)
            guard connection.pointee.flags.isDisjoint(with: [.closed, .readingPaused]) else { continue }
            if !connection.pointee.held.isEmpty {
                // Taken out first: the application may pause again, and what comes then is held anew.
                var held = OutputBuffer()
                swap(&held, &connection.pointee.held)
                arrived(connection, held.readable, application)
            }
            guard connection.pointee.flags.isDisjoint(with: [.closed, .readingPaused]),
                connection.pointee.flags.contains(.endHeld)
            else { continue }
            connection.pointee.flags.remove(.endHeld)
            reachedEnd(connection)
        }
    }

    /// The peer will send no more. What is to be sent is still sent: it may have closed one direction only.
    func reachedEnd(_ connection: ConnectionPointer) {
        let flags = connection.pointee.flags
        guard flags.isDisjoint(with: [.closed, .endOfStream]) else { return }
        if flags.contains(.lingering) { return closeNow(connection) }
        guard flags.isDisjoint(with: [.readingPaused, .deliveryScheduled]) else {
            connection.pointee.flags.insert(.endHeld)
            return
        }
        let code = connection.pointee.writeFailure
        guard code == 0 else { return failed(connection, .writeFailed(code)) }
        if let secure = connection.pointee.secure, !secure.pointee.session.isEstablished {
            // Nothing can be sent to a peer that went in the middle of the handshake.
            return failed(connection, .peerClosed)
        }
        connection.pointee.flags.insert(.endOfStream)
        connection.pointee.lastSendMilliseconds = nowMilliseconds
        addToSweep(connection)
        scheduleSend(connection)
    }

    /// The socket takes nothing any more. What the peer said before it went is still received: the end comes behind it.
    func cannotSend(_ connection: ConnectionPointer, code: Int32) {
        let flags = connection.pointee.flags
        guard flags.isDisjoint(with: [.closed, .closing, .endOfStream, .readingPaused, .deliveryScheduled]),
            connection.pointee.writeFailure == 0
        else { return failed(connection, .writeFailed(code)) }
        connection.pointee.writeFailure = code
        connection.pointee.discardOutput()
        connection.pointee.lastSendMilliseconds = nowMilliseconds
        addToSweep(connection)
    }

    /// The connection is broken.
    func failed(_ connection: ConnectionPointer, _ reason: EndReason) {
        guard !connection.pointee.flags.contains(.closed) else { return }
        let isKnown = !connection.pointee.flags.contains(.closing)
        closeNow(connection)
        if isKnown { application.ended(connection, reason) }
    }

    /// An outgoing connection is there, or is not.
    func finishedConnecting(_ connection: ConnectionPointer) {
        let code = backend.connectError(connection)
        guard code == 0 else { return failed(connection, .connectFailed(code)) }
        connection.pointee.flags.remove(.connecting)
        if connection.pointee.flags.isDisjoint(with: [.secure, .closing]) { application.connected(connection) }
        scheduleSend(connection)
    }

    /// The kernel took bytes of this connection.
    func progressed(_ connection: ConnectionPointer) {
        connection.pointee.lastSendMilliseconds = nowMilliseconds
        addToSweep(connection)
    }

    /// All that was to be sent is with the kernel.
    func drained(_ connection: ConnectionPointer) {
        connection.pointee.releaseLongOutput()
        let flags = connection.pointee.flags
        guard !flags.isDisjoint(with: [.closing, .endOfStream]), flags.isDisjoint(with: [.closed, .lingering])
        else { return }
        if let secure = connection.pointee.secure {
            // Before the handshake is done, output waits for it.
            guard connection.pointee.output.isEmpty else { return }
            if secure.pointee.session.close() { return scheduleSend(connection) }
        }
        if flags.contains(.endOfStream) {
            closeNow(connection)
            if !flags.contains(.closing) { application.ended(connection, .peerClosed) }
            return
        }
        connection.pointee.flags.insert(.lingering)
        connection.pointee.lastSendMilliseconds = nowMilliseconds
        backend.shutDownSending(connection)
    }

    /// Frees a connection whose detaching had to wait.
    func free(_ connection: ConnectionPointer) {
        connectionCount -= 1
        if let secure = connection.pointee.secure {
            secure.deinitialize(count: 1)
            secure.deallocate()
        }
        connection.deinitialize(count: 1)
        connection.deallocate()
    }

    /// Listeners that rested long enough, for the backend to start again.
    @inline(__always)
    func takeRested() -> [Listener] { mayHaveRested ? takeResting() : [] }

    private func takeResting() -> [Listener] {
        let now = monotonicNanoseconds / 1_000_000
        let rested = listeners.filter { $0.retryMilliseconds.map { $0 <= now } ?? false }
        for listener in rested { listener.retryMilliseconds = nil }
        mayHaveRested = listeners.contains { $0.retryMilliseconds != nil }
        return rested
    }

    // MARK: - Lists

    func makeConnection(_ descriptor: Int32) -> ConnectionPointer {
        lastID &+= 1
        connectionCount += 1
        let connection = ConnectionPointer.allocate(capacity: 1)
        connection.initialize(to: Connection(id: lastID, descriptor: descriptor, sendQueue: sendQueue))
        connection.pointee.next = firstConnection
        firstConnection?.pointee.previous = connection
        firstConnection = connection
        return connection
    }

    private func unlink(_ connection: ConnectionPointer) {
        let previous = connection.pointee.previous
        let next = connection.pointee.next
        next?.pointee.previous = previous
        if let previous { previous.pointee.next = next } else { firstConnection = next }
        connection.pointee.previous = nil
        connection.pointee.next = nil
        removeFromSweep(connection)
    }

    private func addToSweep(_ connection: ConnectionPointer) {
        guard connection.pointee.flags.isDisjoint(with: [.swept, .closed]) else { return }
        connection.pointee.flags.insert(.swept)
        if firstSwept == nil { sweepMilliseconds = nowMilliseconds + Self.sweepIntervalMilliseconds }
        owesRelease = true
        connection.pointee.previousSwept = nil
        connection.pointee.nextSwept = firstSwept
        firstSwept?.pointee.previousSwept = connection
        firstSwept = connection
    }

    private func removeFromSweep(_ connection: ConnectionPointer) {
        guard connection.pointee.flags.contains(.swept) else { return }
        connection.pointee.flags.remove(.swept)
        let previous = connection.pointee.previousSwept
        let next = connection.pointee.nextSwept
        next?.pointee.previousSwept = previous
        if let previous { previous.pointee.nextSwept = next } else { firstSwept = next }
    }

    private func sendAll() {
        while backend.hasRoomToSend, let connection = sendQueue.pointee.removeFirst() {
            guard connection.pointee.flags.isDisjoint(with: [.closed, .connecting, .lingering]) else { continue }
            backend.send(connection, self)
        }
        reclaim()
    }

    private func reclaim() {
        while let connection = firstClosed {
            firstClosed = connection.pointee.next
            connection.pointee.next = nil
            if connection.pointee.flags.contains(.deliveryScheduled) { deliveries.removeAll { $0 == connection } }
            if backend.detach(connection) { free(connection) }
        }
    }

    private func sweepIfDue() {
        guard firstSwept != nil || owesRelease, nowMilliseconds >= sweepMilliseconds else { return }
        sweepMilliseconds = nowMilliseconds + Self.sweepIntervalMilliseconds
        var next = firstSwept
        while let connection = next {
            next = connection.pointee.nextSwept
            sweep(connection, idle: nowMilliseconds - connection.pointee.lastSendMilliseconds)
        }
        reclaim()
        guard firstSwept == nil else { return }
        owesRelease = false
        backend.releaseIdleMemory()
    }

    private func sweep(_ connection: ConnectionPointer, idle: Int64) {
        let flags = connection.pointee.flags
        if flags.contains(.lingering) {
            if idle >= Self.lingerMilliseconds { closeNow(connection) }
            return
        }
        if !flags.isDisjoint(with: [.closing, .endOfStream]) {
            guard idle >= Self.closingIdleMilliseconds else { return }
            return failed(connection, .peerClosed)
        }
        let code = connection.pointee.writeFailure
        guard code == 0 || idle < Self.closingIdleMilliseconds else { return failed(connection, .writeFailed(code)) }
        guard code == 0, idle >= Self.outputIdleMilliseconds, connection.pointee.pendingSendByteCount == 0 else {
            return
        }
        connection.pointee.output.release()
        connection.pointee.inFlight.release()
        connection.pointee.secure?.pointee.session.outgoing.release()
        removeFromSweep(connection)
    }
}
