// The shell around the pooler of one loop: sockets, time, names of hosts. It knows no message.

package import Bytes
import CAtoll
import Glibc
package import IOLoop
import PoolerConfiguration
package import PoolerSessions
import TLS

/// One event loop with its pooler. Everything happens on the thread that calls `run`, or between two of its turns under
/// `lock`.
package final class PoolerLoop: LoopApplication {
    package let pooler: LoopPooler
    let log: PoolerLog
    /// With which the main thread looks at a loop that has another; nil for its own.
    let lock: TurnLock?
    /// What comes from other loops.
    let post: LoopPost
    /// Those of all loops, by their numbers. Set before there is any thread.
    var posts: [LoopPost] = []
    /// For clients that go to a new process; there while they do.
    var exit: ClientExit?
    /// Set once, by the initialiser.
    private var eventLoop: EventLoop?
    private(set) var hosts: HostSearches?
    private var deriver: KeyDeriver?
    /// Connections that are under way, by their server.
    private var attempts: [ServerPointer: ConnectionPointer] = [:]
    /// Connections of those who want to take over, until they are let go of.
    private var takeovers: [ConnectionPointer] = []
    /// Somebody wants to take over; the descriptor is the callee's.
    var onTakeover: (Int32) -> Void = { _ = Glibc.close($0) }
    /// Sends one end of a connection to the process before us; false if there is none.
    var sendToPredecessor: (Int32) -> Bool = { _ in false }
    /// How soon the next turn has to come for another's sake, in milliseconds; nil for no matter.
    var turnWithinMilliseconds: () -> Int? = { nil }
    /// What TLS with clients and servers is begun with; nil where none is spoken.
    var clientTLS: TLSServerContext?
    var serverTLS: TLSClientContext?
    /// Called when a client of the console does something.
    var onConsole: (ConsoleEvent) -> Void = { _ in }
    /// Called at the end of each `stats_period`, with what was counted.
    var onSample: (StatisticsWindow) -> Void = { _ in }
    /// Answers scrapers; there from the initialiser on.
    private(set) var metrics: MetricsEndpoint?
    /// Called before a turn's output is sent.
    var onTurnWillSend: () -> Void = {}
    /// Called when something wakes the loop.
    var onWake: () -> Void = {}
    /// Called at the end of each turn.
    var onTurnEnd: () -> Void = {}

    /// What `userData` of a server's connection has, beside the address.
    private static let serverMark: UInt = 1
    /// All that `userData` of a scraper's connection has.
    private static let metricsMark: UInt = 3
    /// The listener of `metrics_listen`.
    static let metricsTag = 3

    /// - Parameter lock: for a loop that is not the main thread's.
    init(pooler: LoopPooler, log: PoolerLog, backend: Backend, lock: TurnLock? = nil) throws(LoopError) {
        self.pooler = pooler
        self.log = log
        self.lock = lock
        post = LoopPost()
        let loop = try EventLoop(backend: backend, application: self)
        eventLoop = loop
        hosts = HostSearches(resolver: HostNameResolver(waker: loop.waker))
        deriver = KeyDeriver(waker: loop.waker)
        metrics = MetricsEndpoint(loop)
        pooler.now = loop.nowNanoseconds
        post.onPost { [waker = loop.waker] in waker.wake() }
        pooler.group.mailboxes[pooler.number].onPost { [waker = loop.waker] in waker.wake() }
    }

    /// The loop; there from the initialiser on.
    var loop: EventLoop {
        guard let eventLoop else { preconditionFailure("the loop is made by the initialiser") }
        return eventLoop
    }

    func run() { loop.runUntilStopped(holding: lock) }

    // MARK: - Connections

    package func accepted(_ connection: ConnectionPointer, listener tag: Int) {
        guard tag != Self.takeoverTag else {
            loop.pauseReading(connection)
            return takeovers.append(connection)
        }
        guard tag != Self.metricsTag else {
            connection.pointee.userData = UnsafeMutableRawPointer(bitPattern: Self.metricsMark)
            metrics?.accepted(connection)
            return
        }
        pooler.now = loop.nowNanoseconds
        connection.pointee.setNoDelay(true)
        let code = connection.pointee.apply(SocketTuning.socket(pooler.directory.snapshot.settings))
        if code != 0 { log.write(.warning, "options of a client's socket: \(String(cString: strerror(code)))") }
        let output = withUnsafeMutablePointer(to: &connection.pointee.output) { $0 }
        let client = pooler.clientConnected(
            connection: UnsafeMutableRawPointer(connection), output: output, details: Self.details(connection))
        connection.pointee.userData = UnsafeMutableRawPointer(client)
    }

    static func details(_ connection: ConnectionPointer) -> ClientDetails {
        guard !connection.pointee.isUnixSocket else {
            var number = uid_t()
            let isKnown = atoll_peer_user_id(connection.pointee.descriptor, &number) == 0
            let details = ClientDetails(peer: "unix")
            details.isUnixSocket = true
            details.systemUserID = isKnown ? number : nil
            return details
        }
        let peer = connection.pointee.peerLiteralAndText
        let details = ClientDetails(peer: peer?.text ?? "")
        details.address = peer.flatMap { NetworkAddress($0.literal) }
        return details
    }

    package func secured(_ connection: ConnectionPointer) {
        pooler.now = loop.nowNanoseconds
        if let server = Self.server(connection) {
            pooler.serverSecured(server)
        } else if let owner = connection.pointee.userData {
            let client = owner.assumingMemoryBound(to: Client.self)
            client.pointee.details.channel = ClientChannel(
                certificateHash: nil, applicationProtocol: connection.pointee.applicationProtocol,
                summary: Self.tlsSummary(connection))
            client.pointee.details.certificateName = connection.pointee.peerCommonName
            pooler.clientSecured(client)
        }
        performActions()
    }

    package func received(_ connection: ConnectionPointer, _ bytes: ByteSlice) {
        guard let owner = connection.pointee.userData else { return }
        pooler.now = loop.nowNanoseconds
        let address = UInt(bitPattern: owner)
        if address & Self.serverMark == 0 {
            pooler.clientReceived(owner.assumingMemoryBound(to: Client.self), bytes)
        } else if address == Self.metricsMark {
            metrics?.received(connection, bytes)
        } else if let server = ServerPointer(bitPattern: address ^ Self.serverMark) {
            pooler.serverReceived(server, bytes)
        }
        if !pooler.actions.isEmpty { performActions() }
    }

    package func connected(_ connection: ConnectionPointer) {
        guard let server = Self.server(connection) else { return }
        pooler.now = loop.nowNanoseconds
        connection.pointee.setNoDelay(true)
        attempts[server] = nil
        hosts?.forget(server)
        server.pointee.details.local = connection.pointee.localAddressText
        let output = withUnsafeMutablePointer(to: &connection.pointee.output) { $0 }
        pooler.serverConnected(server, connection: UnsafeMutableRawPointer(connection), output: output)
        performActions()
    }

    package func ended(_ connection: ConnectionPointer, _ reason: EndReason) {
        if !takeovers.isEmpty { takeovers.removeAll { $0 == connection } }
        guard let owner = connection.pointee.userData else { return }
        pooler.now = loop.nowNanoseconds
        connection.pointee.userData = nil
        let address = UInt(bitPattern: owner)
        if address & Self.serverMark == 0 {
            pooler.clientEnded(owner.assumingMemoryBound(to: Client.self), reason: Self.text(ofClient: reason))
        } else if address == Self.metricsMark {
            metrics?.ended(connection)
        } else if let server = ServerPointer(bitPattern: address ^ Self.serverMark) {
            attempts[server] = nil
            if case .connectFailed = reason { connectNext(server) } else { endServer(server, reason) }
        }
        performActions()
    }

    private func endServer(_ server: ServerPointer, _ reason: EndReason) {
        pooler.serverEnded(server, reason: Self.text(ofServer: reason))
    }

    private static func server(_ connection: ConnectionPointer) -> ServerPointer? {
        guard let owner = connection.pointee.userData, UInt(bitPattern: owner) & serverMark != 0 else { return nil }
        return ServerPointer(bitPattern: UInt(bitPattern: owner) ^ serverMark)
    }

    private static func text(ofClient reason: EndReason) -> String {
        switch reason {
        case .peerClosed, .readFailed, .writeFailed: "client unexpected eof"
        case .connectFailed, .tlsFailed: reason.description
        }
    }

    private static func text(ofServer reason: EndReason) -> String {
        switch reason {
        case .peerClosed, .readFailed, .writeFailed: "server conn crashed?"
        case .connectFailed: "connect failed"
        case .tlsFailed(let text): "TLS setup failed: \(text)"
        }
    }

    package func acceptFailed(listener tag: Int, code: Int32) {
        log.write(.error, "accept() failed: \(String(cString: strerror(code)))")
    }

    // MARK: - Turn

    /// The main thread may have had its hands in here.
    package func turnBegan() {
        if post.isStopWanted { loop.stop() }
        guard !pooler.actions.isEmpty else { return }
        pooler.now = max(pooler.now, loop.nowNanoseconds)
        performActions()
    }

    package func turnWillSend() {
        pooler.now = loop.nowNanoseconds
        pooler.advance()
        onTurnWillSend()
        if !pooler.actions.isEmpty { performActions() }
        passSendsOn()
    }

    private func passSendsOn() {
        pooler.takeDueSends { $0.assumingMemoryBound(to: Connection.self).scheduleSend() }
    }

    package func turnEnded() {
        pooler.endTurn()
        if !pooler.actions.isEmpty { performActions() }
        if !takeovers.isEmpty { passTakeoversOn() }
        metrics?.turnEnded()
        if pooler.hasMoves { sendMoving() }
        exit?.turnEnded(self)
        onTurnEnd()
        // Connections that were closed just now are freed before the next turn sends: none may be left to be sent on.
        passSendsOn()
    }

    /// Gives away connections of those who want to take over, once the kernel has let go of them.
    private func passTakeoversOn() {
        for connection in takeovers {
            guard let (descriptor, received) = loop.surrender(connection) else { continue }
            takeovers.removeAll { $0 == connection }
            // It speaks when it was spoken to.
            guard received.isEmpty else {
                close(descriptor)
                continue
            }
            onTakeover(descriptor)
        }
    }

    package func timerFired(_ handle: TimerHeap.Handle, _ context: UnsafeMutableRawPointer?) {
        metrics?.timerFired(handle)
    }

    package func timeoutMilliseconds() -> Int {
        var wanted = pooler.timeToMaintenance.map { Int($0 / 1_000_000) + 1 } ?? .max
        if !takeovers.isEmpty || pooler.hasMoves { wanted = 1 }
        if let other = turnWithinMilliseconds() { wanted = min(wanted, other) }
        if let other = exit?.timeoutMilliseconds { wanted = min(wanted, other) }
        return wanted == .max ? -1 : wanted
    }

    package func woken() {
        pooler.now = loop.nowNanoseconds
        if let answers = hosts?.takeAnswers(now: pooler.now, pooler.directory.snapshot.settings) {
            for move in answers.moves { pooler.hostMoved(move.name, to: move.addresses) }
            for (server, step) in answers.steps { follow(step, server) }
        }
        for answer in deriver?.takeAnswers() ?? [] { pooler.derived(answer.derivation, answer.keys) }
        takePost()
        onWake()
        performActions()
    }

    // MARK: - Actions

    func performActions() {
        while !pooler.actions.isEmpty {
            let actions = pooler.actions
            pooler.actions.removeAll(keepingCapacity: true)
            for action in actions { perform(action) }
        }
    }

    private func beginTLS(_ client: ClientPointer, received bytes: [UInt8]) {
        guard let clientTLS else { preconditionFailure("TLS is offered without a context") }
        let connection = client.pointee.connection.assumingMemoryBound(to: Connection.self)
        bytes.withUnsafeBytes { loop.startTLS(server: clientTLS, on: connection, received: $0) }
    }

    private func beginTLS(_ server: ServerPointer) {
        guard let serverTLS, let connection = server.pointee.connection else { return }
        let name =
            switch server.pointee.details.place.host {
            case .network(let name): name
            case .socketDirectory(let path): path
            }
        do {
            try loop.startTLS(
                client: serverTLS, serverName: name, on: connection.assumingMemoryBound(to: Connection.self))
        } catch {
            log.write(.error, "\(server.logName) TLS setup failed: \(error)")
            pooler.serverFailed(server, reason: "TLS setup failed")
        }
    }

    private func perform(_ action: PoolerAction) {
        switch action {
        case .log(let level, let text): log.write(level, text)
        case .connect(let server):
            if server.pointee.state != .closed { connect(server) }
        case .stopConnecting(let server): stopConnecting(server)
        case .console(let event): onConsole(event)
        case .sampled(let window): onSample(window)
        case .secureClient(let client, let bytes):
            if client.pointee.state != .closed { beginTLS(client, received: bytes) }
        case .secureServer(let server):
            if server.pointee.state != .closed { beginTLS(server) }
        case .derive(let derivation):
            // Without a thread the loop has to do it.
            if deriver?.begin(derivation) != true { pooler.derived(derivation, derivation.run()) }
        case .close(let connection, let afterSending):
            let connection = connection.assumingMemoryBound(to: Connection.self)
            connection.pointee.userData = nil
            if afterSending { loop.closeAfterSending(connection) } else { loop.closeNow(connection) }
        case .pauseReading(let connection):
            loop.pauseReading(connection.assumingMemoryBound(to: Connection.self))
        case .resumeReading(let connection):
            loop.resumeReading(connection.assumingMemoryBound(to: Connection.self))
        }
    }

    private func stopConnecting(_ server: ServerPointer) {
        hosts?.forget(server)
        guard let connection = attempts.removeValue(forKey: server) else { return }
        connection.pointee.userData = nil
        loop.closeNow(connection)
    }

    private func connect(_ server: ServerPointer) {
        guard !server.pointee.isForPredecessor else { return connectToPredecessor(server) }
        let place = server.pointee.details.place
        switch place.host {
        case .socketDirectory(let directory):
            open(server, .unix(path: "\(directory)/.s.PGSQL.\(place.port)"), peer: "unix:\(place.port)")
        case .network(let name) where SocketAddress.isLiteral(name): follow(.connect(address: name), server)
        case .network(let name):
            if let hosts { follow(hosts.begin(server, host: name, now: pooler.now), server) }
        }
    }

    private func follow(_ step: HostSearches.Step, _ server: ServerPointer) {
        guard server.pointee.state != .closed else { return }
        switch step {
        case .wait: return
        case .fail: pooler.serverEnded(server, reason: "server DNS lookup failed")
        case .connect(let address):
            server.pointee.details.address = address
            let port = server.pointee.details.place.port
            open(server, .tcp(address: address, port: port), peer: "\(address):\(port)")
        }
    }

    /// The server could not be connected: the next address of its host is tried.
    private func connectNext(_ server: ServerPointer) {
        guard let hosts, case .connect(let address) = hosts.next(server) else {
            return pooler.serverEnded(server, reason: "connect failed")
        }
        follow(.connect(address: address), server)
    }

    /// The connection is the server's.
    func own(_ connection: ConnectionPointer, _ server: ServerPointer) {
        connection.pointee.userData = UnsafeMutableRawPointer(
            bitPattern: UInt(bitPattern: server) | Self.serverMark)
    }

    private func open(_ server: ServerPointer, _ endpoint: ConnectEndpoint, peer: String) {
        server.pointee.details.peer = peer
        do {
            let connection = try loop.connect(
                to: endpoint, options: SocketTuning.socket(pooler.directory.snapshot.settings))
            attempts[server] = connection
            own(connection, server)
        } catch {
            log.write(.warning, "\(server.logName) \(error.description)")
            connectNext(server)
        }
    }
}
