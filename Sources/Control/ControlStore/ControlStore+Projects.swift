package import ControlModel
package import Foundation
import GRDB

// Projects, and the resources in them. A resource says in its own row which project it is in, so it is always in
// exactly one.

extension ControlStore {
    package func projects() async throws -> [Project] {
        try await pool.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM projects ORDER BY sequence").map(Project.init(row:))
        }
    }

    package func project(id: String) async throws -> Project {
        try await pool.read { try Project.required(id: id, $0) }
    }

    package func defaultProject() async throws -> Project {
        try await pool.read { try Project.theDefault($0) }
    }

    /// Stores a new project; as the default one, it takes that role from the one that had it.
    package func createProject(_ project: Project) async throws {
        try project.check()
        try await pool.write { database in
            try checkCount(of: "projects", inTable: "projects", max: StoreLimits.projectCountMax, database)
            if project.isDefault { try Project.clearDefault(database) }
            try project.insert(into: database)
        }
    }

    /// Changes name, description, purpose, environment, the default and the time of update; the rest stays.
    package func updateProject(_ project: Project) async throws {
        try project.check()
        try await pool.write { database in
            let current = try Project.required(id: project.id, database)
            if current.isDefault, !project.isDefault {
                throw ServiceError.unprocessable(
                    "there must be a default project: make another project the default one instead")
            }
            if project.isDefault, !current.isDefault { try Project.clearDefault(database) }
            try project.update(in: database)
        }
    }

    package func deleteProject(id: String) async throws {
        try await pool.write { database in
            let project = try Project.required(id: id, database)
            guard !project.isDefault else {
                throw ServiceError(.preconditionFailed, "the default project cannot be deleted")
            }
            guard try Project.resources(ofProject: id, database).isEmpty else {
                throw ServiceError(.preconditionFailed, "a project with resources cannot be deleted: move them first")
            }
            // Clusters that are being deleted are nobody's resource any more, but their rows still need a project.
            try database.execute(
                sql: "UPDATE clusters SET project_id = ? WHERE project_id = ?",
                arguments: [try Project.theDefault(database).id, id])
            try database.execute(sql: "DELETE FROM projects WHERE id = ?", arguments: [id])
        }
    }

    package func resources(ofProject id: String) async throws -> [ProjectResource] {
        try await pool.read { database in
            _ = try Project.required(id: id, database)
            return try Project.resources(ofProject: id, database)
        }
    }

    package func assign(urns: [String], toProject id: String, at now: Date) async throws -> [ProjectResource] {
        try await pool.write { database in
            _ = try Project.required(id: id, database)
            var seen: Set<String> = []
            return try urns.compactMap { text in
                guard let urn = ResourceURN(text), seen.insert(urn.description).inserted else { return nil }
                return try urn.assign(toProject: id, at: now, database)
            }
        }
    }
}

/// The name of a resource that a project can hold: `do:<kind>:<id>`.
private struct ResourceURN: CustomStringConvertible {
    enum Kind: String {
        case cluster = "dbaas"
        case vpc
    }
    var kind: Kind
    var id: String

    init(kind: Kind, id: String) {
        self.kind = kind
        self.id = id
    }

    /// nil for text that names nothing that this store holds.
    init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "do", let kind = Kind(rawValue: String(parts[1])) else { return nil }
        self.init(kind: kind, id: parts[2].lowercased())
    }

    var description: String { "do:\(kind.rawValue):\(id)" }

    /// nil when there is no such resource. One that is in the project already keeps the time when it came.
    func assign(toProject projectID: String, at now: Date, _ database: Database) throws -> ProjectResource? {
        let (table, condition) =
            switch kind {
            case .cluster: ("clusters", "id = ? AND state <> 'deleting'")
            case .vpc: ("vpcs", "id = ?")
            }
        try database.execute(
            sql: """
                UPDATE \(table) SET project_id = ?, project_assigned_at_ms = ?
                WHERE project_id <> ? AND \(condition)
                """,
            arguments: [projectID, now.storedMilliseconds, projectID, id])
        let assignedAt = try Int64.fetchOne(
            database, sql: "SELECT project_assigned_at_ms FROM \(table) WHERE \(condition)", arguments: [id])
        return assignedAt.map {
            ProjectResource(urn: description, assignedAt: Date(storedMilliseconds: $0))
        }
    }
}

