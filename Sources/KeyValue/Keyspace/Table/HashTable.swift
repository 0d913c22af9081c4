// A hash table of records that grows and shrinks by one bucket at a time: linear hashing (Litwin, "Linear Hashing: A
// New Tool for File and Table Addressing", 1980) over buckets of one cache line.
//
// Why linear hashing: no second table while growing, no pause, no doubling of memory, and the load of the table, so the
// bytes a key, is the same at every count. The bucket of a key are the low bits of its hash; with `level` bits in use,
// the buckets below `splitCount` have been split and use one bit more.
//
// A bucket is 64 bytes:
//
//   offset 0-6   fingerprint of entries 0-6: the highest byte of their hashes
//   offset 7     bits 0-6: which entries are taken; bit 7: entry 6 is the address of an overflow line, built the same
//   offset 8-63  7 entries: address of a record in 48 bits, tag in 16
//
// A tag with bit 15 is the owner's. Without it the rest are bits of the hash, so that a split need not touch records.
//
// All lines of a chain but the last are full, so a lookup touches one line for most keys. With `loadMax` keys a bucket
// about one key in ten lies in an overflow line, and a key costs 14 bytes.

package import Bytes
import CMemory
import Glibc

/// The place of one entry. Valid until the table changes.
package struct TableSlot {
    /// The first line of the entry's chain.
    let bucket: UnsafeMutableRawPointer
    /// The line that holds the entry.
    let line: UnsafeMutableRawPointer
    let index: Int

    @inline(__always)
    var word: UnsafeMutablePointer<UInt64> {
        (line + 8 + index << 3).assumingMemoryBound(to: UInt64.self)
    }

    @inline(__always)
    package var record: Record {
        Record(UnsafeMutableRawPointer(bitPattern: UInt(word.pointee & TableWord.addressMask)).unsafelyUnwrapped)
    }

    /// Points the entry to another record of the same key; the tag stays.
    @inline(__always)
    package func replaceRecord(_ record: Record) {
        word.pointee = word.pointee & ~TableWord.addressMask | TableWord.address(record)
    }

    /// The owner's 16 bits, bit 15 among them, or `TableTag.make`.
    @inline(__always)
    package var tag: UInt16 {
        get { UInt16(truncatingIfNeeded: word.pointee >> 48) }
        nonmutating set { word.pointee = word.pointee & TableWord.addressMask | UInt64(newValue) << 48 }
    }
}

/// Tags of entries of which the owner has nothing to say: bits 9 to 23 of the hash. Smaller tables are quick to hash anew.
enum TableTag {
    static let ownerBit: UInt16 = 0x8000
    private static let shift: UInt64 = 9
    private static let bitCount: UInt64 = 15

    @inline(__always)
    static func make(_ hash: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: hash >> shift) & ~ownerBit }

    /// The bit of the hash at a position, or nil if the tag does not hold it.
    @inline(__always)
    static func bit(_ tag: UInt16, at position: UInt64) -> Bool? {
        guard tag & ownerBit == 0, position &- shift < bitCount else { return nil }
        return (tag >> UInt16(truncatingIfNeeded: position - shift)) & 1 != 0
    }
}

enum TableWord {
    static let addressMask: UInt64 = 0xFFFF_FFFF_FFFF

    @inline(__always)
    static func address(_ record: Record) -> UInt64 { UInt64(UInt(bitPattern: record.base)) }
}

