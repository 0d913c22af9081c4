package import Bytes
package import Keyspace

/// Writes a snapshot as an RDB file.
package final class RDBSnapshotEncoder: SnapshotEncoder {
    /// What does not change while a snapshot is written.
    package struct Form: Sendable {
        /// The version of the format: 9, 10 or 11.
        package var version: Int
        package var compresses: Bool
        package var auxiliary: [(name: String, value: String)] = []
        /// The sources of the libraries of functions.
        package var functions: [[UInt8]] = []
        package var clock = RDBClock.unused

        package init(version: Int, compresses: Bool) {
            self.version = version
            self.compresses = compresses
        }
    }

    private let form: Form
    private var writer: RDBWriter
    /// The database of the last key written since the last `take`.
    private var selected = -1
    /// Databases whose sizes have been written.
    private var announced: Set<Int> = []
    private let isSide: Bool

    package convenience init(_ form: Form) { self.init(form, isSide: false) }

    private init(_ form: Form, isSide: Bool) {
        self.form = form
        self.isSide = isSide
        writer = RDBWriter(version: form.version, compresses: form.compresses)
    }

    package func makeSide() -> any SnapshotEncoder { RDBSnapshotEncoder(form, isSide: true) }

    package var byteCount: Int { writer.byteCount }

    package func take() -> RDBChunk {
        // What another encoder wrote may come next.
        selected = -1
        return writer.take()
    }

    package func begin() {
        writer.begin(auxiliary: form.auxiliary)
        for function in form.functions { function.withUnsafeBytes { writer.function($0) } }
    }

    package func select(_ database: SnapshotDatabase) {
        if database.number == selected { return }
        selected = database.number
        writer.selectDatabase(database.number)
        // The sizes are a hint for the reader, and worth most where they come first.
        guard !isSide, announced.insert(database.number).inserted else { return }
        writer.resizeDatabase(keyCount: database.keyCount, expiryCount: database.expiryCount)
    }

    package func key(_ record: Record) { writer.key(record, access: form.clock.access(record)) }

    package func beginLarge(_ record: Record, count: Int) {
        writer.keyHead(record, access: form.clock.access(record))
        writer.length(count)
    }

    package func element(_ element: Record, of kind: ValueKind) {
        switch kind {
        case .setTable: writer.member(element)
        case .hashTable: writer.field(element)
        default: writer.scoredMember(element)
        }
    }

    package func beginLargeList(_ record: Record, nodeCount: Int, elementCount: Int) {
        writer.keyHead(record, access: form.clock.access(record))
        writer.length(writer.writesListNodes ? nodeCount : elementCount)
    }

    package func listNode(_ container: ListValue.Container, _ bytes: ByteSlice) {
        writer.listNode(container, bytes)
    }

    package func streamNode(_ id: StreamID, _ bytes: ByteSlice) { writer.streamNode(id, bytes) }
    package func streamTail(_ record: Record) { writer.streamTail(Stream(record.pointer)) }
    package func append(_ chunk: RDBChunk) { writer.append(chunk) }
    package func endLarge() {}
    package func end() { writer.finish() }
}

/// What the access clocks of records mean, by maxmemory-policy: a file says how long a key has been idle, or how often it
/// was used, only where the policy asks for it.
package enum RDBClock: Sendable {
    case unused
    /// The clocks tell the second of the last access, modulo 2^24; this is now.
    case seconds(now: UInt32)
    /// The clocks' low 8 bits count accesses.
    case frequency

    func access(_ record: Record) -> RDBAccess {
        switch self {
        case .unused: .none
        case .seconds(let now): .idle(Int64((now &- record.clock) & 0xFF_FFFF))
        case .frequency: .frequency(UInt8(truncatingIfNeeded: record.clock))
        }
    }
}
