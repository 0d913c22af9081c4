// Cancel requests. A request goes to the server that works for the client at that moment, on a connection of its own.
// Until that connection is over, the server passes to nobody else: a late request hits no other's query. A request whose
// key another pooler of the group has given is handed on to that one.
//
// There are as many such connections at once as the pool may have servers; further requests wait for their turn, and
// what they are for is looked up when it comes.

import Bytes

extension LoopPooler {
    /// A client's whole wish is to cancel what another one does. It is closed on once the request has arrived.
    func cancel(_ asking: ClientPointer, processID: UInt32, secret: [UInt8]) {
        let request = BackendKey(processID: processID, secret: secret)
        asking.pointee.details.cancelRequest = request
        guard let pool = pool(of: request, asking) else { return endClient(asking, reason: "cancel request") }
        logins.remove(asking)
        asking.pointee.pool = pool
        asking.pointee.state = .cancelling
        asking.pointee.stateTime = now
        pool.pointee.cancelsWaiting.append(asking)
        scheduleMaintenance(within: pool.pointee.settings.cancelWaitTimeout)
        startCancels(pool)
    }

    /// Where the request has to wait for its turn; nil if it is done with, well or not.
    private func pool(of request: BackendKey, _ asking: ClientPointer) -> PoolPointer? {
        switch directory.cancelKeys.resolve(processID: request.processID, secret: request.secret) {
        case .client(let id):
            guard let client = clientsByID[id] else { return nil }
            if client.pointee.state == .waiting {
                cancelWaiting(client)
                return nil
            }
            if client.pointee.state == .console {
                actions.append(.console(.cancelled(client: id)))
                return nil
            }
            return workingServer(client)?.pointee.pool
        case .peer(let number, _, _):
            if let pool = peerPool(Int(number)) { return pool }
            log(.warning, asking, "cancel request for peer \(number), which is not configured")
        case .hopsExhausted: log(.warning, asking, "cancel request has passed too many peers")
        case .unknown: return poolOfPredecessor()
        }
        return nil
    }

    /// The server that does something for the client.
    private func workingServer(_ client: ClientPointer) -> ServerPointer? {
        guard let server = client.pointee.server, server.pointee.state != .closed,
            server.pointee.details.cancelSecret.count >= 4
        else { return nil }
        switch client.pointee.state {
        case .replicating: return server
        case .active: return server.pointee.replies.isEmpty ? nil : server
        default: return nil
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

    // MARK: - Connections that carry requests

    /// Connects for the requests whose turn it is.
    func startCancels(_ pool: PoolPointer) {
        let most = pool.pointee.settings.poolSize
        while let asking = pool.pointee.cancelsWaiting.first, most == 0 || pool.pointee.cancels.count < most {
            startCancel(asking, pool)
        }
    }

    private func startCancel(_ asking: ClientPointer, _ pool: PoolPointer) {
        guard let request = asking.pointee.details.cancelRequest else {
            return endClient(asking, reason: "cancel request")
        }
        switch directory.cancelKeys.resolve(processID: request.processID, secret: request.secret) {
        case .client(let id):
            guard let server = clientsByID[id].flatMap({ workingServer($0) }), server.pointee.pool == pool else {
                break
            }
            let details = server.pointee.details
            let key = BackendKey(processID: details.processID, secret: details.cancelSecret)
            let carrier = carry(key, for: asking, pool)
            carrier.pointee.details.place = details.place
            carrier.pointee.details.cancelled = server
            server.pointee.cancelCount += 1
            return
        case .peer(_, let processID, let secret):
            _ = carry(BackendKey(processID: processID, secret: secret), for: asking, pool)
            return
        case .unknown where pool == predecessorPool:
            let carrier = carry(request, for: asking, pool)
            carrier.pointee.flags.insert(.forPredecessor)
            return
        case .hopsExhausted, .unknown: break
        }
        // What it was for is done.
        endClient(asking, reason: "cancel request")
    }

    /// A connection that carries a request.
    private func carry(_ request: BackendKey, for asking: ClientPointer, _ pool: PoolPointer) -> ServerPointer {
        let carrier = makeServer(pool)
        carrier.pointee.state = .cancelling
        carrier.pointee.details.cancelRequest = request
        carrier.pointee.details.asking = asking
        asking.pointee.details.carrier = carrier
        pool.pointee.cancelsWaiting.remove(asking)
        pool.pointee.cancelsActive.append(asking)
        pool.pointee.cancels.append(carrier)
        actions.append(.connect(carrier))
        return carrier
    }

    /// The connection for a cancel request is there.
    func sendCancel(_ carrier: ServerPointer) {
        guard let request = carrier.pointee.details.cancelRequest, let connection = carrier.pointee.connection
        else { return }
        carrier.pointee.output.pointee.append(word32: 12 + request.secret.count)
        carrier.pointee.output.pointee.append(word32: 80_877_102)
        carrier.pointee.output.pointee.append(word32: Int(request.processID))
        request.secret.withUnsafeBytes { carrier.pointee.output.pointee.append($0) }
        scheduleSend(connection)
    }

    // MARK: - Ends

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

    /// Ends requests that have not arrived in time.
    func endLongCancels(_ pool: PoolPointer) {
        let timeout = pool.pointee.settings.cancelWaitTimeout
        guard timeout > 0 else { return }
        // First those whose turn would come when the others are ended.
        while let asking = pool.pointee.cancelsWaiting.first, now - asking.pointee.stateTime >= timeout {
            endClient(asking, reason: "cancel_wait_timeout")
        }
        pool.pointee.cancels.forEach { carrier in
            guard now - carrier.pointee.stateTime >= timeout else { return }
            endServer(carrier, reason: "cancel_wait_timeout")
        }
    }
}
