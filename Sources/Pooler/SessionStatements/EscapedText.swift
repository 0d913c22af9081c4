/// Escapes of E'…' (PostgreSQL documentation, "String Constants with C-Style Escapes").
enum BackslashEscapes {
    /// Appends what the escape behind a backslash stands for; the offset behind it.
    static func decode(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, into result: inout [UInt8]) -> Int {
        guard start < end else { return end }
        let byte = base[start]
        switch byte {
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            return number(base, start, end, radix: 8, digitsMax: 3) { result.append(UInt8(truncatingIfNeeded: $0)) }
        case UInt8(ascii: "x") where start + 1 < end && HexDigit.value(base[start + 1]) != nil:
            return number(base, start + 1, end, radix: 16, digitsMax: 2) {
                result.append(UInt8(truncatingIfNeeded: $0))
            }
        case UInt8(ascii: "u"):
            return number(base, start + 1, end, radix: 16, digitsMax: 4) { append(scalar: $0, to: &result) }
        case UInt8(ascii: "U"):
            return number(base, start + 1, end, radix: 16, digitsMax: 8) { append(scalar: $0, to: &result) }
        default: result.append(byte)
        }
        return start + 1
    }

    private static func number(
        _ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int, radix: UInt32, digitsMax: Int, _ take: (UInt32) -> Void
    ) -> Int {
        var value: UInt32 = 0
        var at = start
        while at < min(end, start + digitsMax), let digit = HexDigit.value(base[at]), digit < radix {
            value = value &* radix &+ digit
            at += 1
        }
        take(value)
        return at
    }

    /// In UTF-8; a number that is no scalar value is an error to the server and nothing here.
    private static func append(scalar value: UInt32, to result: inout [UInt8]) {
        guard let scalar = Unicode.Scalar(value) else { return }
        result += Array(String(Character(scalar)).utf8)
    }
}

/// Escapes of U&'…' and U&"…" with the usual backslash.
enum UnicodeEscapes {
    /// Nil if an escape is not complete; surrogate pairs are not put together but refused as well.
    static func decoded(_ bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var at = 0
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: "\\") else {
                result.append(bytes[at])
                at += 1
                continue
            }
            at += 1
            guard at < bytes.count else { return nil }
            if bytes[at] == UInt8(ascii: "\\") {
                result.append(bytes[at])
                at += 1
                continue
            }
            let isLong = bytes[at] == UInt8(ascii: "+")
            let start = at + (isLong ? 1 : 0)
            let end = start + (isLong ? 6 : 4)
            guard end <= bytes.count,
                let value = UInt32(String(decoding: bytes[start..<end], as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(value)
            else { return nil }
            result += Array(String(Character(scalar)).utf8)
            at = end
        }
        return result
    }
}

enum HexDigit {
    static func value(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
