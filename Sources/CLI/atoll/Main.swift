import CLICommands
import Foundation
import KeyValueServer
import PoolerServer
import Supervision

@main
enum Main {
    static func main() async {
        // A shim stays as small as it can be: nothing of the command line is set up for it.
        let arguments = CommandLine.arguments
        if arguments.count > 1, arguments[1] == "shim" {
            exit(Shim.run(arguments: Array(arguments.dropFirst(2))))
        }
        if let code = runKeyValue(arguments) ?? runPooler(arguments) { exit(code) }
        await Atoll.start()
    }

    /// The key-value server takes the command line of redis-server, which no parser of ours could: as `atoll kv …`, or
    /// through a link of the name `redis-server`. Links of the names `redis-check-rdb` and `redis-check-aof` are
    /// `atoll kv check`.
    private static func runKeyValue(_ arguments: [String]) -> Int32? {
        let name = name(arguments)
        if CheckProgram.compatibleNames.contains(where: name.hasPrefix) {
            return CheckProgram.run(arguments: Array(arguments.dropFirst()), programName: name)
        }
        if name.hasPrefix("redis-server") { return KeyValueProgram.run(arguments: arguments) }
        guard arguments.count > 1, arguments[1] == "kv" else { return nil }
        return KeyValueProgram.run(arguments: [arguments[0]] + arguments.dropFirst(2))
    }

    /// The pooler takes the command line of pgbouncer: as `atoll pooler …`, or through a link of that name.
    private static func runPooler(_ arguments: [String]) -> Int32? {
        if name(arguments) == "pgbouncer" { return PoolerProgram.run(arguments: arguments) }
        guard arguments.count > 1, arguments[1] == "pooler" else { return nil }
        return PoolerProgram.run(arguments: [arguments[0]] + arguments.dropFirst(2))
    }

    /// What the program was started as, without its folder.
    private static func name(_ arguments: [String]) -> String {
        arguments.first.map { $0.split(separator: "/").last.map(String.init) ?? $0 } ?? ""
    }
}
