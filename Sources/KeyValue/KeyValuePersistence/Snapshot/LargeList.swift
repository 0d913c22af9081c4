import Keyspace

/// A large list of a snapshot: node by node.
final class LargeList: LargeValue {
    let record: Record
    let database: SnapshotDatabase
    var isOrphan = false
    /// Nil once the cut has ended.
    private var cut: ListCut?

    init(_ record: Record, database: SnapshotDatabase) {
        self.record = record.copyForSnapshot()
        self.database = database
        cut = ListCut(base: record.pointer)
    }

    deinit { record.free() }

    /// Nodes that the list leaves to the cut are not counted: they were there before.
    var heldByteCount: Int { 0 }

    func open(_ encoder: any SnapshotEncoder) {
        guard let cut else { return }
        encoder.beginLargeList(record, nodeCount: cut.nodeCount, elementCount: cut.elementCount)
    }

    func takeMore(_ encoder: any SnapshotEncoder) -> Bool {
        cut?.writeNext { encoder.listNode($0, $1) } ?? false
    }

    func endCut() { cut = nil }
}
