// Clusters with their users, databases and rules in the state database: what is kept, what is refused.

import ControlModel
import ControlStore
import Foundation
import GRDB
import Testing

@Suite struct ClusterTests {
    @Test func `a cluster is stored with all that belongs to it`() async throws {
        let test = try TestStore()
        let rule = FirewallRule(
            id: "r1", clusterID: "", type: .address, value: "10.0.0.0/8", description: "office", createdAt: testTime)
        let cluster = try await test.cluster("db") { draft in
            draft.configuration = ["work_mem": .integer(4), "nested": .object(["a": .array([.null, .number(0.5)])])]
            draft.tags = ["b", "a"]
            draft.rules = [rule]
            draft.users = [
                DatabaseUser(name: "app", role: .normal, password: "p2", allowsReplication: true),
                DatabaseUser(name: "doadmin", role: .primary, password: "p1"),
            ]
            draft.databaseNames = ["defaultdb", "app"]
        }
        #expect(cluster.state == .creating && !cluster.isInitialized && cluster.port == 25060)
        #expect(cluster.createdAt == testTime && cluster.maintenanceWindow.day == "monday")
        #expect(cluster.configuration["nested"] == .object(["a": .array([.null, .number(0.5)])]))
        #expect(cluster.projectID == (try await test.store.defaultProject().id))
        #expect(try await test.store.cluster(id: cluster.id) == cluster)
        #expect(try await test.store.tagNames(clusterID: cluster.id) == ["a", "b"])
        var stored = rule
        stored.clusterID = cluster.id
        #expect(try await test.store.firewallRules(clusterID: cluster.id) == [stored])
        #expect(try await test.store.users(clusterID: cluster.id).map(\.name) == ["doadmin", "app"])
        #expect(try await test.store.user(clusterID: cluster.id, name: "app")?.allowsReplication == true)
        #expect(try await test.store.databaseNames(clusterID: cluster.id) == ["defaultdb", "app"])
        let events = try await test.store.events(clusterID: cluster.id)
        #expect(events.map(\.kind) == [.create] && events.first?.clusterName == "db")
    }

    @Test func `a name is taken until the deletion is acknowledged, ports until nothing is left`() async throws {
        let test = try TestStore()
        let first = try await test.cluster("db")
        await expectRefusal(.unprocessableEntity, "cluster name is not available") { try await test.cluster("db") }
        try await test.store.markDeleting(clusterID: first.id, at: testTime)
        let second = try await test.cluster("db")
        #expect(second.port == 25062 && second.poolPort == 25063)
        #expect(try await test.store.clusters().map(\.id) == [first.id, second.id])
        try await test.store.removeCluster(clusterID: first.id)
        #expect(try await test.cluster("third").port == 25060)
    }

