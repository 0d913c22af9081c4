import KeyValueCommands
import KeyValuePersistence

/// `atoll kv check`: verifies files without a server. Under the names redis-check-rdb and redis-check-aof it behaves as
/// those programs.
package enum CheckProgram {
    /// The programs that may be called by their names.
    package static let compatibleNames = ["redis-check-rdb", "redis-check-aof"]

    /// Checks what the arguments name, and returns the exit code: 0 where it is in order.
    package static func run(arguments: [String], programName: String = "atoll kv check") -> Int32 {
        if arguments.contains("--help") || arguments.contains("-h") {
            print(help(programName))
            return 0
        }
        if arguments == ["-v"] || arguments == ["--version"] {
            print("\(programName) \(RedisCompatibility.version)")
            return 0
        }
        guard let parsed = CheckArguments(arguments) else {
            print(help(programName))
            return 1
        }
        return run(parsed, programName)
    }

    private static func run(_ arguments: CheckArguments, _ programName: String) -> Int32 {
        let appendOnly = AppendOnlyCheckProgram(arguments: arguments)
        if programName.hasPrefix("redis-check-aof") { return appendOnly.run() }
        let snapshot = RDBCheckProgram(
            path: arguments.path, fixes: arguments.change == .fix,
            tail: programName.hasPrefix("redis-check-rdb") ? nil : appendOnly)
        if snapshot.tail == nil { return snapshot.run() }
        if case .cut = arguments.change { return appendOnly.run() }
        return isSnapshot(arguments.path) ? snapshot.run() : appendOnly.run()
    }

    /// Whether what stands there is to be looked at as an RDB file: as one its name stands for unless its content says
    /// otherwise.
    private static func isSnapshot(_ path: String) -> Bool {
        guard !AppendOnlySet.isSet(path) else { return false }
        let head = AppendOnlySet.head(of: path)
        if head.starts(with: "REDIS".utf8) || head.starts(with: "VALKEY".utf8) { return true }
        let looksLikeCommands = head.first == UInt8(ascii: "*") || head.first == UInt8(ascii: "#")
        return !looksLikeCommands && !path.contains(".aof")
    }

    private static func help(_ programName: String) -> String {
        """
        Usage: \(programName) [--fix | --truncate-to-timestamp SECONDS] [--yes] PATH

        Verifies what a server keeps on disk, without a server, and tells what is wrong where. PATH is an RDB file, the
        manifest of an append-only file, the directory that has it, or an append-only file of Redis 6 or older. The exit
        code is 0 where nothing is wrong, or not any more.

          --fix    an RDB file: keeps a damaged one as PATH.damaged, and writes a new one with all that could be read
                   an append-only file: cuts the last file off behind its last whole command or transaction, after
                   telling how much goes and asking; the files before it are never changed
          --truncate-to-timestamp SECONDS
                   cuts the last file off where it goes beyond that time (seconds since 1970), if it was written with
                   aof-timestamp-enabled
          --yes    does not ask

        Stop the server first, and copy its files.

          \(programName) /var/lib/redis/dump.rdb
          \(programName) /var/lib/redis/appendonlydir
          \(programName) --fix /var/lib/redis/appendonlydir/appendonly.aof.manifest
          \(programName) --truncate-to-timestamp 1700000000 /var/lib/redis/appendonlydir
        """
    }
}
