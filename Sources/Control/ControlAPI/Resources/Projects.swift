import ControlModel
import Foundation

/// `/v2/projects` and what is in them. `default` stands for the id of the default project, except for deleting.
func projectRoutes(_ services: APIServices) -> [Route] {
    let accounts = services.accounts
    let byID: ProjectLookup = { call in try await accounts.project(id: try call.identifier("project")) }
    let byDefault: ProjectLookup = { _ in try await accounts.defaultProject() }
    return [
        Route(.get, "/v2/projects") { call in
            try call.paged(try await accounts.projects(), as: "projects") { ProjectView($0) }
        },
        Route(.post, "/v2/projects") { call in
            let now = services.now()
            var project = Project(
                id: UUID().uuidString.lowercased(), ownerID: try await accounts.account().id, name: "",
                description: "", purpose: "", environment: nil, isDefault: false, createdAt: now, updatedAt: now)
            let body = try await call.body()
            try ProjectRequest(body, required: ["name", "purpose"]).apply(to: &project)
            try await accounts.createProject(project)
            return .created(ProjectEnvelope(project: ProjectView(project)))
        },
        Route(.delete, "/v2/projects/{project}") { call in
            try await accounts.deleteProject(id: try call.identifier("project"))
            return .noContent
        },
    ] + oneProjectRoutes(services, at: "/v2/projects/{project}", find: byID)
        + oneProjectRoutes(services, at: "/v2/projects/default", find: byDefault)
}

private typealias ProjectLookup = @Sendable (Call) async throws -> Project

private func oneProjectRoutes(_ services: APIServices, at path: String, find: @escaping ProjectLookup) -> [Route] {
    let accounts = services.accounts
    let update: @Sendable (Call, [String]) async throws -> Reply = { call, required in
        var project = try await find(call)
        try ProjectRequest(try await call.body(), required: required).apply(to: &project)
        project.updatedAt = services.now()
        try await accounts.updateProject(project)
        return .ok(ProjectEnvelope(project: ProjectView(project)))
    }
    return [
        Route(.get, path) { call in .ok(ProjectEnvelope(project: ProjectView(try await find(call)))) },
        Route(.put, path) { call in
            try await update(call, ["name", "description", "purpose", "environment", "is_default"])
        },
        Route(.patch, path) { call in try await update(call, []) },
        Route(.get, "\(path)/resources") { call in
            let resources = try await accounts.resources(ofProject: try await find(call).id)
            return try call.paged(resources, as: "resources") {
                ProjectResourceView(urn: $0.urn, assignedAt: $0.assignedAt, status: "ok", baseURL: call.baseURL)
            }
        },
        Route(.post, "\(path)/resources") { call in
            let project = try await find(call)
            return try await assign(try await call.body(), to: project, call: call, services: services)
        },
    ]
}

private func assign(
    _ body: RequestBody, to project: Project, call: Call, services: APIServices
) async throws -> Reply {
    let urns = try body.strings("resources") ?? []
    guard urns.allSatisfy(URN.isValid) else {
        throw body.wrong("resources", "must be a list of URNs such as do:dbaas:00000000-0000-0000-0000-000000000000")
    }
    let before = Set(try await services.accounts.resources(ofProject: project.id).map(\.urn))
    let assigned = try await services.accounts.assign(urns: urns, toProject: project.id, at: services.now())
    let assignedAt = Dictionary(assigned.map { ($0.urn, $0.assignedAt) }, uniquingKeysWith: { first, _ in first })
    let views = urns.map { urn in
        let status =
            assignedAt[urn] == nil ? "not_found" : before.contains(urn) ? "already_assigned" : "assigned"
        return ProjectResourceView(urn: urn, assignedAt: assignedAt[urn], status: status, baseURL: call.baseURL)
    }
    return .ok(ProjectResourceList(resources: views))
}

