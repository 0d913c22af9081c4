// Packets without a type byte, as clients send them and as nobody should.

import Bytes
import PoolerSessions
import PostgresWire
import Testing

@Suite struct LoginStartupTests {
    private func parameters(
        _ pairs: [(name: String, value: String)], _ policy: StartupPolicy = StartupPolicy()
    ) throws -> (StartupParameters?, LoginFailure?) {
        let login = LoginUnderTest(policy: policy)
        login.receive(try Login.startup(pairs))
        return (login.parameters, login.failure)
    }

    @Test func databaseIsTheUserUnlessNamed() throws {
        #expect(try parameters([("user", "alice")]).0?.database == "alice")
        #expect(try parameters([("user", "alice"), ("database", "")]).0?.database == "alice")
        #expect(try parameters([("database", "shop"), ("user", "alice")]).0?.database == "shop")
    }

    @Test func userIsRequired() throws {
        for pairs in [[], [("user", "")], [("database", "shop")]] as [[(name: String, value: String)]] {
            #expect(try parameters(pairs).1?.message == "no username supplied")
        }
    }

    @Test func namesHaveLimits() throws {
        let name = { String(repeating: "n", count: $0) }
        #expect(try parameters([("user", name(127)), ("database", name(63))]).1 == nil)
        #expect(try parameters([("user", name(128)), ("database", "d")]).1?.message == "username too long")
        let failure = try parameters([("user", "u"), ("database", name(64))]).1
        #expect(failure?.message == "no such database: \(name(64))")
        #expect(failure?.code == .unknownDatabase)
    }

