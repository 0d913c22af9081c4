import Bytes
import Foundation
import SeededRandom
import Testing

@testable import TLS

@Suite("TLS sessions in memory")
struct TLSSessionTests {
    @Test(
        "Bytes go both ways, in whatever pieces they travel", arguments: [1, 3, 100, 5000, Int.max], TLSVersion.defaults
    )
    func transfer(pieceByteCount: Int, version: TLSVersion) throws {
        let files = try CertificateFiles()
        let identity = try files.issue("server", commonName: "localhost", names: ["DNS:localhost"])
        let server = try TLSServerContext(try files.server(identity) { $0.versions = [version] })
        var pair = try SessionPair(server, try files.client(), name: "localhost")
        pair.pieceByteCount = pieceByteCount
        pair.settle()
        #expect(pair.server.isEstablished == true)
        #expect(pair.client.isEstablished == true)
        #expect(pair.server.versionName == version.rawValue)
        let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        pair.send(fromClient: bytes)
        pair.send(fromServer: bytes.reversed())
        #expect(pair.atServer == bytes)
        #expect(pair.atClient == bytes.reversed())
        #expect(pair.client.close() == true)
        #expect(pair.client.close() == false)
        pair.settle()
        #expect(pair.hasServerEnded == true)
        #expect(pair.serverFailure == nil && pair.clientFailure == nil)
    }

    @Test("A server is refused that is not who it should be")
    func verification() throws {
        let files = try CertificateFiles()
        let strangers = try CertificateFiles()
        let identity = try files.issue(
            "server", commonName: "localhost", names: ["DNS:good.test", "IP:127.0.0.1", "IP:::1"])
        let server = try TLSServerContext(try files.server(identity))
        for name in ["good.test", "127.0.0.1", "::1"] {
            var pair = try SessionPair(server, try files.client(), name: name)
            pair.settle()
            #expect(pair.client.isEstablished == true, "\(name)")
        }
        for name in ["bad.test", "127.0.0.2", "localhost"] {
            var pair = try SessionPair(server, try files.client(), name: name)
            pair.settle()
            #expect(pair.client.isEstablished == false, "\(name)")
            #expect(pair.clientFailure?.contains("mismatch") == true, "\(pair.clientFailure ?? "")")
            #expect(pair.serverFailure != nil, "the server gets an alert")
        }
        var pair = try SessionPair(server, try strangers.client(), name: "good.test")
        pair.settle()
        #expect(pair.client.isEstablished == false)
        #expect(throws: TLSError.self) { _ = try SessionPair(server, try files.client(), name: "") }
    }

    @Test("Clients show a certificate or not, as the server wants it")
    func clientVerification() throws {
        let files = try CertificateFiles()
        let strangers = try CertificateFiles()
        let identity = try files.issue("server", commonName: "localhost", names: ["DNS:localhost"])
        let known = try files.issue("known", commonName: "known client")
        let unknown = try strangers.issue("unknown", commonName: "stranger")
        let cases: [(TLSClientVerification, TLSIdentity?, String?, Bool)] = [
            (.none, nil, nil, true), (.none, known, nil, true), (.optional, nil, nil, true),
            (.optional, known, "known client", true), (.optional, unknown, nil, false), (.required, nil, nil, false),
            (.required, known, "known client", true), (.required, unknown, nil, false),
        ]
        for (verification, identity2, name, isWelcome) in cases {
            let server = try TLSServerContext(try files.server(identity) { $0.clientVerification = verification })
            var pair = try SessionPair(server, try files.client { $0.identity = identity2 }, name: "localhost")
            pair.settle()
            #expect(pair.server.isEstablished == isWelcome, "\(verification) \(identity2 == nil)")
            if isWelcome {
                #expect(pair.server.peerCommonName == name)
                #expect((pair.server.peerCertificatePEM != nil) == (name != nil))
            }
        }
    }

    @Test("A session is resumed, also after a reload that knows what was before")
    func resumption() throws {
        let files = try CertificateFiles()
        let identity = try files.issue("server", commonName: "localhost", names: ["DNS:localhost"])
        for version in TLSVersion.defaults {
            let first = try TLSServerContext(try files.server(identity) { $0.versions = [version] })
            let reloaded = try TLSServerContext(
                try files.server(identity) { $0.versions = [version] }, previous: first)
            let fresh = try TLSServerContext(try files.server(identity) { $0.versions = [version] })
            let client = try files.client()
            for (server, isResumed) in [(first, false), (first, true), (reloaded, true), (fresh, false)] {
                var pair = try SessionPair(server, client, name: "localhost")
                pair.settle()
                pair.send(fromServer: [1])
                #expect(pair.server.isResumed == isResumed)
                #expect(pair.client.isResumed == isResumed)
            }
        }
    }

