import ArgumentParser
import ControlModel

/// `atoll db create`
struct DatabaseCreate: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a cluster and wait until it serves.",
        discussion: """
            Examples:
              atoll db create shop
              atoll db create shop --size db-s-2vcpu-4gb --trusted-source 10.0.0.0/8
              atoll db create --engine valkey cache

            What can be chosen: atoll db options sizes (or engines, regions, versions)
            """)

    @Argument(help: "Name of the new cluster.")
    var name: String

    @Option(help: "Engine: pg, valkey or redis.")
    var engine = "pg"

    @Option(help: ArgumentHelp("Size of a node.", valueName: "slug"))
    var size = "db-s-1vcpu-1gb"

    @Option(help: ArgumentHelp("Region.", valueName: "slug"))
    var region = "nyc1"

    @Option(help: "Number of nodes.")
    var nodes = 1

    @Option(help: "Major version of the engine; its default version if not given.")
    var version: String?

    @Option(help: "A tag; may be repeated.")
    var tag: [String] = []

    @Option(
        help: ArgumentHelp(
            "An address or network that may connect; may be repeated. None: every address.", valueName: "source"))
    var trustedSource: [TrustedSource] = []

    @Flag(inversion: .prefixedNo, help: "Wait until the cluster serves.")
    var wait = true

    @Option(help: ArgumentHelp("How long to wait.", valueName: "seconds"))
    var timeout = 600

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard nodes > 0 else { throw ValidationError("--nodes is at least 1") }
        guard timeout > 0 else { throw ValidationError("--timeout is at least 1 second") }
    }

    /// The body of the request; what was not chosen is left to the API.
    var body: JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(name), "engine": .string(engine), "size": .string(size), "region": .string(region),
            "num_nodes": .integer(nodes),
        ]
        if let version { members["version"] = .string(version) }
        if !tag.isEmpty { members["tags"] = .array(tag.map(JSONValue.string)) }
        if !trustedSource.isEmpty { members["rules"] = .array(trustedSource.map(\.ruleBody)) }
        return .object(members)
    }

    func run(in session: Session) async throws {
        var answer = try await session.send(.databases(.post, body: body))
        let created = try answer.decode(APIModel.ClusterEnvelope.self).database
        if wait {
            answer = try await online(created, in: session)
        }
        try session.show(answer, as: output.format) {
            ClusterTable.list([try answer.decode(APIModel.ClusterEnvelope.self).database])
        }
        try session.report(nextSteps, as: output.format)
    }

    private func online(_ cluster: APIModel.Cluster, in session: Session) async throws -> APIAnswer {
        let answer = try await session.wait(upTo: .seconds(timeout), for: cluster.name) { session in
            let answer = try await session.send(.databases(.get, cluster.id))
            let seen = try answer.decode(APIModel.ClusterEnvelope.self).database
            guard seen.status != "online" else { return Observation<APIAnswer>.done(answer) }
            return .pending(seen.statusMessage.map { "\(seen.status), \($0)" } ?? seen.status)
        }
        guard let answer else {
            throw CommandError(
                "\(cluster.name) is not online after \(timeout) seconds",
                advice: "Atoll goes on making it; see how far it is: atoll db get \(cluster.name.shellQuoted)")
        }
        return answer
    }

    private var nextSteps: String {
        let name = name.shellQuoted
        return """

            Next:
              \(ProgramName.shown) db connection \(name)
              \(ProgramName.shown) db shell \(name)
            """
    }
}
