// Logins to servers: friendly, unable, and hostile ones.

import Bytes
import PoolerSessions
import PostgresWire
import Testing

@Suite struct LoginServerTests {
    private func target(
        _ credential: ServerCredential = .password("s3cret"), tls: ServerLogin.TLS = .never
    ) -> ServerLogin.Target {
        ServerLogin.Target(user: "alice", database: "shop", credential: credential, tls: tls)
    }

    private func started(_ target: ServerLogin.Target) -> ServerUnderTest {
        let login = ServerUnderTest(target)
        login.start()
        _ = login.sent()
        return login
    }

    @Test(arguments: ServerScript.Method.allCases)
    func everyMethod(_ method: ServerScript.Method) throws {
        let login = ServerUnderTest(method.target)
        try ServerScript(method).run(login)
        let welcome = try #require(login.welcome)
        let expected = [SessionParameter("server_version", "15.1"), SessionParameter("TimeZone", "Etc/UTC")]
        #expect(welcome.parameters == expected + (method == .connectQuery ? [SessionParameter("x", "1")] : []))
        #expect(welcome.backendKey == BackendKey(processID: 77, secret: [9, 8, 7, 6]))
        #expect(welcome.notices.map(\.message) == ["hi"] + (method == .connectQuery ? ["no x"] : []))
        #expect(login.login.isFinished)
    }

    @Test func startupHasWhatWasAskedFor() throws {
        var target = target()
        target.replication = .logical
        target.settings = [SessionParameter("client_encoding", "UTF8")]
        target.options = "-c x=1"
        target.version = .v3_2
        let login = ServerUnderTest(target)
        login.start()
        let expected = try Login.startup(
            version: .v3_2,
            [
                ("user", "alice"), ("database", "shop"), ("replication", "database"), ("client_encoding", "UTF8"),
                ("options", "-c x=1"),
            ])
        #expect(login.sent() == expected)
    }

    @Test func startupThatCannotBeSentIsToldToClients() {
        var target = target()
        target.options = String(repeating: "x", count: 10_000)
        let login = ServerUnderTest(target)
        login.start()
        #expect(login.failure?.kind == .credential)
        #expect(login.sent() == [])
    }

    @Test func tlsByMode() throws {
        for (mode, letter, kind) in [
            (.preferred, "S", nil), (.preferred, "N", nil), (.required, "S", nil), (.required, "N", .connection),
            (.preferred, "E", .connection), (.required, "G", .connection),
        ] as [(ServerLogin.TLS, Unicode.Scalar, ServerLoginFailure.Kind?)] {
            let login = ServerUnderTest(target(.none, tls: mode))
            login.start()
            #expect(login.sent() == Login.written { $0.tlsRequest() })
            login.receive([UInt8(ascii: letter)])
            #expect(login.failure?.kind == kind)
            #expect((login.events.first == .needsTLS) == (letter == "S"))
            guard kind == nil else { continue }
            #expect(try login.sent() == Login.startup([("user", "alice"), ("database", "shop")]))
            login.receive(try ServerScript.beginning())
            #expect(login.welcome != nil)
        }
    }

    @Test func bytesBehindTheAnswerToSSLRequestAreRefused() {
        for letter in ["S", "N"] as [Unicode.Scalar] {
            let login = ServerUnderTest(target(tls: .preferred))
            login.start()
            login.receive([UInt8(ascii: letter), 0x52])
            #expect(login.failure?.reason == "received unencrypted data after SSL response")
        }
    }

    @Test func channelIsBoundWhereTheServerOffersIt() throws {
        for (hash, offered, chosen) in [
            ([1, 2] as [UInt8], [ScramMechanism.plus, ScramMechanism.plain], ScramMechanism.plus),
            ([1, 2], [ScramMechanism.plain], ScramMechanism.plain),
            (nil, [ScramMechanism.plus, ScramMechanism.plain], ScramMechanism.plain),
        ] {
            let login = ServerUnderTest(target(tls: .required))
            login.certificateHash = hash
            login.start()
            login.receive([UInt8(ascii: "S")])
            _ = login.sent()
            login.receive(try Login.written { try $0.authenticationSASL(mechanisms: offered) })
            var mechanism = ""
            try ServerScript.answer(login.sent()) { mechanism = try $0.saslInitialResponse().mechanism.string }
            #expect(mechanism == chosen)
        }
    }

