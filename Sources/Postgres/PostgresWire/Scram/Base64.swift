/// Base64 with padding and without line breaks (RFC 4648, section 4), as SCRAM uses it.
///
/// Strict, unlike many decoders: no white space, no missing padding, no set bits behind the last byte, so that every
/// value has one spelling only.
package enum Base64 {
    private static var padding: UInt8 { UInt8(ascii: "=") }

    /// The text form. O(n).
    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let byteCount = min(3, bytes.count - start)
            var bits: UInt32 = 0
            for place in 0..<3 { bits = bits << 8 | (place < byteCount ? UInt32(bytes[start + place]) : 0) }
            for place in 0..<4 {
                let digit = UInt8(truncatingIfNeeded: bits >> UInt32(18 - 6 * place)) & 63
                text.append(place <= byteCount ? character(digit) : padding)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes, nil when the text is not exactly what `encode` makes. O(n).
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        for start in stride(from: 0, to: text.count, by: 4) {
            let isLast = start + 4 == text.count
            let paddingCount = isLast ? (text[start + 3] == padding ? (text[start + 2] == padding ? 2 : 1) : 0) : 0
            var bits: UInt32 = 0
            for place in 0..<(4 - paddingCount) {
                guard let digit = digit(text[start + place]) else { return nil }
                bits |= UInt32(digit) << UInt32(18 - 6 * place)
            }
            guard bits & (1 << UInt32(8 * paddingCount) - 1) == 0 else { return nil }
            for place in 0..<(3 - paddingCount) {
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * place)))
            }
        }
        return bytes
    }

    private static func character(_ digit: UInt8) -> UInt8 {
        switch digit {
        case 0..<26: UInt8(ascii: "A") + digit
        case 26..<52: UInt8(ascii: "a") + (digit - 26)
        case 52..<62: UInt8(ascii: "0") + (digit - 52)
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
