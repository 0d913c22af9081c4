// From servers to clients.

package import Bytes
import PoolerConfiguration

extension LoopPooler {
    /// Bytes came from a server.
    package func serverReceived(_ server: ServerPointer, _ bytes: ByteSlice) {
        switch server.pointee.state {
        case .busy where server.pointee.details.lookup != nil: lookupReceived(server, bytes)
        case .active, .busy: relayReceived(server, bytes)
        case .idle:
            relayReceived(server, bytes)
            // Nobody asked it anything: what is not over now will never be.
            if server.pointee.state == .idle, !server.pointee.isFree {
                endServer(server, reason: "idle server got dirty")
            }
        case .replicating: passFromOwnServer(server, bytes)
        case .login: loginReceived(server, bytes)
        case .connecting, .cancelling, .closed: return
        }
    }

    @inline(__always)
    private func relayReceived(_ server: ServerPointer, _ bytes: ByteSlice) {
        server.pointee.pool.pointee.statistics.sentByteCount &+= UInt64(bytes.count)
        guard server.pointee.partial.isEmpty else {
            server.pointee.partial.append(bytes)
            return relayPartial(server)
        }
        let used = relay(from: server, bytes)
        if used < bytes.count, server.pointee.state != .closed {
            server.pointee.partial.append(bytes.slice(used, bytes.count))
        }
    }

    private func relayPartial(_ server: ServerPointer) {
        let used = relay(from: server, server.pointee.partial.readable)
        guard server.pointee.state != .closed else { return }
        server.pointee.partial.consume(used)
        if server.pointee.partial.isEmpty, server.pointee.partial.reservedByteCount > Self.keptByteCountMax {
            server.pointee.partial.release()
        }
    }

    /// What is kept of memory that a long message took.
    static var keptByteCountMax: Int { 16 << 10 }

    /// Walks what a server sent, and passes it on or swallows it. Returns how many bytes are dealt with.
    private func relay(from server: ServerPointer, _ input: ByteSlice) -> Int {
        let client = server.pointee.client
        var walk = ServerWalk(input: input, isSwallowing: client == nil || isSwallowing(server))
        passRest(server, client, &walk)
        while input.count &- walk.position >= messageHeaderByteCount {
            let byteCount = input.messageByteCount(at: walk.position)
            guard byteCount >= messageHeaderByteCount,
                byteCount <= server.pointee.pool.pointee.settings.messageByteCountMax
            else {
                endServer(server, reason: "bad packet header")
                return input.count
            }
            if server.pointee.replies.isEmpty, !mayComeUnasked(walk) {
                endLiar(server, client, &walk)
                return input.count
            }
            let available = input.count &- walk.position
            let isRead = mustBeWhole(server, walk)
            guard byteCount <= available || !isRead else {
                guard byteCount > limits.wholeMessageByteCountMax else { break }
                endServer(server, reason: "message of \(byteCount) bytes that has to be read as a whole")
                return input.count
            }
            if isRead {
                handle(server, client, &walk, byteCount)
                if server.pointee.state == .closed { return input.count }
            } else if byteCount <= available {
                walk.position &+= byteCount
            } else {
                server.pointee.remainingByteCount = byteCount &- available
                if walk.isSwallowing { server.pointee.flags.insert(.discardsRest) }
                walk.position = input.count
            }
        }
        flush(server, client, &walk)
        endWalk(server, client)
        return walk.position
    }

    /// Whether the message at the walk's place matters, and is looked at when it is whole. Others pass as they stream.
    @inline(__always)
    private func mustBeWhole(_ server: ServerPointer, _ walk: ServerWalk) -> Bool {
        switch walk.input.byte(at: walk.position) {
        case UInt8(ascii: "D"): walk.isSwallowing && server.pointee.details.probe != nil
        case UInt8(ascii: "d"), UInt8(ascii: "N"), UInt8(ascii: "t"), UInt8(ascii: "V"), UInt8(ascii: "c"): false
        default: true
        }
    }

