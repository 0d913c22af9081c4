// From clients to servers.
//
// What came is walked message by message. A run of messages that pass unchanged is appended to the server's output at
// once; what is rewritten interrupts the run. Messages whose contents do not matter stream: their end may come later.

package import Bytes
import PoolerConfiguration
import SessionStatements

extension LoopPooler {
    /// Bytes came from a client.
    package func clientReceived(_ client: ClientPointer, _ bytes: ByteSlice) {
        switch client.pointee.state {
        case .active:
            client.pointee.pool.unsafelyUnwrapped.pointee.statistics.receivedByteCount &+= UInt64(bytes.count)
            relayNow(client, bytes)
        case .idle:
            client.pointee.pool.unsafelyUnwrapped.pointee.statistics.receivedByteCount &+= UInt64(bytes.count)
            beginRequest(client, bytes)
        case .replicating: passToOwnServer(client, bytes)
        case .waiting, .awaitingWelcome, .awaitingOwnServer:
            client.pointee.pool.unsafelyUnwrapped.pointee.statistics.receivedByteCount &+= UInt64(bytes.count)
            keepWaiting(client, bytes)
        case .login, .lookingUp: loginReceived(client, bytes)
        case .console: consoleReceived(client, bytes)
        case .cancelling, .closed: return
        }
    }

    private func keepWaiting(_ client: ClientPointer, _ bytes: ByteSlice) {
        client.pointee.pending.append(bytes)
        if client.pointee.pending.count > limits.waitingByteCountMax { pauseReading(client) }
    }

    @inline(__always)
    private func relayNow(_ client: ClientPointer, _ bytes: ByteSlice) {
        guard client.pointee.pending.isEmpty, !client.pointee.flags.contains(.held) else {
            client.pointee.pending.append(bytes)
            return relayPending(client)
        }
        let used = relay(from: client, bytes)
        keep(client, bytes, from: used)
        releaseIfUnused(client)
    }

    /// What the client sent made no request: late messages of a COPY, or the beginning of something.
    @inline(__always)
    private func releaseIfUnused(_ client: ClientPointer) {
        guard client.pointee.state == .active, client.pointee.remainingByteCount == 0,
            let server = client.pointee.server, server.pointee.isFree
        else { return }
        releaseIfIdle(client, server)
    }

    /// Keeps what could not be handled yet.
    @inline(__always)
    private func keep(_ client: ClientPointer, _ bytes: ByteSlice, from used: Int) {
        guard used < bytes.count, client.pointee.state != .closed else { return }
        client.pointee.pending.append(bytes.slice(used, bytes.count))
    }

    /// Handles what was kept, as far as that is possible now.
    func relayPending(_ client: ClientPointer) {
        if client.pointee.flags.contains(.held) {
            if client.pointee.pending.count > limits.waitingByteCountMax { pauseReading(client) }
            return
        }
        let used = relay(from: client, client.pointee.pending.readable)
        guard client.pointee.state != .closed else { return }
        client.pointee.pending.consume(used)
        releaseIfUnused(client)
    }

    // MARK: - The beginning of a request

    /// Bytes came from a client without a server.
    private func beginRequest(_ client: ClientPointer, _ bytes: ByteSlice) {
        guard !client.pointee.flags.contains(.doomed) else { return endDoomed(client) }
        guard client.pointee.pending.isEmpty else {
            client.pointee.pending.append(bytes)
            return beginPendingRequest(client)
        }
        let start = skipToRequest(client, bytes)
        guard client.pointee.state == .idle else { return }
        guard isRequestReady(client, bytes, at: start) else { return keep(client, bytes, from: start) }
        guard let pool = client.pointee.pool, let server = idleServer(pool) else {
            keep(client, bytes, from: start)
            return enqueue(client)
        }
        link(client, server)
        guard !client.pointee.flags.contains(.held) else { return keep(client, bytes, from: start) }
        let used = relay(from: client, bytes.slice(start, bytes.count))
        keep(client, bytes, from: start + used)
    }

    /// The same for what was kept.
    func beginPendingRequest(_ client: ClientPointer) {
        let start = skipToRequest(client, client.pointee.pending.readable)
        guard client.pointee.state == .idle else { return }
        client.pointee.pending.consume(start)
        guard isRequestReady(client, client.pointee.pending.readable, at: 0) else { return }
        guard let pool = client.pointee.pool, let server = idleServer(pool) else { return enqueue(client) }
        link(client, server)
        relayPending(client)
    }

