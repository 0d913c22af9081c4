import ArgumentParser

/// `atoll db events`
struct DatabaseEvents: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "events",
        abstract: "Show what happened to a cluster.",
        discussion: """
            Example:
              atoll db events shop
            """)

    @OptionGroup var cluster: ClusterArgument
    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let id = try await session.cluster(cluster.reference).id
        let answer = try await session.send(.databases(.get, id, "events"))
        try session.show(answer, as: output.format) {
            Table(
                ["time", "event", "cluster", "id"],
                try answer.decode(APIModel.Events.self).events.map {
                    [$0.createTime, $0.eventType, $0.clusterName, $0.id]
                })
        }
    }
}
