// Samples of what pools have counted, at the end of each `stats_period`.

import PoolerConfiguration

extension LoopPooler {
    /// From now on averages are made. Called once.
    package func beginStatistics() {
        statisticsClock = StatisticsClock(now: now)
        sampleStatistics()
    }

    /// Takes the samples that are due, and sees to it that the next will be.
    func sampleStatistics() {
        guard statisticsClock.isRunning else { return }
        let period = directory.snapshot.settings.statisticsPeriodMicroseconds * 1000
        let count = statisticsClock.samplesDue(now: now, period: period)
        for _ in 0..<count {
            for pool in allPools { sample(pool) }
        }
        if count > 0 { actions.append(.sampled(statistics)) }
        scheduleMaintenance(within: statisticsClock.timeToSample(now: now, period: period))
    }

    /// What all pools of the loop have counted.
    package var statistics: StatisticsWindow { allPools.reduce(into: StatisticsWindow()) { $0 += window($1) } }

    /// Those of the directory, and the console's.
    var allPools: [PoolPointer] { pools.values + [consolePool] }

    private func sample(_ pool: PoolPointer) {
        let totals = pool.pointee.statistics.totals
        pool.pointee.statistics.samples.take(totals)
    }

    /// What a pool has counted, beside its older sample.
    func window(_ pool: PoolPointer) -> StatisticsWindow {
        var window = StatisticsWindow()
        window.totals = pool.pointee.statistics.totals
        window.older = pool.pointee.statistics.samples.older
        window.duration = (now - statisticsClock.older) / 1000
        return window
    }
}
