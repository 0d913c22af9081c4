import ControlModel
import ControlStore
import Foundation
import GRDB
import Testing

@Suite struct TagTests {
    @Test func `names keep their case and are compared without it`() async throws {
        let test = try TestStore()
        #expect(try await test.store.createTag(named: "Prod").name == "Prod")
        #expect(try await test.store.createTag(named: "PROD").name == "Prod")
        #expect(try await test.store.tag(named: "prod").name == "Prod")
        let cluster = try await test.cluster("db") { $0.tags = ["pROD", "env:blue_1-2", "prod"] }
        #expect(try await test.store.tagNames(clusterID: cluster.id) == ["env:blue_1-2", "Prod"])
        #expect(try await test.store.tags().map(\.name) == ["env:blue_1-2", "Prod"])
        try await test.store.deleteTag(named: "prod")
        #expect(try await test.store.tagNames(clusterID: cluster.id) == ["env:blue_1-2"])
        await expectRefusal(.notFound) { _ = try await test.store.tag(named: "Prod") }
        await expectRefusal(.notFound) { try await test.store.deleteTag(named: "Prod") }
    }

    @Test(arguments: ["", "a b", "a.b", "ä", "a\n", "a\u{0}", String(repeating: "a", count: 256)])
    func `other names are refused`(name: String) async throws {
        let test = try TestStore()
        await expectRefusal(.unprocessableEntity, "tag name") { _ = try await test.store.createTag(named: name) }
        await expectRefusal(.unprocessableEntity, "tag name") { try await test.cluster("db") { $0.tags = [name] } }
        #expect(try await test.store.clusters().isEmpty)
    }

    @Test func `the longest name is accepted`() async throws {
        let name = String(repeating: "a", count: 255)
        #expect(try await TestStore().store.createTag(named: name).name == name)
    }

    @Test func `clusters are tagged all or none, and listed oldest first`() async throws {
        let test = try TestStore()
        let first = try await test.cluster("first")
        let second = try await test.cluster("second")
        _ = try await test.store.createTag(named: "t")
        await expectRefusal(.notFound) { try await test.store.tagClusters([first.id], with: "other") }
        await expectRefusal(.notFound) { try await test.store.tagClusters([first.id, "none"], with: "t") }
        #expect(try await test.store.clusterIDs(taggedWith: "t").isEmpty)
        try await test.store.tagClusters([second.id, first.id, second.id], with: "T")
        #expect(try await test.store.tag(named: "t").clusterIDs == [first.id, second.id])
        #expect(try await test.store.clusterIDs(taggedWith: "t") == [first.id, second.id])
        try await test.store.untagClusters([first.id, "none"], from: "t")
        await expectRefusal(.notFound) { try await test.store.untagClusters([first.id], from: "other") }
        #expect(try await test.store.clusterIDs(taggedWith: "t") == [second.id])
        try await test.store.markDeleting(clusterID: second.id, at: testTime)
        #expect(try await test.store.tag(named: "t").clusterIDs.isEmpty)
        await expectRefusal(.notFound) { try await test.store.tagClusters([second.id], with: "t") }
    }
}

@Suite struct ProjectTests {
    static func project(_ name: String, isDefault: Bool = false) -> Project {
        Project(
            id: UUID().uuidString.lowercased(), ownerID: "owner", name: name, description: "line 1\nline 2",
            purpose: "Web", environment: "Staging", isDefault: isDefault, createdAt: testTime, updatedAt: testTime)
    }

    @Test func `a project is stored, changed and deleted`() async throws {
        let store = try TestStore()
        var project = Self.project("One")
        try await store.store.createProject(project)
        #expect(try await store.store.project(id: project.id) == project)
        project.name = "Two"
        project.environment = nil
        project.updatedAt = testTime.addingTimeInterval(5)
        try await store.store.updateProject(project)
        #expect(try await store.store.project(id: project.id) == project)
        #expect(try await store.store.projects().map(\.name) == ["Default", "Two"])
        try await store.store.deleteProject(id: project.id)
        await expectRefusal(.notFound) { _ = try await store.store.project(id: project.id) }
        await expectRefusal(.notFound) { try await store.store.updateProject(project) }
        await expectRefusal(.notFound) { try await store.store.deleteProject(id: project.id) }
        await expectRefusal(.notFound) { _ = try await store.store.resources(ofProject: project.id) }
    }

    @Test func `bad fields and taken names are refused`() async throws {
        let test = try TestStore()
        let bad: [(inout Project) -> Void] = [
            { $0.name = "" }, { $0.name = String(repeating: "n", count: 176) }, { $0.name = "a\u{7}" },
            { $0.purpose = "" }, { $0.purpose = String(repeating: "p", count: 256) },
            { $0.description = String(repeating: "d", count: 256) }, { $0.description = "\u{0}" },
            { $0.environment = "Test" }, { $0.environment = "" },
        ]
        for change in bad {
            var project = Self.project("P")
            change(&project)
            await expectRefusal(.unprocessableEntity) { try await test.store.createProject(project) }
            await expectRefusal(.unprocessableEntity) { try await test.store.updateProject(project) }
        }
        await expectRefusal(.conflict) { try await test.store.createProject(Self.project("Default")) }
        var second = Self.project(String(repeating: "n", count: 175))
        try await test.store.createProject(second)
        second.name = "Default"
        await expectRefusal(.conflict) { try await test.store.updateProject(second) }
        #expect(try await test.store.projects().count == 2)
    }

