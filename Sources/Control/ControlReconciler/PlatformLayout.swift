/// Where everything lies below the data directory. One place for names, so that docs and code agree
/// (docs/architecture.md shows the tree).
package struct PlatformLayout: Sendable, Equatable {
    /// Absolute path of the data directory, without a trailing slash.
    package let root: String

    package init(root: String) {
        self.root = root
    }

    package var authorityDirectory: String { "\(root)/ca" }
    package var authorityCertificate: String { "\(root)/ca/ca.crt" }
    package var authorityKey: String { "\(root)/ca/ca.key" }
    /// Certificate of the API, the panel and the metrics endpoint.
    package var controlCertificate: String { "\(root)/ca/control.crt" }
    package var controlKey: String { "\(root)/ca/control.key" }
    package var adminTokenFile: String { "\(root)/admin.token" }
    package var clustersDirectory: String { "\(root)/clusters" }
    /// Where servers make the sockets by which their poolers reach them; a short path, as an address holds 107 bytes.
    package var socketsDirectory: String { "\(root)/sock" }
    package func socketDirectory(port: Int) -> String { "\(socketsDirectory)/\(port)" }
    package var logsDirectory: String { "\(root)/logs" }
    package var runDirectory: String { "\(root)/run" }
    package var controlLog: String { "\(root)/logs/control.log" }
    /// Held by the control process as long as it lives; says which process that is.
    package var controlLock: String { "\(root)/run/control.lock" }
    /// Where clients on this machine find the API; removed at a clean end.
    package var controlEndpoint: String { "\(root)/run/control.json" }

    package func cluster(_ id: String) -> ClusterLayout {
        // Twelve digits of the id keep the shim's socket below the 107 bytes that a Unix address holds.
        let short = id.filter { $0 != "-" }.prefix(12)
        return ClusterLayout(directory: "\(clustersDirectory)/\(id)", runDirectory: "\(runDirectory)/\(short)")
    }
}

/// Where one cluster's files lie.
package struct ClusterLayout: Sendable, Equatable {
    package let directory: String
    /// The shim's own directory: its socket, its lock, the child's specification and last exit.
    package let runDirectory: String

    package var dataDirectory: String { "\(directory)/data" }
    /// initdb works below this, in a directory of its own for each try; the finished one becomes `data`.
    package var initializationDirectory: String { "\(directory)/initialization" }
    /// Readable, not writable, for the cluster's OS user.
    package var configurationDirectory: String { "\(directory)/conf" }
    package var logDirectory: String { "\(directory)/log" }
    package var serverCertificate: String { "\(configurationDirectory)/server.crt" }
    package var serverKey: String { "\(configurationDirectory)/server.key" }
    /// Authority of the one client certificate that the superuser logs in with.
    package var administratorAuthority: String { "\(configurationDirectory)/administrators.crt" }
    package var postmasterFile: String { "\(dataDirectory)/postmaster.pid" }
    package var versionFile: String { "\(dataDirectory)/PG_VERSION" }
}
