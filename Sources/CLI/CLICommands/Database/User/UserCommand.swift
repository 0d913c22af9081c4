import ArgumentParser

/// `atoll db user`
struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Manage the users of a cluster.",
        discussion: """
            Example:
              atoll db user create shop reader
            """,
        subcommands: [UserList.self, UserCreate.self, UserGet.self, UserDelete.self, UserReset.self])
}

/// A cluster and one of its users.
struct UserArguments: ParsableArguments {
    @Argument(help: "Name or id of the cluster.")
    var cluster: String

    @Argument(help: "Name of the user.")
    var name: String
}

/// How users look in tables.
enum UserTable {
    /// A row a user, without passwords.
    static func list(_ users: [APIModel.User]) -> Table {
        Table(
            ["name", "role", "replication"],
            users.map { [$0.name, $0.role ?? "", replication($0)] })
    }

    /// One user with the password.
    static func details(_ user: APIModel.User) -> Table {
        Table(fields: [
            ("name", user.name), ("role", user.role ?? ""), ("password", user.password ?? ""),
            ("replication", replication(user)),
        ])
    }

    private static func replication(_ user: APIModel.User) -> String {
        user.settings?.pgAllowReplication == true ? "yes" : "no"
    }
}
