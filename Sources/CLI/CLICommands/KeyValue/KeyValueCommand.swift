import ArgumentParser
import Foundation
import KeyValueServer

/// `atoll kv`: the key-value server, alone.
///
/// The program runs it before any parsing; this is its place in the help.
struct KeyValueCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kv",
        abstract: "Serve a key-value store to clients of Redis.",
        discussion: """
            Takes the command line of redis-server: a configuration file, directives with two dashes in front, or both.

              atoll kv
              atoll kv /etc/redis/redis.conf --port 6380
              atoll kv --maxmemory 2gb --maxmemory-policy allkeys-lru

            `atoll kv check PATH` verifies an RDB file or an append-only file without a server, and mends it with --fix
            (atoll kv check --help tells).
            """)

    @Argument(parsing: .captureForPassthrough, help: "What redis-server takes (atoll kv --help tells).")
    var arguments: [String] = []

    func run() throws {
        throw ExitCode(KeyValueProgram.run(arguments: ["atoll kv"] + arguments))
    }
}
