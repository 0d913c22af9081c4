package import ArgumentParser

/// What a command works with: the API, and where its words go.
package struct Session: Sendable {
    package let client: APIClient
    package let console: Console

    package var endpoint: Endpoint { client.endpoint }

    package init(client: APIClient, console: Console) {
        self.client = client
        self.console = console
    }

    /// Runs the body in a session with the API at the endpoint.
    package static func open(
        _ endpoint: Endpoint, console: Console, _ body: (Session) async throws -> Void
    ) async throws {
        try await APIClient.withClient(for: endpoint, console: console) { client in
            try await body(Session(client: client, console: console))
        }
    }

    package func send(_ request: APIRequest) async throws -> APIAnswer { try await client.send(request) }

    /// Prints an answer: as it came, or as the table that `table` makes of it.
    func show(_ answer: APIAnswer, as format: OutputFormat, table: () throws -> Table) throws {
        switch format {
        case .json: try answer.value().map { try console.print($0.jsonText(pretty: true)) }
        case .table: try console.print(table().rendered())
        }
    }

    /// Says what was done, where no answer of the API is to be shown.
    func report(_ text: String, as format: OutputFormat) throws {
        if format == .table { try console.print(text) }
    }
}

/// A command that talks to the API. It says what to do in a session; finding the API is the same for all.
package protocol APICommand: AsyncParsableCommand {
    var connection: ConnectionOptions { get }
    func run(in session: Session) async throws
}

extension APICommand {
    package func run() async throws {
        try await Session.open(connection.endpoint(), console: .standard) { try await run(in: $0) }
    }
}
