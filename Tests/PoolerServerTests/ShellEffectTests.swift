// Each setting that the program around the pooler carries out, with two values and what they lead to.

import Foundation
import Glibc
import Bytes
import IOLoop
import PoolerConfiguration
import PoolerSessions
import TLS
import Testing

@testable import PoolerServer

/// A setting, two values, and what the shell makes of each.
struct ShellEffect: Sendable, CustomTestStringConvertible {
    let name: String
    let first: String
    let second: String
    var others = ""
    /// What is seen; it differs for the two values.
    let see: @Sendable (PoolerSettings) throws -> String

    var testDescription: String { name }

    init(
        _ name: String, _ first: String, _ second: String, with others: String = "",
        see: @escaping @Sendable (PoolerSettings) throws -> String
    ) {
        self.name = name
        self.first = first
        self.second = second
        self.others = others
        self.see = see
    }

    /// The settings of a file with these lines.
    static func settings(_ lines: String) throws -> PoolerSettings {
        try LoadedConfiguration.load("main") { _ in Array("[pgbouncer]\n\(lines)\n".utf8) }.snapshot.settings
    }

    func seen(_ value: String) throws -> String {
        try see(Self.settings("\(others)\n\(name) = \(value)"))
    }
}

@Suite("Two values of a setting lead to two ends in the shell")
struct ShellEffectTests {
    @Test(arguments: sockets + listeners + tls + logs + threads)
    func valuesDiffer(_ effect: ShellEffect) throws {
        let (one, other) = (try effect.seen(effect.first), try effect.seen(effect.second))
        #expect(one != other, "\(effect.name)")
        #expect(try effect.seen(effect.first) == one)
    }

    // MARK: - Sockets; `SocketOptionsTests` shows what the options do

    static let sockets = [
        ShellEffect("tcp_keepalive", "0", "1") { "\(SocketTuning.socket($0).keepsAlive ?? false)" },
        ShellEffect("tcp_keepcnt", "3", "4") { "\(SocketTuning.socket($0).keepAliveProbesMax)" },
        ShellEffect("tcp_keepidle", "3", "4") { "\(SocketTuning.socket($0).keepAliveIdleSeconds)" },
        ShellEffect("tcp_keepintvl", "3", "4") { "\(SocketTuning.socket($0).keepAliveIntervalSeconds)" },
        ShellEffect("tcp_user_timeout", "3", "4") { "\(SocketTuning.socket($0).userTimeoutMilliseconds)" },
        ShellEffect("tcp_socket_buffer", "0", "40000") { "\(SocketTuning.socket($0).bufferByteCount)" },
        ShellEffect("tcp_defer_accept", "0", "1") { "\(SocketTuning.listener($0).deferSeconds)" },
    ]

    // MARK: - Listening