    /// Whether there is enough of a request to take a server for it: nobody holds one by sending slowly.
    @inline(__always)
    private func isRequestReady(_ client: ClientPointer, _ bytes: ByteSlice, at start: Int) -> Bool {
        let available = bytes.count &- start
        guard available >= messageHeaderByteCount else { return false }
        let byteCount = bytes.messageByteCount(at: start)
        guard byteCount > available else { return true }
        // Told by the relay, before anything of it is kept.
        if exceedsLimit(client, byteCount) { return true }
        let type = bytes.byte(at: start)
        let isRead = type == UInt8(ascii: "Q") || type == UInt8(ascii: "P")
        return byteCount > limits.wholeRequestByteCountMax && !(isRead && client.pointee.flags.contains(.tracked))
    }

    /// `max_packet_size`
    @inline(__always)
    private func exceedsLimit(_ client: ClientPointer, _ byteCount: Int) -> Bool {
        byteCount > client.pointee.pool?.pointee.settings.messageByteCountMax ?? Int.max
    }

    /// Goes over messages that need no server. Returns the offset of the first one that does, or of what is incomplete;
    /// the client may be gone afterwards.
    @inline(__always)
    private func skipToRequest(_ client: ClientPointer, _ bytes: ByteSlice) -> Int {
        if client.pointee.remainingByteCount == 0, bytes.count >= messageHeaderByteCount,
            !client.pointee.flags.contains(.skipsToSync)
        {
            switch bytes.byte(at: 0) {
            case UInt8(ascii: "Q"), UInt8(ascii: "P"), UInt8(ascii: "B"): return 0
            default: break
            }
        }
        return skipMessages(client, bytes)
    }

    private func skipMessages(_ client: ClientPointer, _ bytes: ByteSlice) -> Int {
        var position = discardRest(client, bytes)
        while bytes.count - position >= messageHeaderByteCount {
            let byteCount = bytes.messageByteCount(at: position)
            guard byteCount >= messageHeaderByteCount, !exceedsLimit(client, byteCount) else {
                failProtocol(client, "invalid message length")
                return bytes.count
            }
            switch bytes.byte(at: position) {
            case UInt8(ascii: "X"):
                endClient(client, reason: "client close request")
                return bytes.count
            case UInt8(ascii: "S"):
                client.pointee.flags.remove(.skipsToSync)
                client.pointee.output.pointee.appendReadyForQuery(UInt8(ascii: "I"))
                scheduleSend(client.pointee.connection)
            case UInt8(ascii: "d"), UInt8(ascii: "c"), UInt8(ascii: "f"), UInt8(ascii: "H"):
                // Outside COPY the server would ignore them too: they come late, after an error.
                break
            default:
                if !client.pointee.flags.contains(.skipsToSync) { return position }
            }
            let available = bytes.count - position
            guard byteCount <= available else {
                client.pointee.remainingByteCount = byteCount - available
                client.pointee.flags.insert(.discardsRest)
                return bytes.count
            }
            position += byteCount
        }
        return position
    }

    /// Throws away the rest of a message that is not wanted; returns how many bytes that were.
    private func discardRest(_ client: ClientPointer, _ bytes: ByteSlice) -> Int {
        guard client.pointee.flags.contains(.discardsRest) else { return 0 }
        let part = min(client.pointee.remainingByteCount, bytes.count)
        client.pointee.remainingByteCount -= part
        if client.pointee.remainingByteCount == 0 { client.pointee.flags.remove(.discardsRest) }
        return part
    }

    // MARK: - The relay

    /// Passes on what can be passed on, and returns how many bytes that were. The client has a server.
    func relay(from client: ClientPointer, _ input: ByteSlice) -> Int {
        guard let server = client.pointee.server, let pool = client.pointee.pool else { return input.count }
        var walk = ClientWalk(input)
        walk.position = discardRest(client, input)
        walk.run = walk.position
        passRest(client, &walk)
        while input.count &- walk.position >= messageHeaderByteCount {
            let byteCount = input.messageByteCount(at: walk.position)
            guard byteCount >= messageHeaderByteCount, byteCount <= pool.pointee.settings.messageByteCountMax else {
                failProtocol(client, "invalid message length")
                return input.count
            }
            guard admit(client, server, pool, &walk, byteCount) else { break }
            if client.pointee.state == .closed { return input.count }
            let available = input.count &- walk.position
            guard byteCount <= available else {
                client.pointee.remainingByteCount = byteCount &- available
                walk.position = input.count
                break
            }
            walk.position &+= byteCount
        }
        forward(client, server, walk.unsent)
        settle(server)
        return walk.position
    }

