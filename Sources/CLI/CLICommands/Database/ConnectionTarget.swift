import ArgumentParser

/// Which user and database of a cluster to connect with.
struct ConnectionTarget: ParsableArguments {
    @Option(help: "User; the cluster's administrator if not given.")
    var user: String?

    @Option(help: "Database, for Redis and Valkey its number; the cluster's first one if not given.")
    var database: String?

    /// The connection that the API describes, with the user and database chosen here.
    func connectionText(to cluster: APIModel.Cluster, in session: Session) async throws -> ConnectionText {
        guard let described = cluster.connection else {
            throw CommandError(
                "\(cluster.name) cannot be reached yet: it is \(cluster.status)",
                advice: "Look again in a moment: atoll db get \(cluster.name.shellQuoted)")
        }
        let name = user ?? described.user ?? (cluster.isKeyValue ? "default" : "doadmin")
        let password = name == described.user ? described.password : try await password(of: name, cluster, session)
        guard let password else {
            throw CommandError(
                "this API token may not see the password of \(name)", advice: "Use a token with more scopes.")
        }
        let security = described.ssl == false ? ConnectionText.Security.disabled : .require
        guard !cluster.isKeyValue else {
            return ConnectionText(
                kind: .keyValue, user: name, password: password, host: described.host, port: described.port,
                database: try databaseNumber(), security: security)
        }
        let firstDatabase = described.database.flatMap { $0.isEmpty ? nil : $0 } ?? "defaultdb"
        return ConnectionText(
            user: name, password: password, host: described.host, port: described.port,
            database: database ?? firstDatabase, security: security)
    }

    /// Empty for the first database, which clients use when they are told nothing.
    private func databaseNumber() throws -> String {
        guard let database else { return "" }
        guard let number = Int(database), number >= 0 else {
            throw CommandError(
                "\"\(database.printable)\" is no database of a Redis or Valkey cluster",
                advice: "Give its number, from 0 on.")
        }
        return number == 0 ? "" : "\(number)"
    }

    private func password(
        of name: String, _ cluster: APIModel.Cluster, _ session: Session
    ) async throws -> String? {
        let users = try await session.send(.databases(.get, cluster.id, "users")).decode(APIModel.Users.self).users
        guard let user = users.first(where: { $0.name == name }) else {
            let names = users.map(\.name).joined(separator: ", ")
            throw CommandError(
                "\(cluster.name) has no user \"\(name.printable)\" that Atoll knows",
                advice: "There is: \(names) (atoll db user create \(cluster.name.shellQuoted) NAME)")
        }
        return user.password
    }
}
