import PoolerConfiguration

// SHOW POOLS, and the statistics of SHOW STATS and its kin.

extension ConsoleView {
    /// The pools of all loops, each once, sorted.
    var pools: [PoolReport] {
        var byKey: [PoolKey: PoolReport] = [:]
        for pool in loops.flatMap(\.pools) {
            let key = PoolKey(database: pool.database, user: pool.user)
            if byKey[key] == nil { byKey[key] = pool } else { byKey[key]? += pool }
        }
        return byKey.values.sorted {
            $0.database == $1.database
                ? ExactName($0.user) < ExactName($1.user) : ExactName($0.database) < ExactName($1.database)
        }
    }

    var poolRows: [[String?]] {
        pools.map { pool in
            [pool.database, pool.user] + PoolReport.counts.map { "\(pool[keyPath: $0])" }
                + [
                    "\(pool.longestWait / 1_000_000)", "\(pool.longestWait % 1_000_000)", pool.mode.rawValue,
                    snapshot.database(named: pool.database).flatMap { Self.balancing($0) },
                ]
        }
    }

    /// How a database with several hosts chooses among them.
    static func balancing(_ database: DatabaseEntry) -> String? {
        (database.hostList?.hosts.count ?? 0) > 1 ? database.hostBalancing.rawValue : nil
    }

    /// What the pools of each database have counted, sorted.
    var databaseStatistics: [(name: String, window: StatisticsWindow)] {
        var result: [(name: String, window: StatisticsWindow)] = []
        for pool in pools {
            if let last = result.indices.last, result[last].name == pool.database {
                result[last].window += pool.statistics
            } else {
                result.append((pool.database, pool.statistics))
            }
        }
        return result
    }

    private static func totals(_ window: StatisticsWindow) -> [String?] {
        StatisticsTotals.fields.map { "\(window.totals[keyPath: $0.path])" }
    }

    private static func averages(_ window: StatisticsWindow) -> [String?] {
        StatisticsTotals.fields.map { "\(window.average($0))" }
    }

    var statisticsRows: [[String?]] {
        databaseStatistics.map { [$0.name] + Self.totals($0.window) + Self.averages($0.window) }
    }

    var statisticsTotalsRows: [[String?]] { databaseStatistics.map { [$0.name] + Self.totals($0.window) } }

    var statisticsAveragesRows: [[String?]] { databaseStatistics.map { [$0.name] + Self.averages($0.window) } }

    var totalsRows: [[String?]] {
        let sum = pools.reduce(into: StatisticsWindow()) { $0 += $1.statistics }
        return zip(StatisticsTotals.fields, Self.totals(sum)).map { ["total_" + $0.totalsRow, $1] }
            + zip(StatisticsTotals.fields, Self.averages(sum)).map { ["avg_" + $0.totalsRow, $1] }
    }
}