    /// What a credential cannot answer is an operator's matter; the words are PgBouncer's.
    @Test func credentialMustFitTheMethod() throws {
        let md5 = ServerCredential.md5(MD5Password.verifier(user: "alice", password: "s3cret"))
        let keys = ServerCredential.scramKeys(try ScramKeys(password: "s3cret", salt: [1], iterations: 1))
        let cleartext = Login.written { $0.authenticationCleartextPassword() }
        let hashed = try Login.written { try $0.authenticationMD5Password(salt: ([1, 2, 3, 4] as [UInt8]).span) }
        let scram = try Login.written { try $0.authenticationSASL(mechanisms: [ScramMechanism.plain]) }
        let foreign = try Login.written { try $0.authenticationSASL(mechanisms: ["OAUTHBEARER"]) }
        let wrongType = "server login failed: wrong password type"
        for (credential, request, told) in [
            (md5, cleartext, wrongType), (keys, cleartext, wrongType), (.scramVerifier, cleartext, wrongType),
            (keys, hashed, wrongType), (.scramVerifier, hashed, wrongType), (md5, scram, wrongType),
            (.scramVerifier, scram, wrongType), (.none, cleartext, "server login failed: no password known"),
            (.none, hashed, "server login failed: no password known"),
            (.none, scram, "server login failed: no password known"),
            (
                .password("x"), foreign,
                "server login failed: none of the server's SASL authentication mechanisms are supported"
            ),
            (
                .password("x"), Login.written { $0.authenticationGSS() },
                "server login failed: unsupported authentication method"
            ),
        ] as [(ServerCredential, [UInt8], String)] {
            let login = started(target(credential))
            login.receive(request)
            #expect(login.failure?.kind == .credential)
            #expect(login.failure?.clientFailure?.message == told)
            #expect(login.sent() == [])
        }
    }

    @Test(
        arguments: [
            ("53300", .noSlot), ("57P03", .notAccepting), ("57P01", .notAccepting), ("57P02", .notAccepting),
            ("28P01", .refused), ("28000", .refused), ("3D000", .refused), ("42501", .refused), ("XX000", .other),
            ("0A000", .other), ("53200", .other),
        ] as [(String, ServerLoginFailure.Kind)])
    func errorsAreClassified(_ code: String, _ kind: ServerLoginFailure.Kind) throws {
        let state = try #require(SQLState(rawValue: code))
        let error = PostgresServerError(severity: .fatal, code: state, message: "no")
        for prefix in [[], Login.written { $0.authenticationOk() }] {
            let login = started(target())
            login.receive(prefix + (try Login.written { try $0.errorResponse(error) }))
            let failure = try #require(login.failure)
            #expect(failure.kind == kind)
            #expect(failure.serverError == error)
            #expect(failure.reason == "server login failed: FATAL no")
            #expect(failure.clientsWait == (kind == .noSlot || kind == .notAccepting))
            #expect(failure.clientFailure?.message == (failure.clientsWait ? nil : "no"))
            #expect(failure.clientFailure?.code == (failure.clientsWait ? nil : state))
        }
    }

    /// CVE-2026-6666.
    @Test func errorWithoutFieldsIsAnError() throws {
        for body in [[0], Array("Mno\0\0".utf8), Array("SFATAL\0\0".utf8), Array("Cx\0Mno\0\0".utf8)] as [[UInt8]] {
            let login = started(target())
            login.receive([0x45, 0, 0, 0, UInt8(4 + body.count)] + body)
            let failure = try #require(login.failure)
            #expect(failure.kind == .other)
            #expect(failure.clientFailure?.code == .serverRejectedConnection)
        }
    }

    @Test func newerKeysNeedTheirVersion() throws {
        let long = [UInt8](repeating: 5, count: 32)
        let old = started(target(.none))
        old.receive(try ServerScript.beginning(secret: long))
        #expect(old.failure?.reason == "bad cancel key")
        var target = target(.none)
        target.version = .v3_2
        let new = started(target)
        new.receive(try ServerScript.beginning(secret: long))
        #expect(new.welcome?.backendKey?.secret == long)
        #expect(new.welcome?.version == .v3_2)
        let downgrade = try Login.written {
            try $0.negotiateProtocolVersion(ProtocolNegotiation(newest: .v3_0, unknownOptions: []))
        }
        let down = started(target)
        down.receive(downgrade + (try ServerScript.beginning()))
        #expect(down.welcome?.version == .v3_0)
        let lying = started(self.target(.none))
        lying.receive(
            try Login.written {
                try $0.negotiateProtocolVersion(ProtocolNegotiation(newest: .v3_2, unknownOptions: []))
            })
        #expect(lying.failure?.reason == "invalid protocol negotiation")
    }

    /// A server that lets us in without proving that it knows the verifier may be anybody.
    @Test func scramMayNotBeSkipped() throws {
        let first = try Login.written { try $0.authenticationSASL(mechanisms: [ScramMechanism.plain]) }
        let login = started(target())
        login.receive(first)
        login.receive(Login.written { $0.authenticationOk() })
        #expect(login.failure?.kind == .connection)
    }

