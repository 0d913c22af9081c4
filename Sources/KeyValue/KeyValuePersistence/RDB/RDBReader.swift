package import Bytes
import Keyspace

/// Reads an RDB file item by item: whoever calls `next` puts keys into a database, or only looks at them.
package struct RDBReader: ~Copyable {
    /// What comes next in a file. Slices are valid until the next call.
    package enum Item {
        /// The keys that follow are of that database.
        case database(Int)
        /// How many keys the database has, and how many of them with an expiry: what the file says.
        case sizes(keyCount: Int, expiryCount: Int)
        case auxiliary(name: ByteSlice, value: ByteSlice)
        /// The source of a library of functions.
        case function(ByteSlice)
        /// A key: `key`, `expiry`, `idleSeconds` and `frequency` tell about it. The value is the caller's.
        case key(RDBValue)
        /// The end, after which the checksum has been found right, or not to be there.
        case end
    }

    /// What was being read, for messages.
    package enum Stage: Sendable {
        case header, code, key, value, field, checksum
    }

    package var input: RDBInput
    private let values: RDBValueReader
    private let verifiesChecksum: Bool
    /// The version that the file has; 0 before the first item.
    package private(set) var version = 0
    private var keyMemory = UncountedMemory()
    private var keyByteCount = 0
    /// The number of the last key's layout.
    package private(set) var type: UInt8 = 0
    /// Milliseconds since 1970 when the last key ends, or nil.
    package private(set) var expiry: Int64?
    /// Seconds since the last key was used, where the file says so.
    package private(set) var idleSeconds: Int64?
    /// The logarithmic count of uses of the last key, where the file says so.
    package private(set) var frequency: UInt8?
    /// What was being read when reading failed.
    package private(set) var stage = Stage.header
    /// Whether the file had a checksum to verify.
    package private(set) var hasChecksum = false

    /// - Parameters:
    ///   - descriptor: read from where it stands; the caller closes it.
    ///   - byteCount: how many bytes there are at most.
    ///   - verifiesChecksum: whether a wrong checksum is a failure (rdbchecksum).
    package init(descriptor: Int32, byteCount: Int, values: RDBValueReader, verifiesChecksum: Bool) {
        input = RDBInput(descriptor: descriptor, byteCount: byteCount, checksums: verifiesChecksum)
        self.values = values
        self.verifiesChecksum = verifiesChecksum
    }

    /// The last key. Valid until the next call.
    package var key: ByteSlice { ByteSlice(start: keyMemory.base, count: keyByteCount) }

    /// The next item; after `end` there is none.
    package mutating func next() throws(RDBFailure) -> Item {
        if version == 0 { try readHeader() }
        expiry = nil
        idleSeconds = nil
        frequency = nil
        while true {
            stage = .code
            let code = try input.byte()
            if code < RDBFormat.Opcode.opcodeMin { return .key(try readKey(code)) }
            switch code {
            case RDBFormat.Opcode.expiryMilliseconds: expiry = Self.expiry(try input.integer(Int64.self))
            case RDBFormat.Opcode.expirySeconds: expiry = Self.expiry(Int64(try input.integer(Int32.self)) * 1000)
            case RDBFormat.Opcode.idle:
                idleSeconds = Int64(truncatingIfNeeded: min(try input.number(), UInt64(Int64.max)))
            case RDBFormat.Opcode.frequency: frequency = try input.byte()
            default: return try readOther(code)
            }
        }
    }

    /// -1 stands for none, as in Redis's memory.
    private static func expiry(_ milliseconds: Int64) -> Int64? {
        milliseconds == -1 || milliseconds == -1000 ? nil : milliseconds
    }

    @inline(__always)
    private mutating func readKey(_ type: UInt8) throws(RDBFailure) -> RDBValue {
        self.type = type
        stage = .key
        let key = try input.text()
        keyByteCount = key.count
        _ = input.keep(key, in: &keyMemory)
        stage = .value
        if type == RDBType.string.rawValue { return try input.stringValue() }
        return try values.read(type: type, from: &input)
    }

    private mutating func readOther(_ code: UInt8) throws(RDBFailure) -> Item {
        switch code {
        case RDBFormat.Opcode.selectDatabase:
            return .database(Int(truncatingIfNeeded: min(try input.number(), UInt64(Int.max))))
        case RDBFormat.Opcode.resizeDatabase:
            let keyCount = try input.number()
            let expiryCount = try input.number()
            return .sizes(
                keyCount: Int(truncatingIfNeeded: min(keyCount, UInt64(Int.max))),
                expiryCount: Int(truncatingIfNeeded: min(expiryCount, UInt64(Int.max))))
        case RDBFormat.Opcode.auxiliary:
            stage = .field
            let name = input.keep(try input.text(), in: &keyMemory)
            return .auxiliary(name: name, value: try input.text())
        case RDBFormat.Opcode.function:
            stage = .field
            return .function(try input.text())
        case RDBFormat.Opcode.functionPreRelease:
            throw input.failure(.unsupported, "functions in the form of a pre-release of Redis 7 are not supported")
        case RDBFormat.Opcode.moduleAuxiliary:
            throw input.failure(.unsupported, "data of modules is not supported")
        case RDBFormat.Opcode.end:
            try readChecksum()
            return .end
        default:
            throw input.failure(
                .unsupported, "a code of a newer version than Redis 7.2 is not supported: code", number: Int64(code))
        }
    }

    // MARK: - Both ends

    private mutating func readHeader() throws(RDBFailure) {
        let header = try input.slice(RDBFormat.headerByteCount)
        let magic = RDBFormat.magic.bytes
        guard !header.slice(0, 6).equals("VALKEY") else {
            throw RDBFailure(.unsupported, "files of Valkey 9 and newer versions are not supported", offset: 0)
        }
        guard header.slice(0, magic.count).equals(magic) else {
            throw RDBFailure(.corrupt, "the file does not begin as an RDB file does", offset: 0)
        }
        var number = 0
        for index in magic.count..<RDBFormat.headerByteCount {
            let digit = header.byte(at: index) &- 0x30
            guard digit < 10 else { throw RDBFailure(.corrupt, "the version of the file is no number", offset: 0) }
            number = number * 10 + Int(digit)
        }
        guard RDBFormat.readableVersions.contains(number) else {
            throw RDBFailure(
                .unsupported, "the newest RDB version that can be read is 11 (Redis 7.2), and this file has",
                number: Int64(number), offset: 0)
        }
        version = number
    }

    private mutating func readChecksum() throws(RDBFailure) {
        guard version >= RDBFormat.checksumVersionMin else { return }
        stage = .checksum
        let expected = verifiesChecksum ? input.checksumSoFar() : 0
        let found = try input.integer(UInt64.self)
        guard verifiesChecksum, found != 0 else { return }
        hasChecksum = true
        guard found == expected else { throw input.failure(.checksum, "the checksum of the file is wrong (CRC error)") }
    }
}
