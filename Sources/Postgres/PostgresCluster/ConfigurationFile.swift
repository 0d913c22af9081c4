/// Where a cluster's files are and how it is reached: what postgresql.conf needs beside the tuning.
package struct ConfigurationFile: Sendable, Equatable {
    package var clusterName: String
    package var dataDirectory: String
    /// Directory of pg_hba.conf, the certificate files and the extension scripts; the server cannot write there.
    package var configurationDirectory: String
    package var listenAddress: String
    /// Where the socket of the cluster's pooler is made; only that may enter the directory.
    package var socketDirectory: String
    package var port: Int
    package var configuration: Configuration

    package init(
        clusterName: String, dataDirectory: String, configurationDirectory: String, listenAddress: String,
        socketDirectory: String, port: Int, configuration: Configuration
    ) {
        self.clusterName = clusterName
        self.dataDirectory = dataDirectory
        self.configurationDirectory = configurationDirectory
        self.listenAddress = listenAddress
        self.socketDirectory = socketDirectory
        self.port = port
        self.configuration = configuration
    }

    /// How long a client may take for its first packet, and again for its login.
    package static let authenticationSecondsMax = 15

    /// The whole text of postgresql.conf.
    package var text: String {
        let lines = (fixedParameters + configuration.parameters).map(\.line)
        return "# Written by Atoll; changes are overwritten. Settings: atoll db config --help\n"
            + lines.joined(separator: "\n") + "\n"
    }

    /// The control process logs in over 127.0.0.1, so that address is served whatever the users' one is.
    private var listenAddresses: String {
        switch listenAddress {
        case "127.0.0.1", "0.0.0.0": listenAddress
        case "::": "0.0.0.0,::"
        default: "\(listenAddress),127.0.0.1"
        }
    }

    /// One name of a list; in double quotes it may hold commas and blanks.
    private static func listElement(_ name: String) -> String {
        "\"\(name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\""))\""
    }

    private var fixedParameters: [ServerParameter] {
        [
            ServerParameter("data_directory", dataDirectory),
            ServerParameter("hba_file", "\(configurationDirectory)/pg_hba.conf"),
            ServerParameter("ident_file", "\(configurationDirectory)/pg_ident.conf"),
            ServerParameter("cluster_name", clusterName),
            ServerParameter("listen_addresses", listenAddresses),
            ServerParameter("port", "\(port)"),
            // TCP with TLS is the only way in, but for the cluster's pooler.
            ServerParameter("unix_socket_directories", Self.listElement(socketDirectory)),
            ServerParameter("ssl", "on"),
            ServerParameter("ssl_min_protocol_version", "TLSv1.2"),
            ServerParameter("ssl_cert_file", "\(configurationDirectory)/server.crt"),
            ServerParameter("ssl_key_file", "\(configurationDirectory)/server.key"),
            ServerParameter("ssl_ca_file", "\(configurationDirectory)/administrators.crt"),
            ServerParameter("password_encryption", "scram-sha-256"),
            ServerParameter("authentication_timeout", "\(Self.authenticationSecondsMax)s"),
            ServerParameter("wal_level", "logical"),
            ServerParameter("shared_preload_libraries", "pg_stat_statements,pgextwlist"),
            ServerParameter("extwlist.extensions", ExtensionList.elevated.joined(separator: ",")),
            ServerParameter("extwlist.custom_path", "\(configurationDirectory)/extensions"),
            ServerParameter("log_destination", "stderr"),
            ServerParameter("logging_collector", "off"),
            ServerParameter("log_timezone", "UTC"),
            ServerParameter("log_checkpoints", "on"),
            ServerParameter("log_lock_waits", "on"),
            ServerParameter("datestyle", "iso, mdy"),
            ServerParameter("lc_messages", "C.UTF-8"),
            ServerParameter("default_text_search_config", "pg_catalog.english"),
            ServerParameter("dynamic_shared_memory_type", "posix"),
        ]
    }
}
