import Bytes
import Testing

@testable import KeyValueCommands

/// What the journal gets for which command, in the words of redis-server's append-only file.
@Suite struct JournalTests {
    private func client() -> Conversation {
        let client = Conversation()
        client.engine.setTime(milliseconds: 1_000_000)
        client.engine.pointee.journal.enable()
        return client
    }

    /// The requests in the journal since it was last read, with spaces between words and `|` between requests.
    private func journal(_ client: Conversation) -> String {
        var log = OutputBuffer()
        client.engine.pointee.journal.take(into: &log)
        var requests: [String] = []
        var lines = log.readable.text.split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        while let head = lines.popFirst(), head.first == "*" {
            let words = (0..<(Int(head.dropFirst()) ?? 0)).compactMap { _ -> Substring? in
                _ = lines.popFirst()
                return lines.popFirst()
            }
            requests.append(words.joined(separator: " "))
        }
        return requests.joined(separator: "|")
    }

    @Test func databaseIsToldWhenItChanges() {
        let client = client()
        _ = client.ask("SET a 1")
        _ = client.ask("SET b 2")
        _ = client.ask("SELECT 3")
        _ = client.ask("GET a")
        _ = client.ask("SET a 3")
        #expect(journal(client) == "SELECT 0|SET a 1|SET b 2|SELECT 3|SET a 3")
        _ = client.ask("SET a 4")
        #expect(journal(client) == "SET a 4")
        client.engine.pointee.journal.forgetSelection()
        _ = client.ask("SET a 5")
        #expect(journal(client) == "SELECT 3|SET a 5")
    }

    /// Setup, the command, and what is in the journal.
    @Test(arguments: [
        ("", "SET a 1 EX 10", "SET a 1 PXAT 1010000"), ("", "SETEX a 10 1", "SET a 1 PXAT 1010000"),
        ("SET a 1", "EXPIRE a 10", "PEXPIREAT a 1010000"), ("SET a 1", "EXPIRE a -1", "DEL a"),
        ("SET a 1", "EXPIRE a 10 GT", ""), ("SET a 1", "GETEX a PX 5", "PEXPIREAT a 1000005"),
        ("SET a 1", "GETEX a", ""), ("SET a 1", "GETEX a EXAT 1", "DEL a"),
        ("SET a 1 EX 10", "GETEX a PERSIST", "PERSIST a"), ("SET a 1", "GETDEL a", "DEL a"),
        ("SET a 1", "GETSET a 2", "SET a 2"), ("SET a 1", "SET a 2 GET", "SET a 2"),
        ("SET a 1", "INCRBYFLOAT a 0.5", "SET a 1.5 KEEPTTL"), ("", "HINCRBYFLOAT a b 0.5", "HSET a b 0.5"),
        ("SET a 1", "SETNX a 2", ""), ("SADD a 1", "SPOP a", "SREM a 1"), ("SADD a 1 2", "SPOP a 5", "DEL a"),
        ("RPUSH a 1 2", "BLPOP a 0", "LPOP a"), ("RPUSH a 1 2", "BRPOP a 0", "RPOP a"),
        ("RPUSH a 1 2", "BLMOVE a b LEFT RIGHT 0", "LMOVE a b LEFT RIGHT"),
        ("RPUSH a 1 2", "BRPOPLPUSH a b 0", "RPOPLPUSH a b"), ("RPUSH a 1 2", "LMPOP 2 x a LEFT COUNT 5", "LPOP a 2"),
        ("RPUSH a 1 2", "BLMPOP 0 1 a RIGHT", "RPOP a 1"), ("ZADD a 1 x", "BZPOPMIN a 0", "zpopmin a"),
        ("ZADD a 1 x 2 y", "ZMPOP 1 a MAX COUNT 9", "zpopmax a 2"), ("", "FLUSHALL", "FLUSHALL"),
        ("", "XADD a * b c", "XADD a 1000000-0 b c"), ("XADD a 5-1 b c", "XADD a 5-* b c", "XADD a 5-2 b c"),
        ("XADD limit 1-1 b c", "XADD limit MAXLEN ~ 5 LIMIT 5 2-2 b c", "XADD limit MAXLEN = 2 2-2 b c"),
        ("XADD a 1-1 b c", "XGROUP CREATE a g 0", "XGROUP CREATE a g 0"), ("", "DEL a", ""),
    ])
    func replacements(_ setup: String, _ command: String, _ expected: String) {
        let client = client()
        if !setup.isEmpty { _ = client.ask(setup) }
        _ = client.ask("SELECT 0")
        _ = journal(client)
        _ = client.ask(command)
        let text = journal(client)
        #expect(text.hasPrefix("SELECT 0|") ? String(text.dropFirst(9)) == expected : text == expected)
    }

