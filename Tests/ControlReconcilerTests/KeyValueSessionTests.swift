import Glibc
import Supervision
import Testing

@testable import ControlReconciler

@Suite("Replies of a key-value server")
struct RedisReplyTests {
    static let replies: [(String, RedisReply)] = [
        ("+OK\r\n", .simple("OK")), ("+\r\n", .simple("")), ("-ERR no\r\n", .error("ERR no")),
        (":-7\r\n", .integer(-7)),
        ("$2\r\nhi\r\n", .bulk("hi")), ("$0\r\n\r\n", .bulk("")), ("$-1\r\n", .bulk(nil)), ("*-1\r\n", .array(nil)),
        ("*0\r\n", .array([])), ("$4\r\na\r\nb\r\n", .bulk("a\r\nb")),
        ("*2\r\n$1\r\na\r\n*1\r\n:1\r\n", .array([.bulk("a"), .array([.integer(1)])])),
    ]

    @Test("A reply is read whole, and a byte at a time", arguments: replies.indices)
    func whole(_ index: Int) throws {
        let (text, expected) = Self.replies[index]
        var reader = RedisReplyReader()
        try reader.append(Array((text + text).utf8))
        #expect(try reader.next() == expected)
        #expect(try reader.next() == expected)
        #expect(try reader.next() == nil)
        for byte in text.utf8.dropLast() {
            try reader.append([byte])
            #expect(try reader.next() == nil)
        }
        try reader.append([UInt8(ascii: "\n")])
        #expect(try reader.next() == expected)
    }

    @Test(
        "What is no reply is refused",
        arguments: [
            "x\r\n", "\r\n", ":a\r\n", "$x\r\n", "$-2\r\n", "$99999999999\r\n", "*-2\r\n", "+a\rb\r\n",
            "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        ])
    func malformed(_ text: String) throws {
        var reader = RedisReplyReader()
        try reader.append(Array(text.utf8))
        #expect(throws: RedisReplyReader.Failure.malformed) { try reader.next() }
    }

    @Test("More bytes than any answer has are refused")
    func tooLong() throws {
        var reader = RedisReplyReader()
        try reader.append([UInt8](repeating: 0x2B, count: RedisReplyReader.bytesMax))
        #expect(throws: RedisReplyReader.Failure.tooLong) { try reader.append([0x2B]) }
    }

    @Test("A request is an array of bulk strings")
    func request() {
        #expect(RedisRequest.bytes(["SET", "é", ""]) == Array("*3\r\n$3\r\nSET\r\n$2\r\né\r\n$0\r\n\r\n".utf8))
    }

    @Test("INFO's fields and databases are read")
    func information() {
        let information = KeyValueInformation(
            text:
                "# Server\r\nprocess_id:12\r\nodd\r\n\r\n# Keyspace\r\ndb10:keys=2,expires=1,avg_ttl=0\r\ndb0:keys=5\r\n"
        )
        #expect(information.number("process_id") == 12)
        #expect(information.number("nothing") == nil)
        #expect(information.databases.map(\.number) == [0, 10])
        #expect(information.databases.map(\.keys) == [5, 2])
        #expect(information.databases.map(\.expiring) == [0, 1])
    }
}

@Suite("Why a key-value server ended")
struct KeyValueLogTests {
    private static func exit(_ termination: ChildExitRecord.Termination) -> ChildExit {
        .ended(
            ChildExitRecord(
                pid: 7, startTicks: 1, termination: termination, endedAtUnixSeconds: 0, stopRequested: false,
                logLinesDropped: 0))
    }

    private static func line(_ mark: String, _ text: String) -> String {
        "7:M 28 Nov 2026 00:00:00.000 \(mark) \(text)\n"
    }

    private static let start = line("*", "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo")

    @Test("A client's SHUTDOWN is told from a signal")
    func clean() {
        let asked = Self.start + Self.line("*", "User requested shutdown...")
        #expect(KeyValueLog.cause(of: Self.exit(.exited(code: 0)), in: asked) == "a client sent SHUTDOWN")
        let signalled =
            Self.start + Self.line("*", "Received SIGTERM scheduling shutdown...")
            + Self.line("*", "User requested shutdown...")
        #expect(KeyValueLog.cause(of: Self.exit(.exited(code: 0)), in: signalled) == "somebody sent it a signal")
        #expect(KeyValueLog.cause(of: Self.exit(.exited(code: 0)), in: asked + Self.start) == nil)
        let warned = asked + Self.line("#", "The directive 'x' is stored and has no effect.")
        #expect(KeyValueLog.cause(of: Self.exit(.signaled(signal: 9)), in: warned) == nil)
    }

    @Test("A failure is the last warning of this run")
    func failure() {
        let log =
            Self.line("#", "of an earlier run") + Self.start
            + Self.line("#", "Failed listening on port 25101 (tcp), aborting.") + Self.line("*", "later")
        #expect(
            KeyValueLog.cause(of: Self.exit(.exited(code: 1)), in: log)
                == "Failed listening on port 25101 (tcp), aborting.")
        let file =
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.6) ***\nReading the file, at line 2\n>>> 'x'\nBad directive\n"
        #expect(KeyValueLog.cause(of: Self.exit(.exited(code: 1)), in: file) == "Bad directive")
        #expect(KeyValueLog.cause(of: .unknown(.shimLost), in: "") == nil)
        #expect(KeyValueLog.cause(of: Self.exit(.exited(code: 1)), in: "\u{FFFD} # x\n# y") == nil)
    }
}

@Suite("This program as another user's server")
struct OwnProgramTests {
    @Test("Libraries outside the system's directories are found, each directory once")
    func libraries() {
        let maps = """
            7f00-7f01 r-xp 00000000 08:01 11 /srv/swift/lib/libswiftCore.so
            7f01-7f02 r--p 00000000 08:01 12 /srv/swift/lib/libFoundation.so
            7f02-7f03 r-xp 00000000 08:01 13 /usr/lib/x86_64-linux-gnu/libc.so.6
            7f03-7f04 r-xp 00000000 08:01 14 /lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
            7f04-7f05 r-xp 00000000 08:01 15 /home/a b/x.so.1
            7f05-7f06 r-xp 00000000 08:01 16 /home/someone/atoll
            7f06-7f07 rw-p 00000000 00:00 0
            7f07-7f08 r-xp 00000000 00:00 0 [vdso]
            """
        #expect(OwnProgram.libraryDirectories(maps: maps) == ["/srv/swift/lib", "/home/a b"])
        #expect(OwnProgram.libraryDirectories(maps: "").isEmpty)
    }

    @Test("From a directory that others cannot pass, the program is reached by the process's own link")
    func path() throws {
        let directory = try TestDirectory()
        let file = directory.file("atoll")
        try DurableFile.write("", to: file, mode: 0o755)
        chmod(directory.path, 0o755)
        #expect(OwnProgram(executable: file).path == file)
        #expect(OwnProgram(executable: file).readPaths.first == file)
        chmod(file, 0o750)
        #expect(OwnProgram(executable: file).path == "/proc/self/exe")
        chmod(file, 0o755)
        chmod(directory.path, 0o700)
        #expect(OwnProgram(executable: file).path == "/proc/self/exe")
        #expect(OwnProgram(executable: directory.file("none")).path == "/proc/self/exe")
    }
}
