// The digest of all data, as Redis 7.2 computes it: equal data give equal digests in both servers.
//
// What has an order is mixed: digest = SHA1(digest xor SHA1(data)). What has none is xored: keys, members, fields.

import Bytes
import Keyspace

/// A 160-bit digest of keys and values in the making.
struct DatasetDigest {
    private(set) var bytes = [UInt8](repeating: 0, count: SHA1.digestByteCount)

    var text: String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// The digest of all databases.
    static func all(of engine: EngineReference) -> DatasetDigest {
        var total = DatasetDigest()
        for index in 0..<engine.pointee.databaseCount where engine.pointee.databases[index].count > 0 {
            withUnsafeBytes(of: UInt32(index).bigEndian) { total.mix($0) }
            engine.pointee.databases[index].table.forEach { slot in
                let entry = Entry(slot)
                var digest = DatasetDigest()
                digest.mix(entry.key)
                digest.add(entry)
                digest.bytes.withUnsafeBytes { total.combine($0) }
            }
        }
        return total
    }

    private mutating func combine(_ data: ByteSlice) {
        for (index, byte) in SHA1.digest(data).enumerated() { bytes[index] ^= byte }
    }

    private mutating func mix(_ data: ByteSlice) {
        combine(data)
        bytes = bytes.withUnsafeBytes { SHA1.digest($0) }
    }

    private mutating func mix(_ value: ListPackValue) { value.withBytes { mix($0) } }

    /// Redis's numbers of the types.
    private static func number(of type: ValueType) -> UInt32 {
        switch type {
        case .string: 0
        case .list: 1
        case .set: 2
        case .sortedSet: 3
        case .hash: 4
        case .stream: 6
        }
    }

    /// Adds a value and whether it has an expiry.
    mutating func add(_ entry: Entry) {
        withUnsafeBytes(of: Self.number(of: entry.type).bigEndian) { mix($0) }
        switch entry.type {
        case .string: entry.withStringBytes { mix($0) }
        case .list: addList(ListValue(entry))
        case .set: addSet(SetValue(entry))
        case .sortedSet: addSortedSet(SortedSetValue(entry))
        case .hash: addHash(HashValue(entry))
        case .stream: addStream(Stream(entry.pointer))
        }
        if entry.expiry != nil { combine(("!!expire!!" as StaticString).bytes) }
    }

    private mutating func addList(_ list: ListValue) {
        guard var cursor = list.cursor(at: 0) else { return }
        repeat { mix(cursor.value) } while cursor.moveToNext()
    }

    private mutating func addSet(_ set: SetValue) {
        set.forEach { member in
            member.withBytes { combine($0) }
            return true
        }
    }

    private mutating func addSortedSet(_ set: SortedSetValue) {
        var cursor = set.cursor(fromRank: 0, count: set.count)
        while let element = cursor.next() {
            var digest = DatasetDigest()
            digest.mix(element.member)
            withUnsafeTemporaryAllocation(byteCount: DoubleText.lengthMax, alignment: 8) { scratch in
                let start = scratch.baseAddress.unsafelyUnwrapped
                digest.mix(ByteSlice(start: start, count: DoubleText.write(element.score, to: start)))
            }
            digest.bytes.withUnsafeBytes { combine($0) }
        }
    }

    private mutating func addHash(_ hash: HashValue) {
        hash.forEach { field, value in
            var digest = DatasetDigest()
            digest.mix(field)
            digest.mix(value)
            digest.bytes.withUnsafeBytes { combine($0) }
        }
    }

    private mutating func addStream(_ stream: Stream) {
        var iterator = StreamIterator(stream)
        while iterator.next() {
            let id = Array("\(iterator.id.milliseconds).\(iterator.id.sequence)".utf8)
            id.withUnsafeBytes { mix($0) }
            while iterator.nextField() {
                mix(iterator.name)
                mix(iterator.value)
            }
        }
    }
}

extension Entry {
    /// Calls with the bytes of a string.
    func withStringBytes<R>(_ body: (ByteSlice) -> R) -> R {
        withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            body(stringBytes(scratch: scratch.baseAddress.unsafelyUnwrapped))
        }
    }
}