    @Test func `of 50 requests for one name at once, exactly one succeeds`() async throws {
        let test = try TestStore()
        let outcomes = await withTaskGroup(of: Result<Cluster, any Error>.self) { group in
            for _ in 0..<50 {
                group.addTask { [store = test.store] in
                    do {
                        return .success(
                            try await store.insertCluster(.sample("same"), choosingPorts: nextPair))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let refusals = outcomes.compactMap { outcome -> ServiceError? in
            if case .failure(let error) = outcome { return error as? ServiceError }
            return nil
        }
        #expect(refusals.count == 49)
        #expect(refusals.allSatisfy { $0 == .unprocessable("cluster name is not available") })
        #expect(try await test.store.clusters().count == 1)
    }

    @Test func `50 requests at once get 100 different ports`() async throws {
        let test = try TestStore()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<50 {
                group.addTask { [store = test.store] in
                    _ = try await store.insertCluster(.sample("db-\(index)"), choosingPorts: nextPair)
                }
            }
            try await group.waitForAll()
        }
        let clusters = try await test.store.clusters()
        #expect(Set(clusters.flatMap { [$0.port, $0.poolPort] }).count == 100)
    }

    @Test func `unknown projects and VPCs are refused, empty ones defaulted`() async throws {
        let test = try TestStore()
        await expectRefusal(.unprocessableEntity, "project nope") { try await test.cluster { $0.projectID = "nope" } }
        await expectRefusal(.unprocessableEntity, "VPC nope") { try await test.cluster { $0.vpcID = "nope" } }
        await expectRefusal(.unprocessableEntity, "cluster name") { try await test.cluster("") }
        await expectRefusal(.unprocessableEntity, "cluster name") { try await test.cluster("a\u{0}b") }
        await expectRefusal(.unprocessableEntity, "user name") {
            let user = DatabaseUser(name: "u", role: .normal, password: "p")
            try await test.cluster { $0.users = [user, user] }
        }
        await expectRefusal(.unprocessableEntity, "database name") {
            try await test.cluster { $0.databaseNames = ["d", "d"] }
        }
        #expect(try await test.store.clusters().isEmpty)
        let cluster = try await test.cluster("db") { draft in
            draft.projectID = ""
            draft.vpcID = ""
        }
        #expect(cluster.projectID == (try await test.store.defaultProject().id))
        #expect(cluster.vpcID == (try await test.store.vpcs().first?.id))
    }

    @Test func `a failing or wrong choice of ports leaves nothing`() async throws {
        let test = try TestStore()
        try await test.cluster("first")
        await expectRefusal(.serviceUnavailable, "no ports") {
            _ = try await test.store.insertCluster(.sample("db")) { _ in
                throw ServiceError(.serviceUnavailable, "no ports")
            }
        }
        for (port, poolPort) in [(25061, 30000), (30000, 25060), (30000, 30000)] {
            await expectRefusal(.serverError, "not both free") {
                _ = try await test.store.insertCluster(.sample("db")) { _ in (port, poolPort) }
            }
        }
        #expect(try await test.store.clusters().count == 1)
    }

    @Test func `states are noted until the cluster is being deleted`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        #expect(try await test.store.setState(clusterID: cluster.id, .offline, reason: "disk full"))
        #expect(try await test.store.cluster(id: cluster.id)?.stateReason == "disk full")
        #expect(try await test.store.setState(clusterID: cluster.id, .online, reason: nil))
        #expect(try await test.store.cluster(id: cluster.id)?.state == .online)
        #expect(try await test.store.cluster(id: cluster.id)?.stateReason == nil)
        #expect(try await !test.store.setState(clusterID: cluster.id, .deleting, reason: nil))
        #expect(try await !test.store.setState(clusterID: "none", .online, reason: nil))
        try await test.store.markDeleting(clusterID: cluster.id, at: testTime)
        #expect(try await !test.store.setState(clusterID: cluster.id, .online, reason: nil))
        #expect(try await test.store.setState(clusterID: cluster.id, .deleting, reason: "directory busy"))
        let deleting = try await test.store.cluster(id: cluster.id)
        #expect(deleting?.state == .deleting && deleting?.stateReason == "directory busy")
    }

    @Test func `initialisation is noted also while the cluster is being deleted`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        try await test.store.markDeleting(clusterID: cluster.id, at: testTime)
        try await test.store.markInitialized(clusterID: cluster.id)
        #expect(try await test.store.cluster(id: cluster.id)?.isInitialized == true)
        await expectRefusal(.notFound) { try await test.store.markInitialized(clusterID: "none") }
    }

    @Test func `configuration and maintenance window change`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        let window = MaintenanceWindow(day: "sunday", hour: "23:00:00", isPending: true, descriptions: ["a", "b"])
        try await test.store.setMaintenanceWindow(clusterID: cluster.id, window)
        try await test.store.setConfiguration(clusterID: cluster.id, ["a": .integer(25), "b": .number(25.5)])
        #expect(
            try await test.store.updateConfiguration(clusterID: cluster.id) { $0["b"] = .string("x") }
                == ["a": .integer(25), "b": .string("x")])
        let changed = try #require(try await test.store.cluster(id: cluster.id))
        #expect(changed.maintenanceWindow == window)
        #expect(changed.configuration == ["a": .integer(25), "b": .string("x")])
        await expectRefusal(.badRequest) {
            try await test.store.updateConfiguration(clusterID: cluster.id) { configuration in
                configuration = [:]
                throw ServiceError(.badRequest, "no")
            }
        }
        #expect(try await test.store.cluster(id: cluster.id) == changed)
    }

    @Test func `two changes of the configuration at once are both kept`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<20 {
                group.addTask { [store = test.store] in
                    try await store.updateConfiguration(clusterID: cluster.id) { $0["k\(index)"] = .integer(index) }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await test.store.cluster(id: cluster.id)?.configuration.count == 20)
    }

    @Test func `a cluster that is being deleted takes no changes`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster("db") { draft in
            draft.users = [DatabaseUser(name: "app", role: .normal, password: "p")]
            draft.databaseNames = ["app"]
        }
        try await test.store.markDeleting(clusterID: cluster.id, at: testTime)
        #expect(try await test.store.events(clusterID: cluster.id).map(\.kind) == [.delete, .create])
        let store = test.store
        let changes: [(String) async throws -> Void] = [
            { try await store.markDeleting(clusterID: $0, at: testTime) },
            { try await store.setConfiguration(clusterID: $0, [:]) },
            { try await store.setMaintenanceWindow(clusterID: $0, MaintenanceWindow(day: "monday", hour: "00:00:00")) },
            { try await store.insertUser(clusterID: $0, DatabaseUser(name: "n", role: .normal, password: "p")) },
            { try await store.setUserPassword(clusterID: $0, name: "app", password: "q") },
            { try await store.setUserReplication(clusterID: $0, name: "app", allowsReplication: true) },
            { try await store.markUserDropping(clusterID: $0, name: "app") },
            { try await store.insertDatabase(clusterID: $0, name: "n") },
            { try await store.markDatabaseDropping(clusterID: $0, name: "app") },
            { try await store.replaceFirewallRules(clusterID: $0, with: []) },
        ]
        for change in changes {
            await expectRefusal(.notFound) { try await change(cluster.id) }
            await expectRefusal(.notFound) { try await change("none") }
        }
        #expect(try await test.store.users(clusterID: cluster.id).map(\.password) == ["p"])
    }

    @Test func `a removed cluster leaves no row`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster("db") { draft in
            draft.users = [DatabaseUser(name: "app", role: .normal, password: "p")]
            draft.databaseNames = ["app"]
            draft.tags = ["t"]
            draft.rules = [
                FirewallRule(id: "r", clusterID: "", type: .tag, value: "t", description: nil, createdAt: testTime)
            ]
        }
        let other = try await test.cluster("other")
        try await test.store.setSealedSecret(clusterID: cluster.id, name: "k", value: Data([1]))
        for id in [cluster.id, other.id, ""] {
            try await test.store.recordMetrics([MetricPoint(clusterID: id, name: "load1", value: 1)], at: testTime)
        }
        try await test.store.rollUpMetrics(now: testTime.addingTimeInterval(1200))
        try await test.store.markDeleting(clusterID: cluster.id, at: testTime)
        try await test.store.removeCluster(clusterID: cluster.id)
        try await test.store.removeCluster(clusterID: cluster.id)
        #expect(try await test.store.clusters().map(\.id) == [other.id])
        let counts = try await test.directory.connection().read { database in
            try [
                "cluster_users", "cluster_databases", "cluster_tags", "cluster_firewall_rules", "cluster_secrets",
                "cluster_events", "metric_series", "metric_points_15s", "metric_points_1min", "metric_points_10min",
            ].map { try Int.fetchOne(database, sql: "SELECT count(*) FROM \($0)") }
        }
        #expect(counts == [0, 0, 0, 0, 0, 1, 2, 2, 2, 2])
    }
}

