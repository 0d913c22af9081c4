// Writes the RDB format on the thread that owns the keyspace, as fast as copying: neither compressing nor checksumming,
// which is left to `RDBFinisher` on another thread.

package import Bytes
import Glibc
package import Keyspace

/// What a file says of the last use of a key, by maxmemory-policy.
package enum RDBAccess: Sendable {
    case none
    /// Seconds since the last access.
    case idle(Int64)
    /// The logarithmic counter of accesses.
    case frequency(UInt8)
}

/// Writes parts of an RDB file, or a value for DUMP, into a buffer that is handed over from time to time.
package struct RDBWriter: ~Copyable {
    /// 9, 10 or 11.
    package let version: Int
    let compresses: Bool
    private var memory = UncountedMemory()
    private var end = 0
    private var marks = UncountedMemory()
    private var markCount = 0

    /// What a new buffer has at least.
    private static let firstCapacity = 1 << 16

    /// - Parameters:
    ///   - version: one of `RDBFormat.writableVersions`.
    ///   - compresses: whether the finisher is to compress strings (rdbcompression).
    package init(version: Int, compresses: Bool) {
        precondition(RDBFormat.writableVersions.contains(version))
        self.version = version
        self.compresses = compresses
    }

    /// Bytes that wait to be taken.
    package var byteCount: Int { end }

    /// Hands over what is there.
    package mutating func take() -> RDBChunk {
        let chunk = RDBChunk(
            base: memory.take(), byteCount: end, marks: marks.take()?.assumingMemoryBound(to: Int.self),
            markCount: markCount)
        end = 0
        markCount = 0
        return chunk
    }

    /// Calls with what is there, bytes and the marks of strings, and forgets it but keeps the memory.
    mutating func drain(_ body: (ByteSlice, UnsafeBufferPointer<Int>) -> Void) {
        let marks = UnsafeBufferPointer(
            start: marks.base.map { UnsafePointer($0.assumingMemoryBound(to: Int.self)) }, count: markCount)
        body(ByteSlice(start: memory.base, count: end), marks)
        end = 0
        markCount = 0
        if memory.capacity > Self.keptCapacity {
            memory = UncountedMemory()
            self.marks = UncountedMemory()
        }
    }

    /// Memory that is kept between DUMPs.
    private static let keptCapacity = 1 << 20

    /// What another writer wrote.
    package mutating func append(_ chunk: RDBChunk) {
        for index in 0..<chunk.markCount { mark(end + chunk.marks.unsafelyUnwrapped[index]) }
        raw(chunk.bytes)
    }

    // MARK: - Elements of the format

    @inline(__always)
    private mutating func reserve(_ byteCount: Int) -> UnsafeMutableRawPointer {
        let needed = end + byteCount
        if needed > memory.capacity { memory.grow(to: max(needed, Self.firstCapacity)) }
        return memory.base.unsafelyUnwrapped + end
    }

    @inline(__always)
    mutating func byte(_ byte: UInt8) {
        reserve(1).storeBytes(of: byte, as: UInt8.self)
        end += 1
    }

    /// Eight bytes, low byte first.
    @inline(__always)
    mutating func word(_ word: UInt64) {
        reserve(8).storeBytes(of: word.littleEndian, as: UInt64.self)
        end += 8
    }

    /// A score as eight bytes.
    @inline(__always)
    package mutating func score(_ score: Double) { word(score.bitPattern) }

    /// Bytes as they are.
    mutating func raw(_ bytes: ByteSlice) {
        guard let source = bytes.baseAddress else { return }
        memcpy(reserve(bytes.count), source, bytes.count)
        end += bytes.count
    }

    /// Writes a length and returns its bytes; there must be room for `lengthByteCountMax`.
    @inline(__always)
    static func writeLength(_ length: UInt64, to target: UnsafeMutableRawPointer) -> Int {
        if length < 1 << 6 {
            target.storeBytes(of: UInt8(truncatingIfNeeded: length), as: UInt8.self)
            return 1
        }
        if length < 1 << 14 {
            let word = UInt16(truncatingIfNeeded: length) | UInt16(RDBFormat.Prefix.bits14) << 8
            target.storeBytes(of: word.bigEndian, as: UInt16.self)
            return 2
        }
        if length <= UInt64(UInt32.max) {
            target.storeBytes(of: RDBFormat.Prefix.bits32, as: UInt8.self)
            target.storeBytes(of: UInt32(truncatingIfNeeded: length).bigEndian, toByteOffset: 1, as: UInt32.self)
            return 5
        }
        target.storeBytes(of: RDBFormat.Prefix.bits64, as: UInt8.self)
        target.storeBytes(of: length.bigEndian, toByteOffset: 1, as: UInt64.self)
        return 9
    }

    /// A number of elements.
    @inline(__always)
    package mutating func length(_ count: Int) { length(UInt64(truncatingIfNeeded: count)) }

    @inline(__always)
    mutating func length(_ count: UInt64) {
        end += Self.writeLength(count, to: reserve(RDBFormat.lengthByteCountMax))
    }

    /// A string: as an integer if it is the text of one of 32 bits; else marked for compression if that may pay.
    @inline(__always)
    package mutating func string(_ bytes: ByteSlice) {
        let count = bytes.count
        let target = reserve(RDBFormat.lengthByteCountMax + count)
        if count <= RDBFormat.integerTextByteCountMax {
            if let integer = Decimal.parse(bytes) {
                let written = Self.writeInteger(integer, to: target)
                if written > 0 {
                    end += written
                    return
                }
            }
        } else if compresses, count >= RDBFormat.compressedByteCountMin {
            mark(end)
        }
        let prefix = Self.writeLength(UInt64(truncatingIfNeeded: count), to: target)
        if let source = bytes.baseAddress { memcpy(target + prefix, source, count) }
        end += prefix + count
    }

    /// A string that is the text of an integer.
    package mutating func integer(_ integer: Int64) {
        let target = reserve(RDBFormat.lengthByteCountMax + Decimal.lengthMax)
        let written = Self.writeInteger(integer, to: target)
        if written > 0 {
            end += written
            return
        }
        // At most 20 digits: a length of one byte.
        let count = Decimal.write(integer, to: target + 1)
        end += Self.writeLength(UInt64(count), to: target) + count
    }

    /// Writes an integer of up to 32 bits and returns its bytes; 0 for a wider one.
    @inline(__always)
    private static func writeInteger(_ integer: Int64, to target: UnsafeMutableRawPointer) -> Int {
        if integer == Int64(Int8(truncatingIfNeeded: integer)) {
            target.storeBytes(of: RDBFormat.Prefix.integer8, as: UInt8.self)
            target.storeBytes(of: Int8(truncatingIfNeeded: integer), toByteOffset: 1, as: Int8.self)
            return 2
        }
        if integer == Int64(Int16(truncatingIfNeeded: integer)) {
            target.storeBytes(of: RDBFormat.Prefix.integer16, as: UInt8.self)
            target.storeBytes(of: Int16(truncatingIfNeeded: integer).littleEndian, toByteOffset: 1, as: Int16.self)
            return 3
        }
        guard integer == Int64(Int32(truncatingIfNeeded: integer)) else { return 0 }
        target.storeBytes(of: RDBFormat.Prefix.integer32, as: UInt8.self)
        target.storeBytes(of: Int32(truncatingIfNeeded: integer).littleEndian, toByteOffset: 1, as: Int32.self)
        return 5
    }

    /// An element of a listpack.
    @inline(__always)
    mutating func element(_ value: ListPackValue) {
        if let text = value.text { string(text) } else if let number = value.integer { integer(number) }
    }

    private mutating func text(_ text: String) {
        var text = text
        text.withUTF8 { string(ByteSlice($0)) }
    }

    private mutating func mark(_ offset: Int) {
        marks.grow(to: (markCount + 1) * MemoryLayout<Int>.stride)
        guard let base = marks.base else { return }
        base.storeBytes(of: offset, toByteOffset: markCount * MemoryLayout<Int>.stride, as: Int.self)
        markCount += 1
    }

    // MARK: - Parts of a file

    /// The head of a file: magic word, version and auxiliary fields.
    package mutating func begin(auxiliary: [(name: String, value: String)]) {
        raw(RDBFormat.magic.bytes)
        byte(0x30)
        byte(0x30)
        byte(0x30 + UInt8(version / 10))
        byte(0x30 + UInt8(version % 10))
        for field in auxiliary { self.auxiliary(field.name, field.value) }
    }

    /// One auxiliary field.
    package mutating func auxiliary(_ name: String, _ value: String) {
        byte(RDBFormat.Opcode.auxiliary)
        text(name)
        text(value)
    }

    /// The source of a library of functions.
    package mutating func function(_ code: ByteSlice) {
        byte(RDBFormat.Opcode.function)
        string(code)
    }

    /// The keys that follow are of that database.
    package mutating func selectDatabase(_ index: Int) {
        byte(RDBFormat.Opcode.selectDatabase)
        length(index)
    }

    /// How many keys the database has, and how many of them with an expiry: for the reader to prepare.
    package mutating func resizeDatabase(keyCount: Int, expiryCount: Int) {
        byte(RDBFormat.Opcode.resizeDatabase)
        length(keyCount)
        length(expiryCount)
    }

    /// The end of the data; the checksum is the finisher's.
    package mutating func finish() { byte(RDBFormat.Opcode.end) }

    // MARK: - Keys

    /// A key with all that belongs to it.
    @inline(__always)
    package mutating func key(_ record: Record, access: RDBAccess) {
        keyHead(record, access: access)
        value(kind: record.kind, record)
    }

    /// A key without its value, whose pieces follow.
    @inline(__always)
    package mutating func keyHead(_ record: Record, access: RDBAccess) {
        keyHead(kind: record.kind, key: record.key, expiry: record.expiry, access: access)
    }

    /// The same for a key whose record is not there any more.
    /// - Parameter expiry: milliseconds since 1970.
    package mutating func keyHead(kind: ValueKind, key: ByteSlice, expiry: Int64?, access: RDBAccess) {
        if let expiry {
            let target = reserve(9)
            target.storeBytes(of: RDBFormat.Opcode.expiryMilliseconds, as: UInt8.self)
            target.storeBytes(of: expiry.littleEndian, toByteOffset: 1, as: Int64.self)
            end += 9
        }
        switch access {
        case .none: break
        case .idle(let seconds):
            byte(RDBFormat.Opcode.idle)
            length(UInt64(truncatingIfNeeded: max(seconds, 0)))
        case .frequency(let count):
            byte(RDBFormat.Opcode.frequency)
            byte(count)
        }
        byte(type(of: kind).rawValue)
        string(key)
    }

    /// The layout that this version has for values held like that.
    func type(of kind: ValueKind) -> RDBType {
        switch kind {
        case .stringInline, .stringInteger, .stringBuffer, .member: .string
        case .listPacked, .listNodes: writesListNodes ? .listNodes : .list
        case .setIntegers: .setIntegers
        case .setPacked: version >= 11 ? .setListPack : .set
        case .setTable: .set
        case .hashPacked: version >= 10 ? .hashListPack : .hash
        case .hashTable: .hash
        case .sortedSetPacked: version >= 10 ? .sortedSetListPack : .sortedSet
        case .sortedSetTree: .sortedSet
        case .stream: version >= 11 ? .stream3 : version == 10 ? .stream2 : .stream1
        }
    }

    /// Whether the pieces of a list are its nodes, and their number its length; else its elements.
    package var writesListNodes: Bool { version >= 10 }
}
