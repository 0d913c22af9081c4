import Bytes

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
    /// Lines of INFO about what only the program knows: section, then names and values.
    func information(_ section: String) -> [(name: String, value: String)]
    /// Bytes of output that the kernel has not taken yet, and memory of the connection's buffers.
    func outputByteCount(_ client: ClientReference) -> (pending: Int, reserved: Int)
    /// Forgets the peaks that INFO shows (CONFIG RESETSTAT).
    func resetStatistics()
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Writes a line to the log, if there is one.
    package func log(_ level: LogLevel, _ message: @autoclosure () -> String) {
        guard let host = pointee.host else { return }
        host.log(level, message())
    }
}
