/// The numbers of Redis's format for files and DUMP payloads.
package enum RDBFormat {
    /// What a file begins with, before four digits of the version.
    package static let magic: StaticString = "REDIS"
    /// Bytes of the magic word and the version.
    package static let headerByteCount = 9
    /// Bytes of the checksum at the end.
    package static let checksumByteCount = 8
    /// The oldest and the newest version that can be read.
    package static let readableVersions = 1...11
    /// The versions that can be written: those of Redis 5 to 6.2, 7.0 and 7.2.
    package static let writableVersions = 9...11
    /// The first version whose files end with a checksum.
    static let checksumVersionMin = 5

    /// What may stand where a type is expected.
    enum Opcode {
        /// Lower numbers are types.
        static let opcodeMin: UInt8 = 243
        static let slotInformation: UInt8 = 244
        static let function: UInt8 = 245
        static let functionPreRelease: UInt8 = 246
        static let moduleAuxiliary: UInt8 = 247
        static let idle: UInt8 = 248
        static let frequency: UInt8 = 249
        static let auxiliary: UInt8 = 250
        static let resizeDatabase: UInt8 = 251
        static let expiryMilliseconds: UInt8 = 252
        static let expirySeconds: UInt8 = 253
        static let selectDatabase: UInt8 = 254
        static let end: UInt8 = 255
    }

    /// Forms of a length by the two high bits of its first byte, and of a string by the others.
    enum Prefix {
        static let bits14: UInt8 = 0x40
        static let bits32: UInt8 = 0x80
        static let bits64: UInt8 = 0x81
        static let integer8: UInt8 = 0xC0
        static let integer16: UInt8 = 0xC1
        static let integer32: UInt8 = 0xC2
        static let compressed: UInt8 = 0xC3
    }

    /// Bytes that a length takes at most.
    static let lengthByteCountMax = 9
    /// Digits that an integer may have to be tried as one: those of 32 bits with a sign.
    static let integerTextByteCountMax = 11
    /// A shorter string is not worth compressing.
    static let compressedByteCountMin = 21
    /// Compression has to spare that many bytes.
    static let compressionGainMin = 4
}

/// How a value is laid out in a file or payload.
package enum RDBType: UInt8, Sendable, CaseIterable {
    case string = 0
    case list = 1
    case set = 2
    /// Scores as text.
    case sortedSetText = 3
    case hash = 4
    /// Scores as doubles.
    case sortedSet = 5
    case modulePreRelease = 6
    case module = 7
    case hashZipmap = 9
    case listZiplist = 10
    case setIntegers = 11
    case sortedSetZiplist = 12
    case hashZiplist = 13
    /// Nodes that are ziplists.
    case listZiplistNodes = 14
    /// Redis 5 to 6.2.
    case stream1 = 15
    case hashListPack = 16
    case sortedSetListPack = 17
    /// Nodes that are listpacks or one huge element.
    case listNodes = 18
    /// Redis 7.0: counters of entries.
    case stream2 = 19
    case setListPack = 20
    /// Redis 7.2: when a consumer was last given something.
    case stream3 = 21
}
