// What pgbench 15 writes, and what is made of it.

import CLICommands
import ControlModel
import Testing

@Suite("Output of pgbench")
struct PgbenchOutputTests {
    @Test(arguments: [
        (
            "progress: 60.0 s, 157.4 tps, lat 282.988 ms stddev 40.261, 0 failed",
            PgbenchLine.progress(.init(seconds: 60, tps: 157.4, latencyMilliseconds: 282.988))
        ),
        (
            "300000 of 15000000 tuples (2%) done (elapsed 1.21 s, remaining 59.23 s)",
            .filling(percent: 2, remainingSeconds: 59.23)
        ),
        ("vacuuming...", .step("vacuuming")),
        ("generating data (client-side)...", .step("generating data (client-side)")),
        ("pgbench: error: could not create connection for client 97", .refusedClient(97)),
        (
            #"pgbench: error: connection to server at "localhost" (127.0.0.1), port 25060 failed: FATAL:  "#
                + "remaining connection slots are reserved for non-replication superuser connections",
            .failedConnection(
                "FATAL: remaining connection slots are reserved for non-replication superuser connections")
        ),
        (
            "pgbench: error: client 3 script 0 aborted in command 1 query 0: ERROR:  x",
            .error("client 3 script 0 aborted in command 1 query 0: ERROR:  x")
        ),
        ("NOTICE:  table \"pgbench_accounts\" does not exist, skipping", .other),
        ("starting vacuum...end.", .other),
        ("progress: nan", .other),
        ("", .other),
    ])
    func lines(_ text: String, _ expected: PgbenchLine) {
        #expect(PgbenchLine(text) == expected)
    }

    @Test func `a transcript counts refusals and keeps the first error, however the output is cut`() {
        let text = """
            pgbench: error: connection to server at "h", port 1 failed: FATAL:  no slot
            pgbench: error: could not create connection for client 150
            pgbench: error: connection to server at "h", port 1 failed: FATAL:  other
            pgbench: error: could not create connection for client 97

            """
        for size in 1...40 {
            var transcript = PgbenchTranscript()
            var bytes = Array(text.utf8)[...]
            var count = 0
            while !bytes.isEmpty {
                count += transcript.add(bytes.prefix(size)).count
                bytes = bytes.dropFirst(size)
            }
            #expect(count == 4)
            #expect(transcript.failedConnections == 2 && transcript.refusedClient == 97)
            #expect(transcript.error == "FATAL: no slot")
        }
    }

    @Test func `a long run's curve is thinned out to means`() {
        var transcript = PgbenchTranscript()
        for second in 1...600 {
            _ = transcript.add("progress: \(second).0 s, \(second).0 tps, lat 2.0 ms stddev 1, 0 failed\r".utf8)
        }
        let curve = transcript.progress(pointsMax: 120)
        #expect(curve.count == 120)
        #expect(curve[0] == .init(seconds: 5, tps: 3, latencyMilliseconds: 2))
        #expect(curve[119].seconds == 600)
        #expect(PgbenchTranscript().progress(pointsMax: 120).isEmpty)
    }

    @Test func `the closing report is read`() {
        var run = BenchmarkRun(clients: 50, path: .direct)
        run.read(
            report: """
                pgbench (15.18 (Debian 15.18-0+deb12u1))
                transaction type: <builtin: TPC-B (sort of)>
                scaling factor: 150
                number of transactions actually processed: 105256
                number of failed transactions: 3 (0.003%)
                latency average = 282.039 ms
                latency stddev = 84.244 ms
                initial connection time = 11.099 ms
                tps = 175.404174 (without initial connection time)
                """)
        var expected = BenchmarkRun(clients: 50, path: .direct)
        expected.transactions = 105_256
        expected.failedTransactions = 3
        expected.latencyAverageMilliseconds = 282.039
        expected.latencyDeviationMilliseconds = 84.244
        expected.connectionMilliseconds = 11.099
        expected.tps = 175.404174
        #expect(run == expected)
    }
}

@Suite("Latencies of pgbench")
struct LatencyTests {
    @Test func `quantiles are within half a percent of the exact ones`() throws {
        var generator = SystemRandomNumberGenerator()
        for magnitude in [100, 10_000, 50_000_000] as [UInt64] {
            let values = (0..<10_000).map { _ in UInt64.random(in: 0...magnitude, using: &generator) }.sorted()
            var histogram = LatencyHistogram()
            for value in values { histogram.add(microseconds: value) }
            #expect(histogram.count == values.count)
            for share in [0.5, 0.95, 0.99, 1] {
                let exact = Double(values[Int((share * Double(values.count)).rounded(.up)) - 1])
                let found = try #require(histogram.quantile(share))
                #expect(abs(found - exact) <= exact * 0.005, "\(share) of \(magnitude)")
            }
        }
        #expect(LatencyHistogram().quantile(0.5) == nil)
        var extreme = LatencyHistogram()
        extreme.add(microseconds: .max)
        #expect(extreme.quantile(1) != nil)
    }

    @Test func `a log is read in pieces, and what is no latency is left out`() {
        let text =
            "0 1 1000 0 1795849368 342101\n1 1 skipped 0 1795849368 1\n2 1 failed 0 1 1\n0 2 3000 0 1 1 12 0\n\nx\n"
        for size in 1...30 {
            var log = LatencyLog()
            var bytes = Array(text.utf8)
            while !bytes.isEmpty {
                log.add(Array(bytes.prefix(size)))
                bytes.removeFirst(min(size, bytes.count))
            }
            #expect(log.histogram.count == 2)
            #expect(log.histogram.quantile(0) == 1001.5 || log.histogram.quantile(0) == 1000.5)
        }
    }

    @Test func `short runs are logged whole, long ones sampled so that the log stays bounded`() {
        #expect(LatencyLog.samplingRate(seconds: 1) == 1)
        #expect(LatencyLog.samplingRate(seconds: 80) == 1)
        #expect(LatencyLog.samplingRate(seconds: 800) == 0.1)
    }
}
