package import Bytes
import CIOLoop
import Keyspace
import RESP

extension UnsafeMutablePointer where Pointee == Engine {
    /// Takes bytes of a client: executes the complete requests in them and keeps the rest.
    package func receive(_ client: ClientReference, _ bytes: ByteSlice) {
        client.pointee.lastInteraction = pointee.now
        pointee.statistics.inputByteCount &+= bytes.count
        pointee.statistics.readCount &+= 1
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
        if pointee.isCountingClientMemory { countMemory(client) }
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
        if missing > 32 << 10 { client.pointee.query.reserveExactly(missing) }
    }

    private func closeForQueryLimit(_ client: ClientReference) {
        pointee.statistics.queryLimitDisconnectionCount += 1
        close(client, afterReply: false, reason: "closing because the query buffer limit was reached")
    }

    /// Executes requests from the start of the bytes on, and returns how many bytes were used.
    private func process(_ client: ClientReference, _ bytes: ByteSlice) -> Int {
        var offset = 0
        var used = 0
        pointee.lastTicks = atoll_ticks()
        let batch = pointee.batch
        while offset < bytes.count, client.pointee.flags.isDisjoint(with: .stopsRequests) {
            let (count, end, stop) = parse(client, bytes, from: offset)
            used = max(used, count)
            if count > 0 { prefetch(client, count) }
            for index in 0..<count {
                let request = batch.requests + index
                pointee.requestByteCount = bytes.count - offset
                // A client that CLIENT PAUSE holds back has not taken the request: it is parsed again afterwards.
                guard execute(client, request.pointee.arguments.arguments, named: request.pointee.command) else {
                    client.pointee.parser.restart()
                    return offset
                }
                offset = request.pointee.end
                if index + 1 < count, !client.pointee.flags.isDisjoint(with: .stopsRequests) {
                    client.pointee.parser.restart()
                    return offset
                }
            }
            offset = end
            switch stop {
            case .failure(let failure):
                guard client.pointee.flags.isDisjoint(with: .stopsRequests) else {
                    client.pointee.parser.restart()
                    return offset
                }
                refuse(client, failure)
                return bytes.count
            case .incomplete:
                batch.trim(used)
                return offset
            default: break
            }
        }
        batch.trim(used)
        return offset
    }

    /// Reads as many requests as the batch holds.
    /// - Returns: how many, where they and empty ones behind them end, and what the parser said last.
    @inline(__always)
    private func parse(
        _ client: ClientReference, _ bytes: ByteSlice, from start: Int
    ) -> (count: Int, end: Int, stop: ParseResult) {
        let isAuthenticated = client.pointee.flags.contains(.authenticated)
        // Limits change with AUTH: nothing behind it is read before it has been executed.
        let countMax = isAuthenticated ? RequestBatch.countMax : 1
        var count = 0
        var offset = start
        while count < countMax, offset < bytes.count {
            let request = pointee.batch.requests + count
            let result = client.pointee.parser.parse(
                bytes.slice(offset, bytes.count), into: &request.pointee.arguments, limits: pointee.settings.limits,
                isAuthenticated: isAuthenticated)
            switch result {
            case .request(let byteCount):
                offset += byteCount
                request.pointee.end = offset
                count += 1
            case .nothing(let byteCount): offset += byteCount
            case .incomplete, .failure: return (count, offset, result)
            }
        }
        return (count, offset, .nothing(byteCount: 0))
    }

    /// Looks up the commands of a batch, and has the processor fetch what their keys need before the first is executed:
    /// otherwise each key costs two waits for memory, one after the other.
    @inline(__always)
    func prefetch(_ client: ClientReference, _ count: Int) {
        let batch = pointee.batch
        let database = pointee.databases + client.pointee.databaseIndex
        var hashCount = 0
        var memberCount = 0
        for index in 0..<count {
            let arguments = batch.requests[index].arguments.arguments
            let command = pointee.directory.find(arguments[0])
            batch.requests[index].command = command
            guard let command, command.pointee.keyRange.first > 0 else { continue }
            let range = command.pointee.keyRange
            let last = min(range.last < 0 ? arguments.count + range.last : range.last, arguments.count - 1)
            if count == 1, last <= range.first { return }
            var position = range.first
            let ownHash = hashCount
            while position <= last, hashCount < RequestBatch.hashCountMax {
                let hash = database.pointee.hash(arguments[position])
                database.pointee.table.prefetch(hash: hash)
                batch.hashes[hashCount] = hash
                hashCount += 1
                position += max(range.step, 1)
            }
            guard command.pointee.namesMember, arguments.count > 2, hashCount > ownHash else { continue }
            batch.memberRequests[memberCount] = .init(requestIndex: index, keyHash: batch.hashes[ownHash])
            memberCount += 1
        }
        for index in 0..<hashCount { database.pointee.table.prefetchRecord(hash: batch.hashes[index]) }
        if memberCount > 0 { prefetchMembers(database, memberCount) }
    }

    /// The same for the members that requests name, where sets and hashes are large.
    @inline(never)
    private func prefetchMembers(_ database: UnsafeMutablePointer<Database>, _ count: Int) {
        let batch = pointee.batch
        var found = 0
        for index in 0..<count {
            var request = batch.memberRequests[index]
            let arguments = batch.requests[request.requestIndex].arguments.arguments
            guard let slot = database.pointee.table.find(arguments[1], hash: request.keyHash),
                slot.record.kind.isPointer,
                let table = ValueMemory.table(kind: slot.record.kind, pointer: slot.record.pointer)
            else { continue }
            request.table = table
            request.memberHash = table.pointee.hash(arguments[2])
            table.pointee.prefetch(hash: request.memberHash)
            batch.memberRequests[found] = request
            found += 1
        }
        for index in 0..<found {
            batch.memberRequests[index].table?.pointee.prefetchRecord(hash: batch.memberRequests[index].memberHash)
        }
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
