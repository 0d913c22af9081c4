import PostgresWire
import Testing

/// One message, its bytes and what it says.
struct MessageCase: CustomTestStringConvertible, Sendable {
    let bytes: [UInt8]
    let says: String
    /// Whether a shorter or longer body may be valid too, because its end is data.
    let isOpen: Bool
    let write: @Sendable (inout MessageWriter) throws -> Void

    init(
        _ says: String, _ bytes: [UInt8], isOpen: Bool = false,
        _ write: @escaping @Sendable (inout MessageWriter) throws -> Void
    ) {
        self.says = says
        self.bytes = bytes
        self.isOpen = isOpen
        self.write = write
    }

    var testDescription: String { says }
}

let secret32: [UInt8] = Array(1...32)

let backendCases: [MessageCase] = [
    .init("parseComplete", [0x31, 0, 0, 0, 4]) { $0.parseComplete() },
    .init("bindComplete", [0x32, 0, 0, 0, 4]) { $0.bindComplete() },
    .init("closeComplete", [0x33, 0, 0, 0, 4]) { $0.closeComplete() },
    .init("emptyQuery", [0x49, 0, 0, 0, 4]) { $0.emptyQueryResponse() },
    .init("noData", [0x6e, 0, 0, 0, 4]) { $0.noData() },
    .init("portalSuspended", [0x73, 0, 0, 0, 4]) { $0.portalSuspended() },
    .init("copyDone", [0x63, 0, 0, 0, 4]) { $0.copyDone() },
    .init("ready idle", [0x5a, 0, 0, 0, 5, 0x49]) { $0.readyForQuery(.idle) },
    .init("ready inTransaction", [0x5a, 0, 0, 0, 5, 0x54]) { $0.readyForQuery(.inTransaction) },
    .init("ready failed", [0x5a, 0, 0, 0, 5, 0x45]) { $0.readyForQuery(.failed) },
    .init("key 258 [9, 8, 7, 6]", [0x4b, 0, 0, 0, 12, 0, 0, 1, 2, 9, 8, 7, 6], isOpen: true) {
        try $0.backendKeyData(processID: 258, secret: ([9, 8, 7, 6] as [UInt8]).span)
    },
    .init("key 1 \(secret32)", frame("K", [0, 0, 0, 1] + secret32), isOpen: true) {
        try $0.backendKeyData(processID: 1, secret: secret32.span)
    },
    .init("parameter TimeZone=UTC", frame("S", utf8("TimeZone\0UTC\0"))) {
        try $0.parameterStatus(name: "TimeZone", value: "UTC")
    },
    .init("complete SELECT 3", frame("C", utf8("SELECT 3\0"))) { try $0.commandComplete(tag: "SELECT 3") },
    .init("row 3 a,NULL,", frame("D", [0, 3, 0, 0, 0, 1, 0x61, 255, 255, 255, 255, 0, 0, 0, 0])) {
        try $0.dataRow(["a", nil, ""])
    },
    .init("row 0 ", frame("D", [0, 0])) { try $0.dataRow([]) },
    .init(
        "columns id:16385:1:23:4:-1:0 é:0:0:25:-1:7:1",
        frame(
            "T",
            [0, 2] + utf8("id\0") + [0, 0, 0x40, 1, 0, 1, 0, 0, 0, 23, 0, 4, 255, 255, 255, 255, 0, 0]
                + utf8("é\0") + [0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 0, 0, 0, 7, 0, 1])
    ) {
        try $0.rowDescription([
            ColumnDescription(name: "id", typeID: 23, typeByteCount: 4, tableID: 16_385, attributeNumber: 1),
            ColumnDescription(name: "é", typeModifier: 7, format: .binary),
        ])
    },
    .init("error S=FATAL V=FATAL C=57P01 M=bye", frame("E", utf8("SFATAL\0VFATAL\0C57P01\0Mbye\0\0"))) {
        try $0.errorResponse(PostgresServerError(severity: .fatal, code: .adminShutdown, message: "bye"))
    },
    .init("error ", frame("E", [0])) { try $0.errorResponse(PostgresServerError(fields: [])) },
    .init("notice ~=new M=x", frame("N", utf8("~new\0Mx\0\0"))) {
        try $0.noticeResponse(
            PostgresServerError(fields: [
                .init(ServerErrorFieldKind(rawValue: UInt8(ascii: "~")), "new"), .init(.message, "x"),
            ]))
    },
    .init("notification 7 jobs done", frame("A", [0, 0, 0, 7] + utf8("jobs\0done\0"))) {
        try $0.notificationResponse(processID: 7, channel: "jobs", payload: "done")
    },
    .init("parameters [23, 4294967295]", frame("t", [0, 2, 0, 0, 0, 23, 255, 255, 255, 255])) {
        try $0.parameterDescription(typeIDs: [23, .max])
    },
    .init("copyIn 0 0,0", frame("G", [0, 0, 2, 0, 0, 0, 0])) {
        try $0.copyInResponse(format: .text, columnFormats: [.text, .text])
    },
    .init("copyOut 1 1", frame("H", [1, 0, 1, 0, 1])) {
        try $0.copyOutResponse(format: .binary, columnFormats: [.binary])
    },
    .init("copyBoth 0 ", frame("W", [0, 0, 0])) { try $0.copyBothResponse(format: .text, columnFormats: []) },
    .init("copyData a\tb\n", frame("d", utf8("a\tb\n")), isOpen: true) { try $0.copyData(utf8("a\tb\n").span) },
    .init("result 42", frame("V", [0, 0, 0, 2] + utf8("42"))) { try $0.functionCallResponse(utf8("42")) },
    .init("result NULL", frame("V", [255, 255, 255, 255])) { try $0.functionCallResponse(nil) },
    .init("negotiate 3.2 [\"_pq_.x\"]", frame("v", [0, 3, 0, 2, 0, 0, 0, 1] + utf8("_pq_.x\0"))) {
        try $0.negotiateProtocolVersion(ProtocolNegotiation(newest: .v3_2, unknownOptions: ["_pq_.x"]))
    },
    .init("authentication ok", [0x52, 0, 0, 0, 8, 0, 0, 0, 0]) { $0.authenticationOk() },
    .init("authentication krb5", [0x52, 0, 0, 0, 8, 0, 0, 0, 2]) { $0.authenticationKerberosV5() },
    .init("authentication cleartext", [0x52, 0, 0, 0, 8, 0, 0, 0, 3]) { $0.authenticationCleartextPassword() },
    .init("authentication md5 [1, 2, 3, 4]", [0x52, 0, 0, 0, 12, 0, 0, 0, 5, 1, 2, 3, 4]) {
        try $0.authenticationMD5Password(salt: ([1, 2, 3, 4] as [UInt8]).span)
    },
    .init("authentication gss", [0x52, 0, 0, 0, 8, 0, 0, 0, 7]) { $0.authenticationGSS() },
    .init("authentication gssContinue g", frame("R", [0, 0, 0, 8] + utf8("g")), isOpen: true) {
        try $0.authenticationGSSContinue(utf8("g").span)
    },
    .init("authentication sspi", [0x52, 0, 0, 0, 8, 0, 0, 0, 9]) { $0.authenticationSSPI() },
    .init(
        "authentication sasl [\"SCRAM-SHA-256-PLUS\", \"SCRAM-SHA-256\"]",
        frame("R", [0, 0, 0, 10] + utf8("SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"))
    ) { try $0.authenticationSASL(mechanisms: [ScramMechanism.plus, ScramMechanism.plain]) },
    .init("authentication saslContinue r=x", frame("R", [0, 0, 0, 11] + utf8("r=x")), isOpen: true) {
        try $0.authenticationSASLContinue(utf8("r=x").span)
    },
    .init("authentication saslFinal v=x", frame("R", [0, 0, 0, 12] + utf8("v=x")), isOpen: true) {
        try $0.authenticationSASLFinal(utf8("v=x").span)
    },
]

