import ArgumentParser

/// `atoll db get`
struct DatabaseGet: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one cluster.",
        discussion: """
            Examples:
              atoll db get shop
              atoll db get shop --format json
            """)

    @OptionGroup var cluster: ClusterArgument
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(cluster.reference).id
        let answer = try await session.send(.databases(.get, id))
        try session.show(answer, as: output.format) {
            ClusterTable.details(try answer.decode(APIModel.ClusterEnvelope.self).database)
        }
    }
}
