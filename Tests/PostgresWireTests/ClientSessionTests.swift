import PostgresWire
import Testing

/// The server's side of a login with SCRAM and one query, written with the codec itself.
private struct ScriptedServer {
    var scram: ScramServer
    var received: [UInt8] = []

    init(password: String, certificateHash: [UInt8]? = nil) throws {
        let verifier = try ScramVerifier(password: password, salt: [1, 2, 3], iterations: 8)
        let nonce = try #require(ScramNonce(text: "server"))
        scram = ScramServer(account: .known(verifier), nonce: nonce, certificateHash: certificateHash)
    }

    /// What the server says to one message, StartupMessage included.
    mutating func answer(_ bytes: [UInt8]) throws -> [UInt8] {
        if case .complete(bytes.count) = StartupScan.scan(bytes.span) {
            return try written { try $0.authenticationSASL(mechanisms: scram.mechanisms) }
        }
        var frames = FrameReader(bytes.span)
        let next = try frames.next()
        guard let next else { return [] }
        switch try FrontendMessage(next) {
        case .authenticationResponse(let response): return try answer(response)
        case .query(let query): return try rows(query.sql.string)
        default: return []
        }
    }

    private mutating func answer(_ response: AuthenticationResponse) throws -> [UInt8] {
        if let initial = try? response.saslInitialResponse() {
            guard let bytes = initial.response.copy else { return [] }
            let data = try scram.receiveClientFirst(bytes.span, mechanism: initial.mechanism.string)
            return try written { try $0.authenticationSASLContinue(data.span) }
        }
        let success = try scram.receiveClientFinal(response.bytes)
        return try written { writer in
            try writer.authenticationSASLFinal(success.message.span)
            writer.authenticationOk()
            try writer.noticeResponse(PostgresServerError(severity: .notice, code: .internalError, message: "n"))
            try writer.parameterStatus(name: "server_version", value: "18.0")
            try writer.backendKeyData(processID: 7, secret: ([1, 2, 3, 4] as [UInt8]).span)
            writer.readyForQuery(.idle)
        }
    }

    private func rows(_ sql: String) throws -> [UInt8] {
        try written { writer in
            try writer.rowDescription([ColumnDescription(name: "sql")])
            try writer.dataRow([sql])
            try writer.dataRow([nil])
            try writer.commandComplete(tag: "SELECT 2")
            writer.readyForQuery(.idle)
        }
    }
}

