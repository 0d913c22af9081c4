import Bytes
import RESP

/// A MIGRATE under way. Loop only.
final class MigrationTask {
    let request: MigrationRequest
    let command: UnsafeMutablePointer<Command>
    /// Who waits for it; nil once the client has gone: the migration goes on to its end.
    var client: ClientReference?
    /// The database that the keys are in.
    let databaseIndex: Int
    var keys: [[UInt8]]
    /// Names with glob characters that are still to be expanded.
    let patterns: [[UInt8]]
    /// Keys that are in the list.
    var known: Set<[UInt8]>
    /// Where the search for keys that match goes on; nil when it is over.
    var cursor: UInt64?

    /// The connection, once there is one.
    var link: ServerLink?
    /// Whether the connection was used before, so that it may have been closed by the other end meanwhile.
    var isLinkUsed = false
    var mayRetry = true
    var machine: MigrationMachine
    var source: KeyspaceMigrationSource?
    /// Milliseconds since 1970 at which the target has done nothing for too long.
    var deadline: Int64 = .max
    /// Bytes that the kernel had not taken when last looked at.
    var pendingByteCount = 0
    /// Keys that the target has and we still have, by their positions.
    var acknowledged: [Int] = []
    /// Keys whose writers wait, by their positions.
    var held: Set<Int> = []
    var isOver = false

    init(
        _ request: MigrationRequest, client: ClientReference, command: UnsafeMutablePointer<Command>, keys: [[UInt8]],
        patterns: [[UInt8]], known: Set<[UInt8]>
    ) {
        self.request = request
        self.client = client
        self.command = command
        self.keys = keys
        self.patterns = patterns
        self.known = known
        databaseIndex = client.pointee.databaseIndex
        cursor = patterns.isEmpty ? nil : 0
        machine = MigrationMachine(keys: [], options: MigrationMachine.Options())
    }

    /// The connection has done something.
    func noteProgress(now: Int64) { deadline = now.addingClamped(request.timeoutMilliseconds) }

    /// A conversation from its start, over the link.
    func makeMachine(temporaryKey: String) -> MigrationMachine {
        var options = MigrationMachine.Options()
        options.replaces = request.replaces
        options.databaseIndex = request.databaseIndex
        options.credentials = request.credentials
        options.isSelected = link?.selectedDatabase == request.databaseIndex
        options.temporaryKey = [UInt8](temporaryKey.utf8)
        // Twice the longest silence, and what clocks and queues may add.
        let (twice, overflow) = request.timeoutMilliseconds.multipliedReportingOverflow(by: 2)
        options.temporaryLifetimeMilliseconds = overflow ? Self.lifetimeMax : min(twice + 10_000, Self.lifetimeMax)
        return MigrationMachine(keys: keys, options: options)
    }

    /// A day: nobody waits longer for an unfinished value to go.
    private static let lifetimeMax: Int64 = 86_400_000
}