    /// Goes over the rest of a message that began before.
    @inline(__always)
    private func passRest(_ client: ClientPointer, _ walk: inout ClientWalk) {
        guard client.pointee.remainingByteCount > 0 else { return }
        let part = min(client.pointee.remainingByteCount, walk.input.count - walk.position)
        client.pointee.remainingByteCount -= part
        walk.position += part
    }

    /// Notes what the message at the walk's place asks the server for; false if it cannot be passed on yet. The client
    /// may be gone afterwards.
    @inline(__always)
    private func admit(
        _ client: ClientPointer, _ server: ServerPointer, _ pool: PoolPointer, _ walk: inout ClientWalk,
        _ byteCount: Int
    ) -> Bool {
        let type = walk.input.byte(at: walk.position)
        switch type {
        case UInt8(ascii: "Q"): return admitQuery(client, server, pool, walk, byteCount)
        case UInt8(ascii: "P"), UInt8(ascii: "B"), UInt8(ascii: "D"), UInt8(ascii: "C"):
            return admitNamed(client, server, pool, &walk, byteCount)
        case UInt8(ascii: "E"): return admitExecute(client, server, pool, walk, byteCount)
        case UInt8(ascii: "S"):
            begin(client, pool)
            expectSync(server)
        case UInt8(ascii: "d"): break
        case UInt8(ascii: "c"), UInt8(ascii: "f"):
            server.pointee.flags.remove(.copyingIn)
            expect(server, ExpectedReply(.copyEnd))
        case UInt8(ascii: "H"): server.pointee.flags.insert(.unsynced)
        case UInt8(ascii: "F"):
            return admitFunctionCall(client, server, pool)
        case UInt8(ascii: "X"):
            forward(client, server, walk.unsent)
            endClient(client, reason: "client close request")
        default: failProtocol(client, "invalid frontend message type \(type)")
        }
        return true
    }

    @inline(__always)
    private func admitQuery(
        _ client: ClientPointer, _ server: ServerPointer, _ pool: PoolPointer, _ walk: ClientWalk, _ byteCount: Int
    ) -> Bool {
        if mustYield(client, server, pool) { return false }
        guard !pool.pointee.settings.refusesSimpleQueries else {
            endClient(client, reason: "PQexec disallowed", error: ("08P01", "PQexec disallowed"))
            return true
        }
        var reply = ExpectedReply(.query)
        if client.pointee.flags.contains(.tracked) {
            guard byteCount <= walk.available else { return false }
            // Without the zero behind it.
            let end = max(messageHeaderByteCount, byteCount &- 1)
            let text = walk.message(byteCount).slice(messageHeaderByteCount, end)
            let effects = effects(client, text: text)
            guard effects.isDisjoint(with: .ofSequences) || admitSequences(client, server, effects) else {
                return false
            }
            reply.plan = plan(client, server, effects, text: text)
        }
        begin(client, pool)
        dropUnnamed(client, server, &reply)
        expect(server, reply)
        return true
    }

    private func admitFunctionCall(_ client: ClientPointer, _ server: ServerPointer, _ pool: PoolPointer) -> Bool {
        if mustYield(client, server, pool) { return false }
        var reply = ExpectedReply(.functionCall)
        if client.pointee.flags.contains(.tracked) {
            guard admitSequences(client, server, .opaque) else { return false }
            reply.plan = functionCallPlan(client)
        }
        begin(client, pool)
        expect(server, reply)
        return true
    }

    @inline(__always)
    private func admitExecute(
        _ client: ClientPointer, _ server: ServerPointer, _ pool: PoolPointer, _ walk: ClientWalk, _ byteCount: Int
    ) -> Bool {
        begin(client, pool)
        server.pointee.flags.insert(.unsynced)
        var reply = ExpectedReply(.execute)
        if client.pointee.flags.contains(.tracked) {
            guard byteCount <= walk.available else { return false }
            reply.plan = executedPlan(server, walk.message(byteCount))
        }
        expect(server, reply)
        return true
    }