private func session(
    password: String? = "pw", methods: ClientSession.PasswordMethods = .scram, certificateHash: [UInt8]? = nil
) throws -> ClientSession {
    ClientSession(
        user: "me", database: "db", password: password, additionalParameters: [("replication", "database")],
        passwordMethods: methods, certificateHash: certificateHash, nonce: try #require(ScramNonce(text: "client")))
}

/// A session that is logged in.
private func loggedInSession() throws -> ClientSession {
    var client = try session()
    _ = try client.start()
    let hello = written { writer in
        writer.authenticationOk()
        writer.readyForQuery(.idle)
    }
    #expect(try client.receive(hello) == [.authenticated, .ready(.idle)])
    return client
}

private let expectedEvents: [ClientSessionEvent] = [
    .authenticated, .notice(PostgresServerError(severity: .notice, code: .internalError, message: "n")),
    .parameter(name: "server_version", value: "18.0"), .backendKey(processID: 7, secret: [1, 2, 3, 4]), .ready(.idle),
    .rowDescription([ColumnDescription(name: "sql")]), .row(["SELECT 'é'"]), .row([nil]),
    .commandComplete(tag: "SELECT 2"), .ready(.idle),
]

@Suite struct ClientSessionTests {
    /// Logs in and asks, with the server's bytes cut into pieces of `pieceByteCount`.
    @Test(arguments: [1, 2, 3, 5, 7, 64, 100_000], [nil, [7, 7]] as [[UInt8]?])
    func loginAndQueryInPieces(_ pieceByteCount: Int, _ hash: [UInt8]?) throws {
        var client = try session(certificateHash: hash)
        var server = try ScriptedServer(password: "pw", certificateHash: hash)
        var toServer = [try client.start()]
        var events: [ClientSessionEvent] = []
        var hasAsked = false
        while let message = toServer.popLast() {
            let answer = try server.answer(message)
            for start in stride(from: 0, to: answer.count, by: pieceByteCount) {
                let piece = Array(answer[start..<min(start + pieceByteCount, answer.count)])
                for event in try client.receive(piece) {
                    if case .send(let bytes) = event { toServer.append(bytes) } else { events.append(event) }
                }
            }
            if client.isIdle, !hasAsked {
                hasAsked = true
                toServer.append(try client.query("SELECT 'é'"))
            }
        }
        #expect(events == expectedEvents)
        #expect(client.terminate() == [0x58, 0, 0, 0, 4])
        #expect(client.isClosed)
        #expect(client.terminate().isEmpty)
    }

    @Test func startupNamesUserDatabaseAndMore() throws {
        var client = try session()
        #expect(
            try Describe.startup(client.start())
                == "startup 3.0 user=me database=db client_encoding=UTF8 replication=database")
        #expect(throws: ClientSessionError.outOfOrder) { try client.start() }
        #expect(throws: ClientSessionError.outOfOrder) { try client.query("SELECT 1") }
    }

    @Test func serverThatSkipsItsProofIsRefused() throws {
        var client = try session()
        _ = try client.start()
        let offer = try written { try $0.authenticationSASL(mechanisms: [ScramMechanism.plain]) }
        #expect(try client.receive(offer).count == 1)
        #expect(throws: ClientSessionError.unexpectedMessage(type: 0x52)) {
            try client.receive(written { $0.authenticationOk() })
        }
        #expect(client.isClosed)
    }

    @Test func weakMethodsAreRefusedUnlessAllowed() throws {
        let cleartext = written { $0.authenticationCleartextPassword() }
        let md5 = try written { try $0.authenticationMD5Password(salt: ([1, 2, 3, 4] as [UInt8]).span) }
        for (request, name) in [(cleartext, "password"), (md5, "md5")] {
            var client = try session()
            _ = try client.start()
            #expect(throws: ClientSessionError.authenticationMethodRefused(name)) { try client.receive(request) }
        }
        var client = try session(methods: [.cleartext])
        _ = try client.start()
        #expect(try client.receive(cleartext) == [.send(frame("p", utf8("pw\0")))])
        client = try session(methods: [.md5])
        _ = try client.start()
        let response = MD5Password.response(user: "me", password: "pw", salt: [1, 2, 3, 4])
        #expect(try client.receive(md5) == [.send(frame("p", utf8(response + "\0")))])
        #expect(try client.receive(written { $0.authenticationOk() }) == [.authenticated])
    }

    @Test func otherMethodsAreRefused() throws {
        let requests: [[UInt8]] = [
            written { $0.authenticationGSS() }, written { $0.authenticationSSPI() },
            written { $0.authenticationKerberosV5() }, try written { try $0.authenticationSASL(mechanisms: ["X"]) },
            try written { try $0.authenticationSASL(mechanisms: [ScramMechanism.plus]) },
        ]
        for request in requests {
            var client = try session()
            _ = try client.start()
            #expect(throws: ClientSessionError.self) { try client.receive(request) }
        }
    }

    @Test func missingPasswordIsTold() throws {
        var client = try session(password: nil)
        _ = try client.start()
        let offer = try written { try $0.authenticationSASL(mechanisms: [ScramMechanism.plain]) }
        #expect(throws: ClientSessionError.passwordMissing) { try client.receive(offer) }
    }

    @Test func errorDuringLoginEndsTheSession() throws {
        let error = PostgresServerError(severity: .fatal, code: .cannotConnectNow, message: "starting up")
        var client = try session()
        _ = try client.start()
        #expect(try client.receive(written { try $0.errorResponse(error) } + [1, 2, 3]) == [.error(error)])
        #expect(client.isClosed)
        #expect(try client.receive([1, 2, 3]).isEmpty)
    }

    @Test func failedStatementKeepsTheSession() throws {
        let error = PostgresServerError(severity: .error, code: .duplicateDatabase, message: "exists")
        var client = try loggedInSession()
        _ = try client.query("CREATE DATABASE x")
        let answer = try written {
            try $0.errorResponse(error)
            $0.readyForQuery(.failed)
        }
        #expect(try client.receive(answer) == [.error(error), .ready(.failed)])
        #expect(client.isIdle)
    }

    @Test func shutdownWhileIdleEndsTheSession() throws {
        let error = PostgresServerError(severity: .fatal, code: .adminShutdown, message: "bye")
        var client = try loggedInSession()
        #expect(try client.receive(written { try $0.errorResponse(error) }) == [.error(error)])
        #expect(client.isClosed)
    }

    @Test func queriesMayBePipelined() throws {
        var client = try loggedInSession()
        _ = try client.query("SELECT 1")
        _ = try client.query("")
        let answer = try written {
            try $0.commandComplete(tag: "SELECT 0")
            $0.readyForQuery(.idle)
        }
        #expect(try client.receive(answer) == [.commandComplete(tag: "SELECT 0"), .ready(.idle)])
        #expect(!client.isIdle)
        let second = written {
            $0.emptyQueryResponse()
            $0.readyForQuery(.idle)
        }
        #expect(try client.receive(second) == [.emptyQuery, .ready(.idle)])
        #expect(client.isIdle)
        #expect(throws: ClientSessionError.unexpectedMessage(type: 0x5a)) {
            try client.receive(written { $0.readyForQuery(.idle) })
        }
    }

    @Test func copyOutIsStreamedAndCopyInRefused() throws {
        var client = try loggedInSession()
        _ = try client.query("COPY a TO STDOUT; COPY a FROM STDIN")
        let out = try written {
            try $0.copyOutResponse(format: .text, columnFormats: [.text])
            try $0.copyData(utf8("1\n").span)
            $0.copyDone()
            try $0.commandComplete(tag: "COPY 1")
        }
        #expect(
            try client.receive(out) == [.copyOut, .copyData(utf8("1\n")), .copyDone, .commandComplete(tag: "COPY 1")])
        let events = try client.receive(written { try $0.copyInResponse(format: .text, columnFormats: [.text]) })
        guard case .send(let bytes)? = events.first else {
            Issue.record("nothing sent")
            return
        }
        #expect(bytes.first == UInt8(ascii: "f"))
        #expect(throws: ClientSessionError.copyBothUnsupported) {
            try client.receive(written { try $0.copyBothResponse(format: .text, columnFormats: []) })
        }
    }

    @Test func messagesThatDoNotBelongAreRefused() throws {
        var idle = try loggedInSession()
        #expect(throws: ClientSessionError.unexpectedMessage(type: 0x44)) {
            try idle.receive(written { try $0.dataRow([]) })
        }
        var busy = try loggedInSession()
        _ = try busy.query("")
        #expect(throws: ClientSessionError.unexpectedMessage(type: 0x31)) {
            try busy.receive(written { $0.parseComplete() })
        }
        var early = try session()
        #expect(throws: ClientSessionError.outOfOrder) { try early.receive(written { $0.authenticationOk() }) }
        var malformed = try loggedInSession()
        #expect(throws: ClientSessionError.wire(.lengthOutOfRange(0))) { try malformed.receive([0x5a, 0, 0, 0, 0]) }
        var long = try session()
        _ = try long.start()
        #expect(throws: ClientSessionError.wire(.tooLong(byteCount: 0xffff_fffb - 0x8000_0000, limit: 65_535))) {
            try long.receive([0x52, 0x7f, 255, 255, 255])
        }
    }

    @Test func zeroByteInQueryIsRefusedAndForgotten() throws {
        var client = try loggedInSession()
        #expect(throws: ClientSessionError.wire(.zeroByteInText)) { try client.query("SELECT '\0'") }
        #expect(client.isIdle)
    }
}
