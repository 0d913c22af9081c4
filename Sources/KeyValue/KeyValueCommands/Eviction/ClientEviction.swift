// maxmemory-clients: when clients hold too much memory, those that hold most are disconnected.

extension UnsafeMutablePointer where Pointee == Engine {
    /// Bytes that all clients together may hold; nil for no limit.
    private var clientMemoryByteCountMax: Int? {
        let setting = pointee.settings.maxMemoryClients
        if setting > 0 { return setting }
        guard setting < 0, pointee.settings.maxMemoryByteCount > 0 else { return nil }
        return Int(Double(pointee.settings.maxMemoryByteCount) * Double(-setting) / 100)
    }

    /// Disconnects clients until the rest hold less than the limit. Looking at all clients costs time, so it is done the
    /// less often the more they are, unless it is urgent.
    package func evictClients(isUrgent: Bool = false) {
        guard pointee.settings.maxMemoryClients != 0, let limit = clientMemoryByteCountMax else { return }
        let rest = isUrgent ? 0 : Int64(pointee.clients.count / Self.clientsPerMillisecond)
        guard pointee.now > pointee.eviction.lastClientCheck + rest else { return }
        pointee.eviction.lastClientCheck = pointee.now
        var total = 0
        var candidates: [(byteCount: Int, client: ClientReference)] = []
        for client in pointee.clients where client.pointee.flags.isDisjoint(with: [.closeNow, .internalClient]) {
            let byteCount = memoryByteCount(client)
            total += byteCount
            if !client.pointee.flags.contains(.noEvict) { candidates.append((byteCount, client)) }
        }
        guard total >= limit else { return }
        candidates.sort { $0.byteCount < $1.byteCount }
        while total >= limit, let (byteCount, client) = candidates.popLast() {
            log(.notice, "Evicting client: id=\(client.pointee.id) addr=\(client.pointee.details.peerAddress)")
            pointee.statistics.evictedClientCount += 1
            close(client, afterReply: false, reason: "evicted for its memory")
            pointee.eviction.closingByteCount += byteCount
            total -= byteCount
        }
    }

    private static var clientsPerMillisecond: Int { 200 }
}
