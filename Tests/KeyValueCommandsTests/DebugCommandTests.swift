import Bytes
import Keyspace
import Testing

@testable import KeyValueCommands

/// DEBUG and MEMORY, as clients see them.
@Suite struct DebugCommandTests {
    private func client() -> Conversation {
        let client = Conversation()
        client.engine.pointee.settings.debugCommand = .yes
        return client
    }

    /// The examples of FIPS 180-4 and one over two blocks.
    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"), ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
    ])
    func sha1(_ text: String, _ expected: String) {
        var text = text
        let digest = text.withUTF8 { SHA1.digest(ByteSlice($0)) }
        #expect(digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() == expected)
    }

    @Test func digests() {
        let client = client()
        #expect(client.ask("DEBUG DIGEST") == "+" + String(repeating: "0", count: 40))
        _ = client.ask("SADD a 1 2 3")
        let digest = client.ask("DEBUG DIGEST")
        _ = client.ask("DEL a")
        _ = client.ask("SADD a 3 2 1")
        #expect(client.ask("DEBUG DIGEST") == digest)
        _ = client.ask("SADD a 4")
        #expect(client.ask("DEBUG DIGEST") != digest)
    }

    @Test func refusals() {
        let client = client()
        #expect(
            client.ask("DEBUG CHANGE-REPL-ID") == "-ERR DEBUG CHANGE-REPL-ID needs replication, which is not built yet")
        #expect(
            client.ask("DEBUG nosuch")
                == "-ERR unknown subcommand or wrong number of arguments for 'nosuch'. Try DEBUG HELP.")
        client.engine.pointee.settings.debugCommand = .no
        #expect(client.ask("DEBUG DIGEST").hasPrefix("-ERR DEBUG command not allowed."))
    }

    @Test func populating() {
        let client = client()
        #expect(client.ask("DEBUG POPULATE 10 k 20") == "+OK")
        #expect(client.ask("STRLEN k:3") == ":20")
        #expect(client.ask("DEBUG POPULATE 12 k") == "+OK")
        #expect(client.ask("DBSIZE") == ":12")
        #expect(client.ask("GET k:11") == "$8|value:11")
    }

    @Test func values() {
        let client = client()
        _ = client.ask("RPUSH l a b")
        #expect(client.ask("DEBUG OBJECT l").contains("encoding:listpack"))
        client.engine.pointee.settings.encoding.listNodeLimit = 2
        _ = client.ask("DEBUG QUICKLIST-PACKED-THRESHOLD 10b")
        _ = client.ask("RPUSH l 01234567890123456789")
        #expect(client.ask("DEBUG OBJECT l").contains("ql_nodes:2"))
        #expect(client.ask("DEBUG QUICKLIST-PACKED-THRESHOLD 5gb").hasPrefix("-ERR argument must be a memory value"))
        #expect(client.ask("DEBUG OBJECT nosuch") == "-ERR no such key")
        #expect(client.ask("DEBUG STRINGMATCH-LEN a*c abc") == ":1")
    }

    @Test func memory() {
        let client = client()
        _ = client.ask("SET a 1")
        #expect(client.ask("MEMORY USAGE nosuch") == "$-1")
        #expect(client.ask("MEMORY USAGE a SAMPLES -1") == "-ERR syntax error")
        for index in 0..<1000 { _ = client.ask("HSET h field:\(index) value") }
        let usage = Int(client.ask("MEMORY USAGE h SAMPLES 0").dropFirst()) ?? 0
        #expect(usage > 20_000 && usage < 100_000)
        #expect(client.ask("MEMORY STATS").hasPrefix("*56|$14|peak.allocated|"))
        #expect(client.ask("MEMORY PURGE") == "+OK")
    }
}