let frontendCases: [MessageCase] = [
    .init("sync", [0x53, 0, 0, 0, 4]) { $0.sync() },
    .init("flush", [0x48, 0, 0, 0, 4]) { $0.flush() },
    .init("terminate", [0x58, 0, 0, 0, 4]) { $0.terminate() },
    .init("copyDone", [0x63, 0, 0, 0, 4]) { $0.copyDone() },
    .init("query SELECT 1", frame("Q", utf8("SELECT 1\0"))) { try $0.query("SELECT 1") },
    .init("parse [s1] SELECT $1 [23, 0]", frame("P", utf8("s1\0SELECT $1\0") + [0, 2, 0, 0, 0, 23, 0, 0, 0, 0])) {
        try $0.parse(statement: "s1", sql: "SELECT $1", parameterTypeIDs: [23, 0])
    },
    .init(
        "bind [p] [s1] 1,0 3 x,NULL, 1",
        frame(
            "B",
            utf8("p\0s1\0") + [0, 2, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0x78, 255, 255, 255, 255, 0, 0, 0, 0, 0, 1, 0, 1])
    ) {
        try $0.bind(
            portal: "p", statement: "s1", parameterFormats: [.binary, .text], parameters: [utf8("x"), nil, []],
            resultFormats: [.binary])
    },
    .init("bind [] []  0  ", frame("B", [0, 0, 0, 0, 0, 0, 0, 0])) { try $0.bind() },
    .init("describe statement [s1]", frame("D", utf8("Ss1\0"))) { try $0.describe(.statement, name: "s1") },
    .init("describe portal []", frame("D", utf8("P\0"))) { try $0.describe(.portal) },
    .init("close statement [s1]", frame("C", utf8("Ss1\0"))) { try $0.close(.statement, name: "s1") },
    .init("execute [] 10", frame("E", [0, 0, 0, 0, 10])) { try $0.execute(rowCountMax: 10) },
    .init("copyData 1\n", frame("d", utf8("1\n")), isOpen: true) { try $0.copyData(utf8("1\n").span) },
    .init("copyFail no", frame("f", utf8("no\0"))) { try $0.copyFail(reason: "no") },
    .init(
        "call 99 1 2 a,NULL 0", frame("F", [0, 0, 0, 99, 0, 1, 0, 1, 0, 2, 0, 0, 0, 1, 0x61, 255, 255, 255, 255, 0, 0])
    ) {
        try $0.functionCall(functionID: 99, argumentFormats: [.binary], arguments: [utf8("a"), nil])
    },
    .init("password hunter2", frame("p", utf8("hunter2\0")), isOpen: true) { try $0.password("hunter2") },
    .init("sasl SCRAM-SHA-256 n,,", frame("p", utf8("SCRAM-SHA-256\0") + [0, 0, 0, 3] + utf8("n,,")), isOpen: true) {
        try $0.saslInitialResponse(mechanism: ScramMechanism.plain, response: utf8("n,,").span)
    },
    .init("sasl EXTERNAL NULL", frame("p", utf8("EXTERNAL\0") + [255, 255, 255, 255]), isOpen: true) {
        try $0.saslInitialResponse(mechanism: "EXTERNAL", response: nil)
    },
    .init("response c=biws", frame("p", utf8("c=biws")), isOpen: true) { try $0.saslResponse(utf8("c=biws").span) },
]

