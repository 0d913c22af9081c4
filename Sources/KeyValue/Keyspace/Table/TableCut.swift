// What a snapshot needs of a table that changes while it is being written: every bucket as it was at the cut, once.
//
// A cut has one bit a bucket: "taken". The snapshot's walker takes bucket after bucket; a change of a bucket that has not
// been taken has it taken first. Buckets that split hand their bit down, buckets that merge are made equal before. So a
// snapshot costs 1/44 of a byte a key, and a change that comes late costs nothing.

import Glibc

/// Whoever takes a snapshot.
package protocol CutSink: AnyObject {
    /// A bucket as it was at the cut: called once for each of a table's buckets. The table may not be changed.
    func take(bucket: Int, of table: borrowing HashTable, _ cut: TableCutReference)
    /// The value has lost its key before it was taken whole: it is the sink's now, to be freed once it has been.
    func adopt(kind: ValueKind, pointer: UnsafeMutableRawPointer)
    /// The same for all keys of a database.
    func adopt(_ table: consuming HashTable)
}

/// A cut by its address, which is its name too.
package typealias TableCutReference = UnsafeMutablePointer<TableCut>

/// Which buckets of a table a snapshot has taken.
package struct TableCut: ~Copyable {
    // The sink makes and frees its cuts, and outlives them.
    package unowned(unsafe) let sink: any CutSink
    /// What the sink knows the table by.
    package let tag: Int
    private var words: UnsafeMutablePointer<UInt64>
    private var wordCount: Int

    init(sink: any CutSink, tag: Int, bucketCount: Int) {
        self.sink = sink
        self.tag = tag
        wordCount = max((bucketCount + 63) / 64, 1)
        words = .allocate(capacity: wordCount)
        words.initialize(repeating: 0, count: wordCount)
    }

    deinit { words.deallocate() }

    /// Memory of the cut in bytes.
    var byteCount: Int { MemoryLayout<TableCut>.size + wordCount * 8 }

    @inline(__always)
    func isTaken(_ bucket: Int) -> Bool { words[bucket >> 6] >> UInt64(bucket & 63) & 1 != 0 }

    @inline(__always)
    mutating func setTaken(_ bucket: Int, _ isTaken: Bool) {
        if bucket >> 6 >= wordCount { grow() }
        let bit: UInt64 = 1 << UInt64(bucket & 63)
        if isTaken { words[bucket >> 6] |= bit } else { words[bucket >> 6] &= ~bit }
    }

    private mutating func grow() {
        let grown = UnsafeMutablePointer<UInt64>.allocate(capacity: wordCount * 2)
        grown.update(from: words, count: wordCount)
        (grown + wordCount).initialize(repeating: 0, count: wordCount)
        words.deallocate()
        words = grown
        wordCount *= 2
    }
}

extension HashTable {
    /// Begins a cut here and now; there is none yet. The table must not be empty: an empty one needs none.
    package mutating func beginCut(sink: any CutSink, tag: Int) {
        precondition(cut == nil && bucketCount > 0)
        let new = TableCutReference.allocate(capacity: 1)
        new.initialize(to: TableCut(sink: sink, tag: tag, bucketCount: bucketCount))
        cut = new
    }

    /// Ends the cut, whether all buckets have been taken or not.
    package mutating func endCut() {
        guard let old = cut else { return }
        cut = nil
        old.deinitialize(count: 1)
        old.deallocate()
    }

    /// To be called before an entry with this hash is changed, added or removed.
    @inline(__always)
    package func willChange(hash: UInt64) {
        if cut != nil { takeBucket(ofHash: hash) }
    }

    @inline(never)
    private func takeBucket(ofHash hash: UInt64) { takeBucket(bucketIndex(ofCursor: hash)) }

    /// Has the bucket taken unless it has been.
    package func takeBucket(_ index: Int) {
        guard let cut, !cut.pointee.isTaken(index) else { return }
        cut.pointee.setTaken(index, true)
        cut.pointee.sink.take(bucket: index, of: self, cut)
    }

    /// A bucket has been split: the new one holds keys of the old one.
    @inline(never)
    func cutSplit(from: Int, to: Int) {
        guard let cut else { return }
        cut.pointee.setTaken(to, cut.pointee.isTaken(from))
    }

    /// Two buckets are about to become one.
    @inline(never)
    func cutWillMerge(_ last: Int, into target: Int) {
        guard let cut, cut.pointee.isTaken(last) != cut.pointee.isTaken(target) else { return }
        takeBucket(last)
        takeBucket(target)
    }
}