    @Test("Keys are exchanged as the server wants it")
    func keyExchange() throws {
        let files = try CertificateFiles()
        // Ciphers of finite fields want such a key.
        let identity = try files.issue(
            "server", commonName: "localhost", names: ["DNS:localhost"], key: "rsa:2048")
        // Without a group for the client's only cipher there is no connection.
        let cases: [(groups: String?, hasFiniteField: Bool, version: TLSVersion, ciphers: String?, group: String?)] = [
            ("secp384r1", true, .tls13, nil, "secp384r1"), ("prime256v1", true, .tls13, nil, "secp256r1"),
            ("ffdhe2048", true, .tls13, nil, "ffdhe2048"), ("secp384r1", true, .tls12, nil, "secp384r1"),
            (nil, true, .tls12, "DHE", ""), (nil, false, .tls12, "DHE", nil),
            ("ffdhe2048", true, .tls12, "ECDHE", nil), (nil, false, .tls12, "ECDHE", "x25519"),
        ]
        for (groups, hasFiniteField, version, ciphers, group) in cases {
            let server = try TLSServerContext(
                try files.server(identity) {
                    $0.versions = [version]
                    $0.groups = groups
                    $0.hasFiniteFieldExchange = hasFiniteField
                })
            var pair = try SessionPair(server, try files.client { $0.ciphers = ciphers }, name: "localhost")
            pair.settle()
            #expect(pair.client.isEstablished == (group != nil), "\(groups ?? "") \(ciphers ?? "")")
            if let group, !group.isEmpty { #expect(pair.client.groupName == group) }
        }
        #expect(throws: TLSError.self) {
            try TLSServerContext(try files.server(identity) { $0.groups = "no such group" })
        }
    }

    @Test("ALPN: the server's best of what the client offers")
    func applicationProtocols() throws {
        let files = try CertificateFiles()
        let identity = try files.issue("server", commonName: "localhost", names: ["DNS:localhost"])
        let server = try TLSServerContext(
            try files.server(identity) { $0.applicationProtocols = ["h2", "http/1.1"] })
        let cases: [([String], String?, Bool)] = [
            (["http/1.1", "h2"], "h2", true), (["http/1.1"], "http/1.1", true), ([], nil, true), (["spdy"], nil, false),
        ]
        for (offered, chosen, isWelcome) in cases {
            let client = try files.client { $0.applicationProtocols = offered }
            var pair = try SessionPair(server, client, name: "localhost")
            pair.settle()
            #expect(pair.server.isEstablished == isWelcome, "\(offered)")
            #expect(pair.server.applicationProtocol == chosen)
            #expect(pair.client.applicationProtocol == chosen)
        }
        #expect(throws: TLSError.self) { try files.client { $0.applicationProtocols = [""] } }
    }

    @Test("SNI: the certificate follows the name")
    func serverNames() throws {
        let files = try CertificateFiles()
        let one = try files.issue("one", commonName: "one", names: ["DNS:one.test"])
        let two = try files.issue("two", commonName: "two", names: ["DNS:two.test"])
        let server = try TLSServerContext(try files.server(one))
        let other = try TLSServerContext(
            try files.server(two) {
                $0.clientVerification = .required
                $0.applicationProtocols = ["h2"]
            })
        server.contextForServerName = { name in name == "two.test" ? other : nil }
        let identity = try files.issue("client", commonName: "client")
        let client = try files.client {
            $0.identity = identity
            $0.applicationProtocols = ["h2"]
        }
        for (name, common, proto) in [("one.test", "one", nil), ("two.test", "two", "h2")] {
            var pair = try SessionPair(server, client, name: name)
            pair.settle()
            #expect(pair.client.peerCommonName == common)
            #expect(pair.server.serverName == name)
            #expect(pair.server.applicationProtocol == proto)
            // The chosen context's rules hold too.
            #expect(pair.server.peerCommonName == (name == "two.test" ? "client" : nil))
        }
        var anonymous = try SessionPair(server, try files.client(), name: "two.test")
        anonymous.settle()
        #expect(anonymous.server.isEstablished == false)
    }

