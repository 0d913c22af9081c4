// Derived once, kept, and never printed.

import PoolerSessions
import PostgresWire
import Testing

@Suite struct LoginSecretsTests {
    /// The second time costs a small part of the first: with so many rounds the difference is thousandfold.
    private func expectKept(_ body: () throws -> Void) rethrows {
        let clock = ContinuousClock()
        let first = try clock.measure(body)
        let second = try clock.measure(body)
        #expect(second * 20 < first)
    }

    private let iterations = 100_000

    @Test func adHocVerifierIsDerivedOnce() throws {
        let verifiers = Login.environment().adHocVerifiers
        try expectKept { try verifiers.verifier(user: "a", password: "p", iterations: iterations) }
        let verifier = try verifiers.verifier(user: "a", password: "p", iterations: iterations)
        #expect(try verifier.matches(password: "p"))
        let changed = try verifiers.verifier(user: "a", password: "q", iterations: 4)
        #expect(try changed.matches(password: "q"))
        #expect(changed.iterations == 4)
        #expect(try !verifiers.verifier(user: "a", password: "r", iterations: 4).matches(password: "q"))
    }

    @Test func provenPasswordIsCheckedOnce() throws {
        let passwords = Login.environment().provenPasswords
        let verifier = try ScramVerifier(password: "p", salt: [1], iterations: iterations)
        try expectKept { _ = try passwords.keys(user: "a", password: "p", verifier: verifier) }
        #expect(try passwords.keys(user: "a", password: "p", verifier: verifier) != nil)
        #expect(try passwords.keys(user: "a", password: "q", verifier: verifier) == nil)
        let changed = try ScramVerifier(password: "q", salt: [1], iterations: 4)
        #expect(try passwords.keys(user: "a", password: "p", verifier: changed) == nil)
        let keys = try passwords.keys(user: "a", password: "q", verifier: changed)
        #expect(keys == (try ScramKeys(password: "q", salt: [1], iterations: 4)))
    }

    @Test func keysForServersAreDerivedOnce() throws {
        let keys = Login.environment().derivedKeys
        try expectKept { _ = try keys.keys(password: "p", salt: [1], iterations: iterations) }
        #expect(
            try keys.keys(password: "p", salt: [2], iterations: 4)
                == ScramKeys(password: "p", salt: [2], iterations: 4))
        #expect(
            try keys.keys(password: "q", salt: [2], iterations: 4)
                == ScramKeys(password: "q", salt: [2], iterations: 4))
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
            ServerCredential.scramKeys(keys), key, BackendKey(processID: 1, secret: Array("s3cret".utf8)),
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
