/// Classes of bytes that names are made of.
extension UInt8 {
    var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
    var isDash: Bool { self == UInt8(ascii: "-") }
    var isDot: Bool { self == UInt8(ascii: ".") }
    var isColon: Bool { self == UInt8(ascii: ":") }
    var isUnderscore: Bool { self == UInt8(ascii: "_") }
}
