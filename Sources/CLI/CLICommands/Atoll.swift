package import ArgumentParser
import Foundation
import Glibc

/// The `atoll` program: everything it does is a subcommand.
package struct Atoll: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "atoll",
        abstract: "Managed databases that you own.",
        discussion: """
            Start the platform, create a PostgreSQL cluster, and work in it:

              atoll up --daemon
              atoll db create example
              atoll db shell example
            """,
        version: AtollVersion.current,
        subcommands: [
            UpCommand.self, StatusCommand.self, DownCommand.self, DatabaseCommand.self, BenchCommand.self,
            TokenCommand.self, KeyValueCommand.self, PoolerCommand.self,
        ])

    package init() {}

    /// What usage errors begin with, as our own do.
    package static var _errorLabel: String { "atoll" }

    /// Runs the command line of this process, and exits with its code: 0, 1 for an operating error, 64 for a command
    /// that makes no sense.
    package static func start() async -> Never {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            Self.exit()
        } catch  where isOperatingError(error) {
            FileHandle.standardError.write(Data("atoll: \(error)\n".utf8))
            Glibc.exit(1)
        } catch {
            Self.exit(withError: error)
        }
    }

    /// ArgumentParser's own errors carry usage texts and exit codes; all others are ours.
    private static func isOperatingError(_ error: any Error) -> Bool {
        !(error is CleanExit || error is ExitCode || error is ValidationError)
            && exitCode(for: error) == .failure
    }
}

/// The version of this build.
package enum AtollVersion {
    package static let current = "0.1.0"
}
