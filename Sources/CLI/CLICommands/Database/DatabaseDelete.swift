import ArgumentParser

/// `atoll db delete`
struct DatabaseDelete: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a cluster with all its data.",
        discussion: """
            On a terminal the name has to be typed again; elsewhere --force is required. The command ends when the \
            cluster is gone.

            Examples:
              atoll db delete shop
              atoll db delete shop --force
            """)

    @OptionGroup var cluster: ClusterArgument

    @Flag(help: "Do not ask.")
    var force = false

    @Option(help: ArgumentHelp("How long to wait until it is gone.", valueName: "seconds"))
    var timeout = 120

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard timeout > 0 else { throw ValidationError("--timeout is at least 1 second") }
    }

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        try session.console.confirmLoss(of: found.name, kind: "cluster", force: force)
        _ = try await session.send(.databases(.delete, found.id))
        let gone: Bool? = try await session.wait(upTo: .seconds(timeout), for: found.name) { session in
            do {
                let answer = try await session.send(.databases(.get, found.id))
                return .pending(try answer.decode(APIModel.ClusterEnvelope.self).database.status)
            } catch let error as APIError where error.status == 404 {
                return .done(true)
            }
        }
        guard gone != nil else {
            throw CommandError(
                "\(found.name) is not gone after \(timeout) seconds",
                advice: "Atoll goes on deleting it; look again: atoll db list")
        }
        try session.report("Deleted \(found.name).", as: output.format)
    }
}
