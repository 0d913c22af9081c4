package import Bytes

/// How important a line of the log is, as loglevel names it.
package enum LogLevel: Int, Sendable, Comparable {
    case debug, verbose, notice, warning, nothing

    /// From loglevel's word.
    package init(name: String) {
        switch name {
        case "debug": self = .debug
        case "verbose": self = .verbose
        case "warning": self = .warning
        case "nothing": self = .nothing
        default: self = .notice
        }
    }

    package static func < (first: LogLevel, second: LogLevel) -> Bool { first.rawValue < second.rawValue }
}

/// What the engine wants of the program around it: files, sockets, the process. Called on the loop's thread.
package protocol EngineHost: AnyObject {
    /// Directives have been changed while the server runs. The values are set already; throwing takes them all back.
    func configurationChanged(_ names: Set<String>, _ configuration: Configuration) throws(ConfigurationError)
    /// Writes a line to the log.
    func log(_ level: LogLevel, _ message: String)
    /// Ends the process after this turn.
    func shutDown()
    /// Forgets a signal that asked for the end and has not been followed yet.
    /// - Returns: false if there is none.
    func abortShutdown() -> Bool
    /// Lines of INFO about what only the program knows: section, then names and values.
    func information(_ section: String) -> [(name: String, value: String)]
    /// How the client's output is held; nil when it has no connection.
    func outputState(_ client: ClientReference) -> OutputState?
    /// Begins to connect to another server; false if that is impossible. `linkConnected` or `linkEnded` tells how it
    /// went, never before this returns.
    func open(_ link: ServerLink) -> Bool
    /// Where bytes for the other server go; nil once the connection is over.
    func output(of link: ServerLink) -> UnsafeMutablePointer<OutputBuffer>?
    /// Has the output sent.
    func send(_ link: ServerLink)
    /// Bytes for the other server that the kernel has not taken.
    func pendingByteCount(of link: ServerLink) -> Int
    /// Closes the connection; nothing more is told of it.
    func close(_ link: ServerLink)
    /// Forgets the peaks that INFO shows (CONFIG RESETSTAT).
    func resetStatistics()
}

/// How the output of a client is held.
package struct OutputState {
    /// Bytes that the kernel has not taken yet.
    package var pendingByteCount = 0
    /// Memory of the connection's buffers.
    package var reservedByteCount = 0
    /// Of the buffers, those that a connection does not keep for its next output, and what is pending in them.
    package var longBufferCount = 0
    package var longByteCount = 0
    /// Whether the peer has not made room for what was last sent.
    package var waitsForRoom = false

    package init() {}
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// How the client's output is held; without a connection it is one buffer.
    func outputState(_ client: ClientReference) -> OutputState {
        if let state = pointee.host?.outputState(client) { return state }
        var state = OutputState()
        guard pointee.host == nil else { return state }
        state.pendingByteCount = client.pointee.output.pointee.count
        state.reservedByteCount = client.pointee.output.pointee.capacity
        return state
    }

    /// Writes a line to the log, if there is one.
    package func log(_ level: LogLevel, _ message: @autoclosure () -> String) {
        guard let host = pointee.host else { return }
        host.log(level, message())
    }
}
