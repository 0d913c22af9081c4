import ArgumentParser
import ControlModel

/// `atoll db pool`
struct PoolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool",
        abstract: "Manage the connection pools of a PostgreSQL cluster.",
        discussion: """
            Clients connect to a pool as to a database of its name, on the cluster's port for pools; they share its \
            connections to the server, and wait in a queue while all are in use.

            Example:
              atoll db pool create shop web --size 20 --database orders --user app
              atoll db pool connection shop web
            """,
        subcommands: [
            PoolCreate.self, PoolList.self, PoolGet.self, PoolUpdate.self, PoolDelete.self, PoolConnection.self,
            PoolTop.self,
        ])
}

/// A cluster and one of its pools.
struct PoolArguments: ParsableArguments {
    @Argument(help: "Name or id of the cluster.")
    var cluster: String

    @Argument(help: "Name of the pool.")
    var name: String
}

/// When a client gives its connection back.
enum PoolMode: String, CaseIterable, ExpressibleByArgument {
    case transaction
    case session
    case statement
}

/// How pools look in tables.
enum PoolTable {
    /// A row a pool, without passwords.
    static func list(_ pools: [APIModel.Pool]) -> Table {
        Table(
            ["name", "mode", "size", "database", "user", "host", "port"],
            pools.map { pool in
                [
                    pool.name, pool.mode, String(pool.size), pool.db, user(pool), pool.connection?.host ?? "",
                    pool.connection.map { String($0.port) } ?? "",
                ]
            })
    }

    private static func user(_ pool: APIModel.Pool) -> String {
        guard let name = pool.user, !name.isEmpty else { return "whoever connects" }
        return name
    }
}
