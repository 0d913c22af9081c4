import ControlModel
import Foundation

/// The account's resources in memory, with the rules that the protocol states.
actor MemoryAccounts: AccountService {
    static let writeSecret = "dop_v1_" + String(repeating: "a", count: 64)
    static let readSecret = "dop_v1_" + String(repeating: "b", count: 64)
    static let writeOnlySecret = "dop_v1_" + String(repeating: "c", count: 64)
    static let epoch = Date(timeIntervalSince1970: 1_700_000_000)
    static let defaultProjectID = "11111111-1111-4111-8111-111111111111"
    static let defaultVPCID = "22222222-2222-4222-8222-222222222222"

    private var tokensBySecret: [String: APIToken]
    private var tagsByName: [String: Tag] = [:]
    private var projectList: [Project]
    private var resourcesByProject: [String: [ProjectResource]] = [:]
    private var vpcList: [VPC]
    private var credentials = MetricsCredentials(username: "metrics", password: "metrics-secret")
    /// Ids and names of clusters that exist, kept by `MemoryDatabases`.
    var clusterList: [Cluster] = []
    /// Thrown by `account()`: how a test makes the unforeseen happen.
    private var failure: (any Error)?

    init() {
        func token(_ id: String, _ scopes: Set<APIToken.Scope>) -> APIToken {
            APIToken(id: id, name: id, scopes: scopes, createdAt: Self.epoch, expiresAt: nil, lastUsedAt: nil)
        }
        tokensBySecret = [
            Self.writeSecret: token("full", [.read, .write]), Self.readSecret: token("reader", [.read]),
            Self.writeOnlySecret: token("writer", [.write]),
        ]
        projectList = [
            Project(
                id: Self.defaultProjectID, ownerID: "33333333-3333-4333-8333-333333333333", name: "first-project",
                description: "", purpose: "Web Application", environment: nil, isDefault: true,
                createdAt: Self.epoch, updatedAt: Self.epoch)
        ]
        vpcList = [
            VPC(
                id: Self.defaultVPCID, name: "default-nyc1", description: "", regionSlug: "nyc1",
                ipRange: "10.10.0.0/20", isDefault: true, createdAt: Self.epoch)
        ]
    }

    func fail(with error: (any Error)?) { failure = error }

    func account() throws -> Account {
        if let failure { throw failure }
        return Account(
            id: "33333333-3333-4333-8333-333333333333", email: "owner@example.com", name: "Owner",
            teamID: "44444444-4444-4444-8444-444444444444", teamName: "My Team")
    }

    // MARK: Tokens

    func token(withSecret secret: String, at now: Date) -> APIToken? {
        guard let token = tokensBySecret[secret] else { return nil }
        if let expiry = token.expiresAt, expiry <= now { return nil }
        return token
    }

    func tokens() -> [APIToken] { tokensBySecret.values.sorted { $0.id < $1.id } }

    func issueToken(name: String, scopes: Set<APIToken.Scope>, expiresAt: Date?, at now: Date) -> IssuedAPIToken {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        let secret = "dop_v1_" + String(repeating: "0", count: 64 - digits.count) + digits
        let token = APIToken(
            id: UUID().uuidString.lowercased(), name: name, scopes: scopes, createdAt: now, expiresAt: expiresAt,
            lastUsedAt: nil)
        tokensBySecret[secret] = token
        return IssuedAPIToken(token: token, secret: secret)
    }

    func revokeToken(id: String) throws {
        guard let secret = tokensBySecret.first(where: { $0.value.id == id })?.key else {
            throw ServiceError.notFound("no such token")
        }
        tokensBySecret[secret] = nil
    }

    // MARK: Tags

    func tags() -> [Tag] { tagsByName.values.sorted { $0.name < $1.name } }

    func tag(named name: String) throws -> Tag {
        guard let tag = tagsByName[name] else { throw ServiceError.notFound("no tag of this name") }
        return tag
    }

    func createTag(named name: String) -> Tag {
        let tag = tagsByName[name] ?? Tag(name: name, clusterIDs: [])
        tagsByName[name] = tag
        return tag
    }

    func deleteTag(named name: String) throws {
        guard tagsByName.removeValue(forKey: name) != nil else { throw ServiceError.notFound("no tag of this name") }
    }

    func tagClusters(_ clusterIDs: [String], with tag: String) throws {
        for id in clusterIDs where !clusterList.contains(where: { $0.id == id }) {
            throw ServiceError.notFound("no cluster \(id)")
        }
        for id in clusterIDs where tagsByName[tag]?.clusterIDs.contains(id) == false {
            tagsByName[tag]?.clusterIDs.append(id)
        }
    }

    func untagClusters(_ clusterIDs: [String], from tag: String) {
        tagsByName[tag]?.clusterIDs.removeAll { clusterIDs.contains($0) }
    }

    // MARK: Projects

    func projects() -> [Project] { projectList }

    func project(id: String) throws -> Project {
        guard let project = projectList.first(where: { $0.id == id }) else {
            throw ServiceError.notFound("no project \(id)")
        }
        return project
    }

    func defaultProject() throws -> Project {
        guard let project = projectList.first(where: \.isDefault) else { throw ServiceError.notFound("no project") }
        return project
    }

    func createProject(_ project: Project) throws {
        guard !projectList.contains(where: { $0.name == project.name }) else {
            throw ServiceError(.conflict, "A project of this name exists.")
        }
        if project.isDefault { clearDefaultProject() }
        projectList.append(project)
    }

    func updateProject(_ project: Project) throws {
        guard !projectList.contains(where: { $0.name == project.name && $0.id != project.id }) else {
            throw ServiceError(.conflict, "A project of this name exists.")
        }
        if project.isDefault { clearDefaultProject() }
        projectList = projectList.map { $0.id == project.id ? project : $0 }
    }

    private func clearDefaultProject() {
        for index in projectList.indices { projectList[index].isDefault = false }
    }

    func deleteProject(id: String) throws {
        let project = try project(id: id)
        guard !project.isDefault, resourcesByProject[id, default: []].isEmpty else {
            throw ServiceError(.preconditionFailed, "The project is the default one or still has resources.")
        }
        projectList.removeAll { $0.id == id }
    }

    func resources(ofProject id: String) throws -> [ProjectResource] {
        _ = try project(id: id)
        return resourcesByProject[id, default: []]
    }

    func assign(urns: [String], toProject id: String, at now: Date) throws -> [ProjectResource] {
        _ = try project(id: id)
        let known = Set(clusterList.map { "do:dbaas:\($0.id)" })
        let resources = urns.filter { known.contains($0) }.map { ProjectResource(urn: $0, assignedAt: now) }
        for project in resourcesByProject.keys {
            resourcesByProject[project]?.removeAll { urns.contains($0.urn) }
        }
        resourcesByProject[id, default: []] += resources
        return resources
    }

    // MARK: VPCs

    func vpcs() -> [VPC] { vpcList }

    func vpc(id: String) throws -> VPC {
        guard let vpc = vpcList.first(where: { $0.id == id }) else { throw ServiceError.notFound("no VPC \(id)") }
        return vpc
    }

    func createVPC(_ vpc: VPC) throws {
        guard !vpcList.contains(where: { $0.name == vpc.name }) else {
            throw ServiceError(.conflict, "A VPC of this name exists.")
        }
        vpcList.append(vpc)
    }

    func updateVPC(_ vpc: VPC) throws {
        guard !vpcList.contains(where: { $0.name == vpc.name && $0.id != vpc.id }) else {
            throw ServiceError(.conflict, "A VPC of this name exists.")
        }
        vpcList = vpcList.map { existing in
            var existing = existing
            if vpc.isDefault { existing.isDefault = false }
            return existing.id == vpc.id ? vpc : existing
        }
    }

    func deleteVPC(id: String) throws {
        guard try !vpc(id: id).isDefault else { throw ServiceError(.forbidden, "The default VPC stays.") }
        guard !clusterList.contains(where: { $0.vpcID == id }) else {
            throw ServiceError(.conflict, "The VPC has members.")
        }
        vpcList.removeAll { $0.id == id }
    }

    func clusters(inVPC id: String) -> [Cluster] { clusterList.filter { $0.vpcID == id } }

    func setClusters(_ clusters: [Cluster]) { clusterList = clusters }

    // MARK: Metrics credentials

    func metricsCredentials() -> MetricsCredentials { credentials }
    func setMetricsCredentials(_ credentials: MetricsCredentials) { self.credentials = credentials }
}