    /// Whether a server that owes nothing may say this: a change of a parameter, a notice, a notification, an error.
    @inline(never)
    private func mayComeUnasked(_ walk: ServerWalk) -> Bool {
        switch walk.input.byte(at: walk.position) {
        case UInt8(ascii: "S"), UInt8(ascii: "N"), UInt8(ascii: "A"), UInt8(ascii: "E"): true
        default: false
        }
    }

    /// The server answers what nobody has asked: the one whom it served has all that is his, and nobody gets it again.
    private func endLiar(_ server: ServerPointer, _ client: ClientPointer?, _ walk: inout ServerWalk) {
        let kind = walk.input.byte(at: walk.position)
        log(.warning, server, "message of type \(kind) that answers nothing")
        flush(server, client, &walk)
        server.pointee.flags.insert(.closeWhenFree)
        endWalk(server, client)
        endServer(server, reason: "message that answers nothing")
    }

    /// What follows from all that the server sent.
    @inline(__always)
    private func endWalk(_ server: ServerPointer, _ client: ClientPointer?) {
        if let client {
            scheduleSend(client.pointee.connection)
            if client.pointee.output.pointee.count > limits.outputByteCountMax { pauseReading(server) }
        }
        if server.pointee.flags.contains(.resumesClient) {
            server.pointee.flags.remove(.resumesClient)
            if let client, client.pointee.state == .active { relayPending(client) }
        }
        if server.pointee.isFree { becameFree(server) }
        if let client, !client.pointee.pending.isEmpty, client.pointee.state == .active { relayPending(client) }
    }

    @inline(__always)
    private func isSwallowing(_ server: ServerPointer) -> Bool {
        server.pointee.replies.firstFlags.contains(.swallowed)
    }

    /// Passes on the rest of a message that began before.
    @inline(__always)
    private func passRest(_ server: ServerPointer, _ client: ClientPointer?, _ walk: inout ServerWalk) {
        guard server.pointee.remainingByteCount > 0 else { return }
        let part = min(server.pointee.remainingByteCount, walk.input.count)
        server.pointee.remainingByteCount -= part
        walk.position = part
        walk.restEnd = part
        let isDiscarded = server.pointee.flags.contains(.discardsRest)
        if server.pointee.remainingByteCount == 0 { server.pointee.flags.remove(.discardsRest) }
        if isDiscarded || client == nil {
            walk.run = part
        } else if walk.isSwallowing {
            client?.pointee.output.pointee.append(walk.input.slice(0, part))
            walk.run = part
        }
    }

    /// Passes on, or swallows, the run up to the position.
    @inline(__always)
    private func flush(_ server: ServerPointer, _ client: ClientPointer?, _ walk: inout ServerWalk) {
        if !walk.isSwallowing, let client {
            client.pointee.output.pointee.append(walk.input.slice(walk.run, walk.position))
        }
        walk.run = walk.position
    }

    /// Ends the run behind the message, and looks at what is owed next.
    @inline(__always)
    private func endReply(_ server: ServerPointer, _ client: ClientPointer?, _ walk: inout ServerWalk) {
        commit(server, server.pointee.replies.first)
        server.pointee.replies.removeFirst()
        // The usual case: what comes next passes too, in the same run.
        if !walk.isSwallowing, !server.pointee.replies.isEmpty,
            !server.pointee.replies.firstFlags.contains(.swallowed), !server.pointee.replies.first.kind.isSilent
        {
            return
        }
        flush(server, client, &walk)
        settle(server)
        walk.isSwallowing = client == nil || isSwallowing(server)
    }

    /// Gives the answers that are the pooler's to give at this place.
    @inline(__always)
    func settle(_ server: ServerPointer) {
        guard let kind = server.pointee.replies.firstKind, kind.isSilent else { return }
        answer(server)
    }

