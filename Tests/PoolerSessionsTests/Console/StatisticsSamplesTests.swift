import Testing

@testable import PoolerSessions

struct StatisticsSamplesTests {
    private static let second: Int64 = 1_000_000_000

    /// Samples due at a second, with a period of a minute.
    private static func due(_ clock: inout StatisticsClock, at second: Int64) -> Int {
        clock.samplesDue(now: second * self.second, period: 60 * self.second)
    }

    @Test("Averages reach back more than one period and less than two")
    func clock() {
        var clock = StatisticsClock(now: 100 * Self.second)
        #expect(clock.older == 99 * Self.second)
        let early = Self.due(&clock, at: 159)
        #expect(early == 0)
        #expect(clock.timeToSample(now: 159 * Self.second, period: 60 * Self.second) == Self.second)
        let first = Self.due(&clock, at: 160)
        #expect(first == 1)
        #expect(clock.older == 100 * Self.second)
        let second = Self.due(&clock, at: 220)
        #expect(second == 1)
        #expect(clock.older == 160 * Self.second)
        // Nobody looked for long: both samples are the present counts.
        let late = Self.due(&clock, at: 1000)
        #expect(late == 2)
        #expect(clock.older == 940 * Self.second)
    }

    @Test("A sample becomes the older one when the next is taken")
    func samples() {
        var samples = StatisticsSamples()
        var totals = StatisticsTotals()
        totals.queryCount = 5
        samples.take(totals)
        #expect(samples.older == StatisticsTotals())
        totals.queryCount = 9
        samples.take(totals)
        #expect(samples.older.queryCount == 5)
    }

    @Test("Counts are averaged over seconds, times over what they are times of")
    func averages() throws {
        var window = StatisticsWindow()
        window.duration = 2_000_000
        window.older.queryCount = 100
        window.totals.queryCount = 110
        window.older.queryTime = 1000
        window.totals.queryTime = 1250
        window.totals.receivedByteCount = 3
        window.totals.transactionTime = 7
        let names = StatisticsTotals.fields.map(\.totalsRow)
        func average(_ name: String) throws -> UInt64 {
            window.average(StatisticsTotals.fields[try #require(names.firstIndex(of: name))])
        }
        #expect(try average("query_count") == 5)
        #expect(try average("query_time") == 25)
        #expect(try average("client_bytes") == 1)
        // There was no transaction to have lasted.
        #expect(try average("xact_time") == 0)
    }

    @Test("Windows of several loops add up")
    func sum() {
        var one = StatisticsWindow()
        one.totals.queryCount = 10
        one.older.queryCount = 4
        one.duration = 60
        var other = one
        other.duration = 61
        one += other
        #expect(one.totals.queryCount == 20)
        #expect(one.older.queryCount == 8)
        #expect(one.duration == 61)
    }

    @Test("The line of log_stats has each average at its place")
    func logLine() {
        var window = StatisticsWindow()
        window.duration = 1_000_000
        for (index, field) in StatisticsTotals.fields.enumerated() {
            window.totals[keyPath: field.path] = UInt64(index + 1) * 100
        }
        #expect(
            window.logLine
                == "stats: 200 xacts/s, 300 queries/s, 900 client parses/s, 1000 server parses/s, 1100 binds/s, "
                + "1200 client logins/s, in 400 B/s, out 500 B/s, xact 3 us, query 2 us, wait 8 us")
    }
}
