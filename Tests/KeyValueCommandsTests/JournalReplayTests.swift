import Bytes
import Glibc
import KeyValuePersistence
import RESP
import Testing

@testable import KeyValueCommands

/// An engine that executes the journal of another has the same data.
@Suite struct JournalReplayTests {
    /// A directory of its own, removed at the end.
    private final class Directory {
        let files: AppendOnlyDirectory

        init() throws {
            var template = Array("/tmp/atoll-journal-XXXXXX".utf8CString)
            let path = try #require(mkdtemp(&template).map { String(cString: $0) })
            files = AppendOnlyDirectory(parentPath: path, name: "aof", fileName: "a.aof")
            try files.create()
        }

        deinit {
            for name in ["a.aof.1.incr.aof", "a.aof.manifest"] { unlink(files.path(of: name)) }
            rmdir(files.path)
            rmdir(files.parentPath)
        }

        func write(_ bytes: ByteSlice) -> AppendOnlyManifest {
            var manifest = AppendOnlyManifest()
            let file = manifest.addIncrement(fileName: "a.aof")
            let descriptor = open(files.path(of: file.name), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            #expect(Glibc.write(descriptor, bytes.baseAddress, bytes.count) == bytes.count)
            close(descriptor)
            return manifest
        }
    }

    private func load(
        _ directory: Directory, _ bytes: ByteSlice, into engine: EngineReference, repairs: Bool = false
    ) throws(AppendOnlyFailure) -> Int64 {
        let loader = AppendOnlyLoader(engine: engine, directory: directory.files, repairsTruncated: repairs) { _, _ in }
        return try loader.load(directory.write(bytes))
    }

    /// All that can be seen of the data, but for times of consumers, which a file does not have.
    private func contents(_ client: Conversation) -> [String] {
        client.engine.pointee.settings.debugCommand = .yes
        var lines: [String] = []
        for index in 0..<3 {
            _ = client.ask("SELECT \(index)")
            let keys = client.ask("KEYS *").split(separator: "|").dropFirst().enumerated()
                .filter { !$0.offset.isMultiple(of: 2) }.map { String($0.element) }.sorted()
            for key in keys {
                let digest = client.ask("DEBUG DIGEST-VALUE \(key)")
                lines.append("\(index) \(key) \(client.ask("PEXPIRETIME \(key)")) \(digest)")
                guard client.ask("TYPE \(key)") == "+stream" else { continue }
                var fields = client.ask("XINFO STREAM \(key) FULL COUNT 0").split(separator: "|")
                for position in fields.indices
                where fields[position] == "seen-time" || fields[position] == "active-time" {
                    fields[position + 1] = ""
                }
                lines.append(fields.joined(separator: "|"))
            }
        }
        return lines
    }

    @Test(arguments: 0..<40) func randomHistories(_ seed: Int) throws {
        var history = RandomHistory(seed: UInt64(seed) &+ 77)
        let client = Conversation()
        let other = Conversation(with: client.engine)
        let engine = client.engine
        var now: Int64 = 1_700_000_000_000
        engine.setTime(milliseconds: now)
        engine.pointee.journal.enable()
        var log = OutputBuffer()
        for _ in 0..<1500 {
            now += Int64(history.below(8))
            engine.setTime(milliseconds: now)
            engine.endDueWaits()
            if history.below(40) == 0 { _ = engine.expireCycle() }
            let speaker = history.below(4) == 0 ? other : client
            if history.below(30) == 0 {
                _ = speaker.ask("MULTI")
                for _ in 0..<history.below(5) { _ = speaker.ask(history.request(now: now)) }
                _ = speaker.ask("EXEC")
            } else {
                _ = speaker.ask(history.request(now: now))
            }
            engine.resumeClients()
            if history.below(10) == 0 { engine.pointee.journal.take(appendingTo: &log) }
        }
        engine.pointee.journal.take(appendingTo: &log)
        let copy = Conversation(with: Engine.make(seed: 99, usesThreads: false))
        copy.engine.setTime(milliseconds: now)
        let directory = try Directory()
        #expect(try load(directory, log.readable, into: copy.engine) == Int64(log.count))
        #expect(contents(copy) == contents(Conversation(with: engine)))
    }

    private func replay(_ text: String, repairs: Bool = true) throws -> (client: Conversation, byteCount: Int64) {
        let client = Conversation(with: Engine.make(seed: 3, usesThreads: false))
        let directory = try Directory()
        let bytes = Array(text.utf8)
        let byteCount = try bytes.withUnsafeBytes { slice in
            Result { () throws(AppendOnlyFailure) in try load(directory, slice, into: client.engine, repairs: repairs) }
        }.get()
        return (client, byteCount)
    }

