import MetricText
import Testing

@Suite("Prometheus text")
struct PrometheusTextTests {
    @Test(
        "Numbers are written as the format wants them",
        arguments: [
            (0, "0"), (1, "1"), (-3, "-3"), (0.5, "0.5"), (1e15, "1000000000000000"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"), (1.5e-7, "1.5e-07"), (-0.25, "-0.25"),
            (9_007_199_254_740_992, "9007199254740992.0"),
        ] as [(Double, String)])
    func numbers(value: Double, expected: String) {
        #expect(PrometheusText.number(value) == expected)
    }

    @Test(
        "Label values are escaped",
        arguments: [
            ("plain", "plain"), (#"say "hi""#, #"say \"hi\""#), ("a\nb", #"a\nb"#), (#"c:\d"#, #"c:\\d"#),
            ("", ""), ("é{}=,", "é{}=,"),
        ])
    func labelValues(value: String, expected: String) {
        let family = MetricFamily(
            "m", help: "h", kind: .gauge, samples: [MetricSample(1, labels: [MetricLabel("l", value)])])
        #expect(PrometheusText.render([family]) == "# HELP m h\n# TYPE m gauge\nm{l=\"\(expected)\"} 1\n")
    }

    @Test("Help keeps its quotes, and loses its line breaks")
    func help() {
        let family = MetricFamily("m", help: "a \"b\"\n\\c", kind: .counter, value: 2)
        #expect(PrometheusText.render([family]) == "# HELP m a \"b\"\\n\\\\c\n# TYPE m counter\nm 2\n")
    }

    @Test("Families of one name are one group; a family without samples is left out")
    func grouping() {
        func sample(_ cluster: String) -> [MetricSample] {
            [MetricSample(1, labels: [MetricLabel("cluster", cluster)])]
        }
        let text = PrometheusText.render([
            MetricFamily("up", help: "Up.", kind: .gauge, samples: sample("a")),
            MetricFamily("empty", help: "None.", kind: .gauge),
            MetricFamily("other", help: "Other.", kind: .untyped, value: 0),
            MetricFamily("up", help: "Up.", kind: .gauge, samples: sample("b")),
        ])
        #expect(
            text == """
                # HELP up Up.
                # TYPE up gauge
                up{cluster="a"} 1
                up{cluster="b"} 1
                # HELP other Other.
                # TYPE other untyped
                other 0

                """)
    }

    @Test("A histogram's parts carry their suffixes")
    func histogram() {
        let family = MetricFamily(
            "wait_seconds", help: "Wait.", kind: .histogram,
            samples: [
                MetricSample(1, labels: [MetricLabel("le", "0.1")], suffix: "_bucket"),
                MetricSample(2, labels: [MetricLabel("le", "+Inf")], suffix: "_bucket"),
                MetricSample(0.75, suffix: "_sum"), MetricSample(2, suffix: "_count"),
            ])
        #expect(
            PrometheusText.render([family]) == """
                # HELP wait_seconds Wait.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{le="0.1"} 1
                wait_seconds_bucket{le="+Inf"} 2
                wait_seconds_sum 0.75
                wait_seconds_count 2

                """)
    }

    @Test("Nothing gives nothing")
    func empty() {
        #expect(PrometheusText.render([]) == "")
    }

    @Test(
        "Names are checked",
        arguments: [
            ("up", true, true), ("a:b", true, false), ("_a1", true, true), ("__a", true, false), ("1a", false, false),
            ("", false, false), ("a-b", false, false), ("a b", false, false), ("é", false, false), ("[", false, false),
        ])
    func names(text: String, metric: Bool, label: Bool) {
        #expect(MetricName.isMetricName(text) == metric)
        #expect(MetricName.isLabelName(text) == label)
    }
}
