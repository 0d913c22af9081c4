import Bytes
import Foundation
import TLS
import Testing

@testable import IOLoop

/// A certificate for localhost that is its own authority, made by the `openssl` program.
final class LocalCertificate {
    let directory: URL
    let server: TLSServerContext
    let client: TLSClientContext

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "atoll-loop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=DNS:localhost",
        ]
        process.currentDirectoryURL = directory
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        let identity = TLSIdentity(
            certificateFile: directory.appending(path: "cert.pem").path(),
            keyFile: directory.appending(path: "key.pem").path())
        var settings = TLSServerSettings(identity: identity)
        settings.authorities = TLSAuthorities(file: identity.certificateFile)
        settings.clientVerification = .optional
        settings.applicationProtocols = ["atoll"]
        server = try TLSServerContext(settings)
        var clientSettings = TLSClientSettings()
        clientSettings.authorities = settings.authorities
        clientSettings.identity = identity
        clientSettings.applicationProtocols = ["atoll"]
        client = try TLSClientContext(clientSettings)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }
}

@Suite("TLS over the loop")
struct SecureLoopTests {
    /// Both ends on one loop.
    private struct Pair {
        let harness: LoopHarness
        let client: ConnectionPointer
        let server: ConnectionPointer
    }

    private func connect(_ backend: Backend, _ certificate: LocalCertificate) throws -> Pair {
        let harness = try LoopHarness(backend, tls: certificate.server)
        let client = try harness.loop.connect(
            to: .tcp(address: "127.0.0.1", port: harness.port), tls: (certificate.client, "localhost"))
        try harness.turn(
            until: !harness.application.connected.isEmpty && !harness.application.secured.isEmpty, "the handshake")
        return Pair(harness: harness, client: client, server: harness.application.accepted[0])
    }

    @Test("Both sides learn of each other and talk", arguments: Backends.tested)
    func talk(backend: Backend) throws {
        let certificate = try LocalCertificate()
        let pair = try connect(backend, certificate)
        #expect(pair.server.pointee.isTLS == true)
        #expect(pair.server.pointee.peerCommonName == "localhost")
        #expect(pair.server.pointee.serverName == "localhost")
        #expect(pair.client.pointee.applicationProtocol == "atoll")
        #expect(pair.server.pointee.tlsVersionName == "TLSv1.3")
        pair.client.pointee.output.append("hello")
        pair.client.scheduleSend()
        let application = pair.harness.application
        try pair.harness.turn(until: application.received.count == 5, "the bytes come")
        pair.harness.loop.closeAfterSending(pair.client)
        try pair.harness.turn(until: application.ended.count == 1, "the end comes")
        #expect(application.ended[0].reason == .peerClosed)
        try pair.harness.turn(until: pair.harness.loop.connectionCount == 0, "memory is given back")
    }

    @Test("TLS begins on a connection that spoke in clear", arguments: Backends.tested)
    func upgrade(backend: Backend) throws {
        let certificate = try LocalCertificate()
        let harness = try LoopHarness(backend)
        let application = harness.application
        let client = try harness.loop.connect(to: .tcp(address: "127.0.0.1", port: harness.port))
        var answer = ""
        application.onReceive = { [loop = harness.loop] connection, bytes in
            switch bytes.text {
            case "may I":
                // The answer is in clear, and what is behind it is not.
                connection.pointee.output.append("yes")
                loop.startTLS(server: certificate.server, on: connection)
                connection.pointee.output.append("welcome")
            case "yes": try? loop.startTLS(client: certificate.client, serverName: "localhost", on: connection)
            default: answer = bytes.text
            }
        }
        client.pointee.output.append("may I")
        client.scheduleSend()
        try harness.turn(until: answer == "welcome", "the words behind the handshake come")
        #expect(application.connected.count == 1)
        #expect(application.secured.count == 2)
        #expect(client.pointee.tlsVersionName == "TLSv1.3")
        #expect(client.pointee.tlsCipherName?.hasPrefix("TLS_") == true)
        answer = ""
        client.pointee.output.append("thanks")
        client.scheduleSend()
        try harness.turn(until: answer == "thanks", "and so the other way")
    }

    @Test("A client may do without the name, or without any check", arguments: [false, true])
    func laxVerification(isTrusting: Bool) throws {
        let certificate = try LocalCertificate()
        let harness = try LoopHarness(.epoll, tls: certificate.server)
        var settings = TLSClientSettings()
        settings.applicationProtocols = ["atoll"]
        settings.verification = isTrusting ? .none : .authority
        if !isTrusting {
            settings.authorities = TLSAuthorities(file: certificate.directory.appending(path: "cert.pem").path())
        }
        let context = try TLSClientContext(settings)
        for name in ["elsewhere.example", "192.0.2.1"] {
            let client = try harness.loop.connect(
                to: .tcp(address: "127.0.0.1", port: harness.port), tls: (context, name))
            try harness.turn(until: harness.application.connected.contains(client), "the handshake")
        }
        #expect(harness.application.ended.isEmpty)
    }

