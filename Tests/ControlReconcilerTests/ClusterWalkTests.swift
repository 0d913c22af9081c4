import ControlModel
import Testing

@testable import ControlReconciler

@Suite("A cluster's life under kills and faults")
struct ClusterWalkTests {
    private static let seeds: [UInt64] = Array(1...200)
    private static let stormLooks = 80
    /// Enough for a whole creation in calm weather.
    private static let calmLooksMax = 30

    /// Walks until the step is reached; false when it is not within the limit.
    private func walk(_ cluster: inout SimulatedCluster, until end: ClusterStep) -> Bool {
        for _ in 0..<Self.calmLooksMax where cluster.look() == end { return true }
        return false
    }

    @Test("In calm weather a new cluster takes the shortest way")
    func calmCreation() {
        var cluster = SimulatedCluster(seed: 0)
        cluster.isStormy = false
        var steps: [ClusterStep] = []
        while steps.last != .rest, steps.count < Self.calmLooksMax, let step = cluster.look() { steps.append(step) }
        let waiting = ClusterStep.await("the server is starting")
        #expect(steps == [.prepare, .initialize, .start, waiting, .bootstrap, .rest])
        #expect(cluster.violations.isEmpty)
    }

    @Test("Whatever is killed on the way, a new cluster comes to serve with the settings wanted", arguments: seeds)
    func creation(seed: UInt64) {
        var cluster = SimulatedCluster(seed: seed)
        for _ in 0..<Self.stormLooks { _ = cluster.look() }
        cluster.isStormy = false
        #expect(walk(&cluster, until: .rest))
        #expect(cluster.violations.isEmpty, "\(cluster.violations.joined(separator: "\n"))")
        #expect(cluster.row?.state == .online && cluster.server == .ready)
        #expect(cluster.filesVersion == cluster.wantedVersion)
    }

    @Test("A deletion begun at any point ends with nothing left", arguments: seeds)
    func deletion(seed: UInt64) {
        var cluster = SimulatedCluster(seed: seed)
        for _ in 0..<Int(seed % UInt64(Self.stormLooks)) { _ = cluster.look() }
        cluster.delete()
        for _ in 0..<20 { _ = cluster.look() }
        cluster.isStormy = false
        for _ in 0..<Self.calmLooksMax { _ = cluster.look() }
        #expect(cluster.row == nil && !cluster.hasRemains && cluster.server == .stopped)
        #expect(cluster.violations.isEmpty, "\(cluster.violations.joined(separator: "\n"))")
    }

    @Test("A cluster whose data is lost is never made anew over it", arguments: seeds)
    func lostData(seed: UInt64) throws {
        var cluster = SimulatedCluster(seed: seed)
        for _ in 0..<10_000 where cluster.row?.state != .online { _ = cluster.look() }
        try #require(cluster.row?.state == .online)
        let initializations = cluster.initializations
        cluster.loseData()
        for _ in 0..<Self.stormLooks { _ = cluster.look() }
        cluster.isStormy = false
        for _ in 0..<Self.calmLooksMax { _ = cluster.look() }
        #expect(cluster.initializations == initializations)
        #expect(cluster.violations.isEmpty, "\(cluster.violations.joined(separator: "\n"))")
        guard case .fail? = cluster.look() else {
            Issue.record("not reported")
            return
        }
    }
}
