import HTTPTypes
import ControlModel
import Foundation
import Testing

struct AccountRouteTests {
    @Test func accountAndItsNeighbours() async throws {
        try await APIHarness.run { api in
            let account = try await api.send(.get, "/v2/account")["account"]
            #expect(
                account.keys == [
                    "droplet_limit", "floating_ip_limit", "email", "name", "uuid", "email_verified", "status",
                    "status_message", "team",
                ])
            #expect(account["team"].keys == ["uuid", "name"])

            let info = try await api.send(.get, "/v1/oauth/token/info").json
            #expect(
                info.keys == ["resource_owner_id", "scopes", "expires_in_seconds", "application", "created_at"])
            #expect(info["created_at"] == .integer(1_700_000_000))

            let region = try await api.send(.get, "/v2/regions")["regions"][0]
            #expect(region.keys == ["slug", "name", "features", "available", "sizes"])
            for (path, name) in [("/v2/sizes", "sizes"), ("/v2/actions", "actions"), ("/v2/account/keys", "ssh_keys")] {
                let answer = try await api.send(.get, path)
                #expect(
                    answer.text == #"{"\#(name)":[],"links":{"pages":{}},"meta":{"total":0}}"#
                        || answer[name].count == 0)
                #expect(answer.json.keys == [name, "links", "meta"])
            }
            #expect(try await api.send(.get, "/v2/actions/1").errorID == "not_found")
            #expect(try await api.send(.get, "/atoll/v1/health", secret: nil).text == #"{"status":"ok","version":"0"}"#)
        }
    }

    @Test func tokens() async throws {
        try await APIHarness.run { api in
            let path = "/atoll/v1/tokens"
            let created = try await api.send(
                .post, path, json: #"{"name":"ci","scopes":["read"],"expires_in":3600}"#)
            #expect(created.status == 201)
            let token = created["token"]
            let secret = token["secret"].text
            #expect(secret.hasPrefix("dop_v1_"))
            #expect(token.keys == ["id", "name", "scopes", "created_at", "expires_at", "secret"])
            #expect(try await api.send(.get, "/v2/account", secret: secret).status == 200)
            #expect(try await api.send(.post, path, json: "{}", secret: secret).status == 403)
            let list = try await api.send(.get, path)
            #expect(!list.text.contains("secret"))
            #expect(try await api.send(.delete, "\(path)/\(token["id"].text)").status == 204)
            #expect(try await api.send(.get, "/v2/account", secret: secret).status == 401)
            #expect(try await api.send(.delete, "\(path)/\(token["id"].text)").status == 404)

            let more = try await api.send(
                .post, path, json: #"{"name":"x","scopes":["read"]}"#, secret: MemoryAccounts.writeOnlySecret)
            #expect(more.status == 403, "no token makes one that may do more")
            for body in [
                #"{"name":"x"}"#, #"{"name":"x","scopes":[]}"#, #"{"name":"x","scopes":["all"]}"#,
                #"{"scopes":["read"]}"#, #"{"name":"x","scopes":["read"],"expires_in":0}"#,
                #"{"name":"x","scopes":["read"],"expires_in":9223372036854775807}"#,
            ] {
                #expect(try await api.send(.post, path, json: body).status == 422)
            }
        }
    }

    @Test func tags() async throws {
        try await APIHarness.run { api in
            let id = try await api.createCluster().split(separator: "/").last ?? ""
            #expect(try await api.send(.post, "/v2/tags", json: #"{"name":"web"}"#).status == 201)
            let resources = #"{"resources":[{"resource_id":"\#(id)","resource_type":"database"}]}"#
            #expect(try await api.send(.post, "/v2/tags/web/resources", json: resources).status == 204)
            let tag = try await api.send(.get, "/v2/tags/web")["tag"]
            #expect(tag["resources"]["count"] == .integer(1))
            #expect(tag["resources"]["databases"]["count"] == .integer(1))
            #expect(tag["resources"]["last_tagged_uri"].text == "http://localhost/v2/databases/\(id)")
            #expect(try await api.send(.get, "/v2/tags")["tags"][0] == tag)
            #expect(try await api.send(.delete, "/v2/tags/web/resources", json: resources).status == 204)
            #expect(try await api.send(.get, "/v2/tags/web")["tag"]["resources"]["count"] == .integer(0))

            let droplet = #"{"resources":[{"resource_id":"1","resource_type":"droplet"}]}"#
            #expect(try await api.send(.post, "/v2/tags/web/resources", json: droplet).status == 404)
            let other = #"{"resources":[{"resource_id":"1","resource_type":"boat"}]}"#
            #expect(try await api.send(.post, "/v2/tags/web/resources", json: other).status == 422)
            #expect(try await api.send(.post, "/v2/tags/none/resources", json: resources).status == 404)
            #expect(try await api.send(.delete, "/v2/tags/web").status == 204)
            #expect(try await api.send(.get, "/v2/tags/web").status == 404)
            #expect(try await api.send(.get, "/v2/tags/a%20b").status == 404)
        }
    }

    @Test func projects() async throws {
        try await APIHarness.run { api in
            let body = #"{"name":"shop","purpose":"Web","environment":"production","description":""}"#
            let created = try await api.send(.post, "/v2/projects", json: body)
            #expect(created.status == 201)
            let project = created["project"]
            #expect(
                project.keys == [
                    "id", "owner_uuid", "owner_id", "name", "description", "purpose", "environment", "is_default",
                    "created_at", "updated_at",
                ])
            #expect(project["environment"].text == "Production")
            let path = "/v2/projects/\(project["id"].text)"
            #expect(try await api.send(.get, path)["project"] == project)
            #expect(try await api.send(.get, "/v2/projects")["meta"]["total"] == .integer(2))
            #expect(try await api.send(.post, "/v2/projects", json: body).status == 409)

            // The Go client sends null for what is not to be changed.
            let patch = #"{"name":null,"description":"d","purpose":null,"environment":null,"is_default":null}"#
            let patched = try await api.send(.patch, path, json: patch)["project"]
            #expect(patched["name"].text == "shop")
            #expect(patched["description"].text == "d")
            #expect(try await api.send(.put, path, json: #"{"name":"x"}"#).status == 422)
            let put = #"{"name":"x","description":"","purpose":"p","environment":"","is_default":false}"#
            #expect(try await api.send(.put, path, json: put)["project"]["name"].text == "x")

            #expect(try await api.send(.get, "/v2/projects/default")["project"]["is_default"] == .boolean(true))
            let refused = try await api.send(.patch, "/v2/projects/default", json: #"{"is_default":false}"#)
            #expect(refused.status == 409)
            #expect(try await api.send(.delete, "/v2/projects/\(MemoryAccounts.defaultProjectID)").status == 412)
            #expect(try await api.send(.delete, path).status == 204)
            #expect(try await api.send(.get, path).status == 404)

            for bad in [
                #"{"name":"x"}"#, #"{"purpose":"x"}"#, #"{"name":"","purpose":"x"}"#,
                #"{"name":"x","purpose":"x","environment":"Moon"}"#,
                "{\"name\":\"\(String(repeating: "x", count: 176))\",\"purpose\":\"x\"}",
            ] {
                #expect(try await api.send(.post, "/v2/projects", json: bad).status == 422)
            }
        }
    }

    @Test func projectResources() async throws {
        try await APIHarness.run { api in
            let id = try await api.createCluster().split(separator: "/").last ?? ""
            let path = "/v2/projects/default/resources"
            let body = #"{"resources":["do:dbaas:\#(id)","do:droplet:1"]}"#
            let first = try await api.send(.post, path, json: body)["resources"]
            #expect(first[0]["status"].text == "assigned")
            #expect(first[0]["links"]["self"].text == "http://localhost/v2/databases/\(id)")
            #expect(first[1]["status"].text == "not_found")
            let second = try await api.send(.post, path, json: body)["resources"]
            #expect(second[0]["status"].text == "already_assigned")
            let list = try await api.send(.get, path)
            #expect(list["resources"].count == 1)
            #expect(list["resources"][0].keys == ["urn", "assigned_at", "links", "status"])
            #expect(list["meta"]["total"] == .integer(1))
            let byID = try await api.send(.get, "/v2/projects/\(MemoryAccounts.defaultProjectID)/resources")
            #expect(byID["resources"] == list["resources"])
            #expect(try await api.send(.post, path, json: #"{"resources":["x"]}"#).status == 422)
        }
    }

    @Test func vpcs() async throws {
        try await APIHarness.run { api in
            _ = try await api.createCluster()
            let created = try await api.send(.post, "/v2/vpcs", json: #"{"name":"net-1","region":"nyc1"}"#)
            #expect(created.status == 201)
            let vpc = created["vpc"]
            #expect(
                vpc.keys == ["id", "urn", "name", "description", "region", "ip_range", "default", "created_at"])
            #expect(vpc["ip_range"].text == "10.10.16.0/20", "the next free one")
            #expect(vpc["urn"].text == "do:vpc:\(vpc["id"].text)")
            let path = "/v2/vpcs/\(vpc["id"].text)"
            #expect(try await api.send(.get, path)["vpc"] == vpc)
            #expect(try await api.send(.patch, path, json: #"{"description":"d"}"#)["vpc"]["description"].text == "d")
            #expect(try await api.send(.put, path, json: #"{"description":"d"}"#).status == 422)
            #expect(try await api.send(.put, path, json: #"{"name":"net-2"}"#)["vpc"]["name"].text == "net-2")
            #expect(try await api.send(.get, "\(path)/peerings")["peerings"].count == 0)
            #expect(try await api.send(.post, "\(path)/peerings", json: "{}").status == 501)
            #expect(try await api.send(.patch, "\(path)/peerings/x", json: "{}").status == 501)
            #expect(try await api.send(.delete, path).status == 204)
            #expect(try await api.send(.get, "\(path)/peerings").status == 404)

            let members = "/v2/vpcs/\(MemoryAccounts.defaultVPCID)/members"
            let list = try await api.send(.get, members)["members"]
            #expect(list.count == 1)
            #expect(list[0].keys == ["urn", "name", "created_at"])
            #expect(try await api.send(.get, "\(members)?resource_type=droplet")["members"].count == 0)
            #expect(try await api.send(.delete, "/v2/vpcs/\(MemoryAccounts.defaultVPCID)").status == 403)
        }
    }

    @Test(arguments: [
        (#"{"name":"a b","region":"nyc1"}"#, 422), (#"{"name":"a","region":"mars"}"#, 422), (#"{"name":"a"}"#, 422),
        (#"{"name":"a","region":"nyc1","ip_range":"10.10.0.0/24"}"#, 409),
        (#"{"name":"a","region":"nyc1","ip_range":"8.8.8.0/24"}"#, 422),
        (#"{"name":"a","region":"nyc1","ip_range":"10.20.0.1/24"}"#, 422),
        (#"{"name":"a","region":"nyc1","ip_range":"10.20.0.0/8"}"#, 422),
        (#"{"name":"a","region":"nyc1","ip_range":"192.168.5.0/28"}"#, 201),
        (#"{"name":"a","region":"nyc1","ip_range":""}"#, 201),
    ])
    func vpcRequests(body: String, status: Int) async throws {
        try await APIHarness.run { api async throws in
            #expect(try await api.send(.post, "/v2/vpcs", json: body).status == status)
        }
    }
}
