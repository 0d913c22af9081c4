/// One reading of a server's own statistics (PostgreSQL 15 documentation, 28.2).
package struct ServerStatistics: Sendable {
    /// Counters and sizes of one database.
    package struct Database: Sendable, Equatable {
        package var name: String
        package var transactionsCommitted: Double
        package var transactionsRolledBack: Double
        package var blocksRead: Double
        package var blocksHit: Double
        package var rowsReturned: Double
        package var rowsFetched: Double
        package var rowsInserted: Double
        package var rowsUpdated: Double
        package var rowsDeleted: Double
        package var deadlocks: Double
        package var temporaryBytes: Double
        package var sizeBytes: Double
        /// Transactions since the oldest frozen one; at two thousand million the server stops writing.
        package var frozenTransactionAge: Double
    }
    /// Ordinary connections by state (`active`, `idle`, `idle in transaction`, …).
    package var connectionsByState: [(state: String, count: Double)]
    /// What `max_connections` leaves to ordinary users.
    package var connectionsMax: Double
    package var databases: [Database]
    package var locksWaiting: Double
}

extension AdminSession {
    /// Reads all statistics in one go.
    package mutating func statistics() async throws -> ServerStatistics {
        let connections = try await query(
            """
            SELECT coalesce(state, 'other'), count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' \
            GROUP BY 1 ORDER BY 1
            """)
        let limits = try await query(
            """
            SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, \
            (SELECT count(*) FROM pg_locks WHERE NOT granted)
            """)
        let databases = try await query(
            """
            SELECT d.datname, s.xact_commit, s.xact_rollback, s.blks_read, s.blks_hit, s.tup_returned, s.tup_fetched, \
            s.tup_inserted, s.tup_updated, s.tup_deleted, s.deadlocks, s.temp_bytes, pg_database_size(d.oid), \
            age(d.datfrozenxid) FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid \
            WHERE NOT d.datistemplate AND d.datname <> 'postgres' ORDER BY d.oid
            """)
        return ServerStatistics(
            connectionsByState: connections.map { (state: $0[0] ?? "other", count: Self.number($0, 1)) },
            connectionsMax: limits.first.map { Self.number($0, 0) } ?? 0,
            databases: databases.map(Self.database),
            locksWaiting: limits.first.map { Self.number($0, 1) } ?? 0)
    }

    private static func number(_ row: [String?], _ column: Int) -> Double {
        guard column < row.count, let text = row[column] else { return 0 }
        return Double(text) ?? 0
    }

    private static func database(_ row: [String?]) -> ServerStatistics.Database {
        ServerStatistics.Database(
            name: (row.first ?? nil) ?? "", transactionsCommitted: number(row, 1),
            transactionsRolledBack: number(row, 2), blocksRead: number(row, 3), blocksHit: number(row, 4),
            rowsReturned: number(row, 5), rowsFetched: number(row, 6), rowsInserted: number(row, 7),
            rowsUpdated: number(row, 8), rowsDeleted: number(row, 9), deadlocks: number(row, 10),
            temporaryBytes: number(row, 11), sizeBytes: number(row, 12), frozenTransactionAge: number(row, 13))
    }
}
