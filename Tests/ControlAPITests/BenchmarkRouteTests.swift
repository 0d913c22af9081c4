// Benchmarks over services in memory.

import ControlModel
import Foundation
import HTTPTypes
import Testing

struct BenchmarkRouteTests {
    private static func body(cluster: String, runs: String) -> String {
        """
        {"cluster_id":"\(cluster.split(separator: "/").last ?? "")","tool":"pgbench 15.18","scale":150,"threads":2,
        "seconds":600,"database":"benchmark","script":null,"is_complete":true,"runs":\(runs)}
        """
    }

    private static let run = """
        {"clients":50,"path":"pool","pool":"test-pool","is_largest_admitted":false,"transactions":102938,
        "tps":171.5,"latency_average_ms":288,"latency_p99_ms":400.5,"failed_connections":0,
        "progress":[{"seconds":60,"tps":154,"latency_ms":290.592}]}
        """

    @Test func aBenchmarkIsKeptAndShown() async throws {
        try await APIHarness.run { api async throws in
            let cluster = try await api.createCluster()
            #expect(try await api.send(.get, "/atoll/v1/benchmarks").text == #"{"benchmarks":[]}"#)
            let made = try await api.send(
                .post, "/atoll/v1/benchmarks", json: Self.body(cluster: cluster, runs: "[\(Self.run)]"))
            #expect(made.status == 201, "\(made.text)")
            let benchmark = made["benchmark"]
            #expect(benchmark["cluster_name"].text == "db1")
            #expect(benchmark["runs"][0]["tps"] == .number(171.5))
            #expect(benchmark["runs"][0]["progress"][0]["latency_ms"] == .number(290.592))
            #expect(benchmark.keys.contains("created_at"))
            let path = "/atoll/v1/benchmarks/\(benchmark["id"].text)"
            #expect(try await api.send(.get, path)["benchmark"] == benchmark)
            // The list has no curves.
            let listed = try await api.send(.get, "/atoll/v1/benchmarks")["benchmarks"][0]
            #expect(listed["id"] == benchmark["id"] && !listed["runs"][0].keys.contains("progress"))
            let other = "/atoll/v1/benchmarks/\(UUID().uuidString)"
            #expect(try await api.send(.get, other).errorID == "not_found")
            let denied = try await api.send(
                .post, "/atoll/v1/benchmarks", json: Self.body(cluster: cluster, runs: "[\(Self.run)]"),
                secret: MemoryAccounts.readSecret)
            #expect(denied.status == 403)
        }
    }

    @Test(arguments: [
        ("[]", "runs must have from 1 to 64 elements."),
        ("[{}]", "runs[0].clients is required."),
        (#"[{"clients":"5"}]"#, "runs[0].clients has the wrong type or a value that is not offered."),
        (
            #"[{"clients":5,"path":"up","failed_connections":0,"is_largest_admitted":false}]"#,
            "runs[0].path has the wrong type or a value that is not offered."
        ),
        (
            #"[{"clients":0,"path":"direct","failed_connections":0,"is_largest_admitted":false}]"#,
            "runs[0].clients must be from 1 to 1000000."
        ),
        ("5", "runs has the wrong type or a value that is not offered."),
    ])
    func whatIsWrongIsNamed(_ runs: String, _ message: String) async throws {
        try await APIHarness.run { api async throws in
            let cluster = try await api.createCluster()
            let answer = try await api.send(
                .post, "/atoll/v1/benchmarks", json: Self.body(cluster: cluster, runs: runs))
            #expect(answer.status == 422 && answer["message"].text == message, "\(answer.text)")
        }
    }

    @Test func aBenchmarkOfNoClusterIsRefused() async throws {
        try await APIHarness.run { api async throws in
            let body = Self.body(cluster: UUID().uuidString, runs: "[\(Self.run)]")
            #expect(try await api.send(.post, "/atoll/v1/benchmarks", json: body).errorID == "not_found")
            let text = body.replacing("pgbench 15.18", with: String(repeating: "x", count: 1025))
            #expect(try await api.send(.post, "/atoll/v1/benchmarks", json: text).status == 422)
        }
    }
}
