import PostgresWire
import Testing

@Suite struct StartupTests {
    @Test(
        arguments: [
            ([0, 0, 0, 7], .malformed(.lengthOutOfRange(7))),
            ([255, 255, 255, 255], .malformed(.lengthOutOfRange(-1))),
            ([0, 0, 0, 0], .malformed(.lengthOutOfRange(0))),
            ([0, 0, 0x27, 0x11], .malformed(.tooLong(byteCount: 10_001, limit: 10_000))),
            ([0, 0, 0x27, 0x10], .partial(missing: 9_996)), ([0x16, 3, 1, 2, 0], .directTLS), ([0x16], .directTLS),
            ([], .partial(missing: 4)),
            ([0x7f, 255, 255, 255], .malformed(.tooLong(byteCount: 0x7fff_ffff, limit: 10_000))),
        ] as [([UInt8], StartupScan)])
    func lengthIsJudged(_ bytes: [UInt8], _ expected: StartupScan) {
        #expect(StartupScan.scan(bytes.span) == expected)
    }

    @Test(
        arguments: [
            ([0, 2, 0, 0], "unsupported 2.0"), ([0, 1, 0, 0], "unsupported 1.0"), ([0, 4, 0, 1], "unsupported 4.1"),
            ([0, 3, 0x27, 0x0f, 0], "startup 3.9999"), ([0, 3, 0, 1, 0], "startup 3.1"),
        ] as [([UInt8], String)])
    func versionIsRead(_ code: [UInt8], _ expected: String) throws {
        #expect(try Describe.startup([0, 0, 0, UInt8(code.count + 4)] + code) == expected)
    }

    @Test(arguments: [
        utf8("user\0a\0"), utf8("user\0\0"), utf8("user\0a\0\0x\0y\0\0"), utf8("user"), [], utf8("user\0a"),
    ])
    func layoutIsChecked(_ body: [UInt8]) {
        let bytes = [0, 0, 0, UInt8(body.count + 8), 0, 3, 0, 0] + body
        #expect(throws: WireError.self) { try Describe.startup(bytes) }
    }

    @Test(arguments: [3, 257])
    func cancelSecretLengthIsChecked(_ count: Int) {
        let total = 12 + count
        let bytes =
            [0, 0, UInt8(total >> 8), UInt8(total & 255), 4, 210, 22, 46, 0, 0, 0, 1]
            + [UInt8](repeating: 1, count: count)
        #expect(throws: WireError.self) { try Describe.startup(bytes) }
        let secret = [UInt8](repeating: 1, count: count)
        #expect(throws: WireError.self) { try written { try $0.cancelRequest(processID: 1, secret: secret.span) } }
    }

    @Test func bytesBehindThePacketAreRefused() {
        #expect(throws: WireError.trailingBytes(1)) { try Describe.startup([0, 0, 0, 8, 4, 210, 22, 47, 0]) }
        #expect(throws: WireError.self) { try Describe.startup([0, 0, 0, 9, 4, 210, 22, 47, 0]) }
    }

    @Test(
        arguments: [
            (ProtocolVersion.v3_0, [], nil), (.v3_2, [], nil), (ProtocolVersion(major: 3, minor: 9_999), [], []),
            (.v3_0, ["_pq_.known"], nil), (.v3_0, ["_pq_.a", "_pq_.known", "_pq_.b"], ["_pq_.a", "_pq_.b"]),
        ] as [(ProtocolVersion, [String], [String]?)])
    func unknownMinorVersionAndOptionsAreNegotiated(
        _ version: ProtocolVersion, _ options: [String], _ unknown: [String]?
    ) throws {
        let bytes = try written {
            try $0.startup(version: version, parameters: [("user", "u")] + options.map { ($0, "1") })
        }
        guard case .startup(let message) = try StartupPacket(bytes.span) else {
            Issue.record("not a StartupMessage")
            return
        }
        let negotiation = message.negotiation(knownOptions: ["_pq_.known"])
        #expect(negotiation == unknown.map { ProtocolNegotiation(newest: .v3_2, unknownOptions: $0) })
    }

    @Test func lastParameterOfANameCounts() throws {
        let bytes = try written { try $0.startup(parameters: [("user", "a"), ("user", "b"), ("USER", "c")]) }
        guard case .startup(let message) = try StartupPacket(bytes.span) else {
            Issue.record("not a StartupMessage")
            return
        }
        #expect(message.value(of: "user")?.string == "b")
        #expect(message.value(of: "database")?.string == nil)
    }

    @Test func oldClientGetsAnErrorItCanRead() throws {
        let bytes = try written { try $0.unsupportedProtocolError(ProtocolVersion(major: 2, minor: 0)) }
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("EFATAL:  unsupported frontend protocol 2.0"))
        #expect(bytes.suffix(2) == [0x0a, 0])
    }

    @Test func bareMinorVersionIsReadAsThree() throws {
        #expect(try Describe.backend(frame("v", [0, 0, 0, 1, 0, 0, 0, 0])) == "negotiate 3.1 []")
    }

    @Test func cancelSecretLengthsFollowTheVersion() {
        #expect(ProtocolVersion.v3_0.cancelSecretByteCounts == 4...4)
        #expect(ProtocolVersion.v3_2.cancelSecretByteCounts == 4...256)
    }
}
