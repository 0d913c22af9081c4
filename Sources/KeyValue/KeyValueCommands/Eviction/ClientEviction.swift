// maxmemory-clients: closing the largest clients when all clients together hold too much.
//
// Clients are counted anew when they have sent or been sent something and in the rounds of housekeeping, and only while
// there is a limit. The sum is kept, so that a turn without an excess costs one comparison.

extension UnsafeMutablePointer where Pointee == Engine {
    /// The smallest limit that is observed, as in Redis: below it nobody could correct the directive.
    private static var clientMemoryLimitMin: Int { 128 << 10 }

    /// Bytes that clients may hold together; 0 for no limit.
    private var clientMemoryLimit: Int {
        let directive = pointee.settings.maxMemoryClients
        if directive == 0 { return 0 }
        let limit =
            directive > 0 ? directive : Int(Double(pointee.settings.maxMemoryByteCount) * Double(-directive) / 100)
        return limit == 0 ? 0 : Swift.max(limit, Self.clientMemoryLimitMin)
    }

    /// Counts what the client holds now, if there is a limit.
    package func countMemory(_ client: ClientReference) {
        guard pointee.isCountingClientMemory, !client.pointee.flags.contains(.closeNow) else { return }
        let byteCount = memoryByteCount(client)
        pointee.clientMemoryByteCount += byteCount - client.pointee.countedByteCount
        client.pointee.countedByteCount = byteCount
    }

    /// Counts what all clients hold, if there is a limit.
    func countMemoryOfAllClients() {
        guard pointee.isCountingClientMemory else { return }
        for client in pointee.clients { countMemory(client) }
    }

    /// Closes the largest clients until the rest is within maxmemory-clients: at the end of a turn, when those that are
    /// over the limit of their output are gone, and before keys are evicted.
    package func evictClients() {
        let limit = clientMemoryLimit
        guard (limit > 0) == pointee.isCountingClientMemory else { return startOrStopCounting(limit) }
        if limit == 0 || pointee.clientMemoryByteCount <= limit { return }
        countMemoryOfAllClients()
        guard pointee.clientMemoryByteCount > limit else { return }
        let evictable = pointee.clients.filter {
            $0.pointee.flags.isDisjoint(with: [.noEvict, .internalClient, .closeNow])
        }
        for client in evictable.sorted(by: { $0.pointee.countedByteCount > $1.pointee.countedByteCount }) {
            guard pointee.clientMemoryByteCount > limit else { return }
            log(.notice, "Evicting client: \(describe(client))")
            pointee.statistics.evictedClientCount += 1
            close(client, afterReply: false, reason: "evicted for its memory")
            // Also one that only waited for its last reply to be sent.
            client.pointee.flags.insert(.closeNow)
            pointee.eviction.closingByteCount += client.pointee.countedByteCount
            pointee.clientMemoryByteCount -= client.pointee.countedByteCount
            client.pointee.countedByteCount = 0
        }
        if pointee.clientMemoryByteCount > limit {
            log(.warning, "Over client maxmemory after evicting all evictable clients")
        }
    }

    private func startOrStopCounting(_ limit: Int) {
        pointee.isCountingClientMemory = limit > 0
        if limit > 0 {
            countMemoryOfAllClients()
            evictClients()
        } else {
            pointee.clientMemoryByteCount = 0
            for client in pointee.clients { client.pointee.countedByteCount = 0 }
        }
    }
}
