import Bytes
import Testing

@testable import KeyValueCommands

@Suite("Bit strings")
struct BitStringTests {
    private static let samples: [[UInt8]] = [
        [0xFF], [0x00], [0x80, 0x01], [0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10],
        [UInt8](repeating: 0xFF, count: 41), [UInt8](repeating: 0, count: 41),
        (0..<77).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) },
    ]

    @Test("Counts and positions agree with a look at every bit", arguments: samples)
    func againstEveryBit(bytes: [UInt8]) {
        bytes.withUnsafeBytes { raw in
            let string = BitString(raw)
            let bits = (0..<string.bitCount).map { bytes[$0 / 8] >> UInt8(7 - $0 % 8) & 1 == 1 }
            #expect((0..<string.bitCount).map { string.bit(at: $0) } == bits)
            for first in stride(from: 0, to: string.bitCount, by: 5) {
                for last in stride(from: first, to: string.bitCount, by: 3) {
                    let range = bits[first...last]
                    #expect(string.count(from: first, through: last) == range.count { $0 })
                    #expect(string.firstIndex(of: true, from: first, through: last) == range.firstIndex(of: true))
                    #expect(string.firstIndex(of: false, from: first, through: last) == range.firstIndex(of: false))
                }
            }
        }
        #expect(bytes.withUnsafeBytes { !BitString($0).bit(at: bytes.count * 8 + 3) })
    }

    @Test(
        "Operations continue shorter strings with zeros",
        arguments: [(BitOperation.and, 0), (.or, 1), (.xor, 2)] as [(BitOperation, Int)])
    func operations(operation: BitOperation, reference: Int) {
        let sources: [[UInt8]] = [
            (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) },
            (0..<17_003).map { UInt8(truncatingIfNeeded: $0) }, [],
            (0..<39_999).map { UInt8(truncatingIfNeeded: $0 / 7) },
        ]
        for used in [[0], [0, 1], [1, 0], [1, 0, 3], [0, 2], [2, 1]] {
            let chosen = used.map { sources[$0] }
            let length = chosen.map(\.count).max() ?? 0
            let expected = (0..<length).map { index in
                let bytes = chosen.map { index < $0.count ? $0[index] : 0 }
                return bytes.dropFirst().reduce(bytes[0]) {
                    reference == 0 ? $0 & $1 : reference == 1 ? $0 | $1 : $0 ^ $1
                }
            }
            #expect(combine(operation, chosen, length) == expected)
        }
    }

    @Test("NOT inverts")
    func inversion() {
        #expect(combine(.not, [[0x00, 0xFF, 0xA5]], 3) == [0xFF, 0x00, 0x5A])
    }

    private func combine(_ operation: BitOperation, _ sources: [[UInt8]], _ length: Int) -> [UInt8] {
        let copies = sources.map { source in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 8)
            copy.copyBytes(from: source)
            return copy
        }
        defer { copies.forEach { $0.deallocate() } }
        var target = [UInt8](repeating: 0xEE, count: length)
        target.withUnsafeMutableBytes { target in
            copies.map { ByteSlice($0) }.withUnsafeBufferPointer { operation.combine($0, into: target) }
        }
        return target
    }
}

@Suite("Integers of BITFIELD")
struct BitFieldIntegerTests {
    private static func type(_ name: String) -> BitFieldInteger? {
        var name = name
        return name.withUTF8 { BitFieldInteger(ByteSlice($0)) }
    }

    @Test(
        "Types have a sign and 1 to 64 bits, without a sign 63",
        arguments: [
            ("i1", true, 1), ("i64", true, 64), ("u1", false, 1), ("u63", false, 63),
        ])
    func names(name: String, isSigned: Bool, bitCount: Int) {
        #expect(Self.type(name) == BitFieldInteger(isSigned: isSigned, bitCount: bitCount))
    }

    @Test("Other names are no types", arguments: ["", "i", "u", "u64", "i65", "i0", "x8", "i08", "i-1", "I8"])
    func wrongNames(name: String) {
        #expect(Self.type(name) == nil)
    }

    @Test(
        "Sums wrap, saturate or fail",
        arguments: [
            ("u8", 250, 10, 4, 255), ("u8", 5, -10, 251, 0), ("i8", 127, 1, -128, 127), ("i8", -128, -1, 127, -128),
            ("i64", .max, 1, .min, .max), ("i64", .min, -1, .max, .min), ("u63", .max, 1, 0, .max),
            ("i8", -1, .min, -1, -128), ("u1", 1, 1, 0, 1), ("i5", 15, 17, 0, 15),
        ] as [(String, Int64, Int64, Int64, Int64)])
    func overflow(name: String, value: Int64, increment: Int64, wrapped: Int64, saturated: Int64) throws {
        let type = try #require(Self.type(name))
        #expect(type.adding(increment, to: value, .wrap) == wrapped)
        #expect(type.adding(increment, to: value, .saturate) == saturated)
        #expect(type.adding(increment, to: value, .fail) == nil)
    }

    @Test(
        "Values are brought into the type",
        arguments: [
            ("u8", 255, 255, 255, 255), ("u8", 257, 1, 255, nil), ("u8", -1, 255, 255, nil), ("i8", 200, -56, 127, nil),
            ("i8", -129, 127, -128, nil), ("i64", .min, .min, .min, .min), ("u63", -1, .max, .max, nil),
        ] as [(String, Int64, Int64, Int64, Int64?)])
    func fitting(name: String, value: Int64, wrapped: Int64, saturated: Int64, failing: Int64?) throws {
        let type = try #require(Self.type(name))
        #expect(type.fit(value, .wrap) == wrapped)
        #expect(type.fit(value, .saturate) == saturated)
        #expect(type.fit(value, .fail) == failing)
    }

    @Test("What is written at any offset reads back and leaves its neighbours", arguments: [1, 5, 8, 13, 32, 63, 64])
    func readingAndWriting(bitCount: Int) {
        let type = BitFieldInteger(isSigned: true, bitCount: bitCount)
        for offset in 0..<24 {
            for pattern in [0x00, 0xFF, 0xA5] as [UInt8] {
                let before = [UInt8](repeating: pattern, count: 12)
                var bytes = before
                let value = type.fit(0x1234_5678_9ABC_DEF1 &* 3, .wrap) ?? 0
                bytes.withUnsafeMutableBytes { type.write(value, to: $0, at: offset) }
                #expect(bytes.withUnsafeBytes { type.read($0, at: offset) } == value)
                for bit in 0..<96 where bit < offset || bit >= offset + bitCount {
                    #expect(bytes[bit / 8] >> UInt8(7 - bit % 8) & 1 == before[bit / 8] >> UInt8(7 - bit % 8) & 1)
                }
            }
        }
    }

    @Test("Behind the end there are zeros")
    func behindTheEnd() {
        let bytes: [UInt8] = [0x01]
        bytes.withUnsafeBytes { bytes in
            #expect(BitFieldInteger(isSigned: false, bitCount: 16).read(bytes, at: 0) == 0x0100)
            #expect(BitFieldInteger(isSigned: true, bitCount: 64).read(bytes, at: 7) == .min)
            #expect(BitFieldInteger(isSigned: true, bitCount: 64).read(bytes, at: 1 << 32) == 0)
        }
    }
}
