import Bytes
import Glibc
import KeyValuePersistence
import Keyspace
import Testing

@testable import KeyValueCommands

@Suite struct RDBCheckTests {
    /// A file with three strings, a list, a set with an expiry, and its bytes.
    private static func withFile(version: Int = 11, _ body: (String, inout [UInt8]) throws -> Void) throws {
        let client = Conversation()
        for line in [
            "set one 1", "set two 2", "rpush list a b", "sadd set a b", "pexpire set 1000", "select 2", "set three 3",
        ] {
            _ = client.ask(line)
        }
        let path = "/tmp/atoll-check-\(getpid())-\(UInt64.random(in: 0 ... .max)).rdb"
        defer { unlink(path) }
        RDBRoundTripTests.write(client.engine, version: version, compresses: true, path: path)
        let file = open(path, O_RDONLY)
        var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
        #expect(pread(file, &bytes, bytes.count, 0) == bytes.count)
        close(file)
        try body(path, &bytes)
    }

    private static func check(_ path: String, salvagePath: String? = nil) -> RDBCheck.Report {
        let file = open(path, O_RDONLY)
        defer { close(file) }
        let byteCount = Int(lseek(file, 0, SEEK_END))
        lseek(file, 0, SEEK_SET)
        let target = salvagePath.map { open($0, O_WRONLY | O_CREAT | O_TRUNC, 0o600) }
        defer { if let target { close(target) } }
        return RDBCheck(descriptor: file, byteCount: byteCount, now: .max, salvageDescriptor: target).run()
    }

    private static func overwrite(_ path: String, _ bytes: [UInt8]) {
        let file = open(path, O_WRONLY | O_TRUNC)
        #expect(write(file, bytes, bytes.count) == bytes.count)
        close(file)
    }

    @Test func countsWhatIsThere() throws {
        try Self.withFile { path, bytes in
            let report = Self.check(path)
            #expect(report.damage == nil)
            #expect(report.version == 11)
            #expect(report.hasChecksum)
            #expect(report.byteCount == bytes.count)
            #expect(report.keyCount == 5)
            #expect(report.expiryCount == 1)
            #expect(report.expiredCount == 1)
            #expect(report.functionCount == 1)
            #expect(report.keyCounts == [.string: 3, .list: 1, .set: 1])
            #expect(report.databaseCounts == [0: 4, 2: 1])
        }
    }

    @Test func saysWhatIsWrongAndSavesTheRest() throws {
        try Self.withFile { path, bytes in
            // The checksum alone is wrong: every key can be read.
            bytes[bytes.count - 1] ^= 1
            Self.overwrite(path, bytes)
            let salvagePath = path + ".fixed"
            defer { unlink(salvagePath) }
            let report = Self.check(path, salvagePath: salvagePath)
            #expect(report.damage?.stage == .checksum)
            #expect(report.damage?.text.hasPrefix("the checksum of the file is wrong") == true)
            let salvaged = Self.check(salvagePath)
            #expect(salvaged.damage == nil)
            #expect(salvaged.keyCount == 5)
            #expect(salvaged.expiryCount == 1)
            #expect(salvaged.databaseCounts == [0: 4, 2: 1])
            #expect(salvaged.auxiliary.map(\.name) == ["redis-ver", "ctime"])
        }
    }

    @Test func namesTheKeyThatIsBroken() throws {
        try Self.withFile { path, bytes in
            // The last key's value is one byte behind its form, before the end's code and the checksum.
            let value = bytes.count - 8 - 1 - 2
            #expect(bytes[value] == 0xC0)
            bytes[value] = 0xFF
            Self.overwrite(path, bytes)
            let report = Self.check(path)
            #expect(report.damage?.stage == .value)
            #expect(report.damage?.key == "three")
            #expect(report.damage?.type == 0)
            #expect(report.damage?.offset == value + 1)
            #expect(report.keyCount == 4)
        }
    }

    /// The version that the file says, and that of what is saved of it: older ones cannot be written.
    @Test(arguments: [(11, 11), (10, 10), (9, 9), (8, 9), (5, 9)])
    func savesInTheVersionOfTheFile(_ version: Int, _ expected: Int) throws {
        try Self.withFile(version: max(version, 9)) { path, bytes in
            bytes[8] = UInt8(ascii: "0") + UInt8(version % 10)
            bytes[bytes.count - 1] ^= 1
            Self.overwrite(path, bytes)
            let salvagePath = path + ".fixed"
            defer { unlink(salvagePath) }
            #expect(Self.check(path, salvagePath: salvagePath).version == version)
            let salvaged = Self.check(salvagePath)
            #expect(salvaged.damage == nil)
            #expect(salvaged.version == expected)
            #expect(salvaged.keyCount == 5)
        }
    }

    /// Nothing is written that could be taken for a file with no keys.
    @Test func savesNothingOfAFileWithoutAHead() throws {
        try Self.withFile { path, bytes in
            bytes[5...8] = [0x30, 0x30, 0x39, 0x39]
            Self.overwrite(path, bytes)
            let salvagePath = path + ".fixed"
            defer { unlink(salvagePath) }
            let report = Self.check(path, salvagePath: salvagePath)
            #expect(report.version == 0)
            #expect(report.damage?.stage == .header)
            var status = stat()
            #expect(stat(salvagePath, &status) == 0 && status.st_size == 0)
        }
    }
}
