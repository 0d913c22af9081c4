import Foundation
import Synchronization
import Testing

@testable import PoolerSessions

@Suite("Places among connections are shared by all loops")
struct ConnectionLimitTests {
    /// A pool of a loop that waits, as `LoopPooler` does it.
    private struct Pool: Sendable {
        let mailbox = LoopMailbox()
        let name: String

        var waiter: LimitWaiter { LimitWaiter(mailbox: mailbox, pool: PoolKey(database: name, user: "u")) }

        func take(
            _ database: ConnectionLimit, _ user: ConnectionLimit = ConnectionLimit(), waits: Bool = true
        ) -> Bool {
            ConnectionLimit.take(database, user, for: waiter, waits: waits) == nil
        }

        /// The tickets of places that are kept for it.
        func tickets() -> [UInt64] {
            mailbox.take().compactMap { letter in
                guard case .place(_, let ticket, _) = letter else { return nil }
                return ticket
            }
        }
    }

    /// How many hold places at a moment, counted apart from the limit.
    private final class Seen: Sendable {
        private let held = Atomic<Int>(0)
        private let excess = Atomic<Int>(0)

        var excessCount: Int { excess.load(ordering: .relaxed) }

        func enter(atMost most: Int) {
            if held.add(1, ordering: .sequentiallyConsistent).newValue > most { excess.add(1, ordering: .relaxed) }
        }

        func leave() { held.subtract(1, ordering: .sequentiallyConsistent) }
    }

    @Test func aPlaceThatComesFreeIsKeptForWhoeverCameFirst() throws {
        let limit = ConnectionLimit(countMax: 1)
        let (first, second, third) = (Pool(name: "1"), Pool(name: "2"), Pool(name: "3"))
        #expect(first.take(limit))
        #expect(!second.take(limit))
        #expect(!third.take(limit))
        #expect(second.tickets().isEmpty)
        limit.give()
        // The last one asks again and again, and does not get what is the second's.
        #expect(!third.take(limit))
        #expect(!first.take(limit))
        let ticket = try #require(second.tickets().first)
        #expect(second.take(limit))
        limit.pass(ticket)
        limit.give()
        #expect(third.tickets().count == 1)
        #expect(third.take(limit))
        #expect(limit.count == 1)
    }

    @Test func whoWantsNoneAnyMoreMakesWay() throws {
        let limit = ConnectionLimit(countMax: 1)
        let (first, second, third) = (Pool(name: "1"), Pool(name: "2"), Pool(name: "3"))
        #expect(first.take(limit))
        #expect(!second.take(limit))
        #expect(!third.take(limit))
        limit.give()
        limit.pass(try #require(second.tickets().first))
        #expect(third.tickets().count == 1)
        #expect(third.take(limit))
    }

    @Test func aPlaceOfEachIsTakenOrOfNeither() {
        let (database, user) = (ConnectionLimit(countMax: 5), ConnectionLimit(countMax: 1))
        let (first, second) = (Pool(name: "1"), Pool(name: "2"))
        #expect(first.take(database, user))
        #expect(!second.take(database, user))
        #expect(database.count == 1)
        #expect(user.waitingCount == 1)
        #expect(database.waitingCount == 0)
    }

    @Test func whoDoesNotWaitLeavesNoTrace() {
        let limit = ConnectionLimit(countMax: 1)
        let (first, second) = (Pool(name: "1"), Pool(name: "2"))
        #expect(first.take(limit))
        #expect(!second.take(limit, waits: false))
        limit.give()
        #expect(second.tickets().isEmpty)
        #expect(second.take(limit, waits: false))
    }

    @Test func aHigherLimitTellsAllForWhomThereIsAPlace() {
        let limit = ConnectionLimit(countMax: 1)
        let pools = (0..<4).map { Pool(name: "\($0)") }
        #expect(pools[0].take(limit))
        for pool in pools[1...] { #expect(!pool.take(limit)) }
        limit.countMax = 3
        #expect(pools.map { $0.tickets().count } == [0, 1, 1, 0])
        limit.countMax = 0
        #expect(pools.map { $0.tickets().count } == [0, 0, 0, 1])
    }

    @Test func placesThatWereForcedAreNotGivenOutAgain() {
        let limit = ConnectionLimit(countMax: 1)
        limit.force()
        limit.force()
        let pool = Pool(name: "1")
        #expect(!pool.take(limit))
        limit.give()
        #expect(pool.tickets().isEmpty)
        limit.give()
        #expect(pool.tickets().count == 1)
    }

    @Test("Threads that take and give: the count is never above its limit, and everybody has his turns")
    func threads() async {
        let places = 3
        let (database, user) = (ConnectionLimit(countMax: places), ConnectionLimit(countMax: places - 1))
        let seen = Seen()
        await withTaskGroup(of: Int.self) { group in
            for number in 0..<8 {
                group.addTask {
                    let pool = Pool(name: "\(number)")
                    var turns = 0
                    // Each has to have as many turns as the others: with a lost wake-up this would not end.
                    while turns < 2000 {
                        var isTaken = pool.take(database, user)
                        while !isTaken {
                            for letter in pool.mailbox.take() {
                                guard case .place(let limit, let ticket, _) = letter else { continue }
                                if !isTaken { isTaken = pool.take(database, user) }
                                limit.pass(ticket)
                            }
                            if !isTaken { await Task.yield() }
                        }
                        seen.enter(atMost: places - 1)
                        seen.leave()
                        database.give()
                        user.give()
                        turns += 1
                    }
                    // What is kept for it is not wanted any more.
                    while user.waitingCount + database.waitingCount > 0 {
                        for letter in pool.mailbox.take() {
                            if case .place(let limit, let ticket, _) = letter { limit.pass(ticket) }
                        }
                        await Task.yield()
                    }
                    return turns
                }
            }
            for await turns in group { #expect(turns == 2000) }
        }
        #expect(seen.excessCount == 0)
        #expect(database.count == 0)
        #expect(user.count == 0)
    }

    @Test func theTurnGoesRoundAmongThoseWhoAlwaysWant() throws {
        let limit = ConnectionLimit(countMax: 1)
        let pools = (0..<3).map { Pool(name: "\($0)") }
        #expect(pools[0].take(limit))
        for pool in pools[1...] { #expect(!pool.take(limit)) }
        #expect(!pools[0].take(limit))
        var order: [Int] = []
        for _ in 0..<6 {
            limit.give()
            for (index, pool) in pools.enumerated() {
                for ticket in pool.tickets() {
                    #expect(pool.take(limit))
                    order.append(index)
                    // And it wants one more at once.
                    #expect(!pool.take(limit))
                    limit.pass(ticket)
                }
            }
        }
        #expect(order == [1, 2, 0, 1, 2, 0])
    }
}