    /// A port that nobody listens at.
    private static func freePort() -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, size)
                _ = getsockname(descriptor, $0, &size)
            }
        }
        return "\(UInt16(bigEndian: address.sin_port))"
    }

    private static let socketPort = freePort()

    static let listeners = [
        ShellEffect("listen_addr", "127.0.0.1", "127.0.0.2", with: "unix_socket_dir =") { settings in
            var settings = settings
            settings.listenPort = 0
            return try opened(settings) { listening in listening.joined() }
        },
        ShellEffect("listen_port", freePort(), freePort(), with: "unix_socket_dir =\nlisten_addr = 127.0.0.1") {
            settings in
            try opened(settings) { listening in listening.joined() }
        },
        ShellEffect("metrics_listen", "", "127.0.0.1:\(freePort())", with: "unix_socket_dir =") { settings in
            try opened(settings) { listening in listening.joined() }
        },
        ShellEffect("unix_socket_dir", "", "/tmp", with: "listen_port = \(freePort())") { settings in
            try opened(settings) { listening in "\(listening.count)" }
        },
        ShellEffect("unix_socket_mode", "0700", "0770", with: "listen_port = \(socketPort)") { settings in
            try opened(settings) { _ in
                var status = stat()
                lstat("/tmp/.s.PGSQL.\(socketPort)", &status)
                return String(status.st_mode & 0o777, radix: 8)
            }
        },
        ShellEffect(
            "so_reuseport", "0", "1", with: "unix_socket_dir =\nlisten_addr = 127.0.0.1\nlisten_port = \(freePort())"
        ) {
            settings in
            try opened(settings) { _ in (try? opened(settings) { _ in "shared" }) ?? "taken" }
        },
    ]

    private final class Nobody: LoopApplication {
        func accepted(_ connection: ConnectionPointer, listener tag: Int) {}
        func received(_ connection: ConnectionPointer, _ bytes: ByteSlice) {}
        func ended(_ connection: ConnectionPointer, _ reason: EndReason) {}
    }

    /// The lines about what is listened at, while it is.
    private static func opened(_ settings: PoolerSettings, _ see: ([String]) throws -> String) throws -> String {
        let application = Nobody()
        let loop = try EventLoop(backend: .epoll, application: application)
        let listeners = PoolerListeners()
        let path = NSTemporaryDirectory() + "pooler-\(UUID().uuidString).log"
        defer { unlink(path) }
        let log = PoolerLog()
        log.usesStandardError = false
        log.open(path: path)
        defer { listeners.close(loop) }
        try listeners.open(settings, loop, log, from: nil)
        let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
        let lines = text.split(separator: "\n").compactMap {
            $0.split(separator: "listening on ").last.map(String.init)
        }
        return try withExtendedLifetime(application) { try see(lines) }
    }

    // MARK: - TLS; `TLSSessionTests` shows what the settings of TLS do

    private static let files =
        "client_tls_sslmode = verify-full\nclient_tls_key_file = k\nclient_tls_cert_file = c\n"
        + "client_tls_ca_file = a\nserver_tls_sslmode = verify-full\nserver_tls_ca_file = a\n"
        + "server_tls_key_file = k\nserver_tls_cert_file = c"

    private static func client(
        _ name: String, _ first: String, _ second: String, see: @escaping @Sendable (TLSServerSettings) -> String
    ) -> ShellEffect {
        ShellEffect(name, first, second, with: files) { settings in
            TLSContexts.serverSettings(settings.clientTLS).map(see) ?? "none"
        }
    }

    private static func server(
        _ name: String, _ first: String, _ second: String, see: @escaping @Sendable (TLSClientSettings) -> String
    ) -> ShellEffect {
        ShellEffect(name, first, second, with: files) { settings in
            TLSContexts.clientSettings(settings.serverTLS).map(see) ?? "none"
        }
    }

    static let tls = [
        client("client_tls_sslmode", "require", "verify-full") { "\($0.clientVerification)" },
        client("client_tls_key_file", "k", "l") { $0.identity.keyFile },
        client("client_tls_cert_file", "c", "d") { $0.identity.certificateFile },
        client("client_tls_ca_file", "a", "b") { "\($0.authorities.file ?? "")" },
        client("client_tls_protocols", "tlsv1.2", "tlsv1.3") { "\($0.versions)" },
        client("client_tls_ciphers", "secure", "ECDHE") { "\($0.ciphers ?? "default")" },
        client("client_tls13_ciphers", "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256") {
            "\($0.cipherSuites ?? "")"
        },
        client("client_tls_ecdhcurve", "auto", "secp384r1") { "\($0.groups ?? "default")" },
        client("client_tls_dheparams", "auto", "none") { "\($0.hasFiniteFieldExchange)" },
        server("server_tls_sslmode", "disable", "verify-full") { "\($0.verification)" },
        server("server_tls_key_file", "k", "l") { "\($0.identity?.keyFile ?? "")" },
        server("server_tls_cert_file", "c", "d") { "\($0.identity?.certificateFile ?? "")" },
        server("server_tls_ca_file", "a", "b") { "\($0.authorities.file ?? "")" },
        server("server_tls_protocols", "tlsv1.2", "tlsv1.3") { "\($0.versions)" },
        server("server_tls_ciphers", "secure", "ECDHE") { "\($0.ciphers ?? "default")" },
        server("server_tls13_ciphers", "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256") {
            "\($0.cipherSuites ?? "")"
        },
    ]

    // MARK: - Threads

    static let threads = [
        ShellEffect("worker_threads", "1", "3", with: "unix_socket_dir =\nlisten_addr =") { settings in
            var snapshot = ConfigurationSnapshot()
            snapshot.settings = settings
            let log = PoolerLog()
            log.usesStandardError = false
            let process = try PoolerProcess(
                PoolerArguments([]), snapshot: snapshot, files: AuthenticationFiles(), log: log, predecessor: nil)
            try #require(process.crew.start() == 0)
            defer { process.crew.stop() }
            // Each loop tells the thread that it is on by what it is visited for.
            return "\(process.crew.map { $0.pooler.number })"
        }
    ]

    // MARK: - Log

    static let logs = [
        ShellEffect("logfile", "one.log", "two.log") { settings in
            let directory = NSTemporaryDirectory() + "pooler-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: directory) }
            let log = PoolerLog()
            log.usesStandardError = false
            log.open(path: "\(directory)/\(settings.logFile ?? "")")
            log.write(.log, "line")
            return try FileManager.default.contentsOfDirectory(atPath: directory).joined()
        },
        ShellEffect("verbose", "0", "1") { settings in
            let path = NSTemporaryDirectory() + "pooler-\(UUID().uuidString).log"
            defer { unlink(path) }
            let log = PoolerLog()
            log.usesStandardError = false
            log.verbosity = settings.verbosity
            log.open(path: path)
            log.write(.debug, "line")
            return "\(try Data(contentsOf: URL(filePath: path)).isEmpty)"
        },
        ShellEffect("syslog", "0", "1") { try systemLine($0) },
        ShellEffect("syslog_ident", "one", "two", with: "syslog = 1") { try systemLine($0) },
        ShellEffect("syslog_facility", "daemon", "local3", with: "syslog = 1") { try systemLine($0) },
    ]

    /// What the system's log gets when a line is written, without its time.
    private static func systemLine(_ settings: PoolerSettings) throws -> String {
        let socket = try SystemLogSocket()
        let log = PoolerLog()
        log.usesStandardError = false
        log.useSystemLog(settings, path: socket.path)
        log.write(.warning, "line")
        return socket.receive().map { $0.replacing(/\ \w{3} [ \d]\d \d\d:\d\d:\d\d/, with: "") } ?? "nothing"
    }
}
