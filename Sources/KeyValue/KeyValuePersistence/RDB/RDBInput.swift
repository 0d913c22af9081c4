// The bytes of a file or payload in order, read in pieces and checksummed on the way, and the parts of the format that
// are common to all values: lengths and strings.

package import Bytes
import CMemory
import Glibc
import Keyspace

/// Bytes of an RDB file or DUMP payload. Slices that it returns are valid until the next call.
package struct RDBInput: ~Copyable {
    /// -1 where all bytes are in memory that somebody else owns.
    private let descriptor: Int32
    private let base: UnsafeMutableRawPointer
    private var position = 0
    private var end: Int
    /// Offset of the buffer's first byte from the start.
    private var baseOffset = 0
    /// Bytes that there are, or as many as there can be.
    let byteCount: Int
    private var checksum = CRC64()
    /// Up to where the buffer's bytes are in the checksum.
    private var checksummed = 0
    private let checksums: Bool
    /// Strings that are not in the buffer as they are.
    private var scratch = UncountedMemory()
    private var compressed = UncountedMemory()

    private static let capacity = 1 << 18
    /// Longer strings have no place in a collection or as a key.
    private static let textByteCountMax = Int(UInt32.max)

    /// - Parameters:
    ///   - descriptor: read from where it stands; the caller closes it.
    ///   - byteCount: how many bytes there are.
    package init(descriptor: Int32, byteCount: Int, checksums: Bool) {
        self.descriptor = descriptor
        self.byteCount = byteCount
        self.checksums = checksums
        base = .allocate(byteCount: Self.capacity, alignment: 64)
        end = 0
    }

    /// - Parameter bytes: must stay as long as the input.
    package init(_ bytes: ByteSlice) {
        descriptor = -1
        byteCount = bytes.count
        checksums = false
        // Nothing is written to memory that is not ours.
        base =
            bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) }
            ?? UnsafeMutableRawPointer(bitPattern: 8).unsafelyUnwrapped
        end = bytes.count
    }

    deinit {
        if descriptor >= 0 { base.deallocate() }
    }

    /// Bytes that were taken.
    package var offset: Int { baseOffset + position }
    var remaining: Int { byteCount - offset }

    func failure(_ reason: RDBFailure.Reason, _ text: StaticString, number: Int64? = nil) -> RDBFailure {
        RDBFailure(reason, text, number: number, offset: offset)
    }

    func corrupt(_ text: StaticString) -> RDBFailure { failure(.corrupt, text) }

    // MARK: - Bytes

    private mutating func takeIntoChecksum() {
        if checksums { checksum.update(ByteSlice(start: base + checksummed, count: position - checksummed)) }
        checksummed = position
    }

    /// The checksum of all bytes that were taken.
    mutating func checksumSoFar() -> UInt64 {
        takeIntoChecksum()
        return checksum.value
    }

    /// Makes sure that that many bytes, at most the capacity, are in the buffer.
    @inline(__always)
    private mutating func need(_ count: Int) throws(RDBFailure) {
        if end &- position < count { try refill(count) }
    }

    @inline(never)
    private mutating func refill(_ count: Int) throws(RDBFailure) {
        guard descriptor >= 0 else { throw failure(.truncated, "unexpected end of the payload") }
        takeIntoChecksum()
        memmove(base, base + position, end - position)
        baseOffset += position
        end -= position
        position = 0
        checksummed = 0
        while end < count { end += try readSome(base + end, Self.capacity - end) }
    }

    private func readSome(_ target: UnsafeMutableRawPointer, _ count: Int) throws(RDBFailure) -> Int {
        while true {
            let got = read(descriptor, target, count)
            if got > 0 { return got }
            if got == 0 { throw failure(.truncated, "unexpected end of the file") }
            if errno != EINTR { throw failure(.system, "read failed with error", number: Int64(errno)) }
        }
    }

    @inline(__always)
    mutating func byte() throws(RDBFailure) -> UInt8 {
        try need(1)
        let byte = base.load(fromByteOffset: position, as: UInt8.self)
        position &+= 1
        return byte
    }

    /// A number of a fixed width, low byte first.
    @inline(__always)
    mutating func integer<Integer: FixedWidthInteger & BitwiseCopyable>(
        _ type: Integer.Type
    ) throws(RDBFailure) -> Integer {
        try need(MemoryLayout<Integer>.size)
        let value = base.loadUnaligned(fromByteOffset: position, as: Integer.self)
        position &+= MemoryLayout<Integer>.size
        return Integer(littleEndian: value)
    }

    mutating func double() throws(RDBFailure) -> Double { Double(bitPattern: try integer(UInt64.self)) }

    /// That many bytes, which must be there.
    @inline(__always)
    mutating func slice(_ count: Int) throws(RDBFailure) -> ByteSlice {
        if end &- position < count {
            if descriptor < 0 || count > Self.capacity { return try distantSlice(count) }
            try refill(count)
        }
        let start = base + position
        position &+= count
        return ByteSlice(start: start, count: count)
    }

    /// More bytes than the buffer holds.
    @inline(never)
    private mutating func distantSlice(_ count: Int) throws(RDBFailure) -> ByteSlice {
        guard descriptor >= 0 else { throw failure(.truncated, "unexpected end of the payload") }
        compressed.grow(to: count)
        let target = compressed.base.unsafelyUnwrapped
        try copy(count, to: target)
        return ByteSlice(start: target, count: count)
    }

    /// Copies that many bytes.
    mutating func copy(_ count: Int, to target: UnsafeMutableRawPointer) throws(RDBFailure) {
        let near = min(count, end - position)
        memcpy(target, base + position, near)
        position += near
        var done = near
        while done < count {
            guard descriptor >= 0 else { throw failure(.truncated, "unexpected end of the payload") }
            let rest = count - done
            if rest < Self.capacity {
                try refill(rest)
                memcpy(target + done, base, rest)
                position = rest
                return
            }
            takeIntoChecksum()
            baseOffset += position
            position = 0
            end = 0
            checksummed = 0
            // In pieces that are still in the processor's cache when their checksum is taken.
            let got = try readSome(target + done, Self.capacity)
            if checksums { checksum.update(ByteSlice(start: target + done, count: got)) }
            baseOffset += got
            done += got
        }
    }

    // MARK: - Lengths

    /// A length, or the number of a special form of a string.
    @inline(__always)
    private mutating func prefix() throws(RDBFailure) -> (value: UInt64, isSpecial: Bool) {
        let first = try byte()
        if first < RDBFormat.Prefix.bits14 { return (UInt64(first), false) }
        return try longPrefix(first)
    }

    private mutating func longPrefix(_ first: UInt8) throws(RDBFailure) -> (value: UInt64, isSpecial: Bool) {
        if first < RDBFormat.Prefix.bits32 { return (UInt64(first & 0x3F) << 8 | UInt64(try byte()), false) }
        switch first {
        case RDBFormat.Prefix.bits32: return (UInt64(UInt32(bigEndian: try integer(UInt32.self))), false)
        case RDBFormat.Prefix.bits64: return (UInt64(bigEndian: try integer(UInt64.self)), false)
        case 0xC0...: return (UInt64(first), true)
        default: throw failure(.corrupt, "unknown form of a length", number: Int64(first))
        }
    }

    /// Any number in the form of a length.
    mutating func number() throws(RDBFailure) -> UInt64 {
        let (value, isSpecial) = try prefix()
        if isSpecial { throw corrupt("a string where a length is expected") }
        return value
    }

    /// A number of things that follow, each at least a byte long.
    mutating func count() throws(RDBFailure) -> Int {
        let value = try number()
        guard value <= UInt64(remaining) else { throw failure(.truncated, "more elements are announced than follow") }
        return Int(value)
    }

    // MARK: - Strings

    /// Where a string is, or what it is: its bytes have not been taken yet.
    private enum Form {
        case plain(Int)
        case integer(Int64)
        case compressed(Int, Int)
    }

    @inline(__always)
    private mutating func form() throws(RDBFailure) -> Form {
        let (value, isSpecial) = try prefix()
        if !isSpecial {
            guard value <= UInt64(remaining) else { throw failure(.truncated, "a string is longer than what follows") }
            return .plain(Int(value))
        }
        return try specialForm(UInt8(truncatingIfNeeded: value))
    }

    private mutating func specialForm(_ first: UInt8) throws(RDBFailure) -> Form {
        switch first {
        case RDBFormat.Prefix.integer8: return .integer(Int64(try integer(Int8.self)))
        case RDBFormat.Prefix.integer16: return .integer(Int64(try integer(Int16.self)))
        case RDBFormat.Prefix.integer32: return .integer(Int64(try integer(Int32.self)))
        case RDBFormat.Prefix.compressed:
            let compressedCount = try number()
            let count = try number()
            guard compressedCount <= UInt64(remaining) else {
                throw failure(.truncated, "a compressed string is longer than what follows")
            }
            // Not taken at its word: memory is not had for more than the bytes can become.
            guard count / UInt64(LZF.ratioMax) <= compressedCount else {
                throw corrupt("a compressed string claims more than it can hold")
            }
            return .compressed(Int(compressedCount), Int(count))
        default: throw failure(.corrupt, "unknown form of a string", number: Int64(first))
        }
    }

    private mutating func decompress(
        _ compressedCount: Int, to target: UnsafeMutableRawPointer, count: Int
    ) throws(RDBFailure) {
        let source = try slice(compressedCount)
        guard LZF.decompress(source, to: target, count: count) else { throw corrupt("a compressed string is broken") }
    }

    /// A string of a collection or a key: its bytes.
    @inline(__always)
    mutating func text() throws(RDBFailure) -> ByteSlice {
        switch try form() {
        case .plain(let count):
            guard count <= Self.textByteCountMax else { throw corrupt("a string is too long") }
            return try slice(count)
        case .integer(let integer): return written(integer)
        case .compressed(let compressedCount, let count): return try decompressed(compressedCount, count)
        }
    }

    private mutating func written(_ integer: Int64) -> ByteSlice {
        scratch.grow(to: Decimal.lengthMax)
        let target = scratch.base.unsafelyUnwrapped
        return ByteSlice(start: target, count: Decimal.write(integer, to: target))
    }

    private mutating func decompressed(_ compressedCount: Int, _ count: Int) throws(RDBFailure) -> ByteSlice {
        guard count <= Self.textByteCountMax else { throw corrupt("a string is too long") }
        scratch.grow(to: max(count, 1))
        let target = scratch.base.unsafelyUnwrapped
        try decompress(compressedCount, to: target, count: count)
        return ByteSlice(start: target, count: count)
    }

    /// A string as the value of a key.
    @inline(__always)
    mutating func stringValue() throws(RDBFailure) -> RDBValue {
        let form = try form()
        switch form {
        case .plain(let count) where count <= Database.inlineStringByteCountMax:
            return Self.shortValue(try slice(count))
        case .integer(let integer): return .integer(integer)
        case .compressed(let compressedCount, let count) where count <= Database.inlineStringByteCountMax:
            return Self.shortValue(try decompressed(compressedCount, count))
        default:
            let blob = try blob(form, headerByteCount: StringBuffer.headerByteCount)
            return .pointer(.stringBuffer, StringBuffer.adopt(blob.base, count: blob.count).base)
        }
    }

    @inline(__always)
    private static func shortValue(_ bytes: ByteSlice) -> RDBValue {
        if let integer = Decimal.parse(bytes) { return .integer(integer) }
        return .text(bytes)
    }

    /// A string in memory of the engine that the caller owns, behind some free bytes.
    mutating func blob(
        headerByteCount: Int = 0
    ) throws(RDBFailure) -> (base: UnsafeMutableRawPointer, count: Int) {
        try blob(try form(), headerByteCount: headerByteCount)
    }

    private mutating func blob(
        _ form: Form, headerByteCount: Int
    ) throws(RDBFailure) -> (base: UnsafeMutableRawPointer, count: Int) {
        switch form {
        case .plain(let count):
            let memory = atoll_memory_take(headerByteCount + max(count, 1)).unsafelyUnwrapped
            do throws(RDBFailure) {
                try copy(count, to: memory + headerByteCount)
            } catch {
                atoll_memory_give(memory)
                throw error
            }
            return (memory, count)
        case .integer(let integer):
            let memory = atoll_memory_take(headerByteCount + Decimal.lengthMax).unsafelyUnwrapped
            return (memory, Decimal.write(integer, to: memory + headerByteCount))
        case .compressed(let compressedCount, let count):
            let memory = atoll_memory_take(headerByteCount + max(count, 1)).unsafelyUnwrapped
            do throws(RDBFailure) {
                try decompress(compressedCount, to: memory + headerByteCount, count: count)
            } catch {
                atoll_memory_give(memory)
                throw error
            }
            return (memory, count)
        }
    }
}
