import Bytes
import CMemory
import Glibc
import Keyspace

/// A large value that a snapshot takes piece by piece: its table has a cut of its own.
///
/// Until its turn comes, elements that change are kept here as they were at the cut; from then on they go straight to
/// the encoder.
final class LargeValueCut {
    /// The key's record as it was at the cut: a copy.
    let record: Record
    let kind: ValueKind
    let table: UnsafeMutablePointer<HashTable>
    let database: SnapshotDatabase
    /// Elements at the cut.
    let count: Int
    let tag: Int
    /// Copies of elements that changed before the value's turn.
    private(set) var early: [Record] = []
    private(set) var earlyByteCount = 0
    /// Where the walk through the table goes on: a bucket.
    var cursor = 0
    /// The value has lost its key: it is to be freed at the end.
    var isOrphan = false

    init(
        _ record: Record, table: UnsafeMutablePointer<HashTable>, database: SnapshotDatabase, sink: any CutSink,
        tag: Int
    ) {
        self.record = Self.copy(record)
        self.table = table
        self.database = database
        self.tag = tag
        kind = record.kind
        count = table.pointee.count
        table.pointee.beginCut(sink: sink, tag: tag)
    }

    deinit {
        forgetEarly()
        record.free()
    }

    func keep(_ element: Record) {
        let copy = Self.copy(element)
        early.append(copy)
        earlyByteCount += copy.allocatedByteCount
    }

    func forgetEarly() {
        for element in early { element.free() }
        early = []
        earlyByteCount = 0
    }

    private static func copy(_ record: Record) -> Record {
        let byteCount = record.allocatedByteCount
        let base = atoll_memory_take(byteCount).unsafelyUnwrapped
        memcpy(base, record.base, byteCount)
        return Record(base)
    }
}
