// Connection pools over services in memory.

import ControlModel
import Foundation
import HTTPTypes
import Testing

struct PoolRouteTests {
    @Test func lifeOfAPool() async throws {
        try await APIHarness.run { api async throws in
            let cluster = try await api.createCluster()
            let pooler = "/atoll/v1/databases/\(cluster.split(separator: "/").last ?? "")/pooler"
            let path = cluster + "/pools"
            #expect(try await api.send(.get, path).text == #"{"pools":[]}"#)
            #expect(try await api.send(.get, pooler).text == #"{"pooler":{"status":"unused"}}"#)
            let body = #"{"name":"backend-pool","mode":"transaction","size":10,"db":"defaultdb","user":"doadmin"}"#
            let made = try await api.send(.post, path, json: body)
            #expect(made.status == 201)
            let pool = made["pool"]
            #expect(pool.keys == ["name", "mode", "size", "db", "user", "connection", "private_connection"])
            #expect(pool["connection"]["database"].text == "backend-pool")
            #expect(pool["connection"]["port"] == .integer(25061))
            #expect(pool["private_connection"] == pool["connection"])
            #expect(try await api.send(.get, path)["pools"][0] == pool)
            #expect(try await api.send(.get, "\(path)/backend-pool")["pool"] == pool)
            #expect(try await api.send(.post, path, json: body).status == 422)
            #expect(
                try await api.send(.get, pooler).text == #"{"pooler":{"cpu_seconds":0.5,"pid":7,"status":"running"}}"#)

            let figures = try await api.send(.get, pooler + "/figures")
            let zeros = #"{"buckets":[],"count":0,"seconds":0}"#
            #expect(
                figures.text == #"{"figures":{"at_seconds":5.5,"pools":[{"clients_active":0,"clients_waiting":0,"#
                    + #""longest_wait_seconds":0,"mode":"transaction","pinned":{"advisory_lock":1},"#
                    + #""pool":"backend-pool","queries":0,"query":\#(zeros),"servers_active":0,"servers_busy":0,"#
                    + #""servers_idle":0,"size":10,"transaction":\#(zeros),"transactions":0,"user":"doadmin","#
                    + #""wait":{"buckets":[{"count":0,"seconds":0.5}],"count":0,"seconds":0}}],"#
                    + #""started_at_seconds":5}}"#)

            // What the Go client sends for an inbound user.
            let change = #"{"user":"","mode":"session","size":8,"db":"other"}"#
            let changed = try await api.send(.put, "\(path)/backend-pool", json: change)
            #expect(changed.status == 204 && changed.bytes.isEmpty)
            let after = try await api.send(.get, "\(path)/backend-pool")["pool"]
            #expect(after["mode"].text == "session" && after["size"] == .integer(8) && after["db"].text == "other")
            #expect(!after.keys.contains("user"))

            #expect(try await api.send(.delete, "\(path)/backend-pool").status == 204)
            for method in [HTTPRequest.Method.get, .delete] {
                #expect(try await api.send(method, "\(path)/backend-pool").errorID == "not_found")
            }
            #expect(try await api.send(.put, "\(path)/backend-pool", json: "{}").errorID == "not_found")
        }
    }

    @Test func readersSeeNoPassword() async throws {
        try await APIHarness.run { api async throws in
            let path = try await api.createCluster() + "/pools"
            let body = #"{"name":"web","mode":"transaction","size":1,"db":"defaultdb"}"#
            #expect(try await api.send(.post, path, json: body).status == 201)
            for read in [path, "\(path)/web"] {
                let answer = try await api.send(.get, read, secret: MemoryAccounts.readSecret)
                #expect(answer.status == 200 && !answer.text.contains("secret"))
                #expect(answer.text.contains("postgresql://doadmin@localhost:25061/web"))
            }
            #expect(try await api.send(.delete, "\(path)/web", secret: MemoryAccounts.readSecret).status == 403)
        }
    }

    @Test(arguments: [
        (#"{"mode":"transaction","size":1,"db":"d"}"#, "name is required."),
        (#"{"name":"web","size":1,"db":"d"}"#, "mode is required."),
        (#"{"name":"web","mode":"transaction","db":"d"}"#, "size is required."),
        (#"{"name":"web","mode":"transaction","size":1}"#, "db is required."),
        (#"{"name":"web","mode":"transaction","size":"1","db":"d"}"#, "size must be a whole number."),
        (#"{"name":"web","mode":"transaction","size":1,"db":"d","user":1}"#, "user must be a string."),
    ])
    func whatIsWrongIsNamed(_ body: String, _ message: String) async throws {
        try await APIHarness.run { api async throws in
            let path = try await api.createCluster() + "/pools"
            let answer = try await api.send(.post, path, json: body)
            #expect(answer.status == 422 && answer["message"].text == message)
        }
    }
}
