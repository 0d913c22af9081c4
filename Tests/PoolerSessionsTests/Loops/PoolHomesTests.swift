import Testing

@testable import PoolerSessions

@Suite("Every pool has one loop")
struct PoolHomesTests {
    private func key(_ name: String) -> PoolKey { PoolKey(database: name, user: "u") }

    @Test func poolsSpreadByClientsAndThenByPools() {
        let homes = PoolHomes(loopCount: 3)
        #expect(["a", "b", "c", "d"].map { homes.enter(key($0)) } == [0, 1, 2, 0])
        // All further clients of a pool come to its home.
        #expect((0..<5).map { _ in homes.enter(key("b")) } == Array(repeating: 1, count: 5))
        // The third loop has the fewest clients.
        #expect(homes.enter(key("e")) == 2)
        #expect(homes.enter(key("f")) == 0)
    }

    @Test func aHomeIsForgottenWhenNobodyHasOrWantsThePool() {
        let homes = PoolHomes(loopCount: 2)
        #expect(homes.enter(key("a")) == 0)
        #expect(homes.enter(key("b")) == 1)
        homes.leave(key("b"))
        #expect(homes.loop(of: key("b")) == nil)
        #expect(homes.made(key("a"), on: 0))
        homes.leave(key("a"))
        #expect(homes.loop(of: key("a")) == 0)
        homes.removed(key("a"))
        #expect(homes.count == 0)
    }

    @Test func aClientOnItsWayKeepsTheHome() {
        let homes = PoolHomes(loopCount: 2)
        #expect(homes.enter(key("a")) == 0)
        _ = homes.made(key("a"), on: 0)
        homes.leave(key("a"))
        #expect(homes.enter(key("a")) == 0)
        homes.removed(key("a"))
        #expect(homes.loop(of: key("a")) == 0)
        #expect(homes.enter(key("b")) == 1)
    }

    @Test func theFirstPoolOfADatabaseIsKnown() {
        let homes = PoolHomes(loopCount: 2)
        let (one, two) = (PoolKey(database: "d", user: "1"), PoolKey(database: "d", user: "2"))
        #expect(homes.made(one, on: homes.enter(one)))
        #expect(!homes.made(two, on: homes.enter(two)))
        homes.removed(one)
        homes.removed(two)
        #expect(homes.made(one, on: 0))
    }
}
