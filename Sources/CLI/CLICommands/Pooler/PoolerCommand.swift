import ArgumentParser
import Foundation
import PoolerServer

/// `atoll pooler`: the connection pooler, alone.
///
/// The program runs it before any parsing; this is its place in the help.
struct PoolerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pooler",
        abstract: "Pool connections to PostgreSQL.",
        discussion: """
            Takes the command line and the configuration file of PgBouncer.

              atoll pooler /etc/pgbouncer/pgbouncer.ini
              atoll pooler -d -u postgres /etc/pgbouncer/pgbouncer.ini

            It refuses to run as root: `-u USER` has it become another user. The admin console and the settings that
            it names when it starts are not built yet.
            """)

    @Argument(parsing: .captureForPassthrough, help: "What pgbouncer takes (atoll pooler --help tells).")
    var arguments: [String] = []

    func run() throws {
        throw ExitCode(PoolerProgram.run(arguments: ["atoll pooler"] + arguments))
    }
}