    @inline(never)
    private func answer(_ server: ServerPointer) {
        while let kind = server.pointee.replies.firstKind, kind.isSilent {
            if kind != .copyEnd, let client = server.pointee.client {
                client.pointee.output.pointee.appendMessage(UInt8(ascii: kind == .parseAnswered ? "1" : "3"))
                scheduleSend(client.pointee.connection)
            }
            commit(server, server.pointee.replies.first)
            server.pointee.replies.removeFirst()
        }
    }

    // MARK: - Single messages

    /// A whole message whose meaning matters; the walk goes on behind it.
    private func handle(
        _ server: ServerPointer, _ client: ClientPointer?, _ walk: inout ServerWalk, _ byteCount: Int
    ) {
        let start = walk.position
        let message = walk.input.slice(start, start &+ byteCount)
        walk.position = start &+ byteCount
        let kind = server.pointee.replies.firstKind
        switch message.byte(at: 0) {
        case UInt8(ascii: "C"):
            completed(server, message)
            if let plan = server.pointee.replies.firstPlan {
                completed(
                    plan.takeUnretainedValue(), on: server,
                    message.slice(messageHeaderByteCount, message.count - 1))
            }
            if kind == .execute { endReply(server, client, &walk) }
        case UInt8(ascii: "Z"):
            ready(server, client, &walk, message)
        case UInt8(ascii: "1"):
            if kind == .parse { endReply(server, client, &walk) }
        case UInt8(ascii: "2"):
            if kind == .bind { endReply(server, client, &walk) }
        case UInt8(ascii: "3"):
            if kind == .close { endReply(server, client, &walk) }
        case UInt8(ascii: "T"), UInt8(ascii: "n"):
            if kind == .describe { endReply(server, client, &walk) }
        case UInt8(ascii: "I"), UInt8(ascii: "s"):
            if kind == .execute { endReply(server, client, &walk) }
        case UInt8(ascii: "E"):
            failed(server, client, &walk, message)
        case UInt8(ascii: "S"):
            if !reportedParameter(server, client, message) {
                // The client knows it already.
                let end = walk.position
                walk.position = start
                flush(server, client, &walk)
                walk.position = end
                walk.run = end
            }
        case UInt8(ascii: "G"):
            beganCopy(server)
        case UInt8(ascii: "A"):
            // For the client in any case, also amid the pooler's own requests.
            if walk.isSwallowing, let client { client.pointee.output.pointee.append(message) }
        case UInt8(ascii: "D"): probeAnswered(server, row: message)
        case UInt8(ascii: "H"), UInt8(ascii: "W"), UInt8(ascii: "K"), UInt8(ascii: "R"), UInt8(ascii: "v"):
            break
        default:
            endServer(server, reason: "unknown packet from server")
        }
    }

    private func completed(_ server: ServerPointer, _ message: ByteSlice) {
        server.pointee.flags.remove(.copyingIn)
        // "DISCARD ALL" and "DEALLOCATE ALL", each with its zero.
        guard message.count == messageHeaderByteCount + 12 || message.count == messageHeaderByteCount + 15,
            message.byte(at: messageHeaderByteCount) == UInt8(ascii: "D")
        else { return }
        let tag = message.slice(messageHeaderByteCount, message.count - 1)
        if tag.equals("DISCARD ALL") || tag.equals("DEALLOCATE ALL") { dropStatements(server) }
        if server.pointee.client == nil, tag.equals("DISCARD ALL") {
            server.pointee.details.session.discardedAll()
            server.pointee.sequences.discarded()
            mirror(server)
        }
    }

