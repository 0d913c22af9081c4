import ArgumentParser

/// `atoll db user list`
struct UserList: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the users of a cluster.",
        discussion: """
            Example:
              atoll db user list shop
            """)

    @OptionGroup var cluster: ClusterArgument
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(cluster.reference).id
        let answer = try await session.send(.databases(.get, id, "users"))
        try session.show(answer, as: output.format) { UserTable.list(try answer.decode(APIModel.Users.self).users) }
    }
}
