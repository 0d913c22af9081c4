import NIOCore
import NIOPosix
package import NIOSSL
package import PostgresWire

/// Where and as whom the control process logs in to a cluster.
package struct AdminEndpoint: Sendable {
    package var port: Int
    /// Client certificate and key of the superuser, and the authority that signed the server's certificate.
    package var tls: NIOSSLContext
    /// Keeps the number of sessions below what the server has walsenders for.
    let gate = SessionGate(capacity: SessionGate.sessionsMax)

    package init(port: Int, tls: NIOSSLContext) {
        self.port = port
        self.tls = tls
    }

    /// A TLS context from PEM texts: the server is verified against `authority`, we show `certificate`.
    package static func context(authority: String, certificate: String, key: String) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.utf8))
            .map { .certificate($0) }
        configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(key.utf8), format: .pem))
        return try NIOSSLContext(configuration: configuration)
    }
}

/// Why a session of the platform's own failed.
package enum AdminError: Error, Sendable, CustomStringConvertible {
    case server(PostgresServerError)
    /// The server closed the connection, answered without TLS, or out of order.
    case connection(String)
    case timeout(seconds: Int)

    package var description: String {
        switch self {
        case .server(let error): error.message
        case .connection(let reason): reason
        case .timeout(let seconds): "the server did not answer within \(seconds) s"
        }
    }

    /// The SQLSTATE when the server answered with an error.
    package var sqlState: SQLState? {
        if case .server(let error) = self { error.code } else { nil }
    }
}

