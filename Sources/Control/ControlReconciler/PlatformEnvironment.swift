package import Certificates
package import Foundation

/// What the control process knows about the machine it runs on and how it was started.
package struct PlatformEnvironment: Sendable {
    package var layout: PlatformLayout
    /// Address that every product listens on (`--listen`).
    package var listenAddress: String
    /// Host name in connection details (`--hostname`).
    package var hostname: String
    /// Every name that a client may use for this machine; all of them are in the certificates.
    package var certificateNames: [SubjectName]
    package var authority: CertificateAuthority
    /// Path of this program, which shims are started from.
    package var executable: String
    /// Started as root: children get OS users of their own.
    package var isRoot: Bool
    package var ports: PortPairs
    package var metricsPort: Int
    /// "15.18", as `postgres --version` says; nil if PostgreSQL is not installed.
    package var postgresVersion: String?
    /// Version of Redis whose behaviour our key-value server has.
    package var keyValueVersion: String?
    /// Kept as a function so that tests can move time.
    package var now: @Sendable () -> Date

    package init(
        layout: PlatformLayout, listenAddress: String, hostname: String, certificateNames: [SubjectName],
        authority: CertificateAuthority, executable: String, isRoot: Bool, ports: PortPairs, metricsPort: Int,
        postgresVersion: String?, keyValueVersion: String? = nil, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.layout = layout
        self.listenAddress = listenAddress
        self.hostname = hostname
        self.certificateNames = certificateNames
        self.authority = authority
        self.executable = executable
        self.isRoot = isRoot
        self.ports = ports
        self.metricsPort = metricsPort
        self.postgresVersion = postgresVersion
        self.keyValueVersion = keyValueVersion
        self.now = now
    }
}
