import Foundation
import Glibc
import Testing

@testable import ControlReconciler

@Suite("postmaster.pid")
struct PostmasterFileTests {
    /// The file as PostgreSQL 15 writes it.
    private static func text(pid: String = "4711", status: String = "ready   ") -> String {
        "\(pid)\n/d/data\n1767323045\n25060\n\n127.0.0.1\n  1048577         3\n\(status)\n"
    }

    static let files: [(String, Int32?, Bool)] = [
        (text(), 4711, true), (text(status: "standby "), 4711, true), (text(status: "starting"), 4711, false),
        (text(status: "stopping"), 4711, false), (text(status: ""), 4711, false), (text(pid: " 12"), 12, true),
        // Just made: the later lines are not there yet.
        ("4711\n/d/data\n1767323045\n25060\n", 4711, false), ("4711", 4711, false),
        // A server for one user, as initdb runs it, writes its pid negative.
        (text(pid: "-4711"), nil, false), (text(pid: "0"), nil, false), (text(pid: "x"), nil, false),
        (text(pid: "99999999999"), nil, false), ("", nil, false), ("\n", nil, false), ("\n4711\n", nil, false),
    ]

    @Test("Pid and status are read from lines 1 and 8", arguments: files)
    func reading(text: String, pid: Int32?, isReady: Bool) {
        let file = PostmasterFile(text: text)
        #expect(file?.pid == pid)
        #expect(file?.isReady ?? false == isReady)
    }

    @Test("Only a living process with the data directory among its arguments is the server")
    func isAlive() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "echo; read line", "/d/data"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        // Its arguments stand in /proc a moment after it began; once it writes they do.
        #expect(try output.fileHandleForReading.read(upToCount: 1) == Data("\n".utf8))
        let file = try #require(PostmasterFile(text: Self.text(pid: "\(process.processIdentifier)")))
        #expect(file.isAlive(dataDirectory: "/d/data"))
        #expect(!file.isAlive(dataDirectory: "/d/dat"))
        #expect(!file.isAlive(dataDirectory: "/d/data2"))
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(!file.isAlive(dataDirectory: "/d/data"))
    }
}

@Suite("Why a server ended")
struct ServerLogTests {
    /// The three prefixes that a user may choose, as the server's own lines and as a session's have them.
    static let prefixes: [(own: String, session: String)] = [
        ("2026-11-23 12:52:55.974 UTC [77] ", "2026-11-23 12:52:55.974 UTC [91] [user=app,db=defaultdb,app=[unknown]]"),
        ("pid=77,user=,db=,app=,client=", "pid=91,user=app,db=defaultdb,app=psql,client=127.0.0.1"),
        (
            "2026-11-23 12:52:55 UTC [77]: [3-1] user=,db=,app=,client=",
            "2026-11-23 12:52:55 UTC [91]: [1-1] user=[unknown],db=[unknown],app=[unknown],client=127.0.0.1"
        ),
    ]

    /// Lines of PostgreSQL 15, `OWN` and `SESSION` standing for the prefix.
    static let logs: [(String, String?)] = [
        ("", nil),
        ("OWNLOG:  database system is ready to accept connections", nil),
        (
            """
            OWNLOG:  starting PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu
            OWNLOG:  could not bind IPv4 address "127.0.0.1": Address already in use
            OWNHINT:  Is another postmaster already running on port 25060? If not, wait a few seconds and retry.
            OWNWARNING:  could not create listen socket for "127.0.0.1"
            OWNFATAL:  could not create any TCP/IP sockets
            OWNLOG:  database system is shut down
            """, "could not create any TCP/IP sockets"
        ),
        (
            """
            OWNLOG:  invalid value for parameter "TimeZone": "Europe"
            OWNFATAL:  configuration file "/d/conf/postgresql.conf" contains errors
            """, "configuration file \"/d/conf/postgresql.conf\" contains errors"
        ),
        (
            """
            OWNLOG:  database system was interrupted; last known up at 2026-11-23 12:00:00 UTC
            OWNPANIC:  could not locate a valid checkpoint record
            OWNLOG:  startup process (PID 78) was terminated by signal 6: Aborted
            OWNLOG:  aborting startup due to startup process failure
            """, "could not locate a valid checkpoint record"
        ),
        (
            """
            OWNLOG:  server process (PID 91) was terminated by signal 9: Killed
            OWNLOG:  terminating any other active server processes
            """, "server process (PID 91) was terminated by signal 9: Killed"
        ),
        (
            """
            OWNLOG:  could not open file "postmaster.pid": No such file or directory
            OWNLOG:  performing immediate shutdown because data directory lock file is invalid
            """, "could not open file \"postmaster.pid\": No such file or directory"
        ),
        // Refused logins are the session's failure, not the server's.
        (
            """
            OWNLOG:  database system is ready to accept connections
            SESSIONFATAL:  password authentication failed for user "app"
            SESSIONFATAL:  no pg_hba.conf entry for host "203.0.113.7", user "app", database "x", SSL encryption
            SESSIONFATAL:  sorry, too many clients already
            SESSIONERROR:  could not serialize access due to concurrent update
            """, nil
        ),
        (
            """
            OWNPANIC:  could not write to file "pg_wal/xlogtemp.77": No space left on device
            SESSIONFATAL:  the database system is in recovery mode
            """, "could not write to file \"pg_wal/xlogtemp.77\": No space left on device"
        ),
        // A statement's further lines have no prefix: whoever wrote it wrote them.
        ("SESSIONSTATEMENT:  SELECT 1\n\t, 'FATAL:  made up'\n\tcould not be", nil),
        // What an earlier run said is not why this one ended.
        (
            """
            OWNFATAL:  could not create any TCP/IP sockets
            OWNLOG:  starting PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu
            OWNLOG:  database system is ready to accept connections
            """, nil
        ),
        (
            """
            OWNLOG:  starting PostgreSQL 15.18 (Debian 15.18-0+deb12u1) on x86_64-pc-linux-gnu
            OWNLOG:  database system is shut down
            OWNFATAL:  could not map anonymous shared memory: Cannot allocate memory
            """, "could not map anonymous shared memory: Cannot allocate memory"
        ),
        // Not from the server: the loader, say. There is no level to cut at.
        (
            "postgres: could not access directory \"/d/data\": Permission denied",
            "postgres: could not access directory \"/d/data\": Permission denied"
        ),
    ]

    @Test("The last failure of the server itself is found, with every prefix", arguments: logs)
    func failure(log: String, expected: String?) {
        for prefix in Self.prefixes {
            let text = log.replacing("OWN", with: prefix.own).replacing("SESSION", with: prefix.session)
            #expect(PostgresLog.lastFailure(in: text) == expected, "\(text)")
        }
    }

    @Test("A tail that begins in the middle of a line is no harm")
    func cutTail() {
        #expect(PostgresLog.lastFailure(in: "ould not x\nFATAL:  y") == "y")
        #expect(PostgresLog.lastFailure(in: "\u{FFFD}\u{FFFD}") == nil)
    }
}