/// `do:kind:id`.
private enum URN {
    static let kinds: Set<Substring> = [
        "dbaas", "domain", "droplet", "floatingip", "loadbalancer", "space", "volume", "kubernetes", "vpc",
    ]

    static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "do" && kinds.contains(parts[1])
    }
}

/// The fields of a project that a client may set.
private struct ProjectRequest {
    static let nameCharactersMax = 175
    static let textCharactersMax = 255
    static let environments = ["Development", "Staging", "Production"]

    var name: String?
    var description: String?
    var purpose: String?
    var environment: String?
    var isDefault: Bool?

    /// - Parameter required: fields that must be there. "" counts as a value, except for the name: official clients
    ///   send it for what their user left out.
    init(_ body: RequestBody, required: [String]) throws {
        name = try Self.text("name", max: Self.nameCharactersMax, in: body)
        description = try Self.text("description", max: Self.textCharactersMax, in: body)
        purpose = try Self.text("purpose", max: Self.textCharactersMax, in: body)
        environment = try Self.text("environment", max: Self.textCharactersMax, in: body)
        isDefault = try body.boolean("is_default")
        for field in required where !body.has(field) {
            throw body.missing(field)
        }
        if name?.isEmpty == true { throw body.wrong("name", "must not be empty") }
        if let given = environment, !given.isEmpty {
            let known = Self.environments.first { $0.lowercased() == given.lowercased() }
            guard let known else {
                throw body.wrong("environment", "must be one of \(Self.environments.joined(separator: ", "))")
            }
            environment = known
        }
    }

    private static func text(_ field: String, max: Int, in body: RequestBody) throws -> String? {
        guard let text = try body.string(field) else { return nil }
        guard text.unicodeScalars.count <= max else {
            throw body.wrong(field, "must have at most \(max) characters")
        }
        return text
    }

    func apply(to project: inout Project) throws {
        if project.isDefault, isDefault == false {
            throw ServiceError(.conflict, "One project must be the default. Make another one the default instead.")
        }
        project.name = name ?? project.name
        project.description = description ?? project.description
        project.purpose = purpose ?? project.purpose
        if let environment { project.environment = environment.isEmpty ? nil : environment }
        project.isDefault = isDefault ?? project.isDefault
    }
}

private struct ProjectEnvelope: Encodable {
    let project: ProjectView
}

private struct ProjectView: Encodable {
    let id: String
    let ownerUUID: String
    let ownerID = 1
    let name: String
    let description: String
    let purpose: String
    let environment: String?
    let isDefault: Bool
    let createdAt: String
    let updatedAt: String

    init(_ project: Project) {
        id = project.id
        ownerUUID = project.ownerID
        name = project.name
        description = project.description
        purpose = project.purpose
        environment = project.environment
        isDefault = project.isDefault
        createdAt = project.createdAt.timestamp
        updatedAt = project.updatedAt.timestamp
    }

    enum CodingKeys: String, CodingKey {
        case id, name, description, purpose, environment
        case ownerUUID = "owner_uuid"
        case ownerID = "owner_id"
        case isDefault = "is_default"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }
}

private struct ProjectResourceList: Encodable {
    let resources: [ProjectResourceView]
}

private struct ProjectResourceView: Encodable {
    struct Links: Encodable {
        let `self`: String
    }

    let urn: String
    let assignedAt: String?
    let links: Links?
    let status: String

    init(urn: String, assignedAt: Date?, status: String, baseURL: String) {
        self.urn = urn
        self.assignedAt = assignedAt?.timestamp
        self.status = status
        let parts = urn.split(separator: ":", maxSplits: 2).map(String.init)
        let collection = ["dbaas": "databases", "vpc": "vpcs"][parts.count == 3 ? parts[1] : ""]
        links = assignedAt == nil ? nil : collection.map { Links(self: "\(baseURL)/v2/\($0)/\(parts[2])") }
    }

    enum CodingKeys: String, CodingKey {
        case urn, links, status
        case assignedAt = "assigned_at"
    }
}