let startupCases: [MessageCase] = [
    .init(
        "startup 3.0 user=a database=b",
        [0, 0, 0, 27, 0, 3, 0, 0] + utf8("user\0a\0database\0b\0\0")
    ) { try $0.startup(parameters: [("user", "a"), ("database", "b")]) },
    .init("startup 3.2 user= _pq_.x=1", [0, 0, 0, 24, 0, 3, 0, 2] + utf8("user\0\0_pq_.x\01\0\0")) {
        try $0.startup(version: .v3_2, parameters: [("user", ""), ("_pq_.x", "1")])
    },
    .init("tls", [0, 0, 0, 8, 4, 210, 22, 47]) { $0.tlsRequest() },
    .init("gss", [0, 0, 0, 8, 4, 210, 22, 48]) { $0.gssEncryptionRequest() },
    .init("cancel 7 [1, 2, 3, 4]", [0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 7, 1, 2, 3, 4], isOpen: true) {
        try $0.cancelRequest(processID: 7, secret: ([1, 2, 3, 4] as [UInt8]).span)
    },
    .init("cancel 7 \(secret32)", [0, 0, 0, 44, 4, 210, 22, 46, 0, 0, 0, 7] + secret32, isOpen: true) {
        try $0.cancelRequest(processID: 7, secret: secret32.span)
    },
]

