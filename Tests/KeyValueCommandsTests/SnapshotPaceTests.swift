import Testing

@testable import KeyValueCommands

struct SnapshotPaceTests {
    /// A thousand ticks are a microsecond.
    private static let ticks: UInt64 = 1000

    /// Microseconds that the walk gets in a second in which each turn takes so many microseconds besides.
    private func walked(turnMicroseconds: UInt64, isBusy: Bool) -> UInt64 {
        var pace = SnapshotPace(ticksPerMicrosecond: Double(Self.ticks))
        var now: UInt64 = 1
        var walked: UInt64 = 0
        var commandCount = 1
        while now < 1_000_000 * Self.ticks {
            now += turnMicroseconds * Self.ticks
            if isBusy { commandCount += 1 }
            guard let budget = pace.budget(now: now, commandCount: commandCount) else { continue }
            now += budget
            walked += budget / Self.ticks
            pace.stepEnded(at: now)
        }
        return walked
    }

    @Test(arguments: [5, 50, 400] as [UInt64])
    func besideClientsAThirdOfTheTimeIsTaken(turn: UInt64) {
        #expect((310_000...340_000).contains(walked(turnMicroseconds: turn, isBusy: true)))
    }

    @Test func longTurnsAreNotMadeMuchLonger() {
        #expect(walked(turnMicroseconds: 10_000, isBusy: true) <= 25_000)
    }

    @Test func whileNobodyAsksTheWalkTakesAll() {
        #expect(walked(turnMicroseconds: 5, isBusy: false) >= 900_000)
    }

    @Test func aCommandEndsThat() {
        var pace = SnapshotPace(ticksPerMicrosecond: Double(Self.ticks))
        #expect(pace.budget(now: 1, commandCount: 7) == 250 * Self.ticks)
        pace.stepEnded(at: 250 * Self.ticks)
        #expect(pace.budget(now: 260 * Self.ticks, commandCount: 7) == nil)
        #expect(pace.budget(now: 310 * Self.ticks, commandCount: 7) == 30 * Self.ticks)
        #expect(!pace.isAlone)
        #expect(pace.budget(now: 2_400 * Self.ticks, commandCount: 7) == 250 * Self.ticks)
        #expect(pace.isAlone)
        pace.stepEnded(at: 2_650 * Self.ticks)
        #expect(pace.budget(now: 2_660 * Self.ticks, commandCount: 8) == nil)
        #expect(!pace.isAlone)
    }
}
