import MetricText
import SeededRandom
import Testing

@Suite("Prometheus text, read")
struct PrometheusReaderTests {
    private static let families = [
        MetricFamily("up", help: "One \\ line\nand another.", kind: .gauge, value: 1),
        MetricFamily(
            "odd", help: "", kind: .counter,
            samples: [
                "", "plain", "say \"hi\"", "a\nb", "c:\\d", "é{}=,", "\\n", "a\r\n", "\u{301}", "\"\u{301}\"", "a\r",
            ].map {
                MetricSample(0.25, labels: [MetricLabel("l", $0), MetricLabel("m", "x")])
            }),
        MetricFamily(
            "time_seconds", help: "A histogram.", kind: .histogram,
            samples: [
                MetricSample(3, labels: [MetricLabel("le", "0.1")], suffix: "_bucket"),
                MetricSample(4, labels: [MetricLabel("le", "+Inf")], suffix: "_bucket"),
                MetricSample(1e-7, suffix: "_sum"), MetricSample(4, suffix: "_count"),
            ]),
        MetricFamily("jobs_count", help: "Not a histogram's.", kind: .gauge, value: -.infinity),
    ]

    @Test("What is written reads back")
    func roundTrip() throws {
        #expect(try PrometheusReader.families(PrometheusText.render(Self.families)) == Self.families)
    }

    @Test("Without types all is untyped")
    func untyped() throws {
        let read = try PrometheusReader.families("a_bucket 1\n# a note\n\na_bucket 2\n")
        #expect(
            read == [
                MetricFamily("a_bucket", help: "", kind: .untyped, samples: [MetricSample(1), MetricSample(2)])
            ])
    }

    @Test(
        "Whatever is not the format is told with its line",
        arguments: [
            "a", "a ", "a b", "a{ 1", "a{l} 1", "a{l=1} 1", "a{l=\"} 1", "a{l=\"x\"", "a{l=\"x\";m=\"\"} 1", "9 1",
            "a{9=\"\"} 1", "a{__l=\"\"} 1", "a 1 1700000000", "a 0x10", "a inf", "a{l=\"\\", "# TYPE a thing",
            "# TYPE 9 gauge", "# TYPE ok gauge",
        ])
    func malformed(line: String) {
        #expect {
            try PrometheusReader.families("# TYPE ok gauge\nok 1\n\(line)\n")
        } throws: {
            ($0 as? PrometheusReader.Failure)?.line == 3
        }
    }

    @Test("Changed bytes never crash it", arguments: 0..<200)
    func changed(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = Array(PrometheusText.render(Self.families).utf8)
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            let index = Int.random(in: bytes.indices, using: &random)
            if Bool.random(using: &random) {
                bytes[index] = .random(in: 0 ... .max, using: &random)
            } else {
                bytes.removeSubrange(index..<Int.random(in: index...bytes.count, using: &random))
                if bytes.isEmpty { return }
            }
        }
        _ = try? PrometheusReader.families(String(decoding: bytes, as: UTF8.self))
    }
}