    @Test func groupReadsBecomeClaims() {
        let client = client()
        _ = client.ask("XADD a 1-1 b c")
        _ = client.ask("XGROUP CREATE a g 0")
        _ = journal(client)
        _ = client.ask("XREADGROUP GROUP g c STREAMS a >")
        #expect(
            journal(client)
                == "MULTI|XGROUP CREATECONSUMER a g c"
                + "|XCLAIM a g c 0 1-1 TIME 1000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1"
                + "|XGROUP SETID a g 1-1 ENTRIESREAD 1|EXEC")
        _ = client.ask("XREADGROUP GROUP g c STREAMS a >")
        #expect(journal(client) == "")
    }

    @Test func transactionsAreWrappedWhenTheyWriteMoreThanOnce() {
        let client = client()
        _ = client.ask("SET x 0")
        _ = journal(client)
        for line in ["MULTI", "SET a 1", "GET a", "EXEC"] { _ = client.ask(line) }
        #expect(journal(client) == "SET a 1")
        for line in ["MULTI", "SET a 1", "SELECT 1", "SET b 2", "EXEC"] { _ = client.ask(line) }
        #expect(journal(client) == "MULTI|SET a 1|SELECT 1|SET b 2|EXEC")
        for line in ["MULTI", "GET a", "EXEC"] { _ = client.ask(line) }
        #expect(journal(client) == "")
    }

    @Test func expiredKeysAreDeleted() {
        let client = client()
        for name in ["a", "b", "c", "d"] { _ = client.ask("SET \(name) 1 PX 5") }
        _ = journal(client)
        client.engine.setTime(milliseconds: 1_000_010)
        _ = client.ask("GET a")
        #expect(journal(client) == "DEL a")
        _ = client.ask("INCR b")
        #expect(journal(client) == "MULTI|DEL b|INCR b|EXEC")
        _ = client.engine.expireCycle()
        #expect(Set(journal(client).split(separator: "|")) == ["DEL c", "DEL d"])
    }

    @Test func evictedKeysAreDeleted() {
        let client = client()
        _ = client.ask("SET a 1")
        _ = journal(client)
        client.engine.pointee.settings.maxMemoryPolicy = .allKeysRandom
        client.engine.pointee.settings.maxMemoryByteCount = 1
        _ = client.ask("PING")
        #expect(journal(client) == "DEL a")
    }

    @Test func blockedClientsAreServedAfterWhatServesThem() {
        let client = client()
        let other = Conversation(with: client.engine)
        _ = other.ask("BLPOP l 0")
        _ = client.ask("RPUSH l x")
        #expect(journal(client) == "SELECT 0|RPUSH l x|LPOP l")
        #expect(other.take() == "*2|$1|l|$1|x")
    }

    @Test func timestampsAreNotedOnceASecond() {
        let client = client()
        client.engine.pointee.journal.writesTimestamps = true
        for line in ["SET a 1", "SET a 2", "MULTI", "SET a 3", "SET a 4", "EXEC"] { _ = client.ask(line) }
        client.engine.setTime(milliseconds: 1_001_000)
        for line in ["MULTI", "SET a 5", "SET a 6", "EXEC"] { _ = client.ask(line) }
        var log = OutputBuffer()
        client.engine.pointee.journal.take(into: &log)
        let text = log.readable.text
        #expect(text.hasPrefix("#TS:1000\r\n*2\r\n$6\r\nSELECT"))
        #expect(text.contains("EXEC\r\n#TS:1001\r\n*1\r\n$5\r\nMULTI\r\n"))
        #expect(text.components(separatedBy: "#TS").count == 3)
    }

    /// What commands said about the journal while there was none does not count once there is one.
    @Test func beginsAnew() {
        let client = client()
        client.engine.pointee.journal.disable()
        _ = client.ask("XADD x 1-1 a b")
        _ = client.ask("XGROUP CREATE x g 0")
        _ = client.ask("XREADGROUP GROUP g c STREAMS x >")
        client.engine.pointee.journal.enable()
        _ = client.ask("SET a 1")
        #expect(journal(client) == "SELECT 0|SET a 1")
    }

    @Test func disabledJournalIsEmpty() {
        let client = client()
        _ = client.ask("SET a 1")
        client.engine.pointee.journal.disable()
        _ = client.ask("SET a 2")
        #expect(journal(client) == "")
    }
}

extension String {
    fileprivate func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
