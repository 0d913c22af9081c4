import Settings
import Testing

@testable import PostgresCluster

@Suite("Gate of the platform's sessions")
struct SessionGateTests {
    /// How many are past the gate.
    private actor Counts {
        private(set) var inside = 0
        private(set) var most = 0
        private(set) var done = 0

        func enter() {
            inside += 1
            most = max(most, inside)
        }

        func leave() {
            inside -= 1
            done += 1
        }
    }

    @Test("No more sessions than places run at a time, and all run in the end", arguments: [1, 2, 6])
    func bound(capacity: Int) async {
        let gate = SessionGate(capacity: capacity)
        let counts = Counts()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await gate.enter()
                    await counts.enter()
                    for _ in 0..<5 { await Task.yield() }
                    await counts.leave()
                    await gate.leave()
                }
            }
        }
        #expect(await counts.inside == 0)
        #expect(await counts.done == 50)
        #expect(await counts.most <= capacity)
    }

    @Test("The platform leaves walsenders to others at the least that can be set")
    func capacity() throws {
        let key = try #require(ConfigurationTable.keysByName["max_wal_senders"])
        guard case .integer(let range) = key.kind else {
            Issue.record("max_wal_senders is no integer")
            return
        }
        #expect(SessionGate.sessionsMax <= range.lowerBound / 2)
    }
}
