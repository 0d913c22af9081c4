import ControlModel

/// `/v2/tags`: labels on database clusters.
func tagRoutes(_ services: APIServices) -> [Route] {
    let accounts = services.accounts
    return [
        Route(.get, "/v2/tags") { call in
            try call.paged(try await accounts.tags(), as: "tags") { TagView($0, baseURL: call.baseURL) }
        },
        Route(.post, "/v2/tags") { call in
            let body = try await call.body()
            let name = try body.requiredString("name")
            guard TagName.isValid(name) else { throw body.wrong("name", TagName.rule) }
            let tag = try await accounts.createTag(named: name)
            return .created(TagEnvelope(tag: TagView(tag, baseURL: call.baseURL)))
        },
        Route(.get, "/v2/tags/{tag}") { call in
            let tag = try await accounts.tag(named: try TagName.inPath(call))
            return .ok(TagEnvelope(tag: TagView(tag, baseURL: call.baseURL)))
        },
        Route(.delete, "/v2/tags/{tag}") { call in
            try await accounts.deleteTag(named: try TagName.inPath(call))
            return .noContent
        },
        Route(.post, "/v2/tags/{tag}/resources") { call in
            let tag = try await accounts.tag(named: try TagName.inPath(call))
            try await accounts.tagClusters(try clusterIDs(try await call.body()), with: tag.name)
            return .noContent
        },
        Route(.delete, "/v2/tags/{tag}/resources") { call in
            let tag = try await accounts.tag(named: try TagName.inPath(call))
            try await accounts.untagClusters(try clusterIDs(try await call.body()), from: tag.name)
            return .noContent
        },
    ]
}

/// The clusters in `resources`. Other kinds of resource are known to the API, but none exists here.
private func clusterIDs(_ body: RequestBody) throws -> [String] {
    guard let resources = try body.objects("resources") else { throw body.missing("resources") }
    return try resources.map { resource in
        let id = try resource.requiredString("resource_id")
        switch try resource.requiredString("resource_type") {
        case "database": return id.lowercased()
        case "droplet", "image", "volume", "volume_snapshot":
            throw ServiceError.notFound("this installation has databases only")
        default: throw resource.wrong("resource_type", "must be \"database\"")
        }
    }
}

private enum TagName {
    static let bytesMax = 255
    static let rule = "must have 1 to \(bytesMax) letters, digits, colons, dashes and underscores"

    static func isValid(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= bytesMax
            && name.utf8.allSatisfy { $0.isLetterOrDigit || $0.isUnderscore || $0.isDash || $0.isColon }
    }

    static func inPath(_ call: Call) throws -> String {
        let name = try call.parameter("tag")
        guard isValid(name) else { throw ServiceError.notFound("no tag can have this name") }
        return name
    }
}

private struct TagEnvelope: Encodable {
    let tag: TagView
}

private struct TagView: Encodable {
    struct Count: Encodable {
        var count = 0
        var lastTaggedURI: String?

        enum CodingKeys: String, CodingKey {
            case count
            case lastTaggedURI = "last_tagged_uri"
        }
    }

    struct Resources: Encodable {
        let count: Int
        let lastTaggedURI: String?
        let databases: Count
        let droplets = Count()
        let images = Count()
        let volumes = Count()
        let volumeSnapshots = Count()

        enum CodingKeys: String, CodingKey {
            case count, databases, droplets, images, volumes
            case lastTaggedURI = "last_tagged_uri"
            case volumeSnapshots = "volume_snapshots"
        }
    }

    let name: String
    let resources: Resources

    init(_ tag: Tag, baseURL: String) {
        name = tag.name
        let count = tag.clusterIDs.count
        let lastURI = tag.clusterIDs.last.map { "\(baseURL)/v2/databases/\($0)" }
        resources = Resources(
            count: count, lastTaggedURI: lastURI, databases: Count(count: count, lastTaggedURI: lastURI))
    }
}
