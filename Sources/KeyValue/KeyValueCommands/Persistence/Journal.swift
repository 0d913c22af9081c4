// What the write commands of a turn come to, for the append-only file: requests which, executed in their order by an
// empty server, make the same data.
//
// Commands that may be repeated as they are go in as they came. What was random, relative to now, or only tried, is
// replaced by what happened (`Call.journalInstead`). One execution of a request (with EXEC: of all requests inside, with
// an expired key that it meets: of the deletion too) is a unit: if it appended more than one request, MULTI and EXEC
// stand around them, so that a reader gets all or none.

package import Bytes
import Glibc
import Keyspace
import RESP

/// The log of a turn, and where it stands in the stream of all that was ever logged. Loop only.
package struct Journal: ~Copyable {
    /// Whether there is a sink.
    package private(set) var isEnabled = false
    /// What has been appended and not been taken by the shell.
    package private(set) var log = OutputBuffer()
    /// Bytes that the shell has taken since the start.
    private var takenByteCount: Int64 = 0
    /// The database that the last request in the stream was for; -1 when the next must be told.
    private var selectedDatabase = -1
    /// Whether the second of each change is noted.
    package var writesTimestamps = false
    private var lastTimestamp: Int64 = 0

    /// About how many clients have appended since the log was last taken: those that come one behind the other count
    /// once.
    package private(set) var writerCount = 0
    private var lastWriterID: UInt64 = 0

    // MARK: The unit under way

    /// Where in `log` it begins.
    private var unitStart = 0
    /// Requests that it has appended.
    private var unitCount = 0

    // MARK: The command under way

    /// Requests that stand for the one being executed, encoded.
    private var replacements = OutputBuffer()
    private var replacementCount = 0
    /// The command being executed is not to be appended, whatever it changed.
    private var isSilenced = false
    /// It is to be appended though it changed nothing.
    private var isForced = false

    /// How replies wait for what they show to be durable.
    package var durability = Durability()

    init() {}

    /// Memory that the shell holds for logs that it has taken, in bytes.
    package var shellByteCount = 0

    /// Whether there is anything to take.
    @inline(__always)
    var hasLog: Bool { !log.isEmpty }

    /// Memory of logs on their way to the file, in bytes: it does not count towards maxmemory.
    package var heldByteCount: Int { log.reservedByteCount + shellByteCount }

    /// Bytes of the stream so far: what is appended next begins there.
    @inline(__always)
    package var position: Int64 { takenByteCount &+ Int64(log.count) }

    // MARK: - Sink

    /// Begins to keep the log. The first request will say its database.
    package mutating func enable() {
        isEnabled = true
        forgetCommand()
        forgetSelection()
        unitStart = log.count
        unitCount = 0
    }

    /// Keeps nothing for a while: what is done comes from the file.
    mutating func suspend() -> Bool {
        defer { isEnabled = false }
        return isEnabled
    }

    /// Goes on after `suspend` as before it.
    mutating func resume(_ wasEnabled: Bool) {
        isEnabled = wasEnabled
        unitStart = log.count
        unitCount = 0
    }

    /// Ends it; what the shell has not taken is lost.
    package mutating func disable() {
        takenByteCount &+= Int64(log.count)
        log.release()
        isEnabled = false
        forgetCommand()
    }

    /// Has the next request be preceded by its database: a new file begins there.
    package mutating func forgetSelection() { selectedDatabase = -1 }

    /// Moves the log into an empty buffer of the shell, whose memory serves the next turns. Between commands only.
    package mutating func take(into buffer: inout OutputBuffer) {
        precondition(buffer.isEmpty, "the log would be lost")
        takenByteCount &+= Int64(log.count)
        swap(&log, &buffer)
        forgetWriters()
        unitStart = 0
        unitCount = 0
    }

    /// Appends the log to a buffer of the shell. Between commands only.
    package mutating func take(appendingTo buffer: inout OutputBuffer) {
        buffer.append(log.readable)
        takenByteCount &+= Int64(log.count)
        log.removeAll()
        forgetWriters()
        unitStart = 0
        unitCount = 0
    }

    private mutating func forgetWriters() {
        writerCount = 0
        lastWriterID = 0
    }

    // MARK: - Command

    /// Notes who has appended.
    @inline(__always)
    mutating func noteWriter(_ id: UInt64) {
        if id != lastWriterID { writerCount &+= 1 }
        lastWriterID = id
    }

    /// This request is to be appended in place of the one being executed; several: all of them, in their order.
    mutating func replace(_ arguments: [ByteSlice]) {
        guard isEnabled else { return }
        replacementCount += 1
        replacements.append(requestOf: arguments.count)
        for argument in arguments { replacements.append(argument: argument) }
    }

    /// The command being executed is not to be appended; replacements are.
    mutating func silence() { isSilenced = isEnabled }

    /// The command being executed is to be appended even if it changes nothing.
    mutating func force() { isForced = isEnabled }

    /// Ends a command: appends it, or what stands for it, if it has changed something.
    /// - Returns: whether anything was appended.
    @inline(__always)
    mutating func finish(_ arguments: Arguments, databaseIndex: Int, hasChanged: Bool, now: Int64) -> Bool {
        guard hasChanged || isForced else {
            if replacementCount > 0 || isSilenced { forgetCommand() }
            return false
        }
        guard replacementCount == 0, !isSilenced, !isForced else {
            return finishUncommon(arguments, databaseIndex: databaseIndex, now: now)
        }
        prepare(databaseIndex: databaseIndex, now: now)
        log.append(request: arguments)
        unitCount &+= 1
        return true
    }

    private mutating func finishUncommon(_ arguments: Arguments, databaseIndex: Int, now: Int64) -> Bool {
        defer { forgetCommand() }
        if replacementCount > 0 {
            prepare(databaseIndex: databaseIndex, now: now)
            log.append(replacements.readable)
            unitCount &+= replacementCount
            return true
        }
        guard !isSilenced else { return false }
        prepare(databaseIndex: databaseIndex, now: now)
        log.append(request: arguments)
        unitCount &+= 1
        return true
    }

    private mutating func forgetCommand() {
        replacements.removeAll()
        if replacements.reservedByteCount > Self.keptByteCountMax { replacements.release() }
        replacementCount = 0
        isSilenced = false
        isForced = false
    }

    private static let keptByteCountMax = 64 << 10

    /// Appends the deletion of a key that nobody asked for: its time had come, or memory was full.
    mutating func delete(_ key: ByteSlice, databaseIndex: Int, now: Int64) {
        guard isEnabled else { return }
        prepare(databaseIndex: databaseIndex, now: now)
        log.append("*2\r\n$3\r\nDEL\r\n")
        log.append(argument: key)
        unitCount &+= 1
    }

    /// Appends what must stand before a request.
    @inline(__always)
    private mutating func prepare(databaseIndex: Int, now: Int64) {
        if writesTimestamps { noteTime(now / 1000) }
        if databaseIndex != selectedDatabase { select(databaseIndex) }
    }

    private mutating func noteTime(_ seconds: Int64) {
        guard seconds > lastTimestamp else { return }
        lastTimestamp = seconds
        let isFirst = unitCount == 0
        log.append("#TS:\(seconds)\r\n")
        // MULTI goes behind it.
        if isFirst { unitStart = log.count }
    }

    private mutating func select(_ index: Int) {
        selectedDatabase = index
        log.append("*2\r\n$6\r\nSELECT\r\n")
        log.append(argument: Int64(index))
    }

    // MARK: - Unit

    /// Begins a unit.
    @inline(__always)
    mutating func beginUnit() {
        unitStart = log.count
        unitCount = 0
    }

    /// Ends a unit.
    /// - Parameter isIndivisible: whether a reader must get all of it or nothing.
    @inline(__always)
    mutating func endUnit(isIndivisible: Bool) {
        if unitCount > 1, isIndivisible { wrapUnit() }
        unitCount = 0
    }

    private mutating func wrapUnit() {
        let opening: StaticString = "*1\r\n$5\r\nMULTI\r\n"
        let openingByteCount = opening.utf8CodeUnitCount
        let bodyByteCount = log.count - unitStart
        _ = log.reserve(openingByteCount)
        let body = UnsafeMutableRawPointer(mutating: log.readable.baseAddress.unsafelyUnwrapped) + unitStart
        memmove(body + openingByteCount, body, bodyByteCount)
        memcpy(body, opening.utf8Start, openingByteCount)
        log.advance(openingByteCount)
        log.append("*1\r\n$4\r\nEXEC\r\n")
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Ends a command that ran while the journal was kept.
    @inline(never)
    func finishJournal(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: Arguments, hasChanged: Bool,
        isNested: Bool
    ) {
        guard pointee.journal.isEnabled else { return }
        let hasAppended = pointee.journal.finish(
            arguments, databaseIndex: client.pointee.databaseIndex, hasChanged: hasChanged, now: pointee.now)
        if !isNested {
            pointee.journal.endUnit(isIndivisible: !command.pointee.flags.contains(.touchesArbitraryKeys))
        }
        if hasAppended {
            client.pointee.writtenPosition = pointee.journal.position
            pointee.journal.noteWriter(client.pointee.id)
        }
        if pointee.journal.durability.holdsReplies { stamp(client, command, arguments, hasAppended: hasAppended) }
    }
}
