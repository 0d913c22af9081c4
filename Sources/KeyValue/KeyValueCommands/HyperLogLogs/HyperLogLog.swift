// HyperLogLogs in the bytes of Redis: a string that GET returns and SET restores.
//
//   offset  size  what
//   0       4     "HYLL"
//   4       1     encoding: 0 dense, 1 sparse
//   5       3     zero
//   8       8     cached cardinality, little-endian; the highest bit says that it is out of date
//   16      …     16384 registers
//
// Dense: 6 bits a register, from the lowest bit of byte 0 up. Sparse (`HyperLogLog+Sparse`): runs of equal registers.
//
// Sources: Flajolet et al., "HyperLogLog", 2007; Heule et al., "HyperLogLog in Practice", 2013, for 64-bit hashes and
// the sparse form; the estimate is in `HyperLogLog+Estimate`.

import Bytes
import Glibc
import Keyspace

/// A borrowed handle on a HyperLogLog in a string's buffer. Changes may move the buffer: its owner stores `buffer` anew
/// after each.
struct HyperLogLog {
    var buffer: StringBuffer

    /// A string that claims to be a HyperLogLog contradicts itself.
    struct Corruption: Error {}

    static let registerCount = 1 << indexBitCount
    /// Bits of the hash that choose the register.
    static let indexBitCount = 14
    /// The highest value that a hash can give a register.
    static let valueMax = 64 - indexBitCount + 1
    static let headerByteCount = 16
    static let denseByteCount = headerByteCount + registerCount * 6 / 8

    enum Encoding: UInt8 { case dense = 0, sparse = 1 }

    /// The handle, if the string's header and length are those of a HyperLogLog.
    init?(_ buffer: StringBuffer) {
        guard Self.isValid(buffer.bytes) else { return nil }
        self.buffer = buffer
    }

    /// Whether the bytes have the header and length of a HyperLogLog.
    static func isValid(_ bytes: ByteSlice) -> Bool {
        guard bytes.count >= headerByteCount, bytes.slice(0, 4).equals("HYLL") else { return false }
        switch Encoding(rawValue: bytes.byte(at: 4)) {
        case .dense: return bytes.count == denseByteCount
        case .sparse: return true
        case nil: return false
        }
    }

    /// A new one, without elements, in sparse form: one run of zeros.
    static func makeEmpty() -> HyperLogLog {
        let buffer = StringBuffer.make(count: headerByteCount + 2)
        let start = buffer.mutableBytes.baseAddress.unsafelyUnwrapped
        memset(start, 0, headerByteCount)
        memcpy(start, ("HYLL" as StaticString).utf8Start, 4)
        start.storeBytes(of: Encoding.sparse.rawValue, toByteOffset: 4, as: UInt8.self)
        SparseRun.zeros(registerCount).write(to: start + headerByteCount)
        return HyperLogLog(unchecked: buffer)
    }

    private init(unchecked buffer: StringBuffer) {
        self.buffer = buffer
    }

    /// A HyperLogLog in dense form without elements.
    static func makeEmptyDense() -> HyperLogLog {
        let buffer = StringBuffer.make(count: denseByteCount)
        let start = buffer.mutableBytes.baseAddress.unsafelyUnwrapped
        memset(start, 0, denseByteCount)
        memcpy(start, ("HYLL" as StaticString).utf8Start, 4)
        return HyperLogLog(unchecked: buffer)
    }

    var encoding: Encoding { Encoding(rawValue: buffer.bytes.byte(at: 4)) ?? .sparse }

    /// The first byte behind the header.
    var registers: UnsafeMutableRawPointer {
        buffer.mutableBytes.baseAddress.unsafelyUnwrapped + Self.headerByteCount
    }

    /// The cardinality that was stored last; nil once it is out of date.
    var cachedCount: UInt64? {
        let word = (registers - 8).loadUnaligned(as: UInt64.self)
        return word >> 63 == 0 ? word : nil
    }

    func cache(count: UInt64) { (registers - 8).storeBytes(of: count, as: UInt64.self) }

    /// Says that the stored cardinality is out of date.
    func invalidateCache() {
        cache(count: (registers - 8).loadUnaligned(as: UInt64.self) | 1 << 63)
    }

    // MARK: - Adding

    /// Adds an element.
    /// - Returns: whether a register changed.
    mutating func add(_ element: ByteSlice, sparseByteCountMax: Int) throws(Corruption) -> Bool {
        let (index, value) = Self.place(of: element)
        return try raise(index, to: value, sparseByteCountMax: sparseByteCountMax)
    }

