import Bytes
import Keyspace
import RESP

/// Migrations under way, and connections of former ones.
final class Migrations {
    var tasks: [MigrationTask] = []
    /// Idle connections by their names.
    var idleLinks: [String: ServerLink] = [:]
    /// Keys whose writers wait.
    var heldKeys: Set<DatabaseKey> = []
    /// A client that waits for keys was not served because of a key whose writers wait.
    var hasSkippedRetry = false
    /// Numbers temporary keys.
    var lastNumber = 0
    /// Replies and events that nobody is there for.
    let output = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)
    /// Deletes keys that have been taken over.
    var deleter: ClientReference?

    /// Connections that are kept, and for how long: as in Redis.
    static let idleLinksMax = 64
    static let idleMillisecondsMax: Int64 = 10_000
    /// Keys that are deleted at once.
    static let deletionMax = 1024
    /// Bytes that wait for the kernel, from which on nothing more is produced.
    static let windowByteCount = 512 << 10
    /// What a turn gives to all migrations together.
    static let microsecondsPerTurn = 500.0
    /// The database's buckets that are searched before the clock is looked at.
    static let bucketsAtOnce = 16

    init() { output.initialize(to: OutputBuffer()) }

    deinit {
        output.deinitialize(count: 1)
        output.deallocate()
    }
}