extension Project {
    private static let environments = ["Development", "Staging", "Production"]

    fileprivate init(row: Row) {
        self.init(
            id: row["id"], ownerID: row["owner_id"], name: row["name"], description: row["description"],
            purpose: row["purpose"], environment: row["environment"], isDefault: row["is_default"],
            createdAt: row.date("created_at_ms"), updatedAt: row.date("updated_at_ms"))
    }

    func insert(into database: Database) throws {
        try refusingDuplicates(nameTaken) {
            try database.execute(
                sql: """
                    INSERT INTO projects (id, owner_id, name, description, purpose, environment, is_default,
                        created_at_ms, updated_at_ms)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, ownerID, name, description, purpose, environment, isDefault, createdAt.storedMilliseconds,
                    updatedAt.storedMilliseconds,
                ])
        }
    }

    fileprivate func update(in database: Database) throws {
        try refusingDuplicates(nameTaken) {
            try database.execute(
                sql: """
                    UPDATE projects SET name = ?, description = ?, purpose = ?, environment = ?, is_default = ?,
                        updated_at_ms = ?
                    WHERE id = ?
                    """,
                arguments: [name, description, purpose, environment, isDefault, updatedAt.storedMilliseconds, id])
        }
    }

    private var nameTaken: ServiceError {
        ServiceError(.conflict, "a project with this name exists already")
    }

    fileprivate func check() throws {
        try checkText(name, named: "project name", lengthMax: StoreLimits.projectNameLengthMax)
        try checkText(purpose, named: "purpose", lengthMax: StoreLimits.textLengthMax)
        try checkDescription(description)
        guard let environment else { return }
        guard Self.environments.contains(environment) else {
            throw ServiceError.unprocessable("environment must be Development, Staging or Production")
        }
    }

    fileprivate static func required(id: String, _ database: Database) throws -> Project {
        let row = try Row.fetchOne(database, sql: "SELECT * FROM projects WHERE id = ?", arguments: [id])
        guard let row else { throw ServiceError.notFound("project \(id)") }
        return Project(row: row)
    }

    static func theDefault(_ database: Database) throws -> Project {
        let row = try Row.fetchOne(database, sql: "SELECT * FROM projects WHERE is_default")
        guard let row else { throw ServiceError.notFound("default project") }
        return Project(row: row)
    }

    fileprivate static func clearDefault(_ database: Database) throws {
        try database.execute(sql: "UPDATE projects SET is_default = 0 WHERE is_default")
    }

    fileprivate static func resources(ofProject id: String, _ database: Database) throws -> [ProjectResource] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT 'do:vpc:' || id AS urn, project_assigned_at_ms FROM vpcs WHERE project_id = ?
                UNION ALL
                SELECT 'do:dbaas:' || id, project_assigned_at_ms FROM clusters
                WHERE project_id = ? AND state <> 'deleting'
                ORDER BY 2, 1
                """,
            arguments: [id, id]
        ).map { ProjectResource(urn: $0["urn"], assignedAt: $0.date("project_assigned_at_ms")) }
    }
}

/// Descriptions may have several lines, so only their length and NUL are refused.
func checkDescription(_ text: String) throws {
    guard text.unicodeScalars.count <= StoreLimits.textLengthMax else {
        throw ServiceError.unprocessable("description must have at most \(StoreLimits.textLengthMax) characters")
    }
    guard !text.utf8.contains(0) else { throw ServiceError.unprocessable("description must not contain NUL") }
}
