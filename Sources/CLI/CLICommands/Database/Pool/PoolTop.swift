import ArgumentParser
import ControlModel
import Foundation

/// `atoll db pool top`
struct PoolTop: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch the pools of a cluster at work.",
        discussion: """
            For each pool, and each user of a pool of whoever connects, the busiest first: clients that wait for \
            nothing and that wait for a connection, connections in use and idle, and, over the last interval, \
            transactions and queries a second and how long it took to wait for a connection, for a query, and for a \
            transaction: on average, and what 99 of 100 did not exceed. These are estimated from ranges of which each \
            ends at twice its beginning. Last, how many clients keep their connection between transactions, and why.

            On a terminal the screen is refreshed until q or ctrl-c is pressed; elsewhere one table follows the other. \
            With --format json each refresh is one object on a line of its own.

            Examples:
              atoll db pool top shop
              atoll db pool top shop --once
              atoll db pool top shop --interval 10 --format json >> pools.json
            """)

    /// The API answers 5,000 requests of a token in an hour.
    static let intervalSecondsRange = 1.0...3600.0

    @OptionGroup var cluster: ClusterArgument

    @Option(help: "Seconds from one refresh to the next.")
    var interval = 1.0

    @Flag(help: "Print what one interval shows, and end.")
    var once = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func validate() throws {
        guard Self.intervalSecondsRange.contains(interval) else {
            throw ValidationError("--interval must be from 1 to 3600 seconds.")
        }
    }

    func run(in session: Session) async throws {
        let found = try await session.cluster(cluster.reference)
        let screen = once || output.format == .json ? nil : TopScreen.open()
        defer { screen?.close() }
        var before = try await figures(of: found.id, session)
        while try await pause(screen) {
            let after: PoolerFigures
            do {
                after = try await figures(of: found.id, session)
            } catch {
                guard let screen, !(error is CancellationError) else { throw error }
                // A pooler that starts anew is away for a moment.
                screen.show("\(found.name): \(error)")
                continue
            }
            let view = PoolTopView(before: before, after: after)
            before = after
            if output.format == .json {
                try session.console.print(view.json.jsonText(pretty: false))
            } else if let screen {
                screen.show(view.text(clusterName: found.name))
            } else {
                try session.console.print(view.text(clusterName: found.name) + (once ? "" : "\n"))
            }
            // Endless output has no other way to notice.
            if once || TopScreen.outputHasGone { return }
        }
    }

    private func figures(of id: String, _ session: Session) async throws -> PoolerFigures {
        struct Envelope: Decodable {
            let figures: PoolerFigures
        }
        return try await session.send(.poolerFigures(ofClusterID: id))
            .decode(Envelope.self, keys: .useDefaultKeys).figures
    }

    /// Waits for the next refresh; false if the user has had enough.
    private func pause(_ screen: TopScreen?) async throws -> Bool {
        if let screen { return await screen.waitForKeys(seconds: interval) }
        try await Task.sleep(for: .seconds(interval))
        return true
    }
}
