import PoolerConfiguration
import Testing

@testable import PoolerSessions

@Suite("The pooler between model clients and servers")
struct PoolerSimulationTests {
    private func run(
        seed: UInt64, mode: PoolMode, clients: Int, poolSize: Int, statements: Int, disconnects: Int = 0
    ) -> PoolerSimulation {
        let simulation = PoolerSimulation(
            seed: seed, mode: mode, poolSize: poolSize, preparedStatementsMax: statements)
        simulation.allowDisconnects(percent: disconnects)
        for number in 0..<clients {
            simulation.connect(
                .init(number: number, seed: seed &* 1000 &+ UInt64(number), pieceCount: mode == .session ? 10 : 25))
        }
        simulation.run()
        return simulation
    }

    @Test("Every client gets what a server of its own would have sent", arguments: 0..<60)
    func transparency(seed: Int) {
        let simulation = run(
            seed: UInt64(seed), mode: .transaction, clients: 1 + seed % 9, poolSize: 1 + seed % 4,
            statements: 1 + seed % 3)
        let failure = simulation.failures.first
        #expect(failure == nil, "seed \(seed)")
    }

    @Test("The same with clients that hang up at any time", arguments: 0..<60)
    func disconnects(seed: Int) {
        let simulation = run(
            seed: UInt64(seed + 10_000), mode: .transaction, clients: 12, poolSize: 3, statements: 2, disconnects: 10)
        let failure = simulation.failures.first
        #expect(failure == nil, "seed \(seed)")
    }

    @Test("The same in session mode", arguments: 0..<30)
    func sessions(seed: Int) {
        let simulation = run(
            seed: UInt64(seed + 20_000), mode: .session, clients: 6, poolSize: 3, statements: 2, disconnects: 5)
        let failure = simulation.failures.first
        #expect(failure == nil, "seed \(seed)")
    }
}
