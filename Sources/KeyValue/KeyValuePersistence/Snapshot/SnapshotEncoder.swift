package import Bytes
package import Keyspace

/// The form in which a snapshot writes keys: an RDB file, or the commands of an append-only file.
///
/// Calls come in this order: `begin`; for each key `select`, then either `key`, or `beginLarge` and its elements; `end`.
/// Elements of a large value may come in any order, but nodes of a list come in theirs.
package protocol SnapshotEncoder: AnyObject {
    /// What comes before the first key.
    func begin()
    /// The keys that follow are of this database.
    func select(_ database: SnapshotDatabase)
    /// A key with its whole value.
    func key(_ record: Record)
    /// A key whose value follows in elements.
    /// - Parameter record: the key's record as it was at the cut; what it points to is not.
    /// - Parameter count: elements that will follow.
    func beginLarge(_ record: Record, count: Int)
    /// One record of the table that a large value of that kind is made of.
    func element(_ element: Record, of kind: ValueKind)
    /// A key whose list follows in nodes.
    func beginLargeList(_ record: Record, nodeCount: Int, elementCount: Int)
    /// The next node of a large list.
    func listNode(_ container: ListValue.Container, _ bytes: ByteSlice)
    /// The next node of a large stream.
    func streamNode(_ id: StreamID, _ bytes: ByteSlice)
    /// What follows the nodes of a stream.
    func streamTail(_ record: Record)
    /// What another encoder wrote, for the middle of a value.
    func append(_ chunk: RDBChunk)
    /// The large value is whole.
    func endLarge()
    /// What comes after the last key.
    func end()
    /// Bytes that wait to be taken.
    var byteCount: Int { get }
    /// What has been written since the last call.
    func take() -> RDBChunk
    /// Another encoder of the same form, for keys that have to wait for a large value to be whole.
    func makeSide() -> any SnapshotEncoder
}

/// A database as it was at the cut.
package struct SnapshotDatabase {
    package let number: Int
    package let keyCount: Int
    package let expiryCount: Int
}

/// Where the bytes of a snapshot go.
package protocol SnapshotOutput: AnyObject {
    /// Bytes that were given and are not written yet.
    var queuedByteCount: Int { get }
    /// Takes the next bytes; does not wait.
    func write(_ chunk: RDBChunk)
    /// All has been written: the file is to be completed. `result` says when that is done.
    func complete()
    /// The snapshot was given up: nothing of it may stay.
    func abandon()
    /// Nil while the output is at work.
    var result: SnapshotResult? { get }
    /// Waits until there is a result, or fewer bytes are queued.
    func wait(untilQueuedBelow byteCount: Int)
    /// Waits for the result; `complete` or `abandon` must have been called.
    func waitForResult() -> SnapshotResult
}

/// How a snapshot's file came out.
package enum SnapshotResult: Sendable, Equatable {
    case written(byteCount: Int)
    /// What failed, in words for the log.
    case failed(String)
}