    @Test func `there is always exactly one default project`() async throws {
        let test = try TestStore()
        var old = try await test.store.defaultProject()
        await expectRefusal(.preconditionFailed) { try await test.store.deleteProject(id: old.id) }
        let second = Self.project("Second", isDefault: true)
        try await test.store.createProject(second)
        #expect(try await test.store.projects().filter(\.isDefault) == [second])
        old.isDefault = true
        try await test.store.updateProject(old)
        #expect(try await test.store.projects().filter(\.isDefault) == [old])
        old.isDefault = false
        await expectRefusal(.unprocessableEntity, "default") { try await test.store.updateProject(old) }
        await expectRefusal(.conflict) { try await test.store.createProject(Self.project("Second", isDefault: true)) }
        #expect(try await test.store.defaultProject().id == old.id)
    }

    @Test func `a resource is in exactly one project`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster()
        let vpc = try #require(try await test.store.vpcs().first)
        let (clusterURN, vpcURN) = ("do:dbaas:\(cluster.id)", "do:vpc:\(vpc.id)")
        let standard = try await test.store.defaultProject()
        #expect(try await test.store.resources(ofProject: standard.id).map(\.urn).sorted() == [clusterURN, vpcURN])
        let project = Self.project("P")
        try await test.store.createProject(project)
        let later = testTime.addingTimeInterval(60)
        let unknown = ["do:dbaas:\(UUID())", "do:droplet:1", "do:vpc", "", "dbaas:\(cluster.id)"]
        let assigned = try await test.store.assign(
            urns: [vpcURN] + unknown + [clusterURN, vpcURN], toProject: project.id, at: later)
        #expect(assigned.map(\.urn) == [vpcURN, clusterURN])
        #expect(assigned.allSatisfy { $0.assignedAt == later })
        #expect(try await test.store.resources(ofProject: standard.id).isEmpty)
        #expect(try await test.store.cluster(id: cluster.id)?.projectID == project.id)
        let again = try await test.store.assign(
            urns: [clusterURN], toProject: project.id, at: later.addingTimeInterval(60))
        #expect(again == [ProjectResource(urn: clusterURN, assignedAt: later)])
        await expectRefusal(.notFound) {
            _ = try await test.store.assign(urns: [clusterURN], toProject: "none", at: later)
        }
        await expectRefusal(.preconditionFailed) { try await test.store.deleteProject(id: project.id) }
    }

    @Test func `a project can be deleted while its last cluster is`() async throws {
        let test = try TestStore()
        let project = Self.project("P")
        try await test.store.createProject(project)
        let cluster = try await test.cluster("db") { $0.projectID = project.id }
        await expectRefusal(.preconditionFailed) { try await test.store.deleteProject(id: project.id) }
        try await test.store.markDeleting(clusterID: cluster.id, at: testTime)
        #expect(try await test.store.resources(ofProject: project.id).isEmpty)
        let urn = "do:dbaas:\(cluster.id)"
        #expect(try await test.store.assign(urns: [urn], toProject: project.id, at: testTime).isEmpty)
        try await test.store.deleteProject(id: project.id)
        #expect(try await test.store.clusters().map(\.id) == [cluster.id])
    }
}

@Suite struct VPCTests {
    static func vpc(_ name: String, range: String = "", region: String = "nyc1", isDefault: Bool = false) -> VPC {
        VPC(
            id: UUID().uuidString.lowercased(), name: name, description: "", regionSlug: region, ipRange: range,
            isDefault: isDefault, createdAt: testTime)
    }