    @Test("16 MiB echo through a socket that fills up, with pauses", arguments: Backends.tested)
    func bigTransfer(backend: Backend) throws {
        let certificate = try LocalCertificate()
        let pair = try connect(backend, certificate)
        let application = pair.harness.application
        application.keeps = false
        let total = 16 << 20
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: total, alignment: 8)
        defer { bytes.deallocate() }
        for index in 0..<(total / 4) { bytes.storeBytes(of: UInt32(index), toByteOffset: index * 4, as: UInt32.self) }
        var returned = 0
        var isSame = true
        application.onReceive = { [loop = pair.harness.loop] connection, piece in
            guard connection == pair.client else {
                connection.pointee.output.append(piece)
                connection.scheduleSend()
                if connection.pointee.output.count > 1 << 20 { loop.pauseReading(connection) }
                return
            }
            let expected = ByteSlice(start: bytes + returned, count: min(piece.count, total - returned))
            isSame = isSame && piece.equals(expected)
            returned += piece.count
        }
        pair.client.pointee.output.append(ByteSlice(start: bytes, count: total))
        pair.client.scheduleSend()
        try pair.harness.turn(until: returned == total, "all comes back", turnsMax: 200_000) {
            if pair.server.pointee.isReadingPaused, pair.server.pointee.output.count < 100_000 {
                pair.harness.loop.resumeReading(pair.server)
            }
        }
        #expect(isSame)
        #expect(application.ended.isEmpty)
    }

    @Test("What is written before the handshake goes out after it, and then the end", arguments: Backends.tested)
    func earlyGoodbye(backend: Backend) throws {
        let certificate = try LocalCertificate()
        let harness = try LoopHarness(backend, tls: certificate.server)
        harness.application.onAccept = { [loop = harness.loop] connection in
            connection.pointee.output.append("go away")
            loop.closeAfterSending(connection)
        }
        _ = try harness.loop.connect(
            to: .tcp(address: "127.0.0.1", port: harness.port), tls: (certificate.client, "localhost"))
        try harness.turn(until: harness.application.ended.count == 1, "the client sees the end")
        #expect(String(decoding: harness.application.received, as: UTF8.self) == "go away")
        #expect(harness.application.ended[0].reason == .peerClosed)
        try harness.turn(until: harness.loop.connectionCount == 0, "memory is given back")
    }

    @Test("Plain text, strangers and those who leave in the handshake end alone", arguments: Backends.tested)
    func refused(backend: Backend) throws {
        let certificate = try LocalCertificate()
        let stranger = try LocalCertificate()
        let harness = try LoopHarness(backend, tls: certificate.server)
        let plain = try harness.client()
        plain.send("PING\r\n")
        try harness.turn(until: plain.isEnded, "an alert and the end") { plain.read() }
        guard case .tlsFailed = try #require(harness.application.ended.first).reason else {
            Issue.record("\(harness.application.ended)")
            return
        }
        #expect(harness.application.received.isEmpty)
        let leaver = try harness.client()
        leaver.shutDownSending()
        try harness.turn(until: harness.application.ended.count == 2, "the leaver is noticed")
        for (context, name) in [(stranger.client, "localhost"), (certificate.client, "elsewhere")] {
            let before = harness.application.ended.count
            let client = try harness.loop.connect(
                to: .tcp(address: "127.0.0.1", port: harness.port), tls: (context, name))
            let id = client.pointee.id
            try harness.turn(until: harness.application.ended.count == before + 2, "both sides end")
            let reason = try #require(harness.application.ended.first { $0.id == id }).reason
            guard case .tlsFailed(let text) = reason else {
                Issue.record("\(reason)")
                continue
            }
            #expect(text.contains("certificate verify failed"))
        }
        #expect(harness.application.connected.isEmpty)
    }

    @Test("A reload serves new connections and leaves the old ones", arguments: Backends.tested)
    func reload(backend: Backend) throws {
        let certificate = try LocalCertificate()
        let renewed = try LocalCertificate()
        let pair = try connect(backend, certificate)
        pair.harness.listener.tls = renewed.server
        _ = try pair.harness.loop.connect(
            to: .tcp(address: "127.0.0.1", port: pair.harness.port), tls: (renewed.client, "localhost"))
        try pair.harness.turn(until: pair.harness.application.connected.count == 2, "the new certificate")
        pair.client.pointee.output.append("old")
        pair.client.scheduleSend()
        try pair.harness.turn(until: pair.harness.application.received.count == 3, "the old connection")
    }
}
