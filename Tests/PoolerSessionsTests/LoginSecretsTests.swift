// Derived once, kept, and never printed.

import PoolerSessions
import PostgresWire
import Testing

@Suite struct LoginSecretsTests {
    /// Derivations that a client's login asks for.
    private func derivations(
        _ method: AuthenticationPlan.Method, _ secret: StoredSecret, password: String, _ environment: LoginEnvironment
    ) throws -> Int {
        let login = LoginUnderTest(AuthenticationPlan(method, .known(secret)), environment: environment)
        try Login.run(login, password: password)
        return login.events.count { if case .needsKeys = $0 { true } else { false } }
    }

    @Test func keysOfPlainPasswordsAreDerivedOnce() throws {
        let environment = Login.environment()
        for (password, count) in [("p", 1), ("p", 0), ("q", 1), ("p", 0), ("q", 0)] {
            #expect(try derivations(.scram, .plain(password), password: password, environment) == count)
        }
        environment.scramIterations += 1
        #expect(try derivations(.scram, .plain("p"), password: "p", environment) == 1)
    }

    @Test func keysOfWrongPasswordsAreNotKept() throws {
        let environment = Login.environment()
        let secret = StoredSecret.scram(try ScramVerifier(password: "p", salt: [1], iterations: 4))
        for (password, count) in [("p", 1), ("p", 0), ("q", 1), ("q", 1), ("p", 0)] {
            #expect(try derivations(.plain, secret, password: password, environment) == count)
        }
        let changed = StoredSecret.scram(try ScramVerifier(password: "q", salt: [2], iterations: 4))
        #expect(try derivations(.plain, changed, password: "p", environment) == 1)
    }

    @Test func keysForServersAreDerivedOnce() throws {
        let environment = Login.environment()
        for count in [1, 0] {
            let login = ServerUnderTest(ServerScript.Method.scram.target, environment: environment)
            try ServerScript(.scram).run(login)
            #expect(login.welcome != nil)
            #expect(login.derivationCount == count)
        }
    }

    @Test func keptKeysAreThoseThatWereDerived() throws {
        let kept = Login.environment().derivedKeys
        let derivation = KeyDerivation(password: "p", salt: [1], iterations: 4)
        let keys = try derivation.run().get()
        #expect(kept.known(derivation) == nil)
        kept.keep(keys, of: derivation)
        #expect(kept.known(derivation) == keys)
        for other in [
            KeyDerivation(password: "q", salt: [1], iterations: 4),
            KeyDerivation(password: "p", salt: [2], iterations: 4),
            KeyDerivation(password: "p", salt: [1], iterations: 5),
        ] {
            #expect(kept.known(other) == nil)
        }
    }

    @Test(
        arguments: [
            (nil, .unusable), ("", .unusable), ("x", .plain("x")), ("md5", .plain("md5")),
            ("md5D0F0C0D0F0C0D0F0C0D0F0C0D0F0C0D0", .plain("md5D0F0C0D0F0C0D0F0C0D0F0C0D0F0C0D0")),
            ("md50123456789abcdef0123456789abcdef", .md5("md50123456789abcdef0123456789abcdef")),
            ("SCRAM-SHA-256$x", .plain("SCRAM-SHA-256$x")),
        ] as [(String?, StoredSecret)])
    func formsAreToldApart(_ text: String?, _ secret: StoredSecret) {
        #expect(StoredSecret(text) == secret)
    }

    @Test func scramFormIsParsed() throws {
        let verifier = try #require(ScramVerifier(Login.verifierText))
        #expect(StoredSecret(Login.verifierText) == .scram(verifier))
    }

    @Test func nothingSecretIsPrinted() throws {
        let keys = try ScramKeys(password: "s3cret", salt: [1], iterations: 1)
        let login = LoginUnderTest(AuthenticationPlan(.plain, .known(.plain("s3cret"))))
        login.receive(try Login.startup() + Login.password("s3cret").dropLast(2))
        let key = CancelKeys(random: Login.random()).issue(for: .v3_2, client: 1)
        let server = ServerUnderTest(
            ServerLogin.Target(user: "u", database: "d", credential: .password("s3cret"))
        ).login
        for thing in [
            StoredSecret.plain("s3cret"), ServerCredential.password("s3cret"), login.login, server,
            AuthenticationPlan(.plain, .known(.plain("s3cret"))), SecretLookup.found(user: "u", .plain("s3cret")),
            KeyDerivation(password: "s3cret", salt: [1], iterations: 1), ServerCredential.scramKeys(keys), key,
            BackendKey(processID: 1, secret: Array("s3cret".utf8)),
        ] as [Any] {
            for text in ["\(thing)", String(reflecting: thing)] {
                #expect(!text.contains("s3cret"))
                #expect(!text.contains("\(keys.clientKey[0]), \(keys.clientKey[1])"))
                #expect(!text.contains("\(key.secret[0]), \(key.secret[1])"))
                #expect(!text.contains("115, 51"))
            }
        }
    }

    @Test func systemRandomnessHasItsLength() {
        #expect(RandomSource.system.bytes(0) == [])
        #expect(RandomSource.system.bytes(1_000).count == 1_000)
        #expect(RandomSource.system.bytes(16) != RandomSource.system.bytes(16))
    }
}
