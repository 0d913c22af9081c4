import ControlModel

/// What clients look up around databases: regions, and the droplet sizes and actions that a machine of databases
/// does not have.
func catalogueRoutes() -> [Route] {
    [
        Route(.get, "/v2/regions") { call in try call.paged(Region.all, as: "regions") { RegionView($0) } },
        Route(.get, "/v2/sizes") { call in try call.pagedEmpty(as: "sizes") },
        Route(.get, "/v2/actions") { call in try call.pagedEmpty(as: "actions") },
        Route(.get, "/v2/actions/{action}") { call in
            throw ServiceError.notFound("there is no action \(try call.parameter("action").prefix(64))")
        },
    ]
}

private struct RegionView: Encodable {
    let slug: String
    let name: String
    let features: [String] = []
    let isAvailable = true
    /// Droplet sizes. Sizes of databases are in `/v2/databases/options`.
    let sizes: [String] = []

    init(_ region: Region) {
        slug = region.slug
        name = region.name
    }

    enum CodingKeys: String, CodingKey {
        case slug, name, features, sizes
        case isAvailable = "available"
    }
}