    @Test func trackedSettingsAreKeptUnderTheirProperNames() throws {
        let parameters = try parameters([
            ("user", "u"), ("datestyle", "German"), ("TIMEZONE", "UTC"), ("application_name", "a"),
            ("intervalstyle", "iso_8601"), ("DateStyle", "ISO"),
        ]).0
        #expect(
            parameters?.settings == [
                SessionParameter("DateStyle", "ISO"), SessionParameter("TimeZone", "UTC"),
                SessionParameter("application_name", "a"), SessionParameter("IntervalStyle", "iso_8601"),
            ])
        #expect(parameters?.setting("DateStyle") == "ISO")
    }

    @Test func unknownSettingIsRefusedUnlessIgnored() throws {
        let pairs = [("user", "u"), ("extra_float_digits", "2")]
        let (parameters, failure) = try parameters(pairs)
        #expect(parameters == nil)
        #expect(failure?.message == "unsupported startup parameter: extra_float_digits")
        #expect(failure?.detail == "extra_float_digits=2")
        let lenient = StartupPolicy(ignoredParameters: ["Extra_Float_Digits"])
        #expect(try self.parameters(pairs, lenient).0?.settings == [])
        let tracking = StartupPolicy(trackedParameters: ["extra_float_digits"])
        #expect(
            try self.parameters(pairs, tracking).0?.settings == [SessionParameter("extra_float_digits", "2")])
    }

    @Test(
        arguments: [
            ("database", .logical), ("true", .physical), ("on", .physical), ("1", .physical), ("YES", .physical),
            ("t", .physical), ("false", .none), ("off", .none), ("0", .none), ("n", .none),
        ] as [(String, ReplicationMode)])
    func replication(_ value: String, _ mode: ReplicationMode) throws {
        #expect(try parameters([("user", "u"), ("replication", value)]).0?.replication == mode)
    }

    @Test(arguments: ["", "o", "maybe", "2", "truee", "Database"])
    func replicationIsABoolean(_ value: String) throws {
        #expect(try parameters([("user", "u"), ("replication", value)]).1?.code == .invalidParameterValue)
    }

    @Test func optionsOfReplicationClientsStayWhole() throws {
        let parameters = try parameters([
            ("options", "-c wal_sender_timeout=5s -d 3"), ("user", "u"), ("replication", "database"),
        ]).0
        #expect(parameters?.options == "-c wal_sender_timeout=5s -d 3")
        #expect(parameters?.settings == [])
    }

    @Test func newerVersionsAndOptionsAreNegotiated() throws {
        for (asked, agreed) in [(2, 2), (3, 2), (9_999, 2)] {
            let login = LoginUnderTest()
            login.receive(
                try Login.startup(
                    version: ProtocolVersion(major: 3, minor: UInt16(asked)), [("user", "u")]))
            #expect(login.parameters?.version == ProtocolVersion(major: 3, minor: UInt16(agreed)))
            #expect(
                try negotiation(login.sent())
                    == (asked == 2 ? nil : ProtocolNegotiation(newest: .v3_2, unknownOptions: [])))
        }
        let login = LoginUnderTest()
        login.receive(try Login.startup([("_pq_.x", "1"), ("user", "u"), ("_pq_.y", "2")]))
        // libpq takes an answer newer than its question for an error.
        #expect(
            try negotiation(login.sent()) == ProtocolNegotiation(newest: .v3_0, unknownOptions: ["_pq_.x", "_pq_.y"]))
    }

    @Test func policyMayHoldVersionsBack() throws {
        let login = LoginUnderTest(policy: StartupPolicy(newestVersion: .v3_0))
        login.receive(try Login.startup(version: .v3_2, [("user", "u")]))
        #expect(login.parameters?.version == .v3_0)
        #expect(try negotiation(login.sent()) == ProtocolNegotiation(newest: .v3_0, unknownOptions: []))
    }

    private func negotiation(_ bytes: [UInt8]) throws -> ProtocolNegotiation? {
        var frames = FrameReader(bytes.span)
        guard let frame = try frames.next(), case .negotiateProtocolVersion(let view) = try BackendMessage(frame) else {
            return nil
        }
        return try view.copy()
    }

    @Test func protocolTwoGetsAnErrorItCanRead() throws {
        let login = LoginUnderTest()
        login.receive([0, 0, 0, 8, 0, 2, 0, 0])
        #expect(login.failure?.message == "unsupported frontend protocol 2.0")
        #expect(String(decoding: login.sent(), as: UTF8.self).hasPrefix("EFATAL:  unsupported frontend protocol 2.0"))
    }

    @Test func cancelRequestsAreHandedOn() throws {
        for secret in [[1, 2, 3, 4], [UInt8](repeating: 7, count: 32)] as [[UInt8]] {
            let login = LoginUnderTest(pieceByteCount: 1)
            login.receive(try Login.written { try $0.cancelRequest(processID: 42, secret: secret.span) })
            #expect(login.events == [.cancel(processID: 42, secret: secret)])
            #expect(login.sent() == [])
            #expect(login.login.isFinished)
        }
    }

    /// Junk, and lengths that promise too much or too little.
    @Test(
        arguments: [
            [UInt8]("GET / HTTP/1.1\r\n\r\n".utf8), [0, 0, 0, 0], [0, 0, 0, 7], [0, 0, 0x27, 0x11],
            [0xff, 0xff, 0xff, 0xff],
            [0x7f, 0xff, 0xff, 0xff], [0, 0, 0, 9, 0, 3, 0, 0, 1], [0, 0, 0, 12, 0, 3, 0, 0, 0x61, 0, 0x62, 0x63],
            [0, 0, 0, 9, 0x04, 0xd2, 0x16, 0x2f, 0], [0, 0, 0, 12, 0x04, 0xd2, 0x16, 0x2e, 0, 0, 0, 1],
        ] as [[UInt8]])
    func malformedPacketIsRefused(_ bytes: [UInt8]) throws {
        let login = LoginUnderTest()
        login.receive(bytes)
        #expect(login.failure?.code == .protocolViolation)
        #expect(try Login.error(login.sent())?.code == .protocolViolation)
    }

    @Test func longestPacketIsTaken() throws {
        let policy = StartupPolicy(ignoredParameters: ["options"])
        // Length, version, two names and zero bytes take the rest of 10,000.
        let value = "--x=" + String(repeating: "1", count: 10_000 - 8 - 7 - 8 - 1 - 4 - 1)
        let login = LoginUnderTest(policy: policy, pieceByteCount: 4_096)
        let packet = try Login.startup([("user", "u"), ("options", value)])
        #expect(packet.count == 10_000)
        login.receive(packet)
        #expect(login.identity?.user == "u")
    }
}

@Suite struct LoginTLSTests {
    private let tlsRequest = Login.written { $0.tlsRequest() }
    private let gssRequest = Login.written { $0.gssEncryptionRequest() }
    private let offered = StartupPolicy(tls: .offered)

    @Test func offeredTLSIsStarted() throws {
        let login = LoginUnderTest(policy: offered, pieceByteCount: 1)
        login.receive(tlsRequest)
        #expect(login.events == [.needsTLS])
        #expect(login.sent() == [UInt8(ascii: "S")])
        #expect(login.login.takeLeftover() == [])
        login.secure()
        login.receive(try Login.startup())
        #expect(login.identity?.user == "alice")
    }

    @Test func refusedTLSLeavesTheClientItsChoice() throws {
        for login in [LoginUnderTest(), LoginUnderTest(policy: offered, isLocal: true)] {
            login.receive(tlsRequest)
            #expect(login.sent() == [UInt8(ascii: "N")])
            login.receive(try Login.startup())
            #expect(login.identity != nil)
        }
    }

