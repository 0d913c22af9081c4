import Testing

@testable import KeyValueCommands

@Suite("Commands of sets")
struct SetCommandsTests {
    /// Requests and replies, one after the other; the keys of before are there.
    private static let story: [(String, String, String)] = [
        // request, reply in RESP2, reply in RESP3 where it differs
        ("SADD s 1 2 2 3", ":3", ""),
        ("SADD s 3 4", ":1", ""),
        ("SMEMBERS s", "*4|$1|1|$1|2|$1|3|$1|4", "~4|$1|1|$1|2|$1|3|$1|4"),
        ("SCARD s", ":4", ""),
        ("SISMEMBER s 4", ":1", ""),
        ("SISMEMBER s a", ":0", ""),
        ("SMISMEMBER s 4 a 1", "*3|:1|:0|:1", ""),
        ("SREM s 4 5 1", ":2", ""),
        ("SADD t 3 x", ":2", ""),
        ("SINTER s t", "*1|$1|3", "~1|$1|3"),
        ("SINTER s none", "*0", "~0"),
        ("SDIFF s t", "*1|$1|2", "~1|$1|2"),
        ("SDIFF s s", "*0", "~0"),
        ("SDIFF none s", "*0", "~0"),
        ("SUNION t none", "*2|$1|3|$1|x", "~2|$1|3|$1|x"),
        ("SINTERCARD 2 s t", ":1", ""),
        ("SINTERCARD 2 s s LIMIT 1", ":1", ""),
        ("SINTERCARD 0 s", "-ERR numkeys should be greater than 0", ""),
        ("SINTERCARD 2 s", "-ERR Number of keys can't be greater than number of args", ""),
        ("SINTERCARD 1 s LIMIT -1", "-ERR LIMIT can't be negative", ""),
        ("SINTERCARD 1 s LIMIT", "-ERR syntax error", ""),
        ("SUNIONSTORE u s t", ":3", ""),
        ("SDIFFSTORE u s t", ":1", ""),
        ("SMEMBERS u", "*1|$1|2", "~1|$1|2"),
        ("SINTERSTORE u s none", ":0", ""),
        ("SMEMBERS u", "*0", "~0"),
        ("SMOVE s t 2", ":1", ""),
        ("SMOVE s t 9", ":0", ""),
        ("SMOVE s s 3", ":1", ""),
        ("SMOVE none t 3", ":0", ""),
        ("SPOP s", "$1|3", ""),
        ("SPOP s", "$-1", "_"),
        ("SPOP s 2", "*0", "~0"),
        ("SPOP t -1", "-ERR value is out of range, must be positive", ""),
        ("SPOP t 1 2", "-ERR syntax error", ""),
        ("SRANDMEMBER s", "$-1", "_"),
        ("SRANDMEMBER s 3", "*0", ""),
        ("SRANDMEMBER t x", "-ERR value is not an integer or out of range", ""),
        ("SSCAN none 0 COUNT x", "*2|$1|0|*0", ""),
        ("SSCAN t x", "-ERR invalid cursor", ""),
        ("SSCAN t 0 COUNT 0", "-ERR syntax error", ""),
        ("SSCAN t 0 MATCH [x-z] COUNT 100", "*2|$1|0|*1|$1|x", ""),
        ("SPOP t 9", "*3|$1|3|$1|x|$1|2", "~3|$1|3|$1|x|$1|2"),
        ("SET string v", "+OK", ""),
        ("SADD string x", "-WRONGTYPE Operation against a key holding the wrong kind of value", ""),
        ("SADD s 1", ":1", ""),
        ("SMOVE s string 1", "-WRONGTYPE Operation against a key holding the wrong kind of value", ""),
        ("SUNION s string", "-WRONGTYPE Operation against a key holding the wrong kind of value", ""),
        ("SINTER none string", "-WRONGTYPE Operation against a key holding the wrong kind of value", ""),
        ("SUNIONSTORE string s", ":1", ""),
        ("SMEMBERS string", "*1|$1|1", "~1|$1|1"),
    ]

