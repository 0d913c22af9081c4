// What a loop tells of a pool for its metrics alone.

extension LoopPooler {
    func distributions(_ pool: PoolPointer) -> PoolDistributions {
        var result = PoolDistributions()
        result.wait = HistogramCounts(pool.pointee.statistics.waitTime)
        result.wait.addZeros(pool.pointee.statistics.immediateAssignmentCount)
        result.query = HistogramCounts(pool.pointee.statistics.queryTime)
        result.transaction = HistogramCounts(pool.pointee.statistics.transactionTime)
        pool.pointee.active.forEach { server in
            guard let pins = server.pointee.client?.pointee.details.session?.pins, !pins.isEmpty else { return }
            for reason in PinReason.allCases where pins.contains(reason) {
                result.pinnedClientCounts[Int(reason.rawValue)] += 1
            }
        }
        return result
    }
}