    /// ReadyForQuery: the last message of a request.
    private func ready(
        _ server: ServerPointer, _ client: ClientPointer?, _ walk: inout ServerWalk, _ message: ByteSlice
    ) {
        guard message.count == messageHeaderByteCount + 1 else {
            return endServer(server, reason: "bad ReadyForQuery")
        }
        let status = message.byte(at: messageHeaderByteCount)
        server.pointee.transactionStatus = status
        if status != UInt8(ascii: "I"), let client, server.pointee.pool.pointee.settings.mode == .statement {
            // The client is told this instead.
            walk.position -= message.count
            dropCompletion(&walk)
            flush(server, client, &walk)
            return refuseTransaction(server, client)
        }
        var flags: ExpectedReply.Flags = []
        while let kind = server.pointee.replies.firstKind {
            let reply = server.pointee.replies.first
            if kind.endsWithReady {
                flags = reply.flags
                server.pointee.readyOwedCount &-= 1
                if kind == .functionCall, let plan = reply.plan {
                    completed(plan.takeUnretainedValue(), on: server, ByteSlice(start: nil, count: 0))
                }
                if server.pointee.flags.contains(.sessionTouched), !flags.contains(.swallowed) {
                    sessionReady(server, status)
                }
                endReply(server, client, &walk)
                break
            }
            // Not answered one by one: the server lies, or a Sync was ignored.
            commit(server, reply)
            server.pointee.replies.removeFirst()
        }
        if flags.contains(.settings) { settingsRestored(client, server) }
        if flags.contains(.probe) { probeEnded(server) }
        guard let client else { return }
        // A client waits for what is owed, the pooler's own requests included; for its settings it waits further.
        if server.pointee.details.difference == nil { client.pointee.flags.remove(.held) }
        if !flags.contains(.swallowed) { count(server, client, status) }
    }

    /// Takes a CommandComplete back from the end of what is to be passed on: a client that is told both that BEGIN is done
    /// and that it is refused does not understand either.
    private func dropCompletion(_ walk: inout ServerWalk) {
        var next = max(walk.run, walk.restEnd)
        var last = next
        while next < walk.position {
            last = next
            next += walk.input.messageByteCount(at: next)
        }
        if last < walk.position, walk.input.byte(at: last) == UInt8(ascii: "C") { walk.position = last }
    }

    /// Counts a request, and a transaction if it is over.
    @inline(__always)
    private func count(_ server: ServerPointer, _ client: ClientPointer, _ status: UInt8) {
        let pool = server.pointee.pool
        pool.pointee.statistics.queryCount &+= 1
        let isOver = status == UInt8(ascii: "I")
        if isOver {
            pool.pointee.statistics.transactionCount &+= 1
            server.pointee.transactionCount &+= 1
        }
        guard server.pointee.readyOwedCount == 0 else { return }
        pool.pointee.statistics.queryTime.add(now &- client.pointee.requestTime)
        client.pointee.requestTime = 0
        client.pointee.stateTime = now
        guard isOver else { return }
        pool.pointee.statistics.transactionTime.add(now &- client.pointee.transactionTime)
        client.pointee.transactionTime = 0
    }

    /// ErrorResponse. Its end is the end of the message's part in an extended request, and of all up to the next Sync.
    private func failed(
        _ server: ServerPointer, _ client: ClientPointer?, _ walk: inout ServerWalk, _ message: ByteSlice
    ) {
        server.pointee.flags.remove(.copyingIn)
        guard let kind = server.pointee.replies.firstKind else {
            // What came before it is passed on in any case.
            walk.position -= message.count
            flush(server, client, &walk)
            walk.position += message.count
            if let client { scheduleSend(client.pointee.connection) }
            if !failedUnasked(server, message) { walk.run = walk.position }
            return
        }
        let reply = server.pointee.replies.first
        noteFarewell(server, message, isPassedOn: kind.isExtended || !reply.flags.contains(.swallowed))
        if !reply.flags.contains(.swallowed) { failed(reply.plan?.takeUnretainedValue(), on: server) }
        guard kind.isExtended else {
            if reply.flags.contains(.settings) {
                settingsRefused(client, server, message)
            } else if reply.flags.contains(.probe) {
                server.pointee.details.probe?.isFailed = true
            } else if reply.flags.contains(.swallowed) {
                failedSwallowed(server, reply, message)
            }
            return
        }
        if reply.flags.contains(.swallowed), ErrorText(message).code == "42P05" {
            // It has a statement that it should not have: what else there is nobody knows.
            server.pointee.flags.insert(.closeWhenFree)
        }
        noteStale(client, reply, message)
        let errorStart = walk.position - message.count
        // First of all, so that names that were given up behind it are there again.
        skipToSync(server)
        if walk.isSwallowing || reply.flags.contains(.renamesError), let client {
            // The client's own message failed with the pooler's in front of it: the error is for the client.
            let end = walk.position
            walk.position = errorStart
            flush(server, client, &walk)
            appendError(client, reply, message)
            walk.position = end
        } else {
            flush(server, client, &walk)
        }
        walk.run = walk.position
        walk.isSwallowing = client == nil || isSwallowing(server)
    }

