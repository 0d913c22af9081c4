package import Bytes
import CIOLoop
import RESP

extension UnsafeMutablePointer where Pointee == Engine {
    /// Takes bytes of a client: executes the complete requests in them and keeps the rest.
    package func receive(_ client: ClientReference, _ bytes: ByteSlice) {
        client.pointee.lastInteraction = pointee.now
        pointee.statistics.inputByteCount &+= bytes.count
        if client.pointee.query.isEmpty {
            let taken = process(client, bytes)
            if taken < bytes.count, !isEnding(client) {
                reserveForRequest(client)
                client.pointee.query.append(bytes.slice(taken, bytes.count))
            }
        } else {
            client.pointee.query.append(bytes)
            processQuery(client)
        }
        if client.pointee.query.count > pointee.settings.queryBufferByteCountMax { closeForQueryLimit(client) }
    }

    /// Executes what the client has buffered, as far as it can.
    func processQuery(_ client: ClientReference) {
        let wanted = client.pointee.parser.wantedByteCount
        guard wanted <= client.pointee.query.count else { return }
        let taken = process(client, client.pointee.query.readable)
        if isEnding(client) {
            client.pointee.query.release()
            return
        }
        client.pointee.query.consume(taken)
        if client.pointee.query.isEmpty { client.pointee.query.release() } else { reserveForRequest(client) }
    }

    private func isEnding(_ client: ClientReference) -> Bool {
        !client.pointee.flags.isDisjoint(with: [.closeAfterReply, .closeNow])
    }

    /// Takes room for a large argument at once instead of growing towards it.
    private func reserveForRequest(_ client: ClientReference) {
        let missing = client.pointee.parser.wantedByteCount - client.pointee.query.count
        if missing > 32 << 10 { _ = client.pointee.query.reserve(missing) }
    }

    private func closeForQueryLimit(_ client: ClientReference) {
        pointee.statistics.queryLimitDisconnectionCount += 1
        close(client, afterReply: false, reason: "closing because the query buffer limit was reached")
    }

    /// Executes requests from the start of the bytes on, and returns how many bytes were used.
    private func process(_ client: ClientReference, _ bytes: ByteSlice) -> Int {
        var offset = 0
        pointee.lastTicks = atoll_ticks()
        while offset < bytes.count, client.pointee.flags.isDisjoint(with: .stopsRequests) {
            let result = client.pointee.parser.parse(
                bytes.slice(offset, bytes.count), into: &pointee.arguments, limits: pointee.settings.limits,
                isAuthenticated: client.pointee.flags.contains(.authenticated))
            switch result {
            case .request(let byteCount):
                // A client that CLIENT PAUSE holds back has not taken the request: it is parsed again afterwards.
                pointee.requestByteCount = bytes.count - offset
                guard execute(client, pointee.arguments.arguments) else { return offset }
                offset += byteCount
            case .nothing(let byteCount):
                offset += byteCount
            case .incomplete:
                pointee.arguments.trim()
                return offset
            case .failure(let failure):
                refuse(client, failure)
                return bytes.count
            }
        }
        pointee.arguments.trim()
        return offset
    }

    private func refuse(_ client: ClientReference, _ failure: ProtocolFailure) {
        let reply = ReplyWriter(output: client.pointee.output, version: client.pointee.protocolVersion)
        countError(failure.text)
        reply.error(failure.text)
        client.pointee.flags.insert(.protocolError)
        outputAdded(to: client)
        close(client, afterReply: true, reason: failure.text)
    }

    /// Lets clients go on that were blocked or paused; the shell calls it before it sends.
    package func resumeClients() {
        while let client = pointee.pendingResume.popLast() {
            client.pointee.flags.remove(.resumePending)
            if !client.pointee.query.isEmpty { processQuery(client) }
        }
    }

    /// Has `resumeClients` go on with what the client has buffered.
    func resumeLater(_ client: ClientReference) {
        guard !client.pointee.flags.contains(.resumePending) else { return }
        client.pointee.flags.insert(.resumePending)
        pointee.pendingResume.append(client)
    }
}
