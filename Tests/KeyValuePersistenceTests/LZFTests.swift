import Bytes
import SeededRandom
import Testing

@testable import KeyValuePersistence

@Suite struct LZFTests {
    /// The compressed form, or nil if it does not fit.
    private func compressed(_ bytes: [UInt8], capacity: Int) -> [UInt8]? {
        var compressor = LZFCompressor()
        return compress(bytes, capacity: capacity, &compressor)
    }

    private func compress(_ bytes: [UInt8], capacity: Int, _ compressor: inout LZFCompressor) -> [UInt8]? {
        var target = [UInt8](repeating: 0xEE, count: capacity + 8)
        let count = bytes.withUnsafeBytes { input in
            target.withUnsafeMutableBytes { room in
                compressor.compress(input, to: room.baseAddress.unsafelyUnwrapped, capacity: capacity)
            }
        }
        #expect(target[capacity...].allSatisfy { $0 == 0xEE })
        return count > 0 ? Array(target[..<count]) : nil
    }

    private func decompressed(_ bytes: [UInt8], count: Int) -> [UInt8]? {
        var target = [UInt8](repeating: 0, count: count + 8)
        let isValid = bytes.withUnsafeBytes { input in
            target.withUnsafeMutableBytes { room in
                LZF.decompress(input, to: room.baseAddress.unsafelyUnwrapped, count: count)
            }
        }
        #expect(target[count...].allSatisfy { $0 == 0 })
        return isValid ? Array(target[..<count]) : nil
    }

    @Test(arguments: [
        // As liblzf writes it: one literal, then a run of the same.
        ([0x00, 0x61, 0xE0, 0x0A, 0x00] as [UInt8], [UInt8](repeating: 0x61, count: 20)),
        ([0x02, 0x61, 0x62, 0x63], [0x61, 0x62, 0x63]),
        ([0x02, 0x61, 0x62, 0x63, 0x20, 0x02], [0x61, 0x62, 0x63, 0x61, 0x62, 0x63]),
    ])
    func knownStreams(_ stream: [UInt8], _ expected: [UInt8]) {
        #expect(decompressed(stream, count: expected.count) == expected)
        #expect(decompressed(stream, count: expected.count + 1) == nil)
        #expect(decompressed(stream, count: expected.count - 1) == nil)
    }

    @Test(
        arguments: [
            [0x05, 0x61], [0x20, 0x00], [0x00, 0x61, 0x20], [0x00, 0x61, 0xE0], [0x00, 0x61, 0xE0, 0x00],
            [0x00, 0x61, 0x20, 0x01],
        ] as [[UInt8]])
    func refusesBrokenStreams(_ stream: [UInt8]) {
        for count in 0..<40 { #expect(decompressed(stream, count: count) == nil) }
    }

    @Test func roundTrips() {
        var random = SeededGenerator(seed: 11)
        var compressor = LZFCompressor()
        for round in 0..<4000 {
            let count = Int.random(in: 1...(round % 50 == 0 ? 30_000 : 300), using: &random)
            let alphabet = UInt8.random(in: 1...40, using: &random)
            var bytes: [UInt8] = []
            while bytes.count < count {
                if bytes.count > 10, Bool.random(using: &random) {
                    let start = Int.random(in: 0..<bytes.count, using: &random)
                    let length = Int.random(in: 1...400, using: &random)
                    for index in 0..<length where bytes.count < count { bytes.append(bytes[start + index]) }
                } else {
                    bytes.append(UInt8.random(in: 0..<alphabet, using: &random))
                }
            }
            let capacity = Int.random(in: 0...(count + count / 16 + 4), using: &random)
            if let compressed = compress(bytes, capacity: capacity, &compressor) {
                #expect(compressed.count <= capacity)
                #expect(decompressed(compressed, count: count) == bytes)
            }
        }
    }

    @Test func shrinksRuns() {
        #expect(compressed([UInt8](repeating: 7, count: 10_000), capacity: 9_996)?.count ?? .max < 150)
        #expect(compressed([UInt8](0...255), capacity: 252) == nil)
    }
}
