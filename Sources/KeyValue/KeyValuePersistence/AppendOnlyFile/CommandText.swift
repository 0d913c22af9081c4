import Bytes
import Glibc
import Keyspace

/// Commands in the form in which an append-only file has them, in memory that no limit of the engine counts.
struct CommandText: ~Copyable {
    private var memory = UncountedMemory()
    private(set) var byteCount = 0

    private static let firstCapacity = 1 << 16

    mutating func take() -> RDBChunk {
        defer { byteCount = 0 }
        return RDBChunk(base: memory.take(), byteCount: byteCount, marks: nil, markCount: 0)
    }

    private mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
        let needed = byteCount + count
        if needed > memory.capacity { memory.grow(to: max(needed, Self.firstCapacity)) }
        return memory.base.unsafelyUnwrapped + byteCount
    }

    mutating func raw(_ bytes: ByteSlice) {
        guard let source = bytes.baseAddress else { return }
        memcpy(reserve(bytes.count), source, bytes.count)
        byteCount += bytes.count
    }

    mutating func raw(_ text: String) {
        var text = text
        text.withUTF8 { raw(ByteSlice($0)) }
    }

    /// What another one wrote.
    mutating func append(_ chunk: RDBChunk) { raw(chunk.bytes) }

    private mutating func header(_ marker: UInt8, _ count: Int) {
        let target = reserve(Decimal.lengthMax + 3)
        target.storeBytes(of: marker, as: UInt8.self)
        let length = 1 + Decimal.write(Int64(count), to: target + 1)
        target.storeBytes(of: 0x0A0D, toByteOffset: length, as: UInt16.self)
        byteCount += length + 2
    }

    /// Begins a command of so many words, its name included.
    mutating func command(_ wordCount: Int) { header(0x2A, wordCount) }

    mutating func argument(_ bytes: ByteSlice) {
        header(0x24, bytes.count)
        raw(bytes)
        raw(("\r\n" as StaticString).bytes)
    }

    mutating func word(_ word: StaticString) { argument(word.bytes) }

    mutating func argument(_ value: Int64) {
        withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            argument(ByteSlice(start: start, count: Decimal.write(value, to: start)))
        }
    }

    mutating func argument(_ value: Double) {
        withUnsafeTemporaryAllocation(byteCount: DoubleText.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            argument(ByteSlice(start: start, count: DoubleText.write(value, to: start)))
        }
    }

    mutating func argument(_ value: ListPackValue) {
        if let text = value.text { argument(text) } else if let number = value.integer { argument(number) }
    }

    mutating func argument(_ id: StreamID) {
        withUnsafeTemporaryAllocation(byteCount: StreamID.textLengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            argument(ByteSlice(start: start, count: id.write(to: start)))
        }
    }
}

// Streams: their entries, then what is known of them, then their groups with what was given to whom.
extension CommandText {
    mutating func stream(_ key: ByteSlice, _ stream: Stream) {
        streamEntries(key, stream)
        streamTail(key, stream)
    }

    mutating func streamEntries(_ key: ByteSlice, _ stream: Stream) {
        var iterator = StreamIterator(stream)
        while iterator.next() {
            command(3 + iterator.fieldCount * 2)
            word("XADD")
            argument(key)
            argument(iterator.id)
            while iterator.nextField() {
                argument(iterator.name)
                argument(iterator.value)
            }
        }
    }

    mutating func streamTail(_ key: ByteSlice, _ stream: Stream) {
        if stream.length == 0 {
            // A stream without entries is made by one that is trimmed at once.
            command(7)
            word("XADD")
            argument(key)
            word("MAXLEN")
            word("0")
            argument(max(stream.lastID, StreamID(0, 1)))
            word("x")
            word("y")
        }
        command(7)
        word("XSETID")
        argument(key)
        argument(stream.lastID)
        word("ENTRIESADDED")
        argument(stream.entriesAdded)
        word("MAXDELETEDID")
        argument(stream.maxDeletedID)
        for index in 0..<stream.groupCount { group(key, stream.group(at: index)) }
    }

    private mutating func group(_ key: ByteSlice, _ group: StreamGroup) {
        command(7)
        word("XGROUP")
        word("CREATE")
        argument(key)
        argument(group.name)
        argument(group.lastID)
        word("ENTRIESREAD")
        argument(group.entriesRead ?? -1)
        for index in 0..<group.consumerCount {
            command(5)
            word("XGROUP")
            word("CREATECONSUMER")
            argument(key)
            argument(group.name)
            argument(group.consumer(at: index).name)
        }
        let pending = group.pending
        var position = pending.firstPosition
        while let here = position {
            let slot = pending.slot(here).pointee
            claim(key, group, slot.id, slot.value)
            position = pending.next(here)
        }
    }

    private mutating func claim(_ key: ByteSlice, _ group: StreamGroup, _ id: StreamID, _ entry: PendingEntry) {
        command(12)
        word("XCLAIM")
        argument(key)
        argument(group.name)
        argument(entry.consumer.name)
        word("0")
        argument(id)
        word("TIME")
        argument(entry.deliveryTime)
        word("RETRYCOUNT")
        argument(entry.deliveryCount)
        word("JUSTID")
        word("FORCE")
    }
}
