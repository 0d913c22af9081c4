/// What a pool has done, in the words of SHOW STATS. Counts go up for ever; times are nanoseconds.
package struct PoolStatistics: ~Copyable {
    /// Times that a client was given a server.
    package var assignmentCount: UInt64 = 0
    /// Those of them who had waited in the queue.
    package var queuedAssignmentCount: UInt64 = 0
    package var transactionCount: UInt64 = 0
    package var queryCount: UInt64 = 0
    /// Bytes that came from clients.
    package var receivedByteCount: UInt64 = 0
    /// Bytes that came from servers.
    package var sentByteCount: UInt64 = 0
    /// Clients' Parse messages of named statements.
    package var clientParseCount: UInt64 = 0
    /// Parse messages of named statements that went to servers.
    package var serverParseCount: UInt64 = 0
    package var bindCount: UInt64 = 0
    package var clientLoginCount: UInt64 = 0
    /// Time that servers were in transactions.
    package var transactionTime = DurationHistogram()
    /// Time that servers worked on queries.
    package var queryTime = DurationHistogram()
    /// Time that clients waited for servers.
    package var waitTime = DurationHistogram()
    /// For averages.
    package var samples = StatisticsSamples()

    package init() {}

    /// Times that a client found a server at once.
    package var immediateAssignmentCount: UInt64 { assignmentCount &- queuedAssignmentCount }
}
