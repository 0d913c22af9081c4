/// The checksum of RDB files and DUMP: CRC-64 with the polynomial of Jones, reflected, starting from zero.
///
/// Source: D. T. Jones, "An Improved 64-bit Cyclic Redundancy Check for Protein Sequences".
package struct CRC64: Sendable {
    /// The checksum of the bytes so far.
    package private(set) var value: UInt64

    package init(_ value: UInt64 = 0) {
        self.value = value
    }

    /// 0xad93d23594c935a9 with its bits in reverse order.
    private static let polynomial: UInt64 = 0x95ac_9329_ac4b_c9b5

    /// Eight tables of 256: entry `256 * n + b` is the checksum of byte b with n zero bytes behind, so that eight bytes
    /// are taken in a step.
    private static let tables: [UInt64] = {
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var remainder = UInt64(byte)
            for _ in 0..<8 {
                remainder = remainder & 1 == 0 ? remainder >> 1 : remainder >> 1 ^ polynomial
            }
            tables[byte] = remainder
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()

    /// Takes in more bytes.
    /// - Complexity: O(count), about a byte a cycle.
    package mutating func update(_ bytes: ByteSlice) {
        guard let base = bytes.baseAddress else { return }
        value = Self.tables.withUnsafeBufferPointer { tables in
            var checksum = value
            var offset = 0
            while offset + 8 <= bytes.count {
                var word = checksum ^ base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                checksum = 0
                for table in stride(from: 7 * 256, through: 0, by: -256) {
                    checksum ^= tables[table + Int(word & 0xFF)]
                    word >>= 8
                }
                offset += 8
            }
            while offset < bytes.count {
                let index = Int((checksum ^ UInt64(bytes.byte(at: offset))) & 0xFF)
                checksum = checksum >> 8 ^ tables[index]
                offset += 1
            }
            return checksum
        }
    }
}
