// Every route of database clusters, over services in memory.

import HTTPTypes
import ControlModel
import Foundation
import Testing

struct DatabaseRouteTests {
    @Test func options() async throws {
        try await APIHarness.run { api in
            let answer = try await api.send(.get, "/v2/databases/options")
            #expect(answer.json.keys == ["options", "version_availability"])
            let engine = answer["options"]["pg"]
            #expect(engine.keys == ["regions", "versions", "layouts", "default_version"])
            #expect(engine["regions"].count == 14)
            #expect(engine["versions"] == .array([.string("15")]))
            #expect(engine["layouts"][0]["num_nodes"] == .integer(1))
            #expect(engine["layouts"][0]["sizes"].count == 2)
            let version = answer["version_availability"]["pg"][0]
            #expect(version["end_of_life"].text == "2027-11-12T06:13:20Z")
            #expect(version.keys == ["end_of_life", "end_of_availability", "version", "default"])
            #expect(version["end_of_availability"] == .null)
            #expect(answer["options"]["version_availability"] == answer["version_availability"])
        }
    }

    @Test func lifeOfACluster() async throws {
        try await APIHarness.run { api in
            #expect(try await api.send(.get, "/v2/databases").text == #"{"databases":[]}"#)
            let created = try await api.send(.post, "/v2/databases", json: APIHarness.createBody)
            #expect(created.status == 201)
            let cluster = created["database"]
            #expect(cluster["status"].text == "creating")
            let path = "/v2/databases/\(cluster["id"].text)"
            #expect(try await api.send(.get, path)["database"] == cluster)
            #expect(
                try await api.send(.get, path.uppercased().replacing("/V2/DATABASES", with: "/v2/databases")).status
                    == 200)
            #expect(try await api.send(.get, "/v2/databases")["databases"][0] == cluster)

            try await api.databases.setState(.offline, reason: "disk full", clusterID: cluster["id"].text)
            let offline = try await api.send(.get, path)["database"]
            #expect(offline["status"].text == "offline")
            #expect(offline["status_message"].text == "disk full")

            let duplicate = try await api.send(.post, "/v2/databases", json: APIHarness.createBody)
            #expect(duplicate.errorID == "conflict")
            let deleted = try await api.send(.delete, path)
            #expect(deleted.status == 204)
            #expect(deleted.bytes.isEmpty)
            #expect(try await api.send(.get, path).errorID == "not_found")
            #expect(try await api.send(.delete, path).errorID == "not_found")
        }
    }

    @Test func clusterShape() async throws {
        try await APIHarness.run { api in
            let created = try await api.send(.post, "/v2/databases", json: APIHarness.createBody)
            let cluster = created["database"]
            #expect(
                cluster.keys == [
                    "id", "name", "engine", "version", "num_nodes", "size", "region", "status", "created_at",
                    "private_network_uuid", "tags", "db_names", "connection", "private_connection", "users",
                    "maintenance_window", "project_id", "rules", "storage_size_mib", "metrics_endpoints",
                ])
            #expect(cluster["created_at"].text == "2023-11-14T22:13:20Z")
            #expect(cluster["storage_size_mib"] == .integer(10240))
            #expect(cluster["private_network_uuid"].text == MemoryAccounts.defaultVPCID)
            #expect(cluster["project_id"].text == MemoryAccounts.defaultProjectID)
            let connection = cluster["connection"]
            #expect(
                connection
                    == .object([
                        "uri": .string("postgresql://doadmin:AVNS_secret@localhost:25060/defaultdb?sslmode=require"),
                        "database": .string("defaultdb"), "host": .string("localhost"), "port": .integer(25060),
                        "user": .string("doadmin"), "password": .string("AVNS_secret"), "ssl": .boolean(true),
                        "protocol": .string("postgresql"),
                    ]))
            #expect(cluster["private_connection"] == connection)
            #expect(cluster["users"][0].keys == ["name", "role", "password"])
            #expect(cluster["users"][0]["role"].text == "primary")
            #expect(cluster["maintenance_window"].keys == ["day", "hour", "pending", "description"])
            #expect(cluster["metrics_endpoints"][0] == .object(["host": .string("localhost"), "port": .integer(9273)]))
        }
    }

    @Test func readersSeeNoPassword() async throws {
        try await APIHarness.run { api in
            let path = try await api.createCluster()
            let reader = MemoryAccounts.readSecret
            for read in [
                path, "/v2/databases", "\(path)/users", "\(path)/users/doadmin", "/v2/databases/metrics/credentials",
            ] {
                let answer = try await api.send(.get, read, secret: reader)
                #expect(answer.status == 200)
                #expect(!answer.text.contains("secret") && !answer.text.contains("password"))
            }
            let uri = try await api.send(.get, path, secret: reader)["database"]["connection"]["uri"].text
            #expect(uri == "postgresql://doadmin@localhost:25060/defaultdb?sslmode=require")
        }
    }

    @Test func goClientsCreateBody() async throws {
        try await APIHarness.run { api in
            let body = """
                {"name":"go","engine":"pg","version":"","size":"db-s-1vcpu-2gb","region":"nyc1","num_nodes":1,
                "private_network_uuid":"","tags":null,"project_id":"","rules":null,"backup_restore":null,
                "storage_autoscale":{"enabled":false,"threshold_percent":0,"increment_gib":0},"do_settings":null}
                """
            let answer = try await api.send(.post, "/v2/databases", json: body)
            #expect(answer.status == 201)
            let request = try #require(await api.databases.lastRequest)
            #expect(
                request
                    == ClusterRequest(
                        name: "go", engine: "pg", sizeSlug: "db-s-1vcpu-2gb", regionSlug: "nyc1", nodeCount: 1))
        }
    }

    @Test func everyFieldOfACreateRequestArrives() async throws {
        try await APIHarness.run { api async throws in
            let body = """
                {"name":"all","engine":"pg","version":"15","size":"db-s-1vcpu-2gb","region":"ams3","num_nodes":1.0,
                "storage_size_mib":40960,"private_network_uuid":"\(MemoryAccounts.defaultVPCID)","tags":["a","b"],
                "project_id":"\(MemoryAccounts.defaultProjectID)","autoscale":{"storage":{"enabled":false}},
                "do_settings":{"service_cnames":[]},
                "rules":[{"uuid":"","type":"ip_addr","value":"10.0.0.0/8","description":"office"}]}
                """
            #expect(try await api.send(.post, "/v2/databases", json: body).status == 201)
            #expect(
                await api.databases.lastRequest
                    == ClusterRequest(
                        name: "all", engine: "pg", version: "15", sizeSlug: "db-s-1vcpu-2gb", regionSlug: "ams3",
                        nodeCount: 1, storageMiB: 40960, projectID: MemoryAccounts.defaultProjectID,
                        vpcID: MemoryAccounts.defaultVPCID, tags: ["a", "b"],
                        rules: [.init(type: "ip_addr", value: "10.0.0.0/8", description: "office")]))
            #expect(try await api.send(.get, "/v2/databases?tag_name=a")["databases"].count == 1)
            #expect(try await api.send(.get, "/v2/databases?tag_name=zzz")["databases"].count == 0)
        }
    }

    @Test(arguments: [
        #""backup_restore":{"database_name":"x"}"#, #""autoscale":{"storage":{"enabled":true}}"#,
        #""storage_autoscale":{"enabled":true}"#, #""do_settings":{"service_cnames":["a.example"]}"#,
    ])
    func whatIsNotBuiltIsRefusedOnCreate(field: String) async throws {
        try await APIHarness.run { api in
            let body = APIHarness.createBody.replacing("\"name\"", with: "\(field),\"name\"")
            let answer = try await api.send(.post, "/v2/databases", json: body)
            #expect(answer.status == 501)
            #expect(answer.errorID == "not_implemented")
            #expect(try await api.send(.get, "/v2/databases")["databases"].count == 0)
        }
    }

    @Test(arguments: ["name", "engine", "num_nodes", "size", "region"])
    func missingFieldsOfACreateRequest(field: String) async throws {
        try await APIHarness.run { api in
            let body = APIHarness.createBody.replacing("\"\(field)\"", with: "\"other\"")
            let answer = try await api.send(.post, "/v2/databases", json: body)
            #expect(answer.status == 422)
            #expect(answer["message"].text == "\(field) is required.")
        }
    }

    @Test func authorityAndConfiguration() async throws {
        try await APIHarness.run { api in
            let path = try await api.createCluster()
            let authority = try await api.send(.get, "\(path)/ca")["ca"]["certificate"].text
            #expect(Data(base64Encoded: authority) == Data(MemoryDatabases.authority.utf8))

            let changed = try await api.send(.patch, "\(path)/config", json: #"{"config":{"work_mem":8}}"#)
            #expect(changed.status == 200)
            #expect(changed.bytes.isEmpty)
            let config = try await api.send(.get, "\(path)/config")["config"]
            #expect(config["work_mem"] == .integer(8))
            #expect(config["shared_buffers_percentage"] == .number(30.5))
            #expect(try await api.send(.patch, "\(path)/config", json: #"{"config":{"x":1}}"#).status == 422)
            #expect(try await api.send(.patch, "\(path)/config", json: "{}").status == 422)
        }
    }

    @Test func users() async throws {
        try await APIHarness.run { api in
            let path = try await api.createCluster()
            let body = #"{"name":"app","mysql_settings":null}"#
            let created = try await api.send(.post, "\(path)/users", json: body)
            #expect(created.status == 201)
            #expect(created["user"].keys == ["name", "role", "password"])
            #expect(created["user"]["role"].text == "normal")
            #expect(try await api.send(.post, "\(path)/users", json: body).status == 409)
            #expect(try await api.send(.get, "\(path)/users")["users"].count == 2)

            let settings = #"{"settings":{"pg_allow_replication":true}}"#
            let updated = try await api.send(.put, "\(path)/users/app", json: settings)
            #expect(updated.status == 201)
            #expect(updated["user"]["settings"] == .object(["pg_allow_replication": .boolean(true)]))
            #expect(try await api.send(.put, "\(path)/users/app", json: "{}").status == 422)

            for json in ["{}", nil] {
                let reset = try await api.send(.post, "\(path)/users/app/reset_auth", json: json)
                #expect(reset.status == 200)
                #expect(reset["user"]["password"].text.hasPrefix("AVNS_user1"))
            }
            #expect(try await api.send(.get, "\(path)/users/app")["user"]["name"].text == "app")
            #expect(try await api.send(.delete, "\(path)/users/app").status == 204)
            #expect(try await api.send(.get, "\(path)/users/app").status == 404)
            #expect(try await api.send(.delete, "\(path)/users/doadmin").status == 403)

            #expect(try await api.send(.post, "\(path)/users", json: #"{"name":"a/b é"}"#).status == 201)
            #expect(try await api.send(.get, "\(path)/users/a%2Fb%20%C3%A9")["user"]["name"].text == "a/b é")
        }
    }

    @Test func databases() async throws {
        try await APIHarness.run { api in
            let path = try await api.createCluster()
            let created = try await api.send(.post, "\(path)/dbs", json: #"{"name":"shop"}"#)
            #expect(created.status == 201)
            #expect(created.text == #"{"db":{"name":"shop"}}"#)
            #expect(try await api.send(.get, "\(path)/dbs").text == #"{"dbs":[{"name":"defaultdb"},{"name":"shop"}]}"#)
            #expect(try await api.send(.get, "\(path)/dbs/shop").text == #"{"db":{"name":"shop"}}"#)
            #expect(try await api.send(.get, "\(path)/dbs/none").status == 404)
            #expect(try await api.send(.post, "\(path)/dbs", json: #"{"name":"shop"}"#).status == 409)
            #expect(try await api.send(.delete, "\(path)/dbs/shop").status == 204)
            #expect(try await api.send(.delete, "\(path)/dbs/shop").status == 404)
            #expect(try await api.send(.delete, "\(path)/dbs/defaultdb").status == 403)
        }
    }

    @Test func firewall() async throws {
        try await APIHarness.run { api in
            let path = try await api.createCluster()
            let body = """
                {"rules":[{"uuid":"","cluster_uuid":"","type":"ip_addr","value":"10.0.0.1",
                "created_at":"0001-01-01T00:00:00Z"},{"type":"tag","value":"web","description":"front"}]}
                """
            #expect(try await api.send(.put, "\(path)/firewall", json: body).status == 204)
            let rules = try await api.send(.get, "\(path)/firewall")["rules"]
            #expect(rules.count == 2)
            #expect(rules[0].keys == ["uuid", "cluster_uuid", "type", "value", "created_at"])
            #expect(rules[1]["description"].text == "front")
            #expect(try await api.send(.put, "\(path)/firewall", json: "{}").status == 422)
            let many = (0...100).map { #"{"type":"ip_addr","value":"10.0.0.\#($0)"}"# }.joined(separator: ",")
            #expect(try await api.send(.put, "\(path)/firewall", json: "{\"rules\":[\(many)]}").status == 422)
            #expect(try await api.send(.put, "\(path)/firewall", json: #"{"rules":null}"#).status == 204)
            #expect(try await api.send(.get, "\(path)/firewall").text == #"{"rules":[]}"#)
        }
    }

    @Test func maintenanceEventsEvictionPolicyAndMetrics() async throws {
        try await APIHarness.run { api in
            let path = try await api.createCluster()
            let window = #"{"day":"sunday","hour":"14:00"}"#
            #expect(try await api.send(.put, "\(path)/maintenance", json: window).status == 204)
            #expect(try await api.send(.get, path)["database"]["maintenance_window"]["day"].text == "sunday")
            #expect(try await api.send(.put, "\(path)/maintenance", json: #"{"day":"sunday"}"#).status == 422)

            let event = try await api.send(.get, "\(path)/events")["events"][0]
            #expect(event.keys == ["id", "cluster_name", "event_type", "create_time"])
            #expect(event["event_type"].text == "cluster_create")

            #expect(try await api.send(.get, "\(path)/eviction_policy").errorID == "unprocessable_entity")
            let policy = #"{"eviction_policy":"noeviction"}"#
            #expect(try await api.send(.put, "\(path)/eviction_policy", json: policy).status == 422)

            let credentials = "/v2/databases/metrics/credentials"
            let pair = #"{"credentials":{"basic_auth_password":"p","basic_auth_username":"u"}}"#
            #expect(try await api.send(.put, credentials, json: pair).status == 204)
            #expect(try await api.send(.get, credentials).text == pair)
            #expect(try await api.send(.put, credentials, json: "{}").status == 422)
        }
    }

    @Test func keyValueClustersHaveAPolicyAndNoPoolsReplicasOrBackups() async throws {
        try await APIHarness.run { api in
            let body = APIHarness.createBody.replacing("\"pg\"", with: "\"valkey\"")
            let made = try await api.send(.post, "/v2/databases", json: body)
            #expect(made.status == 201 && made["database"]["engine"].text == "valkey")
            let path = "/v2/databases/\(made["database"]["id"].text)"
            let policy = "\(path)/eviction_policy"
            #expect(try await api.send(.get, policy).text == #"{"eviction_policy":"noeviction"}"#)
            for name in ["allkeys_lru", "volatile-lfu"] {
                let change = #"{"eviction_policy":"\#(name)"}"#
                #expect(try await api.send(.put, policy, json: change).status == 204)
                let expected = name.replacing("-", with: "_")
                #expect(try await api.send(.get, policy)["eviction_policy"].text == expected)
            }
            for wrong in ["{}", #"{"eviction_policy":"lru"}"#, #"{"eviction_policy":1}"#] {
                #expect(try await api.send(.put, policy, json: wrong).status == 422, "\(wrong)")
            }
            for suffix in ["/pools", "/pools/x", "/replicas", "/replicas/x", "/backups"] {
                let answer = try await api.send(.get, path + suffix)
                #expect(
                    answer.status == 422 && answer["message"].text.contains("not supported for valkey"), "\(suffix)")
            }
            #expect(try await api.send(.get, "\(path)/autoscale").status == 501)
        }
    }

    /// Every route below a cluster, on one that does not exist.
    @Test func withoutTheClusterEverythingIs404() async throws {
        try await APIHarness.run { api async throws in
            let path = "/v2/databases/\(UUID().uuidString)"
            for suffix in [
                "", "/ca", "/config", "/users", "/users/x", "/dbs", "/dbs/x", "/firewall", "/events",
                "/eviction_policy", "/autoscale", "/backups", "/pools", "/pools/x", "/replicas", "/logsink",
            ] {
                #expect(try await api.send(.get, path + suffix).errorID == "not_found", "\(suffix)")
            }
            for suffix in ["/firewall", "/maintenance", "/eviction_policy", "/resize", "/upgrade", "/users/x"] {
                #expect(try await api.send(.put, path + suffix, json: "{}").errorID == "not_found", "\(suffix)")
            }
            for suffix in ["/users", "/dbs", "/pools", "/replicas", "/users/x/reset_auth"] {
                #expect(try await api.send(.post, path + suffix, json: "{}").errorID == "not_found", "\(suffix)")
            }
            #expect(try await api.send(.patch, "\(path)/config", json: "{}").errorID == "not_found")
        }
    }

    @Test func whatIsNotBuiltSaysSo() async throws {
        try await APIHarness.run { api in
            let path = try await api.createCluster()
            let gets = [
                "/backups", "/autoscale", "/do_settings", "/replicas", "/online-migration",
            ]
            for suffix in gets {
                let answer = try await api.send(.get, path + suffix)
                #expect(answer.status == 501)
                #expect(answer.errorID == "not_implemented")
                #expect(answer["message"].text.hasSuffix("not built yet in this version of Atoll."))
            }
            for suffix in ["/resize", "/migrate", "/upgrade", "/install_update", "/autoscale", "/replicas/x/promote"] {
                #expect(try await api.send(.put, path + suffix, json: "{}").status == 501)
            }
            for other in ["/v2/spaces/keys", "/v2/cdn/endpoints", "/v2/certificates", "/v2/certificates/x"] {
                #expect(try await api.send(.get, other).status == 501)
                #expect(try await api.send(.get, other, secret: nil).status == 401)
            }
            #expect(try await api.send(.post, "/v2/account/keys", json: "{}").status == 501)
        }
    }
}
