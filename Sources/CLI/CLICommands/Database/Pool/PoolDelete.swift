import ArgumentParser

/// `atoll db pool delete`
struct PoolDelete: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a connection pool.",
        discussion: """
            Its clients are disconnected; the database stays as it is.

            Example:
              atoll db pool delete shop web
            """)

    @OptionGroup var pool: PoolArguments
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let found = try await session.cluster(pool.cluster)
        _ = try await session.send(.databases(.delete, found.id, "pools", pool.name))
        try session.report("Deleted the pool \(pool.name) of \(found.name).", as: output.format)
    }
}
