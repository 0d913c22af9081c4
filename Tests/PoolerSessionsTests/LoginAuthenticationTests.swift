// Who may come in, by every method and every stored form; the client is PostgresWire's own.

import Bytes
import PoolerSessions
import PostgresWire
import Testing

private let user = "alice"
private let password = "s3cret"

private func forms() throws -> [StoredSecret] {
    [
        .plain(password), StoredSecret(MD5Password.verifier(user: user, password: password)),
        StoredSecret(Login.verifierText),
    ]
}

@Suite struct LoginAuthenticationTests {
    private func run(
        _ method: AuthenticationPlan.Method, _ account: AuthenticationPlan.Account, password: String?,
        lookup: SecretLookup = .noSuchUser, pieceByteCount: Int? = nil
    ) throws -> LoginUnderTest {
        let login = LoginUnderTest(
            AuthenticationPlan(method, account), lookup: lookup, pieceByteCount: pieceByteCount)
        try Login.run(login, password: password)
        return login
    }

    /// Method, index of the stored form, and whether the right password is let in.
    @Test(
        arguments: [
            (.plain, 0, true), (.plain, 1, true), (.plain, 2, true), (.md5, 0, true), (.md5, 1, true), (.md5, 2, true),
            (.scram, 0, true), (.scram, 1, false), (.scram, 2, true),
        ] as [(AuthenticationPlan.Method, Int, Bool)])
    func passwordMethods(_ method: AuthenticationPlan.Method, _ form: Int, _ fits: Bool) throws {
        let secret = try forms()[form]
        for pieceByteCount in [nil, 1] {
            let login = try run(method, .known(secret), password: password, pieceByteCount: pieceByteCount)
            #expect((login.identity?.user == user) == fits, "\(secret)")
            for wrong in ["wrong", "s3cre", "s3crett", "S3cret", Login.verifierText] {
                let other = try run(method, .known(secret), password: wrong, pieceByteCount: pieceByteCount)
                #expect(other.failure?.code == .invalidPassword, "\(secret)")
                #expect(other.failure?.message.hasSuffix("authentication failed") == true)
            }
        }
    }

    @Test func failuresSayTheWordsOfTheMethod() throws {
        let secret = StoredSecret.plain(password)
        #expect(try run(.plain, .known(secret), password: "x").failure?.message == "password authentication failed")
        #expect(try run(.md5, .known(secret), password: "x").failure?.message == "password authentication failed")
        #expect(try run(.scram, .known(secret), password: "x").failure?.message == "SASL authentication failed")
    }

    /// Neither a user without a password nor one who does not exist can be told from a wrong password.
    @Test func unusableAndUnknownFailAlike() throws {
        for method in [.plain, .md5, .scram] as [AuthenticationPlan.Method] {
            for account in [.unknown, .known(.unusable)] as [AuthenticationPlan.Account] {
                // "md5" is what stands for NULL in other poolers.
                for text in [password, "md5", ""] where !text.isEmpty {
                    let login = try run(method, account, password: text)
                    #expect(login.failure?.code == .invalidPassword)
                    #expect(login.failure?.message.hasSuffix("authentication failed") == true)
                }
            }
        }
    }

    @Test func emptyPasswordIsRefused() throws {
        for method in [.plain, .md5] as [AuthenticationPlan.Method] {
            let login = LoginUnderTest(AuthenticationPlan(method, .known(.plain(password))))
            login.receive(try Login.startup() + Login.password(""))
            #expect(login.failure?.message == "empty password returned by client")
        }
    }