    @Test(arguments: [
        "r=x,s=QQ==,i=4096", "r=NONCE,s=QQ==,i=4096", "r=NONCEx,s=QQ==,i=0", "r=NONCEx,s=QQ==,i=1000001",
        "r=NONCEx,s=QQ==,i=-1", "r=NONCEx,s=QQ==,i=99999999999999999999", "r=NONCEx,s=,i=1", "r=NONCEx,s=QQ,i=1",
        "r=NONCEx", "", "e=no",
    ])
    func hostileServerFirst(_ text: String) throws {
        let login = started(target())
        login.receive(try Login.written { try $0.authenticationSASL(mechanisms: [ScramMechanism.plain]) })
        var nonce: Substring = ""
        try ServerScript.answer(login.sent()) { answer in
            guard case .bytes(let first) = try answer.saslInitialResponse().response else { return }
            nonce = String(wire: first).split(separator: "r=").last ?? ""
        }
        let message = String(
            text.split(separator: "NONCE", omittingEmptySubsequences: false).joined(separator: nonce))
        login.receive(try Login.written { try $0.authenticationSASLContinue(Array(message.utf8).span) })
        #expect(login.failure?.kind == .connection)
        #expect(login.sent() == [])
    }

    @Test func longServerFirstIsRefused() throws {
        let login = started(target())
        login.receive(try Login.written { try $0.authenticationSASL(mechanisms: [ScramMechanism.plain]) })
        let long = [UInt8](repeating: 0x61, count: 5_000)
        login.receive(try Login.written { try $0.authenticationSASLContinue(long.span) })
        #expect(login.failure?.kind == .connection)
    }

    @Test func wrongServerSignatureIsAnOperatorsMatter() throws {
        let verifier = try #require(ScramVerifier(Login.verifierText))
        // Of another server key: it stole the stored key, or answers for somebody else.
        let stolen = try ScramVerifier(password: "other", salt: verifier.salt, iterations: verifier.iterations)
        let mixed = try #require(
            ScramVerifier(
                verifier.text.split(separator: ":").dropLast().joined(separator: ":") + ":"
                    + Base64.encode(stolen.serverKey)))
        var server = ScramServer(account: .known(mixed), nonce: ScramNonce(randomBytes: [1]))
        let login = started(target())
        login.receive(try Login.written { try $0.authenticationSASL(mechanisms: [ScramMechanism.plain]) })
        var answer: [UInt8] = []
        try ServerScript.answer(login.sent()) { message in
            guard case .bytes(let first) = try message.saslInitialResponse().response else { return }
            answer = try server.receiveClientFirst(first, mechanism: ScramMechanism.plain)
        }
        login.receive(try Login.written { try $0.authenticationSASLContinue(answer.span) })
        try ServerScript.answer(login.sent()) { answer = try server.receiveClientFinal($0.bytes).message }
        login.receive(try Login.written { try $0.authenticationSASLFinal(answer.span) })
        #expect(login.failure?.clientFailure?.message == "server login failed: invalid server signature")
    }

    @Test func whatFollowsIsKept() throws {
        let notice = try Login.written { try $0.parameterStatus(name: "a", value: "b") }
        let login = started(target(.none))
        login.receive(try ServerScript.beginning() + notice)
        #expect(login.welcome != nil)
        #expect(login.login.takeLeftover() == notice)
    }

    @Test func messagesAtTheWrongTimeAreRefused() throws {
        let ready = Login.written { $0.readyForQuery(.idle) }
        let key = try Login.written { try $0.backendKeyData(processID: 1, secret: ([1, 2, 3, 4] as [UInt8]).span) }
        let ok = Login.written { $0.authenticationOk() }
        let row = try Login.written { try $0.dataRow(["x"]) }
        for bytes in [ready, key, row, ok + ok, ok + row, ok + Login.written { $0.readyForQuery(.inTransaction) }] {
            let login = started(target(.none))
            login.receive(bytes)
            #expect(login.failure?.kind == .connection)
        }
    }

    @Test func oversizedMessageIsRefusedAtItsHeader() {
        let login = started(target())
        login.receive([0x52, 0, 1, 0, 4])
        #expect(login.failure?.kind == .connection)
    }

    @Test func longRowsOfTheConnectQueryAreSkipped() throws {
        for pieceByteCount in [nil, 1_000, 65_537] {
            var target = target(.none)
            target.connectQuery = "SELECT 1"
            let login = ServerUnderTest(target, pieceByteCount: pieceByteCount)
            login.start()
            login.receive(try ServerScript.beginning())
            let long = try Login.written {
                try $0.dataRow([String(repeating: "r", count: 200_000)])
                try $0.commandComplete(tag: "SELECT 1")
                $0.readyForQuery(.idle)
            }
            login.receive(long)
            #expect(login.welcome != nil)
        }
    }

    @Test func connectQueryThatLeavesATransactionIsRefused() throws {
        var target = target(.none)
        target.connectQuery = "BEGIN"
        let login = started(target)
        login.receive(try ServerScript.beginning() + Login.written { $0.readyForQuery(.inTransaction) })
        #expect(login.failure?.reason == "connect_query left a transaction open")
    }

    @Test func parametersHaveALimit() throws {
        let login = started(target(.none))
        let many = try Login.written { writer in
            for index in 0..<1_000 { try writer.parameterStatus(name: "p\(index)", value: "v") }
        }
        login.receive(many + (try ServerScript.beginning()))
        #expect(login.welcome?.parameters.count == 256)
    }
}