    @Test("Answer as Redis does", arguments: [2, 3] as [UInt8])
    func replies(version: UInt8) {
        let client = Conversation(version: version)
        for (request, second, third) in Self.story {
            #expect(client.ask(request) == (version == 3 && !third.isEmpty ? third : second), "\(request)")
        }
    }

    @Test("Publish the events of Redis")
    func events() {
        let client = Conversation()
        client.engine.pointee.settings.notifications = [.keyEvent, .all]
        let listener = Conversation(with: client.engine)
        _ = listener.ask("PSUBSCRIBE *")
        let story: [(String, [String])] = [
            ("SADD a 1 2", ["sadd a"]), ("SADD a 1", []), ("SREM a 7", []), ("SREM a 1", ["srem a"]),
            ("SMOVE a b 2", ["srem a", "del a", "sadd b"]), ("SUNIONSTORE c b", ["sunionstore c"]),
            ("SINTERSTORE c b none", ["del c"]), ("SDIFFSTORE c b none", ["sdiffstore c"]),
            ("SPOP b", ["spop b", "del b"]), ("SADD b 1 2 3", ["sadd b"]), ("SPOP b 1", ["spop b"]),
            ("SPOP b 5", ["spop b", "del b"]), ("SREM c 2", ["srem c", "del c"]),
        ]
        for (request, expected) in story {
            _ = client.ask(request)
            let events = listener.take().split(separator: "*4|$8|pmessage|").map { message in
                let parts = message.split(separator: "|")
                return "\(parts[3].split(separator: ":")[1]) \(parts[5])"
            }
            #expect(events == expected, "\(request)")
        }
    }

    @Test("Members chosen by chance are members, and different ones unless repetition was asked for")
    func chance() {
        for members in [(0..<50).map { "m\($0)" }, (0..<400).map { String($0) }, (0..<1000).map { "m\($0)" }] {
            let client = Conversation()
            _ = client.ask(["SADD", "s"] + members)
            let drawn = words(client.ask("SRANDMEMBER s -300"))
            #expect(drawn.count == 300 && Set(drawn).isSubset(of: members))
            for wanted in [1, 10, members.count - 1, members.count + 7] {
                let sample = words(client.ask("SRANDMEMBER s \(wanted)"))
                #expect(sample.count == min(wanted, members.count) && Set(sample).count == sample.count)
            }
            let popped = words(client.ask("SPOP s \(members.count - 5)"))
            let left = words(client.ask("SMEMBERS s"))
            #expect(Set(popped + left) == Set(members) && popped.count + left.count == members.count)
        }
    }

    /// The bulk strings of an array.
    private func words(_ reply: String) -> [String] {
        let lines = reply.split(separator: "|").dropFirst()
        return lines.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }

    @Test("A scan meets all members of a table and each of its cursors is taken back")
    func scan() {
        let client = Conversation()
        let members = (0..<1000).map { "m\($0)" }
        _ = client.ask(["SADD", "s"] + members)
        var met: Set<String> = []
        var cursor = "0"
        repeat {
            let lines = client.ask("SSCAN s \(cursor) COUNT 20").split(separator: "|").map(String.init)
            cursor = lines[2]
            met.formUnion(lines.dropFirst(4).filter { $0.hasPrefix("m") })
        } while cursor != "0"
        #expect(met == Set(members))
    }

    @Test(
        "Cursors are read as strtoul reads them",
        arguments: [
            ("0", 0), ("", 0), ("18446744073709551615", .max), ("18446744073709551616", nil), ("-1", .max), ("+7", 7),
            ("-", nil), (" 1", nil), ("1 ", nil), ("0x1", nil),
        ] as [(String, UInt64?)])
    func cursor(text: String, expected: UInt64?) {
        var text = text
        #expect(text.withUTF8 { ScanCursor.parse(.init($0)) } == expected)
    }
}
