import ArgumentParser

/// `atoll db options`
struct DatabaseOptions: APICommand {
    /// What to list.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case engines
        case sizes
        case regions
        case versions
    }

    static let configuration = CommandConfiguration(
        commandName: "options",
        abstract: "List the engines, sizes, regions and versions that a cluster can have.",
        discussion: """
            Examples:
              atoll db options
              atoll db options sizes
            """)

    @Argument(help: "What to list.")
    var kind: Kind = .engines

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let answer = try await session.send(.databases(.get, "options"))
        try session.show(answer, as: output.format) {
            let options = try answer.decode(APIModel.Options.self)
            let engines = options.options.filter { $0.value.versions != nil }.sorted { $0.key < $1.key }
            return switch kind {
            case .engines: Self.engines(engines)
            case .sizes: Self.sizes(engines)
            case .regions: Self.regions(engines)
            case .versions: Self.versions(engines, options.versionAvailability ?? [:])
            }
        }
    }

    private typealias Engines = [(key: String, value: APIModel.Engine)]

    private static func engines(_ engines: Engines) -> Table {
        Table(
            ["engine", "default version", "versions", "regions"],
            engines.map { name, engine in
                [
                    name, engine.defaultVersion ?? "", (engine.versions ?? []).joined(separator: ", "),
                    (engine.regions ?? []).joined(separator: ", "),
                ]
            })
    }

    /// A row a size, in the order of the API, with every number of nodes that it can have.
    private static func sizes(_ engines: Engines) -> Table {
        var rows: [[String]] = []
        for (name, engine) in engines {
            let layouts = (engine.layouts ?? []).sorted { $0.numNodes < $1.numNodes }
            var seen: Set<String> = []
            for size in layouts.flatMap(\.sizes) where seen.insert(size).inserted {
                let nodes = layouts.filter { $0.sizes.contains(size) }.map { String($0.numNodes) }
                rows.append([size, nodes.joined(separator: ", "), name])
            }
        }
        return Table(["size", "nodes", "engine"], rows)
    }

    private static func regions(_ engines: Engines) -> Table {
        let slugs = Set(engines.flatMap { $0.value.regions ?? [] }).sorted()
        return Table(
            ["region", "engines"],
            slugs.map { slug in
                let names = engines.filter { $0.value.regions?.contains(slug) == true }.map(\.key)
                return [slug, names.joined(separator: ", ")]
            })
    }

    private static func versions(_ engines: Engines, _ availability: [String: [APIModel.Version]]) -> Table {
        Table(
            ["version", "engine", "default", "end of life"],
            engines.flatMap { name, engine in
                (engine.versions ?? []).map { version in
                    let known = availability[name]?.first { $0.version == version }
                    return [
                        version, name, version == engine.defaultVersion ? "yes" : "", known?.endOfLife ?? "",
                    ]
                }
            })
    }
}