    @Test func credentialIsTheBestThatFollows() throws {
        let secrets = try forms()
        let verifier = try #require(ScramVerifier(Login.verifierText))
        let keys = try ScramKeys(password: password, salt: verifier.salt, iterations: verifier.iterations)
        #expect(try run(.scram, .known(secrets[2]), password: password).identity?.credential == .scramKeys(keys))
        #expect(try run(.scram, .known(secrets[0]), password: password).identity?.credential == .password(password))
        #expect(
            try run(.md5, .known(secrets[1]), password: password).identity?.credential
                == ServerCredential(stored: secrets[1]))
        for secret in secrets {
            #expect(try run(.plain, .known(secret), password: password).identity?.credential == .password(password))
        }
        #expect(try run(.trust, .known(secrets[2]), password: nil).identity?.credential == .scramVerifier)
        #expect(try run(.any, .unknown, password: nil).identity?.credential == ServerCredential.none)
    }

    @Test func methodsWithoutAPassword() throws {
        #expect(try run(.trust, .known(.unusable), password: nil).identity != nil)
        #expect(try run(.trust, .unknown, password: nil).failure?.message == "\"trust\" authentication failed")
        #expect(try run(.any, .unknown, password: nil).identity != nil)
        #expect(try run(.reject, .known(.unusable), password: nil).failure?.message == "login rejected")
        let certificate = "certificate authentication failed"
        let peer = "unix socket login rejected"
        #expect(try run(.certificate(.matches), .known(.unusable), password: nil).identity != nil)
        #expect(try run(.certificate(.matches), .unknown, password: nil).failure?.message == certificate)
        let refused = try run(.certificate(.refused("no certificate")), .known(.unusable), password: nil).failure
        #expect(refused?.message == certificate)
        #expect(refused?.detail == "no certificate")
        #expect(try run(.peer(.matches), .known(.unusable), password: nil).identity != nil)
        #expect(try run(.peer(.matches), .unknown, password: nil).failure?.message == peer)
        #expect(try run(.peer(.refused("uid 7")), .known(.unusable), password: nil).failure?.message == peer)
    }

    @Test func authQueryIsAskedFirst() throws {
        for method in [.trust, .plain, .md5, .scram] as [AuthenticationPlan.Method] {
            let login = try run(
                method, .lookUp, password: password, lookup: .found(user: "alice", .plain(password)))
            #expect(login.events.contains(.needsSecret(user: "alice")))
            #expect(login.identity?.user == "alice")
            let absent = try run(method, .lookUp, password: password)
            #expect(absent.failure?.message == "no such user")
            let broken = try run(method, .lookUp, password: password, lookup: .failed(AuthQuery.clientFailure))
            #expect(broken.failure?.message == "bouncer config error")
        }
        let other = try run(.scram, .lookUp, password: password, lookup: .found(user: "Alice", .plain(password)))
        #expect(other.identity?.user == "Alice")
    }

    /// Whoever cannot come in anyway costs no query.
    @Test func refusalNeedsNoQuery() throws {
        for method in [.reject, .certificate(.refused("x")), .peer(.refused("x"))] as [AuthenticationPlan.Method] {
            let login = try run(method, .lookUp, password: nil, lookup: .found(user: user, .unusable))
            #expect(login.failure?.code == .invalidAuthorization)
            #expect(!login.events.contains(.needsSecret(user: user)))
        }
    }

    @Test func channelBindingHolds() throws {
        let hash = [UInt8](repeating: 0xab, count: 32)
        for (ours, theirs, bound) in [
            (hash, hash, true), (hash, nil, false), (nil, hash, false), (hash, [UInt8](repeating: 1, count: 32), nil),
        ] as [([UInt8]?, [UInt8]?, Bool?)] {
            let login = LoginUnderTest(
                AuthenticationPlan(.scram, .known(.plain(password))), policy: StartupPolicy(tls: .offered))
            login.channel = ClientChannel(certificateHash: ours)
            login.receive(Login.written { $0.tlsRequest() })
            login.secure()
            _ = login.sent()
            try Login.run(login, password: password, certificateHash: theirs)
            #expect(login.identity?.isChannelBound == bound)
        }
    }

    /// RFC 5802, section 6: somebody between took the offer of channel binding out.
    @Test func downgradeIsRefused() throws {
        let login = LoginUnderTest(
            AuthenticationPlan(.scram, .known(.plain(password))), policy: StartupPolicy(tls: .offered))
        login.channel = ClientChannel(certificateHash: [1])
        login.receive(Login.written { $0.tlsRequest() })
        login.secure()
        login.receive(try Login.startup())
        let first = Array("y,,n=,r=abc".utf8)
        login.receive(
            try Login.written { try $0.saslInitialResponse(mechanism: "SCRAM-SHA-256", response: first.span) })
        #expect(login.failure?.message == "SASL authentication failed")
        #expect(login.failure?.detail?.contains("Downgrade") == true)
    }

    @Test func mechanismMustBeOffered() throws {
        for mechanism in ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1", ""] {
            let login = LoginUnderTest(AuthenticationPlan(.scram, .known(.plain(password))))
            let first = Array("n,,n=,r=abc".utf8)
            login.receive(
                try Login.startup()
                    + Login.written { try $0.saslInitialResponse(mechanism: mechanism, response: first.span) })
            #expect(login.failure?.message == "client selected an invalid SASL authentication mechanism")
        }
    }

    /// What was computed without this code: Python's hashlib, nonces of the bytes 0 ... 17 and of 18 times 0xAB.
    @Test func exchangeIsWhatTheRFCSays() throws {
        let environment = LoginEnvironment(random: RandomSource { [UInt8](repeating: 0xab, count: $0) })
        let login = LoginUnderTest(
            AuthenticationPlan(.scram, .known(StoredSecret(Login.verifierText))), environment: environment)
        login.receive(try Login.startup())
        _ = login.sent()
        let first = Array("n,,n=,r=AAECAwQFBgcICQoLDA0ODxAR".utf8)
        login.receive(
            try Login.written { try $0.saslInitialResponse(mechanism: "SCRAM-SHA-256", response: first.span) })
        let serverFirst =
            "r=AAECAwQFBgcICQoLDA0ODxARq6urq6urq6urq6urq6urq6urq6ur".dropLast(4)
            + ",s=AQIDBAUGBwgJCgsMDQ4PEA==,i=4096"
        #expect(String(decoding: login.sent().dropFirst(9), as: UTF8.self) == serverFirst)
        let final =
            "c=biws,r=AAECAwQFBgcICQoLDA0ODxARq6urq6urq6urq6urq6urq6ur,"
            + "p=iQNQlwoKnpIr24jgheZnEjmGHRW8+b2gc8g+sLbPRjQ="
        login.receive(try Login.written { try $0.saslResponse(Array(final.utf8).span) })
        #expect(
            String(decoding: login.sent().dropFirst(9), as: UTF8.self)
                == "v=380hMEa+xdMUt874R5NaVRg8Uia1yXrKPC6uKxOMYCw=")
        guard case .scramKeys(let keys)? = login.identity?.credential else {
            Issue.record("no keys")
            return
        }
        #expect(Base64.encode(keys.clientKey) == "B6v+vOs6rV1hxwS8gy2cZOsn+2a7FJJF8nA8KDYqHH0=")
    }

    /// A user who exists only in the imagination of the client is shown the same salt each time, and the salt of a user
    /// whose plain password is known does not tell that either.
    @Test func saltsTellNothing() throws {
        let environment = Login.environment()
        let salt = { (account: AuthenticationPlan.Account) throws -> Substring in
            let login = LoginUnderTest(AuthenticationPlan(.scram, account), environment: environment)
            login.receive(try Login.startup())
            _ = login.sent()
            let first = Array("n,,n=,r=abc".utf8)
            login.receive(
                try Login.written { try $0.saslInitialResponse(mechanism: "SCRAM-SHA-256", response: first.span) })
            let answer = String(decoding: login.sent(), as: UTF8.self)
            return try #require(answer.split(separator: ",").first { $0.hasPrefix("s=") })
        }
        let stranger = try salt(.unknown)
        #expect(try salt(.unknown) == stranger)
        #expect(try salt(.known(.plain("x"))) == stranger)
        #expect(try salt(.known(.unusable)) == stranger)
    }

    @Test func whatIsNoAnswerIsRefused() throws {
        let query = try Login.written { try $0.query("SELECT 1") }
        for method in [.plain, .md5, .scram] as [AuthenticationPlan.Method] {
            let login = LoginUnderTest(AuthenticationPlan(method, .known(.plain(password))))
            login.receive(try Login.startup())
            login.receive(Array(query.prefix(5)))
            #expect(login.failure?.message == "expected password response, got message type 81")
            let gone = LoginUnderTest(AuthenticationPlan(method, .known(.plain(password))))
            gone.receive(try Login.startup() + Login.written { $0.terminate() })
            #expect(gone.failure?.isTold == false)
        }
    }

    @Test func answersHaveLimits() throws {
        let long = String(repeating: "p", count: 65_530)
        let login = LoginUnderTest(AuthenticationPlan(.plain, .known(.plain(long))), pieceByteCount: 4_096)
        login.receive(try Login.startup() + Login.password(long))
        #expect(login.identity != nil)
        let longer = LoginUnderTest(AuthenticationPlan(.plain, .known(.plain(long))))
        longer.receive(try Login.startup() + Login.password(long + "p"))
        #expect(longer.failure?.message == "password authentication failed")
        let tooLong = LoginUnderTest(AuthenticationPlan(.plain, .known(.plain(long))))
        tooLong.receive(try Login.startup() + [0x70, 0, 1, 0, 4])
        #expect(tooLong.failure?.code == .protocolViolation)
        let hashed = LoginUnderTest(AuthenticationPlan(.md5, .known(.plain(long))))
        hashed.receive(try Login.startup() + [0x70, 0, 0, 0x20, 0])
        #expect(hashed.failure?.code == .protocolViolation)
    }

    @Test func whatFollowsTheLoginIsKept() throws {
        let query = try Login.written { try $0.query("SELECT 1") }
        let login = LoginUnderTest(AuthenticationPlan(.plain, .known(.plain(password))))
        login.receive(try Login.startup() + Login.password(password) + query)
        #expect(login.identity != nil)
        #expect(login.login.takeLeftover() == query)
        #expect(login.login.takeLeftover() == [])
    }

    @Test func hastyClientHasLimits() throws {
        var login = ClientLogin(policy: StartupPolicy(), environment: Login.environment())
        var output = OutputBuffer()
        let startup = try Login.startup()
        let flood = [UInt8](repeating: 0x70, count: 65_536)
        let events = ([startup] + Array(repeating: flood, count: 3)).map { bytes in
            bytes.withUnsafeBytes { login.receive($0, into: &output) }
        }
        #expect(events[1] == .needsBytes)
        #expect(events[3] == .failed(LoginFailure(.protocolViolation, "too many bytes before the end of the login")))
    }

    @Test func callerMayRefuse() throws {
        var login = ClientLogin(policy: StartupPolicy(), environment: Login.environment())
        var output = OutputBuffer()
        _ = try Login.startup().withUnsafeBytes { login.receive($0, into: &output) }
        let failure = LoginFailure(.tooManyConnections, "no more connections allowed (max_client_conn)")
        #expect(login.refuse(failure, into: &output) == .failed(failure))
        let error = try Login.error(output.readable.array)
        #expect(error?.message == failure.message)
        #expect(error?.severity == .fatal)
        #expect(login.isFinished)
    }

    @Test func welcomeIsWhole() throws {
        var output = OutputBuffer()
        let key = CancelKeys(random: Login.random()).issue(for: .v3_2, client: 1)
        try ClientWelcome.write(
            parameters: [SessionParameter("a", "b"), SessionParameter("c", "d")], key: key, notice: "hello",
            into: &output)
        #expect(try Login.types(output.readable.array) == "RSSKNZ")
        output.removeAll()
        try ClientWelcome.write(parameters: [], key: key, into: &output)
        #expect(try Login.types(output.readable.array) == "RKZ")
        output.removeAll()
        #expect(throws: WireError.zeroByteInText) {
            try ClientWelcome.write(parameters: [SessionParameter("a\0", "b")], key: key, into: &output)
        }
        #expect(output.readable.array == [])
    }
}
