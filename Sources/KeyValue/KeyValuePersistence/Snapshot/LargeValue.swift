import CMemory
import Glibc
import Keyspace

/// A large value of a snapshot, which is taken piece by piece: it has a cut of its own.
protocol LargeValue: AnyObject {
    /// The key's record as it was at the cut: a copy, which the value frees. What it points to is the live value.
    var record: Record { get }
    var database: SnapshotDatabase { get }
    /// The value has lost its key: it is to be freed at the end.
    var isOrphan: Bool { get set }
    /// Memory that is held for the cut, in bytes.
    var heldByteCount: Int { get }
    /// Its turn has come: what is written up to `endLarge` is this value.
    func open(_ encoder: any SnapshotEncoder)
    /// Writes the next piece, about as long as a bucket of keys; false when there is none.
    func takeMore(_ encoder: any SnapshotEncoder) -> Bool
    /// Ends the cut, whether all has been taken or not.
    func endCut()
}

extension Record {
    /// A copy of the record's own memory.
    func copyForSnapshot() -> Record {
        let byteCount = allocatedByteCount
        let copy = atoll_memory_take(byteCount).unsafelyUnwrapped
        memcpy(copy, base, byteCount)
        return Record(copy)
    }
}