/// A hash table of records, unique by key. One owner.
package struct HashTable: ~Copyable {
    /// Lines of a chunk, which is allocated whole; the first chunk grows by doubling up to this.
    static let chunkBucketCount = 64
    static let chunkShift = 6
    static let lineByteCount = 64
    static let entriesPerLine = 7
    private static let overflowBit: UInt8 = 0x80
    private static let takenMask: UInt8 = 0x7F

    /// Keys a bucket, in halves: past 5.5 the table grows by a bucket.
    private static let loadMaxHalves = 11
    /// Under two keys a bucket it shrinks by one.
    private static let loadMin = 2

    private var chunks: UnsafeMutablePointer<UnsafeMutableRawPointer>?
    private var chunkCapacity = 0
    private var firstChunkBucketCount = 0
    /// Bits of the hash in use by buckets that have not been split in this round.
    private var level = 0
    /// Buckets of this round that have been split.
    private var splitCount = 0
    package private(set) var count = 0
    let hasher: KeyedHash
    /// While true, removals do not shrink the table: set during walks that remove.
    package var isShrinkingPaused = false
    /// The snapshot that is being taken of the table (`TableCut`).
    package internal(set) var cut: TableCutReference?

    package init(hasher: KeyedHash) {
        self.hasher = hasher
    }

    /// Gives back the buckets, not the records: the owner frees those first (`forEach`, `removeAll`).
    deinit {
        giveBuckets()
    }

    package var bucketCount: Int { chunks == nil ? 0 : 1 << level + splitCount }

    /// Memory of buckets, in bytes, records left out. Overflow lines are estimated from the load.
    package var bucketByteCount: Int {
        guard chunks != nil else { return 0 }
        let lines =
            bucketCount <= Self.chunkBucketCount
            ? firstChunkBucketCount : (bucketCount + Self.chunkBucketCount - 1) & ~(Self.chunkBucketCount - 1)
        return lines * Self.lineByteCount + chunkCapacity * 8
    }

    @inline(__always)
    package func hash(_ key: ByteSlice) -> UInt64 { hasher.hash(key) }

    // MARK: - Addressing

    @inline(__always)
    private func bucketIndex(_ hash: UInt64) -> Int {
        let wide = Int(truncatingIfNeeded: hash & (2 << UInt64(level) - 1))
        return wide < bucketCount ? wide : wide & (1 << level - 1)
    }

    @inline(__always)
    private func bucket(_ index: Int) -> UnsafeMutableRawPointer {
        chunks.unsafelyUnwrapped[index >> Self.chunkShift] + (index & (Self.chunkBucketCount - 1)) << 6
    }

    /// Asks the processor to fetch the line in which a key with this hash would be.
    @inline(__always)
    package func prefetch(hash: UInt64) {
        guard chunks != nil else { return }
        atoll_memory_prefetch(bucket(bucketIndex(hash)))
    }

    /// Asks the processor to fetch the record of a key with this hash, if it is in the first line of its chain.
    @inline(__always)
    package func prefetchRecord(hash: UInt64) {
        guard chunks != nil else { return }
        let line = bucket(bucketIndex(hash))
        let control = line.load(as: UInt64.self)
        let candidates =
            Self.matches(control, (hash >> 56) &* 0x0101_0101_0101_0101) & Self.takenLanes(control)
        guard candidates != 0 else { return }
        let record = TableSlot(bucket: line, line: line, index: candidates.trailingZeroBitCount >> 3).record
        atoll_memory_prefetch(record.base)
        // Most records are not longer than a line, but not aligned to one.
        atoll_memory_prefetch(record.base + 48)
    }

    // MARK: - Lookup

    /// The entry of the key, or nil.
    /// - Complexity: O(1): one or two cache misses for the bucket, one for the record.
    package func find(_ key: ByteSlice, hash: UInt64) -> TableSlot? {
        guard chunks != nil else { return nil }
        let first = bucket(bucketIndex(hash))
        let pattern = (hash >> 56) &* 0x0101_0101_0101_0101
        var line = first
        while true {
            let control = line.load(as: UInt64.self)
            var candidates = Self.matches(control, pattern) & Self.takenLanes(control)
            while candidates != 0 {
                let index = candidates.trailingZeroBitCount >> 3
                let slot = TableSlot(bucket: first, line: line, index: index)
                if slot.record.key.equals(key) { return slot }
                candidates &= candidates &- 1
            }
            guard control >> 63 != 0 else { return nil }
            line = Self.overflowLine(line)
        }
    }

    /// The high bit of each of the low 7 bytes that equal those of the pattern; a byte above a match may be wrong too,
    /// which the comparison of keys mends.
    @inline(__always)
    private static func matches(_ control: UInt64, _ pattern: UInt64) -> UInt64 {
        let difference = control ^ pattern
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x0080_8080_8080_8080
    }

    /// The high bit of byte i for each taken entry i: the 7 bits of the flags spread out.
    @inline(__always)
    private static func takenLanes(_ control: UInt64) -> UInt64 {
        let taken = (control >> 56) & UInt64(entryMask(control))
        // Bit i goes to bit 8i + 7: multiplying puts copies 7 bits apart, and the mask keeps the ones wanted.
        return (taken &* 0x0002_0408_1020_4081 & 0x0001_0101_0101_0101) << 7
    }

    /// Entries that may be taken in a line: 7, or 6 before an overflow line.
    @inline(__always)
    private static func entryMask(_ control: UInt64) -> UInt8 { control >> 63 != 0 ? 0x3F : 0x7F }

    @inline(__always)
    private static func flags(_ line: UnsafeMutableRawPointer) -> UInt8 { line.load(fromByteOffset: 7, as: UInt8.self) }

    @inline(__always)
    private static func setFlags(_ line: UnsafeMutableRawPointer, _ flags: UInt8) {
        line.storeBytes(of: flags, toByteOffset: 7, as: UInt8.self)
    }

    @inline(__always)
    private static func overflowLine(_ line: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        line.load(fromByteOffset: 56, as: UnsafeMutableRawPointer.self)
    }

    // MARK: - Insertion

    /// Adds a record whose key is not there.
    /// - Parameter tag: the owner's, if bit 15 is set.
    package mutating func insert(_ record: Record, hash: UInt64, tag ownTag: UInt16 = 0) -> TableSlot {
        if chunks == nil { makeFirstBucket() }
        if count * 2 >= bucketCount * Self.loadMaxHalves { split() }
        willChange(hash: hash)
        count += 1
        let tag = ownTag & TableTag.ownerBit != 0 ? ownTag : TableTag.make(hash)
        let word = TableWord.address(record) | UInt64(tag) << 48
        return Self.place(word, fingerprint: UInt8(truncatingIfNeeded: hash >> 56), in: bucket(bucketIndex(hash)))
    }

    /// Puts an entry into the last line of a chain, which is extended when that is full.
    private static func place(_ word: UInt64, fingerprint: UInt8, in bucket: UnsafeMutableRawPointer) -> TableSlot {
        var line = bucket
        var lineFlags = flags(line)
        while lineFlags & overflowBit != 0 {
            line = overflowLine(line)
            lineFlags = flags(line)
        }
        if lineFlags == takenMask {
            line = extend(line)
            lineFlags = flags(line)
        }
        let index = (~lineFlags).trailingZeroBitCount
        line.storeBytes(of: fingerprint, toByteOffset: index, as: UInt8.self)
        setFlags(line, lineFlags | 1 << UInt8(truncatingIfNeeded: index))
        let slot = TableSlot(bucket: bucket, line: line, index: index)
        slot.word.pointee = word
        return slot
    }

    /// Hangs an overflow line behind a full one and moves the entry there whose place the link takes.
    private static func extend(_ line: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        let next = makeLines(1)
        next.storeBytes(of: line.load(fromByteOffset: 6, as: UInt8.self), as: UInt8.self)
        next.storeBytes(of: line.load(fromByteOffset: 56, as: UInt64.self), toByteOffset: 8, as: UInt64.self)
        setFlags(next, 1)
        line.storeBytes(of: next, toByteOffset: 56, as: UnsafeMutableRawPointer.self)
        setFlags(line, 0x3F | overflowBit)
        return next
    }

    private static func makeLines(_ count: Int) -> UnsafeMutableRawPointer {
        let lines = atoll_memory_take_lines(count * lineByteCount).unsafelyUnwrapped
        memset(lines, 0, count * lineByteCount)
        return lines
    }

    private mutating func makeFirstBucket() {
        let directory = atoll_memory_take(8).unsafelyUnwrapped.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        directory[0] = Self.makeLines(1)
        chunks = directory
        chunkCapacity = 1
        firstChunkBucketCount = 1
    }

    // MARK: - Removal

    /// Takes the entry out; the record stays the caller's. Entries of the same bucket may move.
    package mutating func remove(_ slot: TableSlot) {
        if cut != nil { willChange(hash: hasher.hash(slot.record.key)) }
        Self.fill(slot)
        count -= 1
        if !isShrinkingPaused, count < bucketCount * Self.loadMin, bucketCount > 1 { merge() }
    }

    /// Closes the hole with the last entry of the chain.
    private static func fill(_ slot: TableSlot) {
        var before: UnsafeMutableRawPointer?
        var last = slot.bucket
        while flags(last) & overflowBit != 0 {
            before = last
            last = overflowLine(last)
        }
        let lastFlags = flags(last)
        // In the only line holes are allowed; in a chain the hole is filled from its end.
        guard let before else {
            setFlags(last, lastFlags & ~(1 << UInt8(truncatingIfNeeded: slot.index)))
            return
        }
        let index = 7 - (lastFlags << 1).leadingZeroBitCount - 1
        if last != slot.line || index != slot.index {
            slot.line.storeBytes(
                of: last.load(fromByteOffset: index, as: UInt8.self), toByteOffset: slot.index, as: UInt8.self)
            slot.word.pointee = TableSlot(bucket: slot.bucket, line: last, index: index).word.pointee
        }
        let rest = lastFlags & ~(1 << UInt8(truncatingIfNeeded: index))
        setFlags(last, rest)
        if rest == 0 {
            atoll_memory_give(last)
            setFlags(before, 0x3F)
        }
    }

    // MARK: - Growing and shrinking

    /// Splits the next bucket: its entries whose next bit of the hash is set move to the new one.
    private mutating func split() {
        let from = splitCount
        let to = 1 << level + splitCount
        makeRoom(forBucket: to)
        splitCount += 1
        if splitCount == 1 << level {
            level += 1
            splitCount = 0
        }
        if cut != nil { cutSplit(from: from, to: to) }
        let bit = UInt64(to ^ from)
        let source = bucket(from)
        let target = bucket(to)
        var overflow = Self.detachOverflow(source)
        Self.distribute(line: source, bit: bit, low: source, high: target, hasher: hasher)
        while let line = overflow {
            overflow = Self.flags(line) & Self.overflowBit != 0 ? Self.overflowLine(line) : nil
            Self.distribute(line: line, bit: bit, low: source, high: target, hasher: hasher)
            atoll_memory_give(line)
        }
    }

    /// Cuts a chain behind its first line and returns what was behind.
    private static func detachOverflow(_ bucket: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
        guard flags(bucket) & overflowBit != 0 else { return nil }
        setFlags(bucket, 0x3F)
        return overflowLine(bucket)
    }

    /// Puts the entries of a line into one of two buckets by a bit of their hash. The line may be the low bucket's.
    private static func distribute(
        line: UnsafeMutableRawPointer, bit: UInt64, low: UnsafeMutableRawPointer, high: UnsafeMutableRawPointer,
        hasher: KeyedHash
    ) {
        var taken = flags(line) & takenMask
        if flags(line) & overflowBit != 0 { taken &= 0x3F }
        let isInPlace = line == low
        while taken != 0 {
            let index = taken.trailingZeroBitCount
            taken &= taken - 1
            let slot = TableSlot(bucket: low, line: line, index: index)
            let isHigh =
                TableTag.bit(slot.tag, at: UInt64(bit.trailingZeroBitCount))
                ?? (hasher.hash(slot.record.key) & bit != 0)
            if isInPlace && !isHigh { continue }
            let fingerprint = line.load(fromByteOffset: index, as: UInt8.self)
            if isInPlace { setFlags(line, flags(line) & ~(1 << UInt8(truncatingIfNeeded: index))) }
            _ = place(slot.word.pointee, fingerprint: fingerprint, in: isHigh ? high : low)
        }
    }

    /// Undoes the last split: the last bucket's entries go back to the one that they came from.
    private mutating func merge() {
        if cut != nil { cutWillMerge(bucketCount - 1, into: (splitCount > 0 ? splitCount : 1 << (level - 1)) - 1) }
        if splitCount == 0 {
            level -= 1
            splitCount = 1 << level
        }
        splitCount -= 1
        let target = bucket(splitCount)
        let lastIndex = 1 << level + splitCount
        var next: UnsafeMutableRawPointer? = bucket(lastIndex)
        var isFirst = true
        while let line = next {
            let lineFlags = Self.flags(line)
            next = lineFlags & Self.overflowBit != 0 ? Self.overflowLine(line) : nil
            var taken = lineFlags & (next == nil ? Self.takenMask : 0x3F)
            while taken != 0 {
                let index = taken.trailingZeroBitCount
                taken &= taken - 1
                let slot = TableSlot(bucket: line, line: line, index: index)
                let fingerprint = line.load(fromByteOffset: index, as: UInt8.self)
                _ = Self.place(slot.word.pointee, fingerprint: fingerprint, in: target)
            }
            if isFirst { Self.setFlags(line, 0) } else { atoll_memory_give(line) }
            isFirst = false
        }
        giveRoom(ofBucket: lastIndex)
    }

    /// Makes sure that the bucket's memory is there and empty.
    private mutating func makeRoom(forBucket index: Int) {
        if index < Self.chunkBucketCount {
            guard index >= firstChunkBucketCount, let directory = chunks else { return }
            let grown = Self.makeLines(firstChunkBucketCount * 2)
            memcpy(grown, directory[0], firstChunkBucketCount * Self.lineByteCount)
            atoll_memory_give(directory[0])
            directory[0] = grown
            firstChunkBucketCount *= 2
            return
        }
        guard index & (Self.chunkBucketCount - 1) == 0 else { return }
        let chunk = index >> Self.chunkShift
        if chunk >= chunkCapacity, let directory = chunks {
            chunkCapacity = max(chunkCapacity * 2, chunk + 1)
            let moved = atoll_memory_resize(directory, chunkCapacity * 8).unsafelyUnwrapped
            chunks = moved.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        }
        chunks.unsafelyUnwrapped[chunk] = Self.makeLines(Self.chunkBucketCount)
    }

    /// Gives back what is not needed any more once the bucket, the last one, is gone.
    private mutating func giveRoom(ofBucket index: Int) {
        guard let directory = chunks else { return }
        if index >= Self.chunkBucketCount {
            if index & (Self.chunkBucketCount - 1) == 0 { atoll_memory_give(directory[index >> Self.chunkShift]) }
            return
        }
        // The first chunk halves once only a quarter of it is in use, so that it does not go to and fro.
        guard index > 0, index * 4 <= firstChunkBucketCount else { return }
        let shrunk = Self.makeLines(firstChunkBucketCount / 2)
        memcpy(shrunk, directory[0], firstChunkBucketCount / 2 * Self.lineByteCount)
        atoll_memory_give(directory[0])
        directory[0] = shrunk
        firstChunkBucketCount /= 2
    }

    private func giveBuckets() {
        guard let directory = chunks else { return }
        let total = bucketCount
        for index in 0..<total {
            var line = Self.detachOverflow(bucket(index))
            while let current = line {
                line = Self.flags(current) & Self.overflowBit != 0 ? Self.overflowLine(current) : nil
                atoll_memory_give(current)
            }
        }
        var chunk = 0
        while chunk << Self.chunkShift < total {
            atoll_memory_give(directory[chunk])
            chunk += 1
        }
        atoll_memory_give(directory)
    }

    /// Empties the table. The records are the caller's to free before.
    package mutating func removeAll() {
        giveBuckets()
        chunks = nil
        chunkCapacity = 0
        firstChunkBucketCount = 0
        level = 0
        splitCount = 0
        count = 0
    }

    // MARK: - Walking

    /// Calls with every entry of one bucket. The body may replace records and tags, and may remove nothing.
    package func forEach(inBucket index: Int, _ body: (TableSlot) -> Void) {
        let first = bucket(index)
        var line = first
        while true {
            let lineFlags = Self.flags(line)
            let isLast = lineFlags & Self.overflowBit == 0
            var taken = lineFlags & (isLast ? Self.takenMask : 0x3F)
            while taken != 0 {
                body(TableSlot(bucket: first, line: line, index: taken.trailingZeroBitCount))
                taken &= taken - 1
            }
            if isLast { return }
            line = Self.overflowLine(line)
        }
    }

    /// The first entry of one bucket for which the condition holds.
    @inline(__always)
    package func firstSlot(inBucket index: Int, where condition: (TableSlot) -> Bool) -> TableSlot? {
        let first = bucket(index)
        var line = first
        while true {
            let lineFlags = Self.flags(line)
            let isLast = lineFlags & Self.overflowBit == 0
            var taken = lineFlags & (isLast ? Self.takenMask : 0x3F)
            while taken != 0 {
                let slot = TableSlot(bucket: first, line: line, index: taken.trailingZeroBitCount)
                if condition(slot) { return slot }
                taken &= taken - 1
            }
            if isLast { return nil }
            line = Self.overflowLine(line)
        }
    }

    /// Calls with every entry; the body may remove nothing.
    package func forEach(_ body: (TableSlot) -> Void) {
        for index in 0..<bucketCount { forEach(inBucket: index, body) }
    }

    /// One step of SCAN: calls with the entries of one bucket and returns the next cursor, 0 at the end.
    ///
    /// The cursor is a position in the order of bit-reversed hashes, in which growing and shrinking only refine or
    /// coarsen: an entry that is there from the first step to the last is reported at least once.
    package func scan(_ cursor: UInt64, _ body: (TableSlot) -> Void) -> UInt64 {
        guard chunks != nil else { return 0 }
        let index = bucketIndex(cursor)
        forEach(inBucket: index, body)
        return nextCursor(cursor)
    }

    /// The cursor behind the bucket that a cursor is in.
    package func nextCursor(_ cursor: UInt64) -> UInt64 {
        let index = bucketIndex(cursor)
        let isSplit = index < splitCount || index >= 1 << level
        let bits = UInt64(isSplit ? level + 1 : level)
        guard bits > 0 else { return 0 }
        let reversed = Self.reverseBits(cursor) >> (64 - bits)
        let next = reversed + 1
        return next >> bits != 0 ? 0 : Self.reverseBits(next << (64 - bits))
    }

    /// The bucket that a cursor is in.
    package func bucketIndex(ofCursor cursor: UInt64) -> Int { chunks == nil ? 0 : bucketIndex(cursor) }

    private static func reverseBits(_ value: UInt64) -> UInt64 {
        var result = value.byteSwapped
        result = (result & 0x0F0F_0F0F_0F0F_0F0F) << 4 | (result >> 4) & 0x0F0F_0F0F_0F0F_0F0F
        result = (result & 0x3333_3333_3333_3333) << 2 | (result >> 2) & 0x3333_3333_3333_3333
        return (result & 0x5555_5555_5555_5555) << 1 | (result >> 1) & 0x5555_5555_5555_5555
    }

    // MARK: - Chance

    /// An entry, each with about the same chance; nil in an empty table.
    package func randomEntry(using random: inout FastRandom) -> TableSlot? {
        guard count > 0 else { return nil }
        // A bucket is drawn, and kept with a chance that grows with its entries, up to those of two lines.
        let acceptMax = 13
        for _ in 0..<1000 {
            let index = random.below(bucketCount)
            let size = entryCount(inBucket: index)
            if size > random.below(acceptMax) { return entry(inBucket: index, at: random.below(size)) }
        }
        for index in 0..<bucketCount where entryCount(inBucket: index) > 0 { return entry(inBucket: index, at: 0) }
        return nil
    }

    package func entryCount(inBucket index: Int) -> Int {
        var line = bucket(index)
        var total = 0
        while Self.flags(line) & Self.overflowBit != 0 {
            total += Self.entriesPerLine - 1
            line = Self.overflowLine(line)
        }
        return total + Self.flags(line).nonzeroBitCount
    }

    /// The entry at a position of a bucket's chain.
    package func entry(inBucket index: Int, at position: Int) -> TableSlot? {
        var remaining = position
        var found: TableSlot?
        forEach(inBucket: index) { slot in
            if remaining == 0, found == nil { found = slot }
            remaining -= 1
        }
        return found
    }
}