    @Test func `free ranges are chosen one after the other`() async throws {
        let test = try TestStore()
        try await test.store.createVPC(Self.vpc("fixed", range: "10.10.40.0/24"))
        for index in 0..<3 { try await test.store.createVPC(Self.vpc("chosen-\(index)")) }
        #expect(
            try await test.store.vpcs().map(\.ipRange)
                == ["10.10.0.0/20", "10.10.40.0/24", "10.10.16.0/20", "10.10.48.0/20", "10.10.64.0/20"])
    }

    @Test(arguments: ["10.20.0.0/16", "10.20.0.16/28", "172.16.0.0/20", "172.31.255.240/28", "192.168.0.0/16"])
    func `private ranges are accepted`(range: String) async throws {
        let test = try TestStore()
        let vpc = Self.vpc("v", range: range)
        try await test.store.createVPC(vpc)
        #expect(try await test.store.vpc(id: vpc.id) == vpc)
    }

    @Test(arguments: [
        "10.20.0.0", "10.20.0.0/15", "10.20.0.0/29", "10.20.0.1/20", "172.32.0.0/20", "11.0.0.0/20", "8.8.8.0/24",
        "10.20.0/20", "10.20.0.0/020", "10.020.0.0/20", "10.20.0.256/28", "10.20.0.0/20/1", "fd00::/20",
        " 10.20.0.0/20",
        "10.20.0.0/-1", "10.+2.0.0/20", "/20", "10.0.0.0/99999999999999999999",
    ])
    func `other ranges are refused`(range: String) async throws {
        let test = try TestStore()
        await expectRefusal(.unprocessableEntity, "ip_range") {
            try await test.store.createVPC(Self.vpc("v", range: range))
        }
    }

    @Test(arguments: ["10.10.0.0/16", "10.10.0.0/20", "10.10.15.240/28"])
    func `overlapping ranges are refused`(range: String) async throws {
        let test = try TestStore()
        await expectRefusal(.unprocessableEntity, "overlaps") {
            try await test.store.createVPC(Self.vpc("v", range: range))
        }
    }

    @Test func `bad fields and taken names are refused`() async throws {
        let test = try TestStore()
        for name in ["", "a_b", "a b", "ä", String(repeating: "a", count: 256)] {
            await expectRefusal(.unprocessableEntity, "VPC name") { try await test.store.createVPC(Self.vpc(name)) }
        }
        await expectRefusal(.unprocessableEntity, "region") {
            try await test.store.createVPC(Self.vpc("v", region: "moon1"))
        }
        var wordy = Self.vpc("v")
        wordy.description = String(repeating: "d", count: 256)
        await expectRefusal(.unprocessableEntity, "description") { [wordy] in try await test.store.createVPC(wordy) }
        await expectRefusal(.conflict) { try await test.store.createVPC(Self.vpc("default-nyc1")) }
        #expect(try await test.store.vpcs().count == 1)
    }

    @Test func `name, description and default change; region and range do not`() async throws {
        let test = try TestStore()
        var vpc = Self.vpc("v", range: "10.20.0.0/20")
        try await test.store.createVPC(vpc)
        vpc.name = "w.x-1"
        vpc.description = "d"
        vpc.isDefault = true
        try await test.store.updateVPC(vpc)
        #expect(try await test.store.vpc(id: vpc.id) == vpc)
        #expect(try await test.store.vpcs().filter(\.isDefault) == [vpc])
        var changed = vpc
        changed.ipRange = "10.21.0.0/20"
        await expectRefusal(.unprocessableEntity, "ip_range") { try await test.store.updateVPC(changed) }
        changed = vpc
        changed.regionSlug = "fra1"
        await expectRefusal(.unprocessableEntity, "region") { try await test.store.updateVPC(changed) }
        changed = vpc
        changed.isDefault = false
        await expectRefusal(.unprocessableEntity, "default") { try await test.store.updateVPC(changed) }
        changed = vpc
        changed.name = "default-nyc1"
        await expectRefusal(.conflict) { try await test.store.updateVPC(changed) }
        changed.id = "none"
        await expectRefusal(.notFound) { try await test.store.updateVPC(changed) }
    }

    @Test func `default VPCs and those with members stay`() async throws {
        let test = try TestStore()
        let standard = try #require(try await test.store.vpcs().first)
        await expectRefusal(.forbidden) { try await test.store.deleteVPC(id: standard.id) }
        let vpc = Self.vpc("v")
        try await test.store.createVPC(vpc)
        let cluster = try await test.cluster("db") { $0.vpcID = vpc.id }
        #expect(try await test.store.clusters(inVPC: vpc.id) == [cluster])
        await expectRefusal(.conflict) { try await test.store.deleteVPC(id: vpc.id) }
        try await test.store.markDeleting(clusterID: cluster.id, at: testTime)
        #expect(try await test.store.clusters(inVPC: vpc.id).isEmpty)
        try await test.store.deleteVPC(id: vpc.id)
        #expect(try await test.store.cluster(id: cluster.id)?.vpcID == standard.id)
        await expectRefusal(.notFound) { _ = try await test.store.vpc(id: vpc.id) }
        await expectRefusal(.notFound) { _ = try await test.store.clusters(inVPC: vpc.id) }
        await expectRefusal(.notFound) { try await test.store.deleteVPC(id: vpc.id) }
    }

    @Test func `a cluster gets the default VPC of its region, if there is one`() async throws {
        let test = try TestStore()
        let standard = try #require(try await test.store.vpcs().first)
        let vpc = Self.vpc("default-fra1", region: "fra1", isDefault: true)
        try await test.store.createVPC(vpc)
        #expect(try await test.store.vpcs().filter(\.isDefault).count == 2)
        #expect(try await test.cluster("one") { $0.regionSlug = "fra1" }.vpcID == vpc.id)
        #expect(try await test.cluster("two") { $0.regionSlug = "ams3" }.vpcID == standard.id)
    }
}
