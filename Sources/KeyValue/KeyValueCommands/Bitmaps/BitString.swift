import Bytes

/// Bytes as a row of bits: bit 0 is the highest of byte 0, as SETBIT counts them.
struct BitString {
    let bytes: ByteSlice

    init(_ bytes: ByteSlice) {
        self.bytes = bytes
    }

    var bitCount: Int { bytes.count << 3 }

    /// The bit at an offset; 0 behind the end.
    func bit(at offset: Int) -> Bool {
        let index = offset >> 3
        guard index < bytes.count else { return false }
        return bytes.byte(at: index) & Self.mask(offset) != 0
    }

    /// The bit of its byte that an offset stands for.
    @inline(__always)
    static func mask(_ offset: Int) -> UInt8 { 0x80 >> UInt8(truncatingIfNeeded: offset & 7) }

    /// How many bits from `first` to `last`, both within, are set.
    /// - Complexity: O(bytes), eight at a time.
    func count(from first: Int, through last: Int) -> Int {
        let firstByte = first >> 3
        let lastByte = last >> 3
        var count = Self.countOfOnes(bytes.slice(firstByte, lastByte + 1))
        // Bits before the first and behind the last one.
        let before = ~(UInt8.max >> UInt8(truncatingIfNeeded: first & 7))
        let behind = UInt8(truncatingIfNeeded: 0x7F >> (last & 7))
        count -= (bytes.byte(at: firstByte) & before).nonzeroBitCount
        count -= (bytes.byte(at: lastByte) & behind).nonzeroBitCount
        return count
    }

    private static func countOfOnes(_ bytes: ByteSlice) -> Int {
        guard let base = bytes.baseAddress else { return 0 }
        var count = 0
        var offset = 0
        while offset + 32 <= bytes.count {
            let word0 = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self).nonzeroBitCount
            let word1 = base.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self).nonzeroBitCount
            let word2 = base.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self).nonzeroBitCount
            let word3 = base.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self).nonzeroBitCount
            count &+= (word0 &+ word1) &+ (word2 &+ word3)
            offset += 32
        }
        while offset < bytes.count {
            count &+= bytes.byte(at: offset).nonzeroBitCount
            offset += 1
        }
        return count
    }

    /// The offset of the first bit of that value from `first` to `last`, both within.
    /// - Complexity: O(bytes), eight at a time.
    func firstIndex(of value: Bool, from first: Int, through last: Int) -> Int? {
        // Looking for ones in bytes that are inverted when zeros are wanted.
        let inversion: UInt8 = value ? 0 : 0xFF
        let lastByte = last >> 3
        var index = first >> 3
        let head = (bytes.byte(at: index) ^ inversion) & (UInt8.max >> UInt8(truncatingIfNeeded: first & 7))
        if head != 0 { return Self.offset(index, head, last) }
        index += 1
        let wideInversion: UInt64 = value ? 0 : .max
        let base = bytes.baseAddress.unsafelyUnwrapped
        while index + 8 <= lastByte + 1, base.loadUnaligned(fromByteOffset: index, as: UInt64.self) == wideInversion {
            index += 8
        }
        while index <= lastByte {
            let byte = bytes.byte(at: index) ^ inversion
            if byte != 0 { return Self.offset(index, byte, last) }
            index += 1
        }
        return nil
    }

    private static func offset(_ index: Int, _ byte: UInt8, _ last: Int) -> Int? {
        let offset = index << 3 + byte.leadingZeroBitCount
        return offset <= last ? offset : nil
    }
}
