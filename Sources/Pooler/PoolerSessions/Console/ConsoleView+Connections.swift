import PoolerConfiguration

// SHOW CLIENTS, SERVERS, SOCKETS, FDS and PINS.

extension ConsoleView {
    private var connections: [ConnectionReport] { loops.flatMap(\.connections) }

    func connectionRows(_ belongs: (ConnectionReport) -> Bool) -> [[String?]] {
        connections.filter(belongs).map { row($0, state: $0.state.rawValue) }
    }

    /// With positions in buffers; connections for cancel requests are not among them.
    func socketRows(_ belongs: (ConnectionReport) -> Bool) -> [[String?]] {
        connections.compactMap { connection in
            guard belongs(connection), let state = connection.socketState else { return nil }
            return row(connection, state: state)
                + [
                    "\(connection.receivedByteCount)", "0", "\(connection.remainingByteCount)", "0", "0",
                    "\(connection.receivedByteCount)", "\(connection.unsentByteCount)",
                ]
        }
    }

    private func row(_ connection: ConnectionReport, state: String) -> [String?] {
        let socket = connection.socket
        return [
            connection.isServer ? "S" : "C", connection.user ?? "(nouser)", connection.database ?? "(nodb)",
            connection.replication.word, state, socket.address, "\(socket.port)", socket.localAddress,
            "\(socket.localPort)", timeText(connection.connectTime), timeText(connection.requestTime),
            "\(connection.waitTime / 1_000_000)", "\(connection.waitTime % 1_000_000)",
            connection.closesSoon ? "1" : "0", Self.pointer(connection.address),
            connection.linkAddress == 0 ? "" : Self.pointer(connection.linkAddress), "\(connection.processID)",
            socket.tls, connection.applicationName, "\(connection.preparedStatementCount)", "\(connection.id)",
        ]
    }

    /// As the log has it.
    private static func pointer(_ address: UInt) -> String { "0x" + String(address, radix: 16) }

    /// Clients that keep their servers between transactions, and why.
    var pinRows: [[String?]] {
        connections.filter { !$0.isServer && !$0.pins.isEmpty }.map { client in
            [
                "\(client.id)", client.user, client.database, client.socket.address, "\(client.socket.port)",
                client.applicationName, client.pins.words, "\(client.linkID)", "\(client.linkProcessID)",
            ]
        }
    }

    /// Secrets are not shown: nobody needs them, as descriptors do not pass this way.
    var descriptorRows: [[String?]] {
        connections.filter { $0.socket.tls.isEmpty && $0.socket.descriptor >= 0 }.map { connection in
            [
                "\(connection.socket.descriptor)", connection.isServer ? "server" : "client", connection.user,
                connection.database, connection.socket.address, "\(connection.socket.port)",
                "\(connection.cancelKey)", "\(connection.linkDescriptor)", connection.settings["client_encoding"],
                connection.settings["standard_conforming_strings"], connection.settings["DateStyle"],
                connection.settings["TimeZone"], nil, nil, nil,
            ]
        }
    }
}

extension ConnectionReport {
    /// The state by its name in SHOW SOCKETS; nil if it is not shown there.
    fileprivate var socketState: String? {
        switch (isServer, state) {
        case (false, .login): "cl_login"
        case (false, .active), (false, .idle): "cl_active"
        case (false, .waiting): "cl_waiting"
        case (true, .active), (true, .idle), (true, .used), (true, .tested): "sv_" + state.rawValue
        case (true, .new): "sv_login"
        default: nil
        }
    }
}

extension ReplicationMode {
    fileprivate var word: String {
        switch self {
        case .none: "none"
        case .physical: "physical"
        case .logical: "logical"
        }
    }
}
