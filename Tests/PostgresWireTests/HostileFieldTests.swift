import PostgresWire
import Testing

@Suite struct HostileFieldTests {
    /// Messages whose inner lengths lie.
    @Test(arguments: [
        frame("D", [0, 1, 255, 255, 255, 254]), frame("D", [0, 1, 0x7f, 255, 255, 255]), frame("D", [255, 255]),
        frame("D", [0, 1, 0x80, 0, 0, 0]), frame("T", [255, 255]), frame("t", [255, 255]), frame("G", [0, 255, 255]),
        frame("v", [0, 3, 0, 2, 0x7f, 255, 255, 255]), frame("v", [0, 3, 0, 2, 255, 255, 255, 255]),
        frame("V", [0x7f, 255, 255, 255]), frame("V", [128, 0, 0, 0]), frame("Z", utf8("X")),
        frame("K", [0, 0, 0, 1, 2]),
        frame("K", [UInt8](repeating: 7, count: 4 + 257)), frame("R", [0, 0, 0, 1]), frame("R", [0, 0, 0, 10]),
        frame("R", [0, 0, 0, 10] + utf8("A\0\0B\0\0")), frame("R", [0, 0, 0, 10] + utf8("A")), frame("?", []),
    ])
    func backendMessageIsRefused(_ bytes: [UInt8]) {
        #expect(throws: WireError.self) { try Describe.backend(bytes) }
    }

    @Test(arguments: [
        frame("B", [0, 0, 0, 0, 255, 255, 0, 0]), frame("B", [0, 0, 0, 0, 0, 1, 0x7f, 255, 255, 255, 0, 0]),
        frame("B", [0, 0, 0, 0, 0, 1, 255, 255, 255, 254, 0, 0]), frame("P", [0, 0, 255, 255]),
        frame("F", [0, 0, 0, 1, 255, 255]), frame("D", utf8("X\0")), frame("C", utf8("S")), frame("E", [0, 0, 0]),
        frame("Q", utf8("no end")), frame("Q", utf8("a\0b\0")), frame("?", []),
    ])
    func frontendMessageIsRefused(_ bytes: [UInt8]) {
        #expect(throws: WireError.self) { try Describe.frontend(bytes) }
    }

    @Test func parameterCountIsUnsigned() throws {
        let count = 40_000
        let bytes = try written { try $0.bind(parameters: Array(repeating: nil, count: count)) }
        #expect(try Describe.frontend(bytes).hasPrefix("bind [] []  40000 NULL,"))
        #expect(throws: WireError.tooLong(byteCount: 65_536, limit: 65_535)) {
            try written { try $0.bind(parameters: Array(repeating: nil, count: 65_536)) }
        }
    }

    @Test func zeroByteInTextIsRefusedAndTakenBack() throws {
        var writer = MessageWriter()
        try writer.query("SELECT 1")
        let before = writer.bytes
        #expect(throws: WireError.zeroByteInText) { try writer.query("SELECT 1\0; DROP TABLE x") }
        #expect(throws: WireError.zeroByteInText) { try writer.parse(statement: "a", sql: "\0") }
        #expect(throws: WireError.zeroByteInText) { try writer.parameterStatus(name: "a", value: "b\0") }
        #expect(throws: WireError.zeroByteInText) {
            try writer.saslInitialResponse(mechanism: "\0", response: nil)
        }
        #expect(throws: WireError.zeroByteInText) { try writer.startup(parameters: [("user", "a\0")]) }
        #expect(throws: WireError.tooLong(byteCount: 10_015, limit: 10_000)) {
            try writer.startup(parameters: [("user", String(repeating: "a", count: 10_000))])
        }
        #expect(writer.bytes == before)
    }

    @Test func bindIsRenamedWithoutTouchingTheRest() throws {
        let bytes = try written {
            try $0.bind(portal: "p", statement: "client name", parameterFormats: [.binary], parameters: [[1, 2], nil])
        }
        var reader = FrameReader(bytes.span)
        let next = try reader.next()
        guard let next, case .bind(let bind) = try FrontendMessage(next) else {
            Issue.record("not a Bind")
            return
        }
        var writer = MessageWriter()
        try writer.bind(renaming: bind, statement: "S_7")
        let expected = try written {
            try $0.bind(portal: "p", statement: "S_7", parameterFormats: [.binary], parameters: [[1, 2], nil])
        }
        #expect(writer.bytes == expected)
    }
}
