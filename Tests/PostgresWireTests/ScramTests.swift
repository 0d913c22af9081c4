// SCRAM-SHA-256 on both sides: the RFC's vectors, every tampering, mock users, channel binding.

import PostgresWire
import Testing

private let salt: [UInt8] = Array(1...16)
private let hash: [UInt8] = Array(repeating: 0xab, count: 32)

private func nonce(_ text: String) throws -> ScramNonce { try #require(ScramNonce(text: text)) }

private func decoded(_ text: String) -> [UInt8]? { Base64.decode(utf8(text).span) }

private func isSame(_ left: [UInt8], _ right: [UInt8]) -> Bool { constantTimeEqual(left.span, right.span) }

/// What both sides bring to an exchange.
private struct Exchange {
    var credential = ScramClient.Credential.password("pencil")
    var verifier: ScramVerifier
    var isMock = false
    var clientBinding = ScramClient.ChannelBinding.unsupported
    var serverHash: [UInt8]?
    /// Changes message 0, 1, 2 or 3 on its way.
    var tamper: (Int, [UInt8]) -> [UInt8] = { _, bytes in bytes }

    init(password: String = "pencil") throws {
        verifier = try ScramVerifier(password: password, salt: salt, iterations: 64)
    }

    func run() throws -> (clientKey: [UInt8], keys: ScramKeys?) {
        var client = ScramClient(
            credential: credential, nonce: try nonce("client"), channelBinding: clientBinding, userName: "a,b=c")
        var server = ScramServer(
            account: isMock ? .mock(verifier) : .known(verifier), nonce: try nonce("server"),
            certificateHash: serverHash)
        let first = tamper(0, try client.start())
        let challenge = tamper(1, try server.receiveClientFirst(first.span, mechanism: client.mechanism))
        let final = tamper(2, try client.receiveServerFirst(challenge.span))
        let success = try server.receiveClientFinal(final.span)
        let answer = tamper(3, success.message)
        try client.receiveServerFinal(answer.span)
        return (success.clientKey, client.keys)
    }
}

@Suite struct ScramVectorTests {
    private let serverFirst =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    private let clientFinal =
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        + "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    private let serverFinal = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

    /// RFC 7677, section 3.
    @Test func clientOfRFC7677() throws {
        var client = ScramClient(
            credential: .password("pencil"), nonce: try nonce("rOprNGfwEbeRWgbNEkqO"), userName: "user")
        #expect(try String(decoding: client.start(), as: UTF8.self) == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
        let final = try client.receiveServerFirst(utf8(serverFirst).span)
        #expect(String(decoding: final, as: UTF8.self) == clientFinal)
        try client.receiveServerFinal(utf8(serverFinal).span)
    }

    /// RFC 7677, section 3.
    @Test func serverOfRFC7677() throws {
        let salt = try #require(decoded("W22ZaJ0SNY7soEsUEjb6gQ=="))
        let verifier = try ScramVerifier(password: "pencil", salt: salt)
        var server = ScramServer(account: .known(verifier), nonce: try nonce("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"))
        let challenge = try server.receiveClientFirst(
            utf8("n,,n=user,r=rOprNGfwEbeRWgbNEkqO").span, mechanism: ScramMechanism.plain)
        #expect(String(decoding: challenge, as: UTF8.self) == serverFirst)
        let success = try server.receiveClientFinal(utf8(clientFinal).span)
        #expect(String(decoding: success.message, as: UTF8.self) == serverFinal)
        #expect(try success.clientKey == ScramKeys(password: "pencil", salt: salt, iterations: 4_096).clientKey)
    }

    /// Made by PostgreSQL 15.18 for the password `пароль ①` (compatibility form: `пароль 1`).
    @Test func verifierOfPostgreSQL() throws {
        let text =
            "SCRAM-SHA-256$4096:nXUq4BzvVOkuxeUKt3tHXg==$wZEIqj0oRJ8czze+h0N3iUuoWJsk1pfGy6AerKsaMwI="
            + ":aeqz8R3eUmfEeGuZajFK3SgdamuVwID/gqEQiyMvzEk="
        let verifier = try #require(ScramVerifier(text))
        #expect(verifier.text == text)
        #expect(try verifier.matches(password: "пароль ①"))
        #expect(try verifier.matches(password: "пароль 1"))
        #expect(try !verifier.matches(password: "пароль 2"))
        #expect(try verifier == ScramVerifier(password: "пароль 1", salt: verifier.salt))
        #expect(!"\(verifier)".contains("aeqz"))
    }
}

@Suite struct ScramExchangeTests {
    @Test func rightPassword() throws {
        let result = try Exchange().run()
        #expect(result.clientKey == result.keys?.clientKey)
    }

    @Test func keptKeysSaveTheDerivation() throws {
        var exchange = try Exchange()
        exchange.credential = .keys(try ScramKeys(password: "pencil", salt: salt, iterations: 64))
        _ = try exchange.run()
    }

    @Test func wrongPassword() throws {
        #expect(throws: ScramError.authenticationFailed) { try Exchange(password: "pen").run() }
    }

    @Test func unknownUserFailsWithTheRightLookAndAStableSalt() throws {
        let secret: [UInt8] = [1, 2, 3]
        var exchange = try Exchange()
        exchange.verifier = ScramVerifier(mockFor: "nobody", secret: secret, iterations: 64)
        exchange.isMock = true
        #expect(throws: ScramError.authenticationFailed) { try exchange.run() }
        #expect(exchange.verifier.salt.count == 16)
        #expect(ScramVerifier(mockFor: "nobody", secret: secret, iterations: 64) == exchange.verifier)
        #expect(ScramVerifier(mockFor: "other", secret: secret).salt != exchange.verifier.salt)
        #expect(ScramVerifier(mockFor: "nobody", secret: [9]).salt != exchange.verifier.salt)
    }

    @Test func mockNeverSucceeds() throws {
        var exchange = try Exchange()
        exchange.isMock = true
        #expect(throws: ScramError.authenticationFailed) { try exchange.run() }
    }

    @Test func channelBindingHolds() throws {
        var exchange = try Exchange()
        exchange.clientBinding = .tlsServerEndPoint(certificateHash: hash)
        exchange.serverHash = hash
        _ = try exchange.run()
        exchange.serverHash = [1]
        #expect(throws: ScramError.channelBindingMismatch) { try exchange.run() }
        exchange.serverHash = nil
        #expect(throws: ScramError.mechanismMismatch) { try exchange.run() }
    }

    @Test func clientThatMissedTheOfferIsADowngrade() throws {
        var exchange = try Exchange()
        exchange.clientBinding = .notOffered
        _ = try exchange.run()
        exchange.serverHash = hash
        #expect(throws: ScramError.channelBindingDowngrade) { try exchange.run() }
        exchange.clientBinding = .unsupported
        _ = try exchange.run()
    }

    /// Any bit changed in any message ends the exchange, or was in the part of it that nobody reads.
    @Test(arguments: 0...3)
    func tamperedMessageIsRefused(_ number: Int) throws {
        var byteCount = 0
        var plain = try Exchange()
        plain.tamper = { index, bytes in
            if index == number { byteCount = bytes.count }
            return bytes
        }
        _ = try plain.run()
        for index in 0..<byteCount {
            var exchange = try Exchange()
            exchange.tamper = { message, bytes in
                guard message == number else { return bytes }
                var changed = bytes
                changed[index] ^= 1
                return changed
            }
            #expect(throws: ScramError.self, "byte \(index)") { try exchange.run() }
        }
    }

    @Test func callsOutOfOrderAreRefused() throws {
        var client = ScramClient(credential: .password("x"), nonce: try nonce("c"))
        #expect(throws: ScramError.outOfOrder) { try client.receiveServerFirst(utf8("").span) }
        #expect(throws: ScramError.outOfOrder) { try client.receiveServerFinal(utf8("").span) }
        _ = try client.start()
        #expect(throws: ScramError.outOfOrder) { try client.start() }
        let verifier = try ScramVerifier(password: "x", salt: salt, iterations: 1)
        var server = ScramServer(account: .known(verifier), nonce: try nonce("s"))
        #expect(throws: ScramError.outOfOrder) { try server.receiveClientFinal(utf8("").span) }
    }
}

@Suite struct ScramMessageTests {
    @Test(
        arguments: [
            ("", .malformedMessage), ("n", .malformedMessage), ("n,", .malformedMessage), ("n,,", .malformedMessage),
            ("n,,n=", .malformedMessage), ("n,,n=,r=", .malformedMessage), ("n,,n=,r=a,", .malformedMessage),
            ("n,a=admin,n=,r=a", .unsupportedAuthorizationIdentity), ("n,,m=x,n=,r=a", .unsupportedExtension),
            ("n,,n=,r=a,m=x", .unsupportedExtension), ("n,,r=a,n=", .malformedMessage),
            ("x,,n=,r=a", .malformedMessage),
            ("p=tls-unique,,n=,r=a", .unsupportedChannelBinding),
            ("p=tls-server-end-point,,n=,r=a", .mechanismMismatch),
            ("n,,n=\0,r=a", .malformedMessage), ("n,,n=,r=a b", .malformedMessage), ("n,,n=,r=é", .malformedMessage),
        ] as [(String, ScramError)])
    func clientFirstIsRefused(_ text: String, _ error: ScramError) throws {
        let verifier = try ScramVerifier(password: "x", salt: salt, iterations: 1)
        var server = ScramServer(account: .known(verifier), nonce: try nonce("s"))
        #expect(throws: error) {
            try server.receiveClientFirst(utf8(text).span, mechanism: ScramMechanism.plain)
        }
    }

    @Test func extensionsAreIgnored() throws {
        let verifier = try ScramVerifier(password: "x", salt: salt, iterations: 1)
        var server = ScramServer(account: .known(verifier), nonce: try nonce("s"))
        let first = utf8("n,,n=,r=a,x=1,y=2")
        #expect(try !server.receiveClientFirst(first.span, mechanism: ScramMechanism.plain).isEmpty)
    }

    @Test(
        arguments: [
            ("r=c,s=QQ==,i=1", .nonceMismatch), ("r=x,s=QQ==,i=1", .nonceMismatch),
            ("r=cs,s=QQ==,i=0", .iterationsOutOfRange),
            ("r=cs,s=QQ==,i=10000001", .iterationsOutOfRange), ("r=cs,s=,i=1", .saltOutOfRange),
            ("r=cs,s=QQ=,i=1", .malformedMessage), ("r=cs,s=QQ==", .malformedMessage),
            ("r=cs,s=QQ==,i=x", .malformedMessage),
            ("r=cs,s=QQ==,i=99999999999999999999", .malformedMessage), ("m=x,r=cs,s=QQ==,i=1", .unsupportedExtension),
            ("r=cs,s=QQ==,i=1,m=x", .unsupportedExtension), ("", .malformedMessage), ("e=no", .malformedMessage),
        ] as [(String, ScramError)])
    func serverFirstIsRefused(_ text: String, _ error: ScramError) throws {
        var client = ScramClient(credential: .password("x"), nonce: try nonce("c"))
        _ = try client.start()
        #expect(throws: error) { try client.receiveServerFirst(utf8(text).span) }
    }

    @Test(
        arguments: [
            ("e=other-error", .serverError("other-error")), ("v=AAAA", .serverSignatureMismatch),
            ("v=?", .malformedMessage),
            ("", .malformedMessage),
        ] as [(String, ScramError)])
    func serverFinalIsRefused(_ text: String, _ error: ScramError) throws {
        var client = ScramClient(credential: .password("x"), nonce: try nonce("c"))
        _ = try client.start()
        _ = try client.receiveServerFirst(utf8("r=cs,s=QQ==,i=1").span)
        #expect(throws: error) { try client.receiveServerFinal(utf8(text).span) }
    }

    @Test func longMessageIsRefused() throws {
        var client = ScramClient(credential: .password("x"), nonce: try nonce("c"))
        _ = try client.start()
        let long = [UInt8](repeating: 0x61, count: 4_097)
        #expect(throws: ScramError.messageTooLong(byteCount: 4_097)) { try client.receiveServerFirst(long.span) }
    }

    @Test(arguments: [
        "", "md5abc", "SCRAM-SHA-256$4096:AAAA$AAAA:AAAA", "SCRAM-SHA-256$0:AAAA$", "SCRAM-SHA-1$4096:AAAA$A:A",
        "SCRAM-SHA-256$4096:AQ==$nK5BXNEZgLcsKzsNVKzTgGC4ZMdRPUVJzVCRIbPClc4=",
        "SCRAM-SHA-256$4096:AQ$nK5BXNEZgLcsKzsNVKzTgGC4ZMdRPUVJzVCRIbPClc4=:nK5BXNEZgLcsKzsNVKzTgGC4ZMdRPUVJzVCRIbPClc4=",
    ])
    func malformedVerifierIsNil(_ text: String) {
        #expect(ScramVerifier(text) == nil)
    }

    @Test(arguments: ["", "é", "a,b", "a b", "\0"])
    func malformedNonceIsNil(_ text: String) {
        #expect(ScramNonce(text: text) == nil)
    }

    @Test func passwordHasLimits() {
        #expect(throws: ScramError.passwordOutOfRange) { try ScramVerifier(password: "", salt: salt) }
        #expect(throws: ScramError.passwordOutOfRange) {
            try ScramVerifier(password: String(repeating: "a", count: 65_531), salt: salt)
        }
    }
}