    /// Drops what is owed up to the next Sync, as the server does.
    private func skipToSync(_ server: ServerPointer) {
        var skipped: [ExpectedReply] = []
        while let kind = server.pointee.replies.firstKind, kind != .sync {
            if kind.endsWithReady { server.pointee.readyOwedCount &-= 1 }
            skipped.append(server.pointee.replies.first)
            server.pointee.replies.removeFirst()
        }
        if server.pointee.replies.isEmpty { server.pointee.flags.insert(.skipping) }
        // The last first, as what came later may build on what came before.
        for index in skipped.indices.reversed() { undo(server, skipped[index], isFailed: index == 0) }
    }

    /// An error as the client knows its statement.
    private func appendError(_ client: ClientPointer, _ reply: ExpectedReply, _ message: ByteSlice) {
        guard reply.flags.contains(.renamesError),
            let named = client.pointee.statements.find(serial: reply.serial)
        else { return client.pointee.output.pointee.append(message) }
        let start = client.pointee.output.pointee.count
        client.pointee.output.pointee.appendHeader(UInt8(ascii: "E"), bodyByteCount: 0)
        var position = messageHeaderByteCount
        let internalName = named.pointee.statement.name
        while position < message.count {
            let rest = message.slice(position, message.count)
            if rest.count >= internalName.count, rest.slice(0, internalName.count).equals(internalName) {
                client.pointee.output.pointee.append(named.name)
                position += internalName.count
            } else {
                client.pointee.output.pointee.append(byte: rest.byte(at: 0))
                position += 1
            }
        }
        let length = client.pointee.output.pointee.count - start - 1
        let buffer = client.pointee.output.pointee.readable.baseAddress.unsafelyUnwrapped
        UnsafeMutableRawPointer(mutating: buffer).storeBytes(
            of: UInt32(truncatingIfNeeded: length).bigEndian, toByteOffset: start + 1, as: UInt32.self)
    }

    /// COPY FROM STDIN begins: the server ignores a Sync until it is over, also those that it was sent before.
    private func beganCopy(_ server: ServerPointer) {
        var index = 1
        while index < server.pointee.replies.count {
            switch server.pointee.replies[index].kind {
            case .copyEnd: return
            case .sync:
                server.pointee.replies.remove(at: index)
                server.pointee.readyOwedCount &-= 1
                server.pointee.flags.insert(.unsynced)
            default: index += 1
            }
        }
        server.pointee.flags.insert(.copyingIn)
        if server.pointee.readyOwedCount == 0 { server.pointee.unsettledCount = 0 }
    }
}

/// How far the walk over a server's bytes has come.
struct ServerWalk {
    let input: ByteSlice
    /// The message being looked at.
    var position = 0
    /// The first byte that is neither passed on nor swallowed.
    var run = 0
    /// Where the rest of a message that began before ends.
    var restEnd = 0
    /// Whether the present messages answer something of the pooler's own.
    var isSwallowing: Bool

    init(input: ByteSlice, isSwallowing: Bool) {
        self.input = input
        self.isSwallowing = isSwallowing
    }
}
