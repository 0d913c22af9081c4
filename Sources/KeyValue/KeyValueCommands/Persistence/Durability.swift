// Which replies wait for the disk when `appendfsync always` is on.
//
// No reply may show what a crash could undo. Positions in the log are the measure: what a command wrote is safe once the
// file is durable up to the position behind it. The position of the last write is kept for each of some thousand shares
// of the keys, by their hash; a command's reply waits for the positions of the shares that it touched, its own write's
// included. Commands that name no keys, or not all that they touch, wait for everything; commands that show no data wait
// for nothing of their own. A connection's output is in order, so each client waits for the highest of its positions.

package import Bytes
import CMemory
import Keyspace
import RESP

/// Positions of the log that replies wait for. Loop only.
package struct Durability: ~Copyable {
    /// Whether replies wait: `appendfsync always`.
    package private(set) var holdsReplies = false
    /// All that was appended before this position of the log is durable.
    package private(set) var durablePosition: Int64 = 0
    /// The position behind the last write whose keys are not known one by one.
    private var commonPosition: Int64 = 0
    /// The position behind the last write to a share of the keys.
    private var positions: UnsafeMutablePointer<Int64>?

    /// Clients in WAITAOF.
    var waiters: [DurabilityWaiter] = []

    /// A share is 1/4096 of the keys: unrelated keys meet seldom, and the table stays in the second cache.
    private static let shareCount = 4096

    /// Of a client that was sent something by others in this turn: waits for all that the turn writes.
    static let endOfTurn = Int64.max

    init() {}

    deinit { positions?.deallocate() }

    package mutating func setHolding(_ isOn: Bool) {
        holdsReplies = isOn
        guard isOn, positions == nil else { return }
        positions = .allocate(capacity: Self.shareCount)
        positions?.initialize(repeating: 0, count: Self.shareCount)
    }

    /// Notes that the file is durable up to a position.
    package mutating func settle(_ position: Int64) { durablePosition = max(durablePosition, position) }

    @inline(__always)
    private func share(_ hash: UInt64, _ databaseIndex: Int) -> UnsafeMutablePointer<Int64>? {
        let mixed = hash &+ UInt64(truncatingIfNeeded: databaseIndex) &* 0x9E37_79B9_7F4A_7C15
        return positions.map { $0 + Int(mixed >> 52) }
    }

    func noteWrite(hash: UInt64, databaseIndex: Int, position: Int64) {
        share(hash, databaseIndex)?.pointee = position
    }

    mutating func noteWriteAnywhere(_ position: Int64) { commonPosition = position }

    /// What a reader of a key waits for.
    func position(hash: UInt64, databaseIndex: Int) -> Int64 {
        max(share(hash, databaseIndex)?.pointee ?? 0, commonPosition)
    }
}

/// How it follows from a command what its reply shows.
enum Disclosure: UInt8 {
    /// No data.
    case nothing
    /// Keys that first, last and step find.
    case keys
    /// Anything.
    case everything

    init(_ row: CommandRow, range: KeyRange) {
        // COPY and MOVE write to databases that are not selected.
        let staysInDatabase = row.name != "copy" && row.name != "move"
        let isPrecise =
            staysInDatabase && range.first > 0 && row.flags.isDisjoint(with: [.movableKeys, .touchesArbitraryKeys])
        if isPrecise {
            self = .keys
        } else if !row.flags.isDisjoint(with: [.readOnly, .write, .admin, .movableKeys, .touchesArbitraryKeys])
            || row.name == "info"
        {
            self = .everything
        } else {
            self = .nothing
        }
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Notes what the reply of a command waits for, and what the readers of its keys will wait for.
    func stamp(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: Arguments, hasAppended: Bool
    ) {
        let position = pointee.journal.position
        if hasAppended { client.pointee.awaitedPosition = max(client.pointee.awaitedPosition, position) }
        switch command.pointee.disclosure {
        case .nothing: break
        case .everything:
            client.pointee.awaitedPosition = max(client.pointee.awaitedPosition, position)
            if hasAppended { pointee.journal.durability.noteWriteAnywhere(position) }
        case .keys: stampKeys(client, command, arguments, writtenPosition: hasAppended ? position : nil)
        }
    }

    private func stampKeys(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: Arguments,
        writtenPosition: Int64?
    ) {
        let range = command.pointee.keyRange
        let last = min(range.last < 0 ? arguments.count + range.last : range.last, arguments.count - 1)
        let databaseIndex = client.pointee.databaseIndex
        let database = pointee.databases + databaseIndex
        var index = range.first
        while index <= last {
            let hash = database.pointee.hash(arguments[index])
            if let writtenPosition {
                pointee.journal.durability.noteWrite(
                    hash: hash, databaseIndex: databaseIndex, position: writtenPosition)
            } else {
                let awaited = pointee.journal.durability.position(hash: hash, databaseIndex: databaseIndex)
                client.pointee.awaitedPosition = max(client.pointee.awaitedPosition, awaited)
            }
            index += max(range.step, 1)
        }
    }

    /// A client's output got something that others' commands brought about: it waits for all of this turn.
    @inline(__always)
    func stampPush(_ client: ClientReference) {
        guard pointee.journal.durability.holdsReplies else { return }
        client.pointee.awaitedPosition = Durability.endOfTurn
    }

    /// A key was evicted: who does not find it waits until it would not come back.
    func stampEviction(_ key: ByteSlice, databaseIndex: Int) {
        guard pointee.journal.durability.holdsReplies else { return }
        let hash = pointee.databases[databaseIndex].hash(key)
        pointee.journal.durability.noteWrite(
            hash: hash, databaseIndex: databaseIndex, position: pointee.journal.position)
    }

    /// A client's reply shows the state of keys that the command does not name.
    func stampEverything(_ client: ClientReference) {
        guard pointee.journal.durability.holdsReplies else { return }
        client.pointee.awaitedPosition = max(client.pointee.awaitedPosition, pointee.journal.position)
    }

    /// Whether replies wait for the disk.
    package var holdsReplies: Bool { pointee.journal.durability.holdsReplies }

    /// All that was appended before this position of the log is durable.
    package var durablePosition: Int64 { pointee.journal.durability.durablePosition }

    /// Has a client be replied into another buffer. Between commands only; what is in the old one stays there.
    package func redirectOutput(_ client: ClientReference, to output: UnsafeMutablePointer<OutputBuffer>) {
        client.pointee.output = output
    }

    /// The position that the client's output waits for, at the end of a turn.
    package func settledAwaitedPosition(_ client: ClientReference) -> Int64 {
        if client.pointee.awaitedPosition == Durability.endOfTurn {
            client.pointee.awaitedPosition = pointee.journal.position
        }
        return client.pointee.awaitedPosition
    }
}
