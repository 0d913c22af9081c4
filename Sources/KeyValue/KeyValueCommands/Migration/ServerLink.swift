import Bytes

/// A connection of ours to another server, which the shell holds for the engine. Loop only.
package final class ServerLink {
    /// As the command named it: a name or an address, and a port.
    package let host: String
    package let port: UInt16
    /// The shell's: the connection; nil before it is opened and after it is closed.
    package var connection: UnsafeMutableRawPointer?
    /// The shell's: our end as `address:port`.
    package var localAddress = ""
    /// Whether it has been there.
    var isConnected = false
    /// The database that the other server has selected for it; nil: unknown.
    var selectedDatabase: Int64?
    /// Milliseconds since 1970 at which it was last put away.
    var idleSince: Int64 = 0
    /// What it is used for; nil while it waits to be used again.
    weak var task: MigrationTask?

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    var name: String { "\(host):\(port)" }
}