    /// Raises a register to a value if it is below.
    /// - Returns: whether it was.
    mutating func raise(_ index: Int, to value: UInt8, sparseByteCountMax: Int) throws(Corruption) -> Bool {
        switch encoding {
        case .dense: return raiseDense(index, to: value)
        case .sparse: return try raiseSparse(index, to: value, byteCountMax: sparseByteCountMax)
        }
    }

    func raiseDense(_ index: Int, to value: UInt8) -> Bool {
        guard value > denseRegister(index) else { return false }
        setDenseRegister(index, value)
        return true
    }

    func denseRegister(_ index: Int) -> UInt8 {
        let bit = index * 6
        let byte = bit >> 3
        // The last register ends with the last byte: nothing behind it is read.
        let high = bit & 7 > 2 ? UInt16(registers.load(fromByteOffset: byte + 1, as: UInt8.self)) << 8 : 0
        let pair = UInt16(registers.load(fromByteOffset: byte, as: UInt8.self)) | high
        return UInt8(truncatingIfNeeded: pair >> UInt16(bit & 7)) & 0x3F
    }

    func setDenseRegister(_ index: Int, _ value: UInt8) {
        let bit = index * 6
        let byte = bit >> 3
        let shift = UInt16(bit & 7)
        let mask = UInt16(0x3F) << shift
        let bits = UInt16(value & 0x3F) << shift
        let low = registers.load(fromByteOffset: byte, as: UInt8.self)
        registers.storeBytes(
            of: low & ~UInt8(truncatingIfNeeded: mask) | UInt8(truncatingIfNeeded: bits), toByteOffset: byte,
            as: UInt8.self)
        guard shift > 2 else { return }
        let high = registers.load(fromByteOffset: byte + 1, as: UInt8.self)
        registers.storeBytes(
            of: high & ~UInt8(truncatingIfNeeded: mask >> 8) | UInt8(truncatingIfNeeded: bits >> 8),
            toByteOffset: byte + 1, as: UInt8.self)
    }

    // MARK: - Merging

    /// Raises each of 16384 bytes to the register of its number.
    func merge(into target: UnsafeMutablePointer<UInt8>) throws(Corruption) {
        guard encoding == .dense else { return try mergeSparse(into: target) }
        // Three bytes hold four registers.
        var index = 0
        for offset in stride(from: 0, to: Self.registerCount * 6 / 8, by: 3) {
            let low = registers.loadUnaligned(fromByteOffset: offset, as: UInt16.self)
            let group = UInt32(low) | UInt32(registers.load(fromByteOffset: offset + 2, as: UInt8.self)) << 16
            for lane in 0..<4 {
                let value = UInt8(truncatingIfNeeded: group >> UInt32(lane * 6)) & 0x3F
                target[index + lane] = max(target[index + lane], value)
            }
            index += 4
        }
    }

    // MARK: - Hashing

    /// The register that an element falls into and the value that it gives it: the place of the lowest set bit in the
    /// rest of its hash, counted from 1.
    static func place(of element: ByteSlice) -> (index: Int, value: UInt8) {
        let hash = murmur(element, seed: 0xadc8_3b19)
        let index = Int(hash & UInt64(registerCount - 1))
        let rest = hash >> UInt64(indexBitCount) | 1 << UInt64(64 - indexBitCount)
        return (index, UInt8(truncatingIfNeeded: rest.trailingZeroBitCount + 1))
    }

    /// MurmurHash64A by Austin Appleby (public domain).
    static func murmur(_ bytes: ByteSlice, seed: UInt64) -> UInt64 {
        let multiplier: UInt64 = 0xc6a4_a793_5bd1_e995
        var hash = seed ^ UInt64(bytes.count) &* multiplier
        let wordsEnd = bytes.count & ~7
        var offset = 0
        while offset < wordsEnd {
            var word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) &* multiplier
            word ^= word >> 47
            hash = (hash ^ word &* multiplier) &* multiplier
            offset += 8
        }
        if offset < bytes.count {
            var tail: UInt64 = 0
            for index in stride(from: bytes.count - 1, through: offset, by: -1) {
                tail = tail << 8 | UInt64(bytes.byte(at: index))
            }
            hash = (hash ^ tail) &* multiplier
        }
        hash = (hash ^ hash >> 47) &* multiplier
        return hash ^ hash >> 47
    }
}
