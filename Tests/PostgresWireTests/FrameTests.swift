import PostgresWire
import Testing

@Suite struct FrameTests {
    @Test(arguments: [Int32.min, -1, 0, 1, 2, 3])
    func lengthBelowFourIsMalformed(_ length: Int32) {
        #expect(scan(length) == .malformed(.lengthOutOfRange(Int(length))))
    }

    @Test(arguments: [Int32.max, 0x4000_0003])
    func lengthAboveTheLimitIsMalformed(_ length: Int32) {
        let byteCount = Int(length) - 4
        #expect(scan(length) == .malformed(.tooLong(byteCount: byteCount, limit: WireLimits.bodyByteCountMax)))
    }

    @Test func longestLengthIsPartial() {
        let header = FrameHeader(type: 0x44, bodyByteCount: WireLimits.bodyByteCountMax)
        #expect(scan(0x4000_0002) == .partialBody(header, missing: WireLimits.bodyByteCountMax))
    }

    @Test func limitOfTheCallerApplies() {
        let bytes = frame("d", [1, 2, 3])
        #expect(FrameScan.scan(bytes.span, bodyByteCountMax: 2) == .malformed(.tooLong(byteCount: 3, limit: 2)))
        #expect(
            FrameScan.scan(bytes.span, bodyByteCountMax: 3) == .complete(FrameHeader(type: 0x64, bodyByteCount: 3)))
    }

    @Test func everyPrefixTellsWhatIsMissing() {
        let bytes = frame("d", [1, 2, 3])
        for count in bytes.indices {
            let expected: FrameScan =
                count < 5
                ? .partialHeader(missing: 5 - count)
                : .partialBody(FrameHeader(type: 0x64, bodyByteCount: 3), missing: 8 - count)
            #expect(FrameScan.scan(Array(bytes[..<count]).span) == expected)
        }
    }

    @Test func readerStopsBeforeTheUnfinishedMessage() throws {
        let bytes = frame("d", [1]) + frame("c", []) + frame("d", [1, 2]).dropLast()
        var reader = FrameReader(bytes.span)
        var types: [UInt8] = []
        while let frame = try reader.next() { types.append(frame.type) }
        #expect(types == [0x64, 0x63])
        #expect(reader.consumedByteCount == 11)
    }

    private func scan(_ length: Int32) -> FrameScan {
        let word = UInt32(bitPattern: length)
        return FrameScan.scan(
            ([0x44] + (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) }).span)
    }
}
