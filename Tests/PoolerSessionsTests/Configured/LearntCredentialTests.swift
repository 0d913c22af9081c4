import PoolerConfiguration
import Testing

@testable import PoolerSessions

@Suite("What servers are shown is learnt from clients")
struct LearntCredentialTests {
    /// By a rule that asks for no password, a user that the auth file has no password of.
    @Test func clientWithoutPasswordTakesNothingAway() throws {
        let pooler = try ConfiguredPooler(
            "auth_type = hba\nauth_file = users\nauth_hba_file = rules",
            files: [
                "users": #""alice" """#,
                "rules": "host all all 10.0.0.0/8 trust\nhost all all 10.0.0.0/8 password",
            ])
        func connect() {
            let details = ClientDetails(peer: "10.0.0.9:1")
            details.address = NetworkAddress("10.0.0.9")
            _ = pooler.connect(user: "alice", details: details)
        }
        connect()
        let pool = try #require(pooler.pooler.pools.values.first)
        #expect(pool.pointee.details.target.credential == .none)
        pool.pointee.details.target.credential = .password("a")
        connect()
        #expect(pool.pointee.details.target.credential == .password("a"))
    }
}