    @Test func encryptionIsAskedForOnceEach() throws {
        let login = LoginUnderTest()
        login.receive(gssRequest)
        #expect(login.sent() == [UInt8(ascii: "N")])
        login.receive(tlsRequest)
        #expect(login.sent() == [UInt8(ascii: "N")])
        login.receive(gssRequest)
        #expect(login.failure?.message == "GSSAPI encryption request at the wrong time")
        let other = LoginUnderTest()
        other.receive(tlsRequest)
        other.receive(tlsRequest)
        #expect(other.failure?.message == "SSL request at the wrong time")
    }

    @Test func bytesBehindARequestAreRefused() throws {
        for request in [tlsRequest, gssRequest] {
            for policy in [offered, StartupPolicy()] {
                let login = LoginUnderTest(policy: policy)
                login.receive(request + (try Login.startup()))
                #expect(login.failure?.message.hasPrefix("received unencrypted data after") == true)
                #expect(try Login.error(login.sent()) != nil)
            }
        }
    }

    @Test func requiredTLSIsRequired() throws {
        let required = StartupPolicy(tls: .required)
        let login = LoginUnderTest(policy: required)
        login.receive(try Login.startup())
        #expect(login.failure?.message == "SSL required")
        let local = LoginUnderTest(policy: required, isLocal: true)
        local.receive(try Login.startup())
        #expect(local.identity != nil)
    }

    @Test func directTLSNeedsItsProtocolName() throws {
        for name in ["postgresql", nil, "h2"] {
            let login = LoginUnderTest(policy: StartupPolicy(tls: .required))
            login.channel = ClientChannel(applicationProtocol: name)
            login.receive([0x16, 0x03, 0x01])
            #expect(login.events == [.needsTLS])
            #expect(login.sent() == [])
            #expect(login.login.takeLeftover() == [0x16, 0x03, 0x01])
            login.secure()
            login.receive(try Login.startup())
            #expect((login.identity != nil) == (name == "postgresql"))
            #expect(login.failure?.isTold != true)
        }
    }

    @Test func directTLSWhereNoneIsSpokenIsClosed() {
        for login in [LoginUnderTest(), LoginUnderTest(policy: offered, isLocal: true)] {
            login.receive([0x16, 0x03, 0x01])
            #expect(login.failure?.isTold == false)
            #expect(login.sent() == [])
        }
    }

    @Test func noTLSInsideOfTLS() {
        for bytes in [tlsRequest, gssRequest, [0x16, 0x03]] {
            let login = LoginUnderTest(policy: offered)
            login.receive(tlsRequest)
            login.secure()
            login.receive(bytes)
            #expect(login.failure != nil)
        }
    }
}

@Suite struct LoginOptionsTests {
    @Test(
        arguments: [
            ("", []), ("  ", []), ("-c a=b", ["a=b"]), ("-ca=b", ["a=b"]), ("--a=b", ["a=b"]),
            ("  -c    a=b  ", ["a=b"]),
            ("-c datestyle=German,\\ YMD", ["datestyle=German, YMD"]), ("-c a=b=c", ["a=b=c"]), ("-c a=", ["a="]),
            ("-c a=\\\\", ["a=\\"]), ("-c a=b\\", ["a=b"]), ("--search-path=x", ["search_path=x"]),
            ("-c a=b --c=d\t-c\ne=f", ["a=b", "c=d", "e=f"]), ("-c a=\\-c", ["a=-c"]),
        ] as [(String, [String])])
    func understood(_ text: String, _ expected: [String]) throws {
        let policy = StartupPolicy(trackedParameters: ["a", "c", "e", "search_path"])
        let login = LoginUnderTest(policy: policy)
        login.receive(try Login.startup([("user", "u"), ("options", text)]))
        let settings = login.parameters?.settings.map { "\($0.name.lowercased())=\($0.value)" }
        #expect(settings == expected)
    }

    @Test(arguments: ["-d", "-c timezone", "x", "-c", "--", "-c =b", "-c a=b c", "\\-c a=b", "-"])
    func refused(_ text: String) throws {
        let login = LoginUnderTest(policy: StartupPolicy(trackedParameters: ["a"]))
        login.receive(try Login.startup([("user", "u"), ("options", text)]))
        #expect(
            login.failure?.message
                == "unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed")
    }

    @Test func unknownNameIsRefusedUnlessIgnored() throws {
        let packet = try Login.startup([("user", "u"), ("options", "-c timezone=UTC -c enable_seqscan=false")])
        let login = LoginUnderTest()
        login.receive(packet)
        #expect(login.failure?.message == "unsupported startup parameter in options: enable_seqscan")
        for name in ["options", "enable_seqscan"] {
            let lenient = LoginUnderTest(policy: StartupPolicy(ignoredParameters: [name]))
            lenient.receive(packet)
            #expect(lenient.parameters?.settings == [SessionParameter("TimeZone", "UTC")])
        }
    }
}