    @Test("Settings that cannot hold are refused with what is wrong")
    func refusedSettings() throws {
        let files = try CertificateFiles()
        let identity = try files.issue("server", commonName: "localhost")
        let secret = try files.issue("secret", commonName: "localhost", password: "letmein")
        let garbage = files.path("garbage")
        try "garbage".write(toFile: garbage, atomically: false, encoding: .utf8)
        #expect(throws: Never.self) { try TLSServerContext(try files.server(secret)) }
        let cases: [(TLSError.Step, (inout TLSServerSettings) -> Void)] = [
            (.certificate, { $0.identity.certificateFile = "/nowhere" }),
            (.certificate, { $0.identity.certificateFile = garbage }),
            (.key, { $0.identity.keyFile = garbage }), (.key, { $0.identity.keyFile = files.path("ca.key") }),
            (.key, { $0.identity = TLSIdentity(certificateFile: secret.certificateFile, keyFile: secret.keyFile) }),
            (
                .key,
                {
                    $0.identity = secret; $0.identity.keyPassword = "wrong"
                }
            ),
            (.authorities, { $0.authorities = TLSAuthorities(file: garbage) }), (.ciphers, { $0.ciphers = "NONSENSE" }),
            (.cipherSuites, { $0.cipherSuites = "NONSENSE" }), (.versions, { $0.versions = [] }),
            (.dhParameters, { $0.dhParametersFile = garbage }),
            (.protocols, { $0.applicationProtocols = [String(repeating: "x", count: 256)] }),
        ]
        for (step, change) in cases {
            let error = #expect(throws: TLSError.self) { try TLSServerContext(try files.server(identity, change)) }
            #expect(error?.step == step)
        }
        #expect(TLSVersion.parse("TLSv1.2 tlsv1.3") == [.tls12, .tls13])
        #expect(TLSVersion.parse("TLSv1.4") == nil)
        #expect(TLSVersion.parse(" ") == nil)
    }

    @Test("Ciphers, suites, preference, sessions and parameters can be set")
    func acceptedSettings() throws {
        let files = try CertificateFiles()
        let identity = try files.issue("server", commonName: "localhost", names: ["DNS:localhost"])
        try files.openssl("genpkey -genparam -algorithm DH -pkeyopt group:ffdhe2048 -out dh.pem")
        let server = try TLSServerContext(
            try files.server(identity) {
                $0.ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"
                $0.cipherSuites = "TLS_CHACHA20_POLY1305_SHA256"
                $0.prefersServerCiphers = true
                $0.cachesSessions = false
                $0.dhParametersFile = files.path("dh.pem")
            })
        var pair = try SessionPair(server, try files.client(), name: "localhost")
        pair.settle()
        #expect(pair.server.cipherName == "TLS_CHACHA20_POLY1305_SHA256")
        var older = try SessionPair(server, try files.client { $0.versions = [.tls12] }, name: "localhost")
        older.settle()
        #expect(older.server.cipherName == "ECDHE-ECDSA-AES256-GCM-SHA384")
    }

    // One after the other: the cases share contexts, and a context belongs to one thread.
    @Test("Hostile ciphertext ends the session and nothing else", .serialized, arguments: 0..<200)
    func hostileBytes(seed: UInt64) throws {
        let files = try SharedFiles.get()
        var random = SeededGenerator(seed: seed)
        var pair = try SessionPair(files.server, files.client, name: "localhost")
        if seed % 2 == 0 { pair.settle() }
        let room = UnsafeMutableRawPointer.allocate(byteCount: TLSSession.recordByteCountMax, alignment: 8)
        defer { room.deallocate() }
        var bytes = (0..<Int(random.next() % 3000)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        if seed % 3 == 0, bytes.count > 5 { bytes.replaceSubrange(0..<5, with: [22, 3, 1, 0, 200]) }
        bytes.withUnsafeBytes { bytes in
            pair.server.feed(bytes)
            for _ in 0..<10 {
                guard case .established = pair.server.read(into: room, capacity: TLSSession.recordByteCountMax) else {
                    break
                }
            }
            _ = pair.server.takeUnread()
        }
        #expect(pair.atServer == [])
    }
}

/// Contexts that many cases share.
private final class SharedFiles: Sendable {
    // One case at a time uses the contexts.
    nonisolated(unsafe) let server: TLSServerContext
    // As above.
    nonisolated(unsafe) let client: TLSClientContext
    private static let shared = Result { try SharedFiles() }

    private init() throws {
        let files = try CertificateFiles()
        let identity = try files.issue("server", commonName: "localhost", names: ["DNS:localhost"])
        server = try TLSServerContext(try files.server(identity))
        client = try files.client()
    }

    static func get() throws -> SharedFiles { try shared.get() }
}
