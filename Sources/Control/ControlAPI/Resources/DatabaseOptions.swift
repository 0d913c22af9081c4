import ControlModel

/// `GET /v2/databases/options`: engines, versions, regions and sizes that can be created.
func databaseOptionsRoutes(_ services: APIServices) -> [Route] {
    [
        Route(.get, "/v2/databases/options") { _ in
            .ok(DatabaseOptionsView(engines: try await services.databases.options()))
        }
    ]
}

/// DigitalOcean's schema has `version_availability` beside `options`, its example inside; both are served.
private struct DatabaseOptionsView: Encodable {
    let engines: [DatabaseEngineOptions]

    func encode(to encoder: any Encoder) throws {
        var root = encoder.container(keyedBy: Key.self)
        var options = root.nestedContainer(keyedBy: Key.self, forKey: Key("options"))
        var inside = options.nestedContainer(keyedBy: Key.self, forKey: Key("version_availability"))
        var beside = root.nestedContainer(keyedBy: Key.self, forKey: Key("version_availability"))
        for engine in engines {
            let key = Key(engine.engine.rawValue)
            let versions = engine.versions.map { VersionView($0, defaultVersion: engine.defaultVersion) }
            try options.encode(EngineView(engine), forKey: key)
            try inside.encode(versions, forKey: key)
            try beside.encode(versions, forKey: key)
        }
    }
}

private struct EngineView: Encodable {
    struct Layout: Encodable {
        let nodeCount: Int
        let sizes: [String]

        enum CodingKeys: String, CodingKey {
            case sizes
            case nodeCount = "num_nodes"
        }
    }

    let regions: [String]
    let versions: [String]
    let layouts: [Layout]
    let defaultVersion: String

    init(_ options: DatabaseEngineOptions) {
        regions = options.regionSlugs
        versions = options.versions.map(\.version)
        defaultVersion = options.defaultVersion
        let counts = Set(options.sizes.flatMap { Array($0.nodeCounts) }).sorted()
        layouts = counts.map { count in
            Layout(
                nodeCount: count, sizes: options.sizes.filter { $0.nodeCounts.contains(count) }.map(\.slug))
        }
    }

    enum CodingKeys: String, CodingKey {
        case regions, versions, layouts
        case defaultVersion = "default_version"
    }
}

private struct VersionView: Encodable {
    /// Null where no date is known.
    let endOfLife: JSONValue
    let endOfAvailability = JSONValue.null
    let version: String
    let isDefault: Bool

    init(_ version: DatabaseEngineOptions.Version, defaultVersion: String) {
        endOfLife = version.endOfLife.map { .string($0.timestamp) } ?? .null
        self.version = version.version
        isDefault = version.version == defaultVersion
    }

    enum CodingKeys: String, CodingKey {
        case version
        case endOfLife = "end_of_life"
        case endOfAvailability = "end_of_availability"
        case isDefault = "default"
    }
}