@Suite struct PasswordFormTests {
    /// RFC 4648, section 10.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func base64(_ plain: String, _ text: String) {
        #expect(Base64.encode(utf8(plain)) == text)
        #expect(decoded(text) == utf8(plain))
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "Zg==Zg==", "Z g=", "Zm9v\n", "-_-_", "Z===", "=Zm9"])
    func looseBase64IsRefused(_ text: String) {
        #expect(decoded(text) == nil)
    }

    /// RFC 4013, section 3, and what PostgreSQL does with forbidden text: nothing.
    @Test(arguments: [
        ("user", "user"), ("USER", "USER"), ("I\u{ad}X", "IX"), ("\u{aa}", "a"), ("\u{2168}", "IX"),
        ("a\u{a0}b", "a b"), ("\u{7}", "\u{7}"), ("é\u{7}", "é\u{7}"), ("\u{627}1", "\u{627}1"),
        ("\u{627}\u{628}", "\u{627}\u{628}"), ("\u{627}a\u{2168}", "\u{627}a\u{2168}"), ("\u{ad}", "\u{ad}"),
        ("e\u{301}", "é"), ("\u{1f600}\u{2168}", "\u{1f600}\u{2168}"), ("\u{e000}\u{2168}", "\u{e000}\u{2168}"),
    ])
    func saslprep(_ password: String, _ prepared: String) {
        #expect(Array(SASLprep.prepare(password).utf8) == Array(prepared.utf8))
    }

    @Test func md5() {
        #expect(MD5Password.verifier(user: "user", password: "password") == "md54d45974e13472b5a0be3533de4666414")
        #expect(
            MD5Password.response(user: "user", password: "password", salt: [1, 2, 3, 4])
                == "md5a3576f1ae039b8996bc4fc2720f9c71a")
        #expect(
            MD5Password.response(verifier: "md54d45974e13472b5a0be3533de4666414", salt: [1, 2, 3, 4])
                == "md5a3576f1ae039b8996bc4fc2720f9c71a")
    }

    @Test func secretsCompareInFull() {
        #expect(isSame(salt, salt))
        #expect(!isSame(salt, Array(salt.dropLast())))
        for index in salt.indices {
            var other = salt
            other[index] ^= 0x80
            #expect(!isSame(salt, other))
        }
    }
}
