import ArgumentParser

/// `atoll db pool get`
struct PoolGet: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show one connection pool.",
        discussion: """
            Example:
              atoll db pool get shop web
            """)

    @OptionGroup var pool: PoolArguments
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(pool.cluster).id
        let answer = try await session.send(.databases(.get, id, "pools", pool.name))
        try session.show(answer, as: output.format) {
            PoolTable.list([try answer.decode(APIModel.PoolEnvelope.self).pool])
        }
    }
}
