/// What the shell has to do. Actions are taken in order after each call of `LoopPooler`; connections are the shell's
/// own pointers.
package enum PoolerAction {
    /// Connect; `serverConnected` or `serverEnded` tells how it went.
    case connect(ServerPointer)
    /// Give up a connect that has not come about: the record is about to go. Nothing is told about it any more.
    case stopConnecting(ServerPointer)
    /// Close a connection, at once or when all is sent.
    case close(UnsafeMutableRawPointer, afterSending: Bool)
    /// Receive nothing from a connection for now.
    case pauseReading(UnsafeMutableRawPointer)
    case resumeReading(UnsafeMutableRawPointer)
    /// Begin TLS with a client, once its output is sent, with the bytes of the handshake that came already.
    /// `clientSecured` tells that it is there.
    case secureClient(ClientPointer, received: [UInt8])
    /// Begin TLS with a server; `serverSecured` tells that it is there.
    case secureServer(ServerPointer)
    /// Derive keys, away from the loop; `derived` takes them.
    case derive(KeyDerivation)
    /// The console has something to do.
    case console(ConsoleEvent)
    /// A `stats_period` is over: what all pools of the loop have counted.
    case sampled(StatisticsWindow)
    /// Write a line.
    case log(PoolerLogLevel, String)
}

/// How important a line of the log is.
package enum PoolerLogLevel: String, Sendable {
    case fatal = "FATAL"
    case error = "ERROR"
    case warning = "WARNING"
    case log = "LOG"
    case debug = "DEBUG"
    case noise = "NOISE"
}
