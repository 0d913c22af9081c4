/// What the console asks every loop to do.
package enum LoopCommand: Sendable, Equatable {
    case follow(PoolerSwitches)
    /// Replace all servers as they come back; of one database, or of all.
    case reconnect(database: String?)
    /// End all clients and servers; of one database, or of all.
    case kill(database: String?)
    case killClient(UInt64)
}

/// What the console waits for on every loop before it answers.
package enum LoopCondition: Sendable, Equatable {
    /// No server is with a client; of one database, or of all.
    case paused(database: String?)
    /// Nothing is under way between clients and servers.
    case suspended
    /// Servers that RECONNECT marked are gone; of one database, or of all.
    case reconnected(database: String?)
}
