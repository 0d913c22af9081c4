import ArgumentParser

/// `atoll db pool list`
struct PoolList: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the connection pools of a cluster.",
        discussion: """
            Example:
              atoll db pool list shop
            """)

    @OptionGroup var cluster: ClusterArgument
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(cluster.reference).id
        let answer = try await session.send(.databases(.get, id, "pools"))
        try session.show(answer, as: output.format) { PoolTable.list(try answer.decode(APIModel.Pools.self).pools) }
    }
}
