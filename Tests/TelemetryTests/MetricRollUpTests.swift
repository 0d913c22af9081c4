import Telemetry
import Testing

@Suite("Roll-up of stored series")
struct MetricRollUpTests {
    /// A moment that is a multiple of ten minutes.
    private static let base = 1_795_435_200

    /// Each aggregation as source step, target step, from, until.
    private func numbers(of aggregations: [MetricRollUp.Aggregation]) -> [[Int]] {
        aggregations.map { [$0.source.stepSeconds, $0.target.stepSeconds, $0.from, $0.until] }
    }

    @Test(
        "A minute is averaged once it is over and one raw step more has passed",
        arguments: [(60, nil), (74, nil), (75, 60), (134, 60), (135, 120)] as [(Int, Int?)])
    func minuteSettles(secondsLater: Int, expectedUntil: Int?) {
        let plan = MetricRollUp.standard.plan(
            at: Self.base + secondsLater, completeUntil: [60: Self.base, 600: Self.base])
        #expect(plan.aggregations.first?.until == expectedUntil.map { Self.base + $0 })
        #expect(plan.aggregations.first?.from == expectedUntil.map { _ in Self.base })
    }

    @Test(
        "Ten minutes are averaged once their minutes are written and one minute more has passed",
        arguments: [(615, false), (659, false), (660, true), (1_259, true)])
    func tenMinutesSettle(secondsLater: Int, expected: Bool) {
        let plan = MetricRollUp.standard.plan(
            at: Self.base + secondsLater, completeUntil: [60: Self.base + 540, 600: Self.base])
        let coarse = numbers(of: plan.aggregations).filter { $0[1] == 600 }
        #expect(coarse == (expected ? [[60, 600, Self.base, Self.base + 600]] : []))
    }

    @Test("The first plan reaches back over all that is kept, finest first")
    func firstPlan() {
        let now = Self.base + 37
        let plan = MetricRollUp.standard.plan(at: now)
        #expect(
            numbers(of: plan.aggregations) == [
                [15, 60, Self.base - 21_600, Self.base], [60, 600, Self.base - 172_800, Self.base - 600],
            ])
        #expect(plan.deletions.map(\.resolution) == MetricRollUp.standard.resolutions)
        #expect(plan.deletions.map(\.before) == [now - 21_600, now - 172_800, now - 2_592_000])
    }

    @Test("After a long pause the window starts where the last one ended, and nothing unread is deleted")
    func pause() throws {
        let lastComplete = Self.base - 7 * 86_400
        let plan = MetricRollUp.standard.plan(
            at: Self.base, completeUntil: [60: lastComplete, 600: lastComplete - 600])
        #expect(plan.aggregations.map(\.from) == [lastComplete, lastComplete - 600])
        // Both are read up to the present by this very plan, so the deletions, which come after, may go all the way.
        #expect(plan.deletions.map(\.before) == [Self.base - 21_600, Self.base - 172_800, Self.base - 2_592_000])
    }

    @Test("A clock that was set back neither averages twice nor deletes what is unread")
    func clockSetBack() {
        let plan = MetricRollUp.standard.plan(
            at: Self.base - 86_400, completeUntil: [60: Self.base, 600: Self.base])
        #expect(plan.aggregations.isEmpty)
        #expect(plan.deletions.first?.before == Self.base - 86_400 - 21_600)
    }

    @Test("Run every 15 s for a day, windows touch without gap or overlap, and deletions stay behind them")
    func oneDay() {
        var complete: [Int: Int] = [60: Self.base, 600: Self.base]
        var passes = 0
        for now in stride(from: Self.base, through: Self.base + 86_400, by: 15) {
            let plan = MetricRollUp.standard.plan(at: now, completeUntil: complete)
            for aggregation in plan.aggregations {
                let step = aggregation.target.stepSeconds
                #expect(complete[step] == aggregation.from)
                #expect(aggregation.from % step == 0 && aggregation.until % step == 0)
                #expect(aggregation.until + aggregation.source.stepSeconds <= now)
                complete[step] = aggregation.until
                passes += 1
            }
            for (deletion, target) in zip(plan.deletions, [60, 600]) {
                #expect(deletion.before <= complete[target] ?? 0)
            }
        }
        #expect(passes == 1_439 + 143)
    }

    @Test("The same plan is empty of aggregations once it was carried out")
    func idempotent() {
        let first = MetricRollUp.standard.plan(at: Self.base)
        var complete: [Int: Int] = [:]
        for aggregation in first.aggregations { complete[aggregation.target.stepSeconds] = aggregation.until }
        #expect(MetricRollUp.standard.plan(at: Self.base, completeUntil: complete).aggregations.isEmpty)
    }

    @Test(
        "A chart takes the finest resolution that still has its period and does not drown it",
        arguments: [
            (3_600, 500, 15), (3_600, 100, 60), (6 * 3_600, 2_000, 15), (7 * 3_600, 2_000, 60),
            (24 * 3_600, 2_000, 60), (24 * 3_600, 500, 600), (30 * 86_400, 5_000, 600), (60 * 86_400, 10, 600),
        ])
    func chartResolution(periodSeconds: Int, pointsMax: Int, expectedStep: Int) {
        let chosen = MetricRollUp.standard.resolution(
            from: Self.base - periodSeconds, until: Self.base, at: Self.base, pointsMax: pointsMax)
        #expect(chosen?.stepSeconds == expectedStep)
    }
}
