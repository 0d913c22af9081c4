/// What of a session decides how its texts are read.
package struct LexicalRules: Hashable, Sendable {
    /// The session's `standard_conforming_strings`: false makes backslashes escape in plain strings.
    package var standardConformingStrings: Bool
    /// How bytes make characters; only encodings whose later bytes can look like ASCII matter.
    package var encoding: EncodingFamily

    /// Whether bytes beyond ASCII are UTF-8: they mean the same in every session.
    package var isUTF8: Bool

    package init(
        standardConformingStrings: Bool = true, encoding: EncodingFamily = .asciiSafe, isUTF8: Bool = true
    ) {
        self.standardConformingStrings = standardConformingStrings
        self.encoding = encoding
        self.isUTF8 = isUTF8
    }

    /// By the values that the server reports of a session.
    package init(standardConformingStrings: String, clientEncoding: String) {
        self.standardConformingStrings = standardConformingStrings != "off"
        encoding = EncodingFamily(clientEncoding: clientEncoding)
        isUTF8 = clientEncoding.uppercased() == "UTF8"
    }
}

/// Client encodings by what a reader of bytes has to know (PostgreSQL documentation, "Character Set Support").
package enum EncodingFamily: UInt8, Hashable, Sendable {
    /// A byte below 0x80 is always the ASCII character: UTF-8, EUC and all single-byte encodings.
    case asciiSafe
    /// A byte from 0x81 takes the next one with it, whatever that is: BIG5, GBK, GB18030, UHC, JOHAB.
    case pairs
    /// The same but for 0xA1…0xDF, which stand alone: SJIS and SHIFT_JIS_2004.
    case shiftJIS

    /// The family of an encoding by the name that `client_encoding` reports, in any case.
    package init(clientEncoding name: String) {
        // PostgreSQL ignores everything but letters and digits in names of encodings.
        switch String(
            decoding: name.lowercased().utf8.filter { $0 >= 0x61 || ($0 >= 0x30 && $0 <= 0x39) }, as: UTF8.self)
        {
        case "big5", "win950", "windows950", "gbk", "win936", "windows936", "gb18030", "uhc", "win949", "windows949",
            "johab":
            self = .pairs
        case "sjis", "mskanji", "shiftjis", "win932", "windows932", "shiftjis2004":
            self = .shiftJIS
        default:
            self = .asciiSafe
        }
    }
}
