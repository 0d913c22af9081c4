import Keyspace

/// A large hash, set or sorted set of a snapshot: its table has a cut of its own.
///
/// Until its turn comes, elements that change are kept here as they were at the cut; from then on they go straight to
/// the encoder.
final class LargeTable: LargeValue {
    let record: Record
    let database: SnapshotDatabase
    let tag: Int
    var isOrphan = false
    private let table: UnsafeMutablePointer<HashTable>
    /// Elements at the cut.
    private let count: Int
    /// Where elements go; nil before the value's turn.
    private var encoder: (any SnapshotEncoder)?
    /// Copies of elements that changed before the value's turn.
    private var early: [Record] = []
    private(set) var heldByteCount = 0
    /// Where the walk through the table goes on: a bucket.
    private var cursor = 0

    init(
        _ record: Record, table: UnsafeMutablePointer<HashTable>, database: SnapshotDatabase, sink: any CutSink,
        tag: Int
    ) {
        self.record = record.copyForSnapshot()
        self.table = table
        self.database = database
        self.tag = tag
        count = table.pointee.count
        table.pointee.beginCut(sink: sink, tag: tag)
    }

    deinit {
        forgetEarly()
        record.free()
    }

    /// Elements of a bucket, before it changes or because it is their turn.
    func take(bucket: Int, of table: borrowing HashTable) {
        guard let encoder else {
            return table.forEach(inBucket: bucket) { keep($0.record) }
        }
        let kind = record.kind
        table.forEach(inBucket: bucket) { encoder.element($0.record, of: kind) }
    }

    private func keep(_ element: Record) {
        let copy = element.copyForSnapshot()
        early.append(copy)
        heldByteCount += copy.allocatedByteCount
    }

    private func forgetEarly() {
        for element in early { element.free() }
        early = []
        heldByteCount = 0
    }

    func open(_ encoder: any SnapshotEncoder) {
        self.encoder = encoder
        encoder.beginLarge(record, count: count)
        for element in early { encoder.element(element, of: record.kind) }
        forgetEarly()
    }

    func takeMore(_ encoder: any SnapshotEncoder) -> Bool {
        guard cursor < table.pointee.bucketCount else { return false }
        cursor += 1
        table.pointee.takeBucket(cursor - 1)
        return true
    }

    func endCut() { table.pointee.endCut() }
}