@Suite struct MessageTableTests {
    @Test(arguments: backendCases)
    func backendMessageGoesBothWays(_ message: MessageCase) throws {
        #expect(try written(message.write) == message.bytes)
        #expect(try Describe.backend(message.bytes) == message.says)
    }

    @Test(arguments: frontendCases)
    func frontendMessageGoesBothWays(_ message: MessageCase) throws {
        #expect(try written(message.write) == message.bytes)
        #expect(try Describe.frontend(message.bytes) == message.says)
    }

    @Test(arguments: startupCases)
    func startupPacketGoesBothWays(_ message: MessageCase) throws {
        #expect(try written(message.write) == message.bytes)
        #expect(try Describe.startup(message.bytes) == message.says)
        #expect(StartupScan.scan(message.bytes.span) == .complete(byteCount: message.bytes.count))
    }

    @Test func everyTypeHasACase() {
        #expect(Set(backendCases.map { $0.bytes[0] }) == Set(BackendMessageType.allCases.map(\.rawValue)))
        #expect(Set(frontendCases.map { $0.bytes[0] }) == Set(FrontendMessageType.allCases.map(\.rawValue)))
    }

    @Test(arguments: backendCases)
    func backendBodyCutAnywhereIsRefused(_ message: MessageCase) {
        expectRefusals(message) { bytes throws(WireError) in try Describe.backend(bytes) }
    }

    @Test(arguments: frontendCases)
    func frontendBodyCutAnywhereIsRefused(_ message: MessageCase) {
        expectRefusals(message) { bytes throws(WireError) in try Describe.frontend(bytes) }
    }

    /// Cuts the body and makes the length right again, then makes the body one byte longer.
    private func expectRefusals(_ message: MessageCase, _ describe: ([UInt8]) throws(WireError) -> String) {
        let type = Unicode.Scalar(message.bytes[0])
        let body = Array(message.bytes.dropFirst(5))
        for count in body.indices {
            let cut = frame(type, Array(body[..<count]))
            if message.isOpen {
                _ = try? describe(cut)
            } else {
                #expect(throws: WireError.self) { try describe(cut) }
            }
        }
        if !message.isOpen {
            #expect(throws: WireError.self) { try describe(frame(type, body + [0])) }
            #expect(throws: WireError.self) { try describe(frame(type, body + [1])) }
        }
    }

    @Test(arguments: startupCases)
    func startupPacketCutAnywhereIsRefused(_ message: MessageCase) {
        for count in message.bytes.indices {
            let cut = Array(message.bytes[..<count])
            #expect(throws: WireError.self) { try Describe.startup(cut) }
            let missing = count < 4 ? 4 - count : message.bytes.count - count
            #expect(StartupScan.scan(cut.span) == .partial(missing: missing))
            guard count >= 8, !message.isOpen else { continue }
            let relabelled = [0, 0, 0, UInt8(count)] + cut.dropFirst(4)
            #expect(throws: WireError.self) { try Describe.startup(relabelled) }
        }
    }

    @Test func batchReadsBackInOrder() throws {
        let bytes = backendCases.flatMap(\.bytes)
        #expect(try Describe.backend(bytes) == backendCases.map(\.says).joined(separator: "; "))
    }
}
