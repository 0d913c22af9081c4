package import Glibc
package import IOLoop

/// What the shell must know before it starts.
package struct ServerOptions: Sendable {
    package var backend = Backend.automatic
    package var addresses = ["127.0.0.1", "::1"]
    package var port: UInt16 = 6379
    package var backlog = 511
    package var unixSocketPath: String?
    package var unixSocketPermissions: mode_t?
    package var keepAliveSeconds = 300

    package init() {}
}
