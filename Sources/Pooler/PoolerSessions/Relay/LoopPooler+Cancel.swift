// Cancel requests. A request goes to the server that works for the client at that moment, on a connection of its own.
// Until that connection is over, the server passes to nobody else: a late request hits no other's query.

import Bytes

extension LoopPooler {
    /// A client's whole wish is to cancel what another one does. It is closed on once the request has arrived.
    func cancel(_ asking: ClientPointer, processID: UInt32, secret: [UInt8]) {
        guard case .client(let id) = directory.cancelKeys.resolve(processID: processID, secret: secret),
            let client = clientsByID[id], let carrier = cancel(client)
        else { return endClient(asking, reason: "cancel request") }
        carrier.pointee.details.asking = asking
        asking.pointee.details.carrier = carrier
    }

    /// Cancels what the client does, or waits for. The connection that carries the request, if one does.
    private func cancel(_ client: ClientPointer) -> ServerPointer? {
        switch client.pointee.state {
        case .waiting:
            cancelWaiting(client)
            return nil
        case .active:
            guard let server = client.pointee.server, !server.pointee.replies.isEmpty else { return nil }
            return cancel(server)
        case .replicating: return client.pointee.server.flatMap { cancel($0) }
        case .login, .lookingUp, .awaitingWelcome, .awaitingOwnServer, .idle, .closed: return nil
        }
    }

    /// A request that waits for a server: the client is told that it is cancelled, and leaves the queue.
    private func cancelWaiting(_ client: ClientPointer) {
        guard let pool = client.pointee.pool else { return }
        dequeue(client, pool)
        client.pointee.state = .idle
        client.pointee.output.pointee.appendReport(
            UInt8(ascii: "E"), severity: "ERROR", code: "57014", message: "canceling statement due to user request")
        scheduleSend(client.pointee.connection)
        let pending = client.pointee.pending.readable
        guard pending.count >= messageHeaderByteCount else { return }
        switch pending.byte(at: 0) {
        case UInt8(ascii: "Q"), UInt8(ascii: "F"):
            let byteCount = pending.messageByteCount(at: 0)
            let present = min(byteCount, pending.count)
            if present < byteCount {
                client.pointee.remainingByteCount = byteCount - present
                client.pointee.flags.insert(.discardsRest)
            }
            client.pointee.pending.consume(present)
            client.pointee.output.pointee.appendReadyForQuery(UInt8(ascii: "I"))
        default: client.pointee.flags.insert(.skipsToSync)
        }
        beginPendingRequest(client)
        requestServers(pool)
    }

    private func cancel(_ server: ServerPointer) -> ServerPointer? {
        let pool = server.pointee.pool
        guard server.pointee.details.cancelSecret.count >= 4 else { return nil }
        let carrier = makeServer(pool)
        carrier.pointee.state = .cancelling
        carrier.pointee.details.cancelled = server
        carrier.pointee.details.place = server.pointee.details.place
        pool.pointee.cancels.append(carrier)
        server.pointee.cancelCount += 1
        actions.append(.connect(carrier))
        scheduleMaintenance(within: pool.pointee.settings.cancelWaitTimeout)
        return carrier
    }

    /// The connection for a cancel request is there.
    func sendCancel(_ carrier: ServerPointer) {
        guard let server = carrier.pointee.details.cancelled, let connection = carrier.pointee.connection
        else { return }
        let secret = server.pointee.details.cancelSecret
        carrier.pointee.output.pointee.append(word32: 12 + secret.count)
        carrier.pointee.output.pointee.append(word32: 80_877_102)
        carrier.pointee.output.pointee.append(word32: Int(server.pointee.details.processID))
        secret.withUnsafeBytes { carrier.pointee.output.pointee.append($0) }
        scheduleSend(connection)
    }

    /// The server is gone: the requests that are on their way to it have nothing to cancel.
    func endCarriers(of server: ServerPointer) {
        server.pointee.pool.pointee.cancels.forEach { carrier in
            guard carrier.pointee.details.cancelled == server else { return }
            carrier.pointee.details.cancelled = nil
            endServer(carrier, reason: "nothing to cancel any more")
        }
    }

    /// A cancel request has arrived, or never will.
    func cancelArrived(_ server: ServerPointer) {
        guard server.pointee.state != .closed else { return }
        server.pointee.cancelCount -= 1
        if server.pointee.cancelCount == 0 { cancelsAreOver(server) }
    }
}
