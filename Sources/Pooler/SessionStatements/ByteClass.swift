/// What a byte can be at the start of a token, after the lexical rules of PostgreSQL ("Lexical Structure").
enum ByteClass {
    /// White space.
    static let space = UInt8(ascii: "A")
    /// A letter, an underscore, or a byte of a character beyond ASCII: begins a word.
    static let letter = UInt8(ascii: "w")
    static let digit = UInt8(ascii: "d")
    static let dollar = UInt8(ascii: "s")
    static let quote = UInt8(ascii: "Q")
    static let doubleQuote = UInt8(ascii: "I")
    static let minus = UInt8(ascii: "M")
    static let slash = UInt8(ascii: "F")
    static let semicolon = UInt8(ascii: "S")
    static let open = UInt8(ascii: "O")
    static let close = UInt8(ascii: "C")
    static let dot = UInt8(ascii: "D")
    static let comma = UInt8(ascii: "K")
    static let colon = UInt8(ascii: "T")
    /// Operators and all that has no meaning.
    static let other = UInt8(ascii: "P")

    /// A class by byte, a row for 16 bytes. Bytes that can continue a word have classes in lower case.
    private static var table: StaticString {
        """
        PPPPPPPPPAAAAAPP\
        PPPPPPPPPPPPPPPP\
        APIPsPPQOCPPKMDF\
        ddddddddddTSPPPP\
        Pwwwwwwwwwwwwwww\
        wwwwwwwwwwwPPPPw\
        Pwwwwwwwwwwwwwww\
        wwwwwwwwwwwPPPPP\
        wwwwwwwwwwwwwwww\
        wwwwwwwwwwwwwwww\
        wwwwwwwwwwwwwwww\
        wwwwwwwwwwwwwwww\
        wwwwwwwwwwwwwwww\
        wwwwwwwwwwwwwwww\
        wwwwwwwwwwwwwwww\
        wwwwwwwwwwwwwwww
        """
    }

    @inline(__always)
    static func of(_ byte: UInt8) -> UInt8 { table.utf8Start[Int(byte)] }

    /// Whether the byte goes on with a word: letters, digits, `_`, `$` and all beyond ASCII.
    @inline(__always)
    static func continuesWord(_ byte: UInt8) -> Bool { of(byte) >= UInt8(ascii: "a") }

    /// A letter of ASCII in lower case, any other byte as it is: how PostgreSQL folds keywords.
    @inline(__always)
    static func lowered(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
