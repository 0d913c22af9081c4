import PoolerConfiguration
import Testing

@testable import PoolerSessions

@Suite("Pools follow what changes at the server and in the files")
struct FollowingTests {
    // MARK: - What servers refuse

    private static let refusals = [
        ("3D000", "database \"db\" does not exist"), ("28000", "role \"x\" does not exist"),
        ("28P01", "password authentication failed for user \"x\""), ("42501", "permission denied for database"),
    ]

    private func pooler(_ settings: String = "") throws -> ConfiguredPooler {
        try ConfiguredPooler("auth_type = any\npool_mode = transaction\n\(settings)", databases: "db = host=h user=u")
    }

    @Test(arguments: refusals)
    func waitingClientsAreToldWhatTheServerSaid(_ code: String, _ text: String) throws {
        let pooler = try pooler()
        let clients = (0..<3).map { _ in pooler.connect(user: "x") }
        let server = try #require(pooler.connectServer())
        server.send(WireBytes.error("FATAL", code, text))
        for client in clients { #expect(client.takeError() == "FATAL \(code) \(text)") }
    }

    /// Until the next attempt, those who come are told at once what the last one has shown.
    @Test func whoComesInThePauseIsToldAtOnce() throws {
        let pooler = try pooler("server_login_retry = 1")
        _ = pooler.connect(user: "x")
        try #require(pooler.connectServer()).send(WireBytes.error("FATAL", "3D000", "gone"))
        let next = pooler.connect(user: "x")
        #expect(next.takeError() == "FATAL 3D000 gone")
        #expect(pooler.wanted.isEmpty)
        pooler.pass(milliseconds: 1001)
        let later = pooler.connect(user: "x")
        try #require(pooler.logInServer()).end()
        #expect(later.takeTypes().hasSuffix("Z"))
        let last = pooler.connect(user: "x")
        #expect(last.takeTypes().hasSuffix("Z"))
    }

    /// A server that cannot be reached, or is starting, is a matter of time.
    @Test func whoCanHopeWaits() throws {
        let pooler = try pooler()
        let client = pooler.connect(user: "x")
        try #require(pooler.connectServer()).send(WireBytes.error("FATAL", "57P03", "starting up"))
        pooler.pass(milliseconds: 20_000)
        pooler.failServer()
        pooler.pass(milliseconds: 20_000)
        let other = pooler.connect(user: "x")
        #expect(client.take().isEmpty)
        #expect(other.take().isEmpty)
        _ = try #require(pooler.logInServer())
        #expect(client.takeTypes().hasSuffix("Z"))
        #expect(other.takeTypes().hasSuffix("Z"))
    }

    /// A refusal is not for those who may have another server later.
    @Test func whoHasServersBesideWaits() throws {
        let pooler = try pooler()
        let first = pooler.connect(user: "x")
        let server = try #require(pooler.logInServer())
        first.send(WireBytes.query("begin"))
        let second = pooler.connect(user: "x")
        _ = (first.take(), second.take())
        second.send(WireBytes.query("select"))
        try #require(pooler.connectServer()).send(WireBytes.error("FATAL", "28000", "no"))
        #expect(!second.isClosed)
        server.send(WireBytes.message("C", WireBytes.text("ROLLBACK")) + WireBytes.message("Z", Array("I".utf8)))
        #expect(server.takeTypes().hasSuffix("Q"))
    }

    /// Not even of one that is to be closed when it is free.
    @Test func serversThatAreToBeClosedAreNotWaitedFor() throws {
        let pooler = try pooler("default_pool_size = 2")
        let first = pooler.connect(user: "x")
        let server = try #require(pooler.logInServer())
        first.send(WireBytes.query("begin"))
        _ = (first.take(), server.take())
        pooler.pooler.perform(.reconnect(database: "db"))
        let second = pooler.connect(user: "x")
        try #require(pooler.connectServer()).send(WireBytes.error("FATAL", "28P01", "no"))
        #expect(second.takeError() == "FATAL 28P01 no")
        #expect(!first.isClosed)
        #expect(pooler.log.contains { $0.contains("S-") && $0.contains("closing because: no (age") })
    }

    /// Of the database that a client asks for it hears, not of what else the question for its password meets.
    @Test(arguments: [
        ("3D000", "", "FATAL 3D000 gone"), ("28P01", "", "FATAL 08004 bouncer config error"),
        ("3D000", "auth_dbname = other", "FATAL 08004 bouncer config error"),
    ])
    func whoseSecretCannotBeAskedForIsToldOfItsOwnDatabase(
        _ code: String, _ setting: String, _ told: String
    ) throws {
        let pooler = try ConfiguredPooler(
            "auth_type = md5\nauth_user = y\n\(setting)", databases: "* = host=h\nother = host=h")
        let client = pooler.connect(user: "stranger", database: "nosuch")
        try #require(pooler.connectServer()).send(WireBytes.error("FATAL", code, "gone"))
        #expect(client.takeError() == told)
    }

    // MARK: - What the files say

    private static let users = #""alice" "a""# + "\n" + #""bob" "b""#

    private static let settings = "auth_type = hba\nauth_file = users\nauth_hba_file = rules\npool_mode = transaction"

    private func ruled(_ rules: String, users: String = users) throws -> ConfiguredPooler {
        try ConfiguredPooler(Self.settings, files: ["users": users, "rules": rules])
    }

    private func connect(_ pooler: ConfiguredPooler, _ user: String, from address: String) -> ConfiguredEnd {
        let details = ClientDetails(peer: "\(address):1")
        details.address = NetworkAddress(address)
        return pooler.connect(user: user, details: details)
    }

    @Test func clientsFromWhereNobodyMayComeAreEnded() throws {
        let pooler = try ruled("host all all 10.0.0.0/8 trust")
        let (inside, outside) = (connect(pooler, "alice", from: "10.1.0.1"), connect(pooler, "alice", from: "10.2.0.1"))
        let halfway = connect(pooler, "carol", from: "10.2.0.2")
        _ = try #require(pooler.logInServer())
        for client in [inside, outside] { #expect(client.takeTypes().hasSuffix("Z")) }
        #expect(halfway.takeError() == "FATAL 28000 \"trust\" authentication failed")
        try pooler.reload(Self.settings, files: ["rules": "host all all 10.1.0.0/16 trust"])
        #expect(outside.takeError() == "FATAL 28000 no authentication method is found")
        #expect(outside.isClosed)
        #expect(!inside.isClosed)
        try pooler.reload(Self.settings, files: ["rules": "host all all 10.1.0.0/16 reject"])
        #expect(inside.takeError() == "FATAL 28000 login rejected")
    }

    /// One that is being asked for its password, and one in a transaction.
    @Test func clientsAreEndedInWhateverTheyDo() throws {
        let pooler = try ruled("host all bob 10.0.0.0/8 trust\nhost all all 10.0.0.0/8 password")
        let asked = connect(pooler, "alice", from: "10.2.0.1")
        #expect(asked.takeTypes() == "R")
        let working = connect(pooler, "bob", from: "10.2.0.1")
        let server = try #require(pooler.logInServer())
        working.send(WireBytes.query("begin"))
        _ = (working.take(), server.take())
        server.send(WireBytes.message("C", WireBytes.text("BEGIN")) + WireBytes.message("Z", Array("T".utf8)))
        _ = working.take()
        try pooler.reload(Self.settings, files: ["rules": "host all all 10.1.0.0/16 trust"])
        for client in [asked, working] {
            #expect(client.takeError() == "FATAL 28000 no authentication method is found")
        }
        // What the client left open is rolled back.
        #expect(server.takeTypes() == "Q")
    }

    @Test func clientsOfAUserWhoIsGoneAreEnded() throws {
        let pooler = try ruled("host all all 10.0.0.0/8 trust")
        let (alice, bob) = (connect(pooler, "alice", from: "10.0.0.1"), connect(pooler, "bob", from: "10.0.0.1"))
        let servers = [try #require(pooler.logInServer()), try #require(pooler.logInServer())]
        _ = (alice.take(), bob.take())
        try pooler.reload(Self.settings, files: ["users": #""bob" "b""#])
        #expect(alice.takeError() == "FATAL 28000 no such user")
        #expect(!bob.isClosed)
        #expect(servers.map(\.isClosed) == [true, false])
    }

    @Test func clientsOfADatabaseThatIsGoneAreEnded() throws {
        let pooler = try ruled("host all all 10.0.0.0/8 trust")
        let client = connect(pooler, "alice", from: "10.0.0.1")
        let server = try #require(pooler.logInServer())
        _ = client.take()
        try pooler.reload(Self.settings, databases: "other = host=h")
        #expect(client.takeError() == "FATAL 3D000 database removed")
        #expect(server.isClosed)
    }

    /// Servers are shown the password that the file has now.
    @Test func changedPasswordIsShownToServers() throws {
        let pooler = try ruled("host all all 10.0.0.0/8 trust")
        _ = connect(pooler, "alice", from: "10.0.0.1")
        let old = try #require(pooler.connectServer())
        old.send(WireBytes.error("FATAL", "28P01", "wrong"))
        try pooler.reload(Self.settings, files: ["users": #""alice" "new""#])
        _ = connect(pooler, "alice", from: "10.0.0.1")
        // At once: what was refused may be taken now.
        let server = try #require(pooler.connectServer())
        _ = server.take()
        server.send(WireBytes.message("R", WireBytes.word(3)))
        #expect(String(decoding: server.take(), as: UTF8.self).contains("new\0"))
    }
}