    private func encoded(_ lines: [String]) -> String {
        lines.map { line in
            let words = line.split(separator: " ")
            return "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        }.joined()
    }

    @Test func truncatedTailIsCutOff() throws {
        let whole = encoded(["SET a 1", "INCR a"])
        let next = Array(encoded(["INCR a"]).utf8)
        for cut in 1..<next.count {
            let result = try replay(whole + String(decoding: next[..<cut], as: UTF8.self))
            #expect(result.client.ask("GET a") == "$1|2")
            #expect(result.byteCount == Int64(whole.utf8.count))
        }
    }

    @Test func transactionWithoutEndIsCutOff() throws {
        let whole = encoded(["SET a 1", "MULTI", "INCR a", "INCR a", "EXEC"])
        let result = try replay(whole + encoded(["MULTI", "INCR a"]))
        #expect(result.client.ask("GET a") == "$1|3")
        #expect(result.byteCount == Int64(whole.utf8.count))
        let half = try replay(whole + encoded(["MULTI", "INCR a"]) + "*2\r\n$4")
        #expect(half.byteCount == Int64(whole.utf8.count))
    }

    @Test(arguments: [
        ("*1\r\n$3\r\nSET", "Unexpected end of file"), ("!!!", "Bad file format"), ("*x\r\n", "Bad file format"),
        ("*0\r\n", "Bad file format"), ("*1\r\n:1\r\n", "Bad file format"),
        ("*1\r\n$3\r\nBLA\r\n", "Unknown command 'BLA'"),
        ("*1\r\n$3\r\nGET\r\n", "Wrong number"), ("PING\r\n", "Bad file format"),
        ("*1\r\n$99999999999\r\nx", "Unexpected end of file"), ("*1\r\n$5\r\nMULTI\r\n", "Unexpected end of file"),
    ])
    func refuses(_ text: String, _ reason: String) {
        let failure = #expect(throws: AppendOnlyFailure.self) { try replay(text, repairs: false) }
        #expect(failure?.reason.contains(reason) == true, "\(failure?.reason ?? "")")
    }

    /// A server writes only what changes something: anything else was put there by hand, and may be meant to harm.
    @Test func commandsThatChangeNothingArePassedOver() throws {
        let lines = [
            "SET a 1", "SHUTDOWN NOSAVE", "CONFIG SET maxmemory 12345", "MULTI", "GET a", "CONFIG SET maxmemory 12346",
            "INCR a", "DISCARD", "EXEC", "RESET", "DEBUG SEGFAULT", "PFCOUNT a", "SELECT 1", "SET b 1",
        ]
        let result = try replay(encoded(lines))
        #expect(result.client.ask("CONFIG GET maxmemory") == "*2|$9|maxmemory|$1|0")
        #expect(result.client.ask("GET a") == "$1|2")
        #expect(result.client.ask("SELECT 1") == "+OK")
        #expect(result.client.ask("GET b") == "$1|1")
    }

    @Test func theCheckRefusesWhatLoadingRefuses() {
        let check = LoggedCommandCheck()
        func refusal(_ line: String) -> String? {
            var vector = ArgumentVector()
            let bytes = Array(line.utf8)
            return bytes.withUnsafeBytes { bytes in
                #expect(InlineRequest.split(bytes, into: &vector))
                return check.refusal(vector.arguments)
            }
        }
        for line in ["SET a 1", "select 1", "GET a", "XGROUP CREATE a b 0", "FUNCTION LOAD x", "SHUTDOWN"] {
            #expect(refusal(line) == nil, "\(line)")
        }
        #expect(refusal("BLA 1") == "Unknown command 'BLA'")
        #expect(refusal("SET a") == "Wrong number of arguments for 'set'")
        #expect(refusal("XGROUP BLA a") == "Unknown subcommand 'BLA' of 'xgroup'")
        #expect(refusal("EVAL x 0") == "The command 'eval' is not built yet,")
    }

    @Test func annotationsArePassedOver() throws {
        let result = try replay("#TS:1\r\n" + encoded(["SET a 1"]) + "#TS:22\r\n", repairs: false)
        #expect(result.client.ask("GET a") == "$1|1")
    }

    /// A key whose expiry is past while it is loaded may have been made to stay by what follows.
    @Test func noKeyFallsDueWhileLoading() throws {
        let result = try replay(encoded(["SET a 1", "PEXPIREAT a 1000", "PERSIST a", "SET b 1 PXAT 1000", "INCR b"]))
        #expect(result.client.ask("GET a") == "$1|1")
        #expect(result.client.ask("GET b") == "$-1")
    }
}