/// A short superuser session of the control process: opened for a task, closed after it.
///
/// It is a *walsender* connection to a database (`replication=database`): those take no slot of `max_connections`,
/// so a cluster's users get exactly the slots they were promised whatever the platform is doing, and the platform
/// gets in when every slot is taken. Walsenders run SQL by the simple query protocol (PostgreSQL 15 documentation,
/// 55.4). Measured in docs/decisions/0003. Should users hold all walsenders (`pg_allow_replication`), the session is an
/// ordinary one, in a slot that is reserved for superusers.
package struct AdminSession: ~Copyable {
    private var machine: ClientSession
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    /// Opens a session, gives it to `body`, and closes it.
    ///
    /// - Parameters:
    ///   - database: the database to connect to; only the platform's own (`postgres`, `template1`) or, for
    ///     maintenance of a role's objects, a user's.
    ///   - timeoutSeconds: bound on the whole session.
    /// - Throws: `AdminError`, or what `body` throws.
    package static func run<Result: Sendable>(
        _ endpoint: AdminEndpoint, database: String = "postgres", timeoutSeconds: Int = 15,
        _ body: @escaping @Sendable (inout AdminSession) async throws -> Result
    ) async throws -> Result {
        await endpoint.gate.enter()
        do {
            let result = try await runOnce(
                endpoint, kind: .walsender, database: database, timeoutSeconds: timeoutSeconds, body)
            await endpoint.gate.leave()
            return result
        } catch let error as AdminError where error.sqlState == .tooManyConnections {
            // Refused at its login, so `body` has not run.
            defer { Task { await endpoint.gate.leave() } }
            return try await runOnce(
                endpoint, kind: .ordinary, database: database, timeoutSeconds: timeoutSeconds, body)
        } catch {
            await endpoint.gate.leave()
            throw error
        }
    }

    /// Which of the server's slots a session takes.
    private enum Kind {
        case walsender
        case ordinary
    }

    private static func runOnce<Result: Sendable>(
        _ endpoint: AdminEndpoint, kind: Kind, database: String, timeoutSeconds: Int,
        _ body: @escaping @Sendable (inout AdminSession) async throws -> Result
    ) async throws -> Result {
        let channel = try await connect(endpoint, timeoutSeconds: timeoutSeconds)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await channel.executeThenClose { inbound, outbound in
                    var session = AdminSession(
                        kind: kind, database: database, inbound: inbound.makeAsyncIterator(), outbound: outbound)
                    try await session.upgradeToTLS(channel.channel, endpoint: endpoint)
                    try await session.logIn()
                    let result = try await body(&session)
                    try await session.send(session.machine.terminate())
                    return result
                }
            }
            group.addTask {
                try await Task.sleep(for: .seconds(timeoutSeconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let result = first else {
                throw AdminError.timeout(seconds: timeoutSeconds)
            }
            return result
        }
    }

    private static func connect(
        _ endpoint: AdminEndpoint, timeoutSeconds: Int
    ) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        do {
            return try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(Int64(timeoutSeconds)))
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: "127.0.0.1", port: endpoint.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
        } catch {
            throw AdminError.connection("nothing takes connections on port \(endpoint.port) (\(error))")
        }
    }

    private init(
        kind: Kind, database: String, inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.machine = ClientSession(
            user: HostBasedAuthentication.superuserName, database: database, password: nil,
            additionalParameters: (kind == .walsender ? [("replication", "database")] : []) + [
                ("application_name", "atoll"),
                // Whatever a user put into a schema, our statements mean the catalogue's objects.
                ("search_path", "pg_catalog"), ("client_encoding", "UTF8"),
                // A database's owner may give all its sessions other settings; these outrank them.
                ("role", "none"), ("default_transaction_read_only", "off"), ("local_preload_libraries", ""),
                ("statement_timeout", "0"), ("lock_timeout", "0"), ("idle_session_timeout", "0"),
            ])
        self.inbound = inbound
        self.outbound = outbound
    }

    private mutating func upgradeToTLS(_ channel: any Channel, endpoint: AdminEndpoint) async throws {
        var writer = MessageWriter()
        writer.tlsRequest()
        try await send(writer.take())
        guard let answer = try await receive(),
            answer.readableBytesView.elementsEqual([UInt8(ascii: "S")])
        else {
            throw AdminError.connection("the server on port \(endpoint.port) does not offer TLS")
        }
        let tls = endpoint.tls
        try await channel.eventLoop.submit {
            let handler = try NIOSSLClientHandler(context: tls, serverHostname: "localhost")
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
        }.get()
    }

    private mutating func logIn() async throws {
        try await send(machine.start())
        _ = try await collectUntilReady()
    }

    private func send(_ bytes: [UInt8]) async throws {
        do {
            try await outbound.write(ByteBuffer(bytes: bytes))
        } catch let error as CancellationError {
            throw error
        } catch {
            throw AdminError.connection("the connection to the server broke (\(error))")
        }
    }

    private mutating func receive() async throws -> ByteBuffer? {
        do {
            return try await inbound.next(isolation: #isolation)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw AdminError.connection("the connection to the server broke (\(error))")
        }
    }

    /// Runs one statement (or several, separated by semicolons, as one implicit transaction).
    ///
    /// - Returns: the rows of all results, each column as text or nil for NULL.
    /// - Throws: `AdminError.server` when the server refuses; the session can be used on.
    @discardableResult
    package mutating func query(_ sql: String) async throws -> [[String?]] {
        do {
            try await send(machine.query(sql))
        } catch ClientSessionError.outOfOrder {
            throw AdminError.connection("the server has ended the session")
        }
        return try await collectUntilReady()
    }

    private mutating func collectUntilReady() async throws -> [[String?]] {
        var rows: [[String?]] = []
        var failure: PostgresServerError?
        do {
            while let buffer = try await receive() {
                for event in try machine.receive(Array(buffer.readableBytesView)) {
                    switch event {
                    case .send(let bytes): try await send(bytes)
                    case .row(let row): rows.append(row)
                    case .error(let error): failure = failure ?? error
                    case .ready:
                        if let failure { throw AdminError.server(failure) }
                        return rows
                    default: break
                    }
                }
            }
        } catch let error as ClientSessionError {
            throw AdminError.connection("the server answered out of order (\(error))")
        } catch AdminError.connection(let reason) {
            // A refused login ends with its error and no ReadyForQuery, and the connection with it.
            throw failure.map { AdminError.server($0) } ?? AdminError.connection(reason)
        }
        throw failure.map { AdminError.server($0) } ?? AdminError.connection("the server closed the connection")
    }
}
