/// What a cluster's pooler has counted up to a moment, pool by pool.
package struct PoolerFigures: Codable, Sendable, Equatable {
    /// When it was asked, and when it started, in seconds since 1970. Counts begin at zero with the start.
    package var atSeconds: Double
    package var startedAtSeconds: Double
    package var pools: [PoolFigures]

    package init(atSeconds: Double, startedAtSeconds: Double, pools: [PoolFigures]) {
        self.atSeconds = atSeconds
        self.startedAtSeconds = startedAtSeconds
        self.pools = pools
    }

    enum CodingKeys: String, CodingKey {
        case atSeconds = "at_seconds"
        case startedAtSeconds = "started_at_seconds"
        case pools
    }
}

/// One pool's connections, and what it has counted since the pooler's start. A pool of whoever connects counts each of
/// its users by himself.
package struct PoolFigures: Codable, Sendable, Equatable {
    package var pool: String
    /// Empty for a pool of whoever connects while nobody has.
    package var user: String
    /// Nil for a database that was reached by its own name.
    package var mode: String?
    package var size: Int?
    package var clientsActive = 0
    package var clientsWaiting = 0
    package var serversActive = 0
    package var serversIdle = 0
    /// Being connected, checked or cleaned.
    package var serversBusy = 0
    /// How long the first client in the queue has waited.
    package var longestWaitSeconds = 0.0
    package var transactions = 0
    package var queries = 0
    package var wait = DurationCounts()
    package var query = DurationCounts()
    package var transaction = DurationCounts()
    /// Clients that keep their server between transactions, by reason.
    package var pinned: [String: Int] = [:]

    package init(pool: String, user: String) {
        self.pool = pool
        self.user = user
    }

    enum CodingKeys: String, CodingKey {
        case pool, user, mode, size, transactions, queries, wait, query, transaction, pinned
        case clientsActive = "clients_active"
        case clientsWaiting = "clients_waiting"
        case serversActive = "servers_active"
        case serversIdle = "servers_idle"
        case serversBusy = "servers_busy"
        case longestWaitSeconds = "longest_wait_seconds"
    }
}

/// How often durations were at most so long.
package struct DurationCounts: Codable, Sendable, Equatable {
    /// Durations up to a bound; those of the buckets before are among them.
    package struct Bucket: Codable, Sendable, Equatable {
        package var seconds: Double
        package var count: Int

        package init(seconds: Double, count: Int) {
            self.seconds = seconds
            self.count = count
        }
    }
    package var count = 0
    /// Of all together.
    package var seconds = 0.0
    /// By their bounds, ascending. What is longer than the last is in none.
    package var buckets: [Bucket] = []

    package init() {}

    /// What has been added since an earlier reading of the same.
    package func since(_ earlier: DurationCounts) -> DurationCounts {
        var difference = self
        difference.count -= earlier.count
        difference.seconds -= earlier.seconds
        for (index, bucket) in earlier.buckets.enumerated() where index < buckets.count {
            difference.buckets[index].count -= bucket.count
        }
        return difference
    }

    /// Nil where there is none.
    package var averageSeconds: Double? { count > 0 ? seconds / Double(count) : nil }

    /// What a share of all durations do not exceed, by a straight line within its bucket, as Prometheus estimates it; the
    /// last bound where it lies beyond. Nil where there are no durations.
    package func quantileSeconds(_ share: Double) -> Double? {
        guard count > 0 else { return nil }
        let rank = share * Double(count)
        var before = Bucket(seconds: 0, count: 0)
        for bucket in buckets {
            if Double(bucket.count) >= rank, bucket.count > before.count {
                let part = (rank - Double(before.count)) / Double(bucket.count - before.count)
                return before.seconds + (bucket.seconds - before.seconds) * part
            }
            before = bucket
        }
        return before.seconds
    }
}
