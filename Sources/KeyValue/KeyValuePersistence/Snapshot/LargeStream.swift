import Keyspace

/// A large stream of a snapshot: node by node. Its groups are written at the cut, as they change with every reader.
final class LargeStream: LargeValue {
    let record: Record
    let database: SnapshotDatabase
    var isOrphan = false
    /// Nil once the cut has ended.
    private var cut: StreamCut?
    /// What comes behind the nodes, as it was at the cut.
    private let tail: any SnapshotEncoder

    init(_ record: Record, database: SnapshotDatabase, encoder: any SnapshotEncoder) {
        self.record = record.copyForSnapshot()
        self.database = database
        tail = encoder.makeSide()
        tail.streamTail(record)
        cut = StreamCut(base: record.pointer)
    }

    deinit { record.free() }

    var heldByteCount: Int { tail.byteCount + (cut?.heldByteCount ?? 0) }

    func open(_ encoder: any SnapshotEncoder) {
        guard let cut else { return }
        encoder.beginLarge(record, count: cut.nodeCount)
    }

    func takeMore(_ encoder: any SnapshotEncoder) -> Bool {
        guard let cut else { return false }
        if cut.writeNext({ encoder.streamNode($0, $1) }) { return true }
        encoder.append(tail.take())
        return false
    }

    func endCut() { cut = nil }
}
