import Bytes

/// The cursor argument of SCAN and its kin.
enum ScanCursor {
    /// The cursor at an index of the request; nil once the error has been replied.
    ///
    /// What strtoul takes is taken, as in Redis: a text that is empty for C is 0, and a sign may stand in front.
    static func parse(_ call: Call, _ index: Int) -> UInt64? {
        if let cursor = parse(call[index]) { return cursor }
        call.error("ERR invalid cursor")
        return nil
    }

    static func parse(_ text: ByteSlice) -> UInt64? {
        guard text.count > 0, text.byte(at: 0) != 0 else { return 0 }
        let sign = text.byte(at: 0)
        let isNegative = sign == UInt8(ascii: "-")
        var index = isNegative || sign == UInt8(ascii: "+") ? 1 : 0
        guard index < text.count else { return nil }
        var value: UInt64 = 0
        while index < text.count {
            let digit = text.byte(at: index) &- 0x30
            guard digit < 10 else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            value = sum
            index += 1
        }
        return isNegative ? 0 &- value : value
    }
}