@Suite struct ClusterContentTests {
    @Test func `users: order, hiding, and names that stay taken`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        for name in ["zed", "doadmin", "abe"] {
            let role: DatabaseUser.Role = name == "doadmin" ? .primary : .normal
            try await test.store.insertUser(clusterID: cluster.id, DatabaseUser(name: name, role: role, password: name))
        }
        #expect(try await test.store.users(clusterID: cluster.id).map(\.name) == ["doadmin", "zed", "abe"])
        await expectRefusal(.forbidden) {
            try await test.store.markUserDropping(clusterID: cluster.id, name: "doadmin")
        }
        try await test.store.setUserPassword(clusterID: cluster.id, name: "zed", password: "new")
        try await test.store.setUserReplication(clusterID: cluster.id, name: "zed", allowsReplication: true)
        #expect(
            try await test.store.user(clusterID: cluster.id, name: "zed")
                == DatabaseUser(name: "zed", role: .normal, password: "new", allowsReplication: true))
        try await test.store.markUserDropping(clusterID: cluster.id, name: "zed")
        #expect(try await test.store.users(clusterID: cluster.id).map(\.name) == ["doadmin", "abe"])
        #expect(try await test.store.user(clusterID: cluster.id, name: "zed") == nil)
        #expect(try await test.store.droppingUserNames(clusterID: cluster.id) == ["zed"])
        let again = DatabaseUser(name: "zed", role: .normal, password: "p")
        await expectRefusal(.unprocessableEntity, "user name is not available") {
            try await test.store.insertUser(clusterID: cluster.id, again)
        }
        await expectRefusal(.notFound) { try await test.store.markUserDropping(clusterID: cluster.id, name: "zed") }
        await expectRefusal(.notFound) {
            try await test.store.setUserPassword(clusterID: cluster.id, name: "zed", password: "x")
        }
        try await test.store.removeUser(clusterID: cluster.id, name: "zed")
        try await test.store.removeUser(clusterID: cluster.id, name: "zed")
        try await test.store.insertUser(clusterID: cluster.id, again)
        #expect(try await test.store.users(clusterID: cluster.id).map(\.name) == ["doadmin", "abe", "zed"])
    }

    @Test func `of 50 users with one name at once, exactly one is stored`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        let successes = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<50 {
                group.addTask { [store = test.store] in
                    let user = DatabaseUser(name: "same", role: .normal, password: "\(index)")
                    do {
                        try await store.insertUser(clusterID: cluster.id, user)
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(successes == 1)
    }

    @Test func `databases: order, hiding, and names that stay taken`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        for name in ["defaultdb", "z", "a", "ünï \"x\""] {
            try await test.store.insertDatabase(clusterID: cluster.id, name: name)
        }
        await expectRefusal(.unprocessableEntity, "database name must not") {
            try await test.store.insertDatabase(clusterID: cluster.id, name: "a\u{0}b")
        }
        try await test.store.markDatabaseDropping(clusterID: cluster.id, name: "z")
        #expect(try await test.store.databaseNames(clusterID: cluster.id) == ["defaultdb", "a", "ünï \"x\""])
        #expect(try await test.store.droppingDatabaseNames(clusterID: cluster.id) == ["z"])
        await expectRefusal(.unprocessableEntity, "database name is not available") {
            try await test.store.insertDatabase(clusterID: cluster.id, name: "z")
        }
        await expectRefusal(.notFound) { try await test.store.markDatabaseDropping(clusterID: cluster.id, name: "z") }
        await expectRefusal(.notFound) { try await test.store.markDatabaseDropping(clusterID: cluster.id, name: "q") }
        try await test.store.removeDatabase(clusterID: cluster.id, name: "z")
        try await test.store.removeDatabase(clusterID: cluster.id, name: "z")
        try await test.store.insertDatabase(clusterID: cluster.id, name: "z")
        #expect(try await test.store.databaseNames(clusterID: cluster.id).last == "z")
    }

    @Test func `firewall rules are replaced whole or not at all`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        func rule(_ id: String, _ value: String) -> FirewallRule {
            FirewallRule(
                id: id, clusterID: cluster.id, type: .address, value: value, description: nil, createdAt: testTime)
        }
        let rules = [rule("2", "10.0.0.2"), rule("1", "10.0.0.1")]
        try await test.store.replaceFirewallRules(clusterID: cluster.id, with: rules)
        #expect(try await test.store.firewallRules(clusterID: cluster.id) == rules)
        for bad in [
            [rule("3", "10.0.0.3"), rule("4", "10.0.0.3")], [rule("3", "10.0.0.3"), rule("3", "10.0.0.4")],
            [rule("3", "")],
        ] {
            await expectRefusal(.unprocessableEntity) {
                try await test.store.replaceFirewallRules(clusterID: cluster.id, with: bad)
            }
        }
        #expect(try await test.store.firewallRules(clusterID: cluster.id) == rules)
        try await test.store.replaceFirewallRules(clusterID: cluster.id, with: [])
        #expect(try await test.store.firewallRules(clusterID: cluster.id).isEmpty)
    }

    @Test func `events are newest first, and the last 1,000 are kept`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        let other = try await test.cluster("other")
        let appended = try await test.store.appendEvent(clusterID: cluster.id, .update, at: testTime)
        #expect(try await test.store.events(clusterID: cluster.id).first == appended)
        for second in 1...1_005 {
            try await test.store.appendEvent(
                clusterID: cluster.id, .powerOn, at: testTime.addingTimeInterval(Double(second)))
        }
        let events = try await test.store.events(clusterID: cluster.id)
        #expect(events.count == 1_000 && Set(events.map(\.id)).count == 1_000)
        #expect(events.first?.createdAt == testTime.addingTimeInterval(1_005))
        #expect(events.last?.createdAt == testTime.addingTimeInterval(6))
        #expect(try await test.store.events(clusterID: other.id).map(\.kind) == [.create])
        await expectRefusal(.notFound) { try await test.store.appendEvent(clusterID: "none", .update, at: testTime) }
    }
}
