import Bytes
import Keyspace
import RESP

/// MIGRATE.
enum MigrateCommand {
    static func migrate(_ call: inout Call) {
        guard let request = MigrationRequest(call) else { return }
        guard call.mayBlock else { return call.error("ERR MIGRATE cannot wait inside a transaction or a script") }
        var keys: [[UInt8]] = []
        var known: Set<[UInt8]> = []
        var patterns: [[UInt8]] = []
        for index in request.names {
            let name = call[index]
            if call.read(name).entry != nil {
                if known.insert(name.array).inserted { keys.append(name.array) }
            } else if index > 3, isPattern(name) {
                patterns.append(name.array)
            }
        }
        if keys.isEmpty, patterns.isEmpty { return call.reply.simple("NOKEY" as StaticString) }
        call.engine.startMigration(
            MigrationTask(
                request, client: call.client, command: call.command, keys: keys, patterns: patterns, known: known))
    }

    /// Whether a name after KEYS that is no key stands for others.
    static func isPattern(_ name: ByteSlice) -> Bool {
        name.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
    }
}