    /// Parse, Bind, Describe and Close.
    @inline(__always)
    private func admitNamed(
        _ client: ClientPointer, _ server: ServerPointer, _ pool: PoolPointer, _ walk: inout ClientWalk,
        _ byteCount: Int
    ) -> Bool {
        if mustYield(client, server, pool) { return false }
        begin(client, pool)
        server.pointee.flags.insert(.unsynced)
        guard client.pointee.flags.contains(.tracked), !server.pointee.flags.contains(.skipping) else {
            expect(server, ExpectedReply(Self.kind(walk.input.byte(at: walk.position))))
            return true
        }
        let message = walk.message(min(byteCount, walk.available))
        guard pool.pointee.settings.preparedStatementsMax > 0 else {
            guard readUnmapped(client, server, message, byteCount) else { return false }
            expect(server, ExpectedReply(Self.kind(walk.input.byte(at: walk.position))))
            return true
        }
        switch rewrite(client, server, message, byteCount, before: walk.unsent) {
        case .unchanged: return true
        case .rewritten(let count):
            walk.run = walk.position &+ count
            return true
        case .incomplete: return false
        case .waits:
            client.pointee.flags.insert(.held)
            return false
        }
    }

    @inline(__always)
    private static func kind(_ type: UInt8) -> ExpectedReply.Kind {
        switch type {
        case UInt8(ascii: "P"): .parse
        case UInt8(ascii: "B"): .bind
        case UInt8(ascii: "D"): .describe
        default: .close
        }
    }

    /// Appends a run of messages to the server's output.
    @inline(__always)
    private func forward(_ client: ClientPointer, _ server: ServerPointer, _ bytes: ByteSlice) {
        server.pointee.output.pointee.append(bytes)
        guard let connection = server.pointee.connection else { return }
        scheduleSend(connection)
        if server.pointee.output.pointee.count > limits.outputByteCountMax { pauseReading(client) }
    }

    /// A request begins: times are measured from here.
    @inline(__always)
    private func begin(_ client: ClientPointer, _ pool: PoolPointer) {
        guard client.pointee.requestTime == 0 else { return }
        client.pointee.requestTime = now
        if client.pointee.transactionTime == 0 { client.pointee.transactionTime = now }
    }

    /// Whether the client has had its share and the next transaction is another's: then it waits for its present ones.
    @inline(__always)
    private func mustYield(_ client: ClientPointer, _ server: ServerPointer, _ pool: PoolPointer) -> Bool {
        guard !pool.pointee.waiting.isEmpty else { return false }
        return yields(client, server, pool)
    }

    @inline(never)
    private func yields(_ client: ClientPointer, _ server: ServerPointer, _ pool: PoolPointer) -> Bool {
        guard pool.pointee.settings.mode != .session,
            server.pointee.transactionCount >= limits.transactionsInTurnMax, server.pointee.readyOwedCount > 0,
            server.pointee.flags.isDisjoint(with: [.unsynced, .copyingIn, .skipping])
        else { return false }
        client.pointee.flags.insert(.held)
        return true
    }

    // MARK: - What is owed

    /// The server was sent a message.
    @inline(__always)
    func expect(_ server: ServerPointer, _ reply: ExpectedReply) {
        // After an error the server ignores everything but Sync.
        guard !server.pointee.flags.contains(.skipping) else {
            reply.plan?.release()
            return
        }
        if reply.plan != nil { server.pointee.plansOwedCount &+= 1 }
        server.pointee.replies.append(reply)
        if reply.kind.endsWithReady { server.pointee.readyOwedCount &+= 1 }
        if reply.flags.contains(.change) { server.pointee.changesOwedCount &+= 1 }
    }

    @inline(__always)
    private func expectSync(_ server: ServerPointer) {
        // In copy mode the server ignores it.
        guard !server.pointee.flags.contains(.copyingIn) else { return }
        server.pointee.flags.subtract([.unsynced, .skipping, .parsedUnnamed, .parsedUnmapped])
        server.pointee.unsettledCount = server.pointee.changesOwedCount
        server.pointee.replies.append(ExpectedReply(.sync))
        server.pointee.readyOwedCount &+= 1
    }

    /// The client broke the protocol.
    func failProtocol(_ client: ClientPointer, _ text: String) {
        endClient(client, reason: text, error: ("08P01", text))
    }
}

/// How far the walk over a client's bytes has come.
struct ClientWalk {
    let input: ByteSlice
    /// The message being looked at.
    var position = 0
    /// The first byte that is not passed on.
    var run = 0

    init(_ input: ByteSlice) { self.input = input }

    /// What passes as it is, in front of the message.
    var unsent: ByteSlice { @inline(__always) get { input.slice(run, position) } }
    /// Bytes from the message on.
    var available: Int { @inline(__always) get { input.count &- position } }

    /// The message, or the first so many bytes of it.
    @inline(__always)
    func message(_ byteCount: Int) -> ByteSlice { input.slice(position, position &+ byteCount) }
}
