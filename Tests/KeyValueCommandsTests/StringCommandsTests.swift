import Bytes
import Keyspace
import Testing

@testable import KeyValueCommands

@Suite("Commands of strings")
struct StringCommandsTests {
    private static let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
    private static let noInteger = "-ERR value is not an integer or out of range"

    /// Requests and replies, one after the other; the keys of before are there.
    private static let values: [(String, String)] = [
        ("SET s hello", "+OK"), ("GET s", "$5|hello"), ("GET none", "$-1"), ("STRLEN s", ":5"), ("STRLEN none", ":0"),
        ("SET s x NX", "$-1"), ("SET none x XX", "$-1"), ("SET s world XX", "+OK"), ("SET s x NX GET", "$5|world"),
        ("SET s new GET", "$5|world"), ("SET fresh new GET", "$-1"), ("GETDEL fresh", "$3|new"),
        ("GETDEL fresh", "$-1"),
        ("SET s x NX XX", "-ERR syntax error"), ("SET s x EX", "-ERR syntax error"),
        ("SET s x EX 1 PX 1", "-ERR syntax error"), ("SET s x EX 1 KEEPTTL", "-ERR syntax error"),
        ("SET s x KEEPTTL EX 1", "-ERR syntax error"), ("SET s x bogus", "-ERR syntax error"),
        ("SET s x EX 0", "-ERR invalid expire time in 'set' command"),
        ("SET s x PX -1", "-ERR invalid expire time in 'set' command"),
        ("SET s x EX 9223372036854775807", "-ERR invalid expire time in 'set' command"),
        ("SET s x EX a", noInteger), ("SETEX s 0 x", "-ERR invalid expire time in 'setex' command"),
        ("PSETEX s -1 x", "-ERR invalid expire time in 'psetex' command"), ("GET s", "$3|new"),
        ("GETSET s old", "$3|new"), ("GETSET s2 v", "$-1"), ("GET s", "$3|old"),
        ("SETNX s x", ":0"), ("SETNX s3 x", ":1"),
        ("MSET a 1 b 2", "+OK"), ("MGET a none b", "*3|$1|1|$-1|$1|2"), ("MSETNX c 3 a 4", ":0"), ("GET c", "$-1"),
        ("MSETNX c 3 d 4", ":1"), ("MSET a", "-ERR wrong number of arguments for 'mset' command"),
        ("MSET a 1 b", "-ERR wrong number of arguments for 'mset' command"),
        ("MSETNX a 1 b", "-ERR wrong number of arguments for 'msetnx' command"),
        ("SADD set m", ":1"), ("GET set", wrongType), ("MGET set a", "*2|$-1|$1|1"), ("APPEND set x", wrongType),
        ("INCR set", wrongType), ("GETSET set x", wrongType), ("SET set x GET", wrongType), ("GETDEL set", wrongType),
        ("STRLEN set", wrongType), ("SETRANGE set 0 x", wrongType), ("GETEX set", wrongType),
        ("LCS set a", "-ERR The specified keys must contain string values"), ("SET set x", "+OK"), ("GET set", "$1|x"),
    ]

    private static let parts: [(String, String)] = [
        ("SET s 0123456789", "+OK"), ("GETRANGE s 0 3", "$4|0123"), ("GETRANGE s -3 -1", "$3|789"),
        ("GETRANGE s 0 -1", "$10|0123456789"), ("GETRANGE s -1 -3", "$0|"), ("GETRANGE s 5 2", "$0|"),
        ("SUBSTR s 9 100", "$1|9"), ("GETRANGE s 100 200", "$0|"), ("GETRANGE none 0 1", "$0|"),
        ("GETRANGE s 0 9223372036854775807", "$10|0123456789"), ("GETRANGE s -9223372036854775808 1", "$2|01"),
        ("GETRANGE s a 1", noInteger), ("SET n -123", "+OK"), ("GETRANGE n 0 1", "$2|-1"), ("STRLEN n", ":4"),
        ("APPEND n 4", ":5"), ("GET n", "$5|-1234"), ("INCR n", ":-1233"), ("APPEND new 12", ":2"), ("INCR new", ":13"),
        ("SETRANGE s 5 abc", ":10"), ("GET s", "$10|01234abc89"), ("SETRANGE s 12 x", ":13"),
        ("GET s", "$13|01234abc89\0\0x"), ("SETRANGE none 5 \0", ":6"), ("STRLEN none", ":6"),
        ("SETRANGE s -1 x", "-ERR offset is out of range"),
        ("SETRANGE s 536870911 xx", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
        ("SETRANGE s 9223372036854775807 xx", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
    ]

    private static let numbers: [(String, String)] = [
        ("INCR n", ":1"), ("INCRBY n 41", ":42"), ("DECR n", ":41"), ("DECRBY n 41", ":0"), ("DECRBY n -5", ":5"),
        ("INCRBY n x", noInteger), ("SET n 9223372036854775807", "+OK"),
        ("INCR n", "-ERR increment or decrement would overflow"), ("DECR n", ":9223372036854775806"),
        ("DECRBY n -9223372036854775808", "-ERR decrement would overflow"), ("SET t abc", "+OK"), ("INCR t", noInteger),
        ("INCRBYFLOAT n 1.5", "$21|9223372036854775807.5"), ("INCRBYFLOAT f 3", "$1|3"), ("INCR f", ":4"),
        ("INCRBYFLOAT f 0.1", "$3|4.1"), ("INCRBYFLOAT t 1", "-ERR value is not a valid float"),
        ("INCRBYFLOAT f x", "-ERR value is not a valid float"),
        ("INCRBYFLOAT f nan", "-ERR value is not a valid float"),
        ("INCRBYFLOAT f inf", "-ERR increment would produce NaN or Infinity"), ("GET f", "$3|4.1"),
    ]

    private static let subsequences: [(String, String)] = [
        ("MSET a ohmytext b mynewtext n 12345", "+OK"), ("LCS a b", "$6|mytext"), ("LCS a b LEN", ":6"),
        ("LCS a b IDX", "*4|$7|matches|*2|*2|*2|:4|:7|*2|:5|:8|*2|*2|:2|:3|*2|:0|:1|$3|len|:6"),
        ("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", "*4|$7|matches|*1|*3|*2|:4|:7|*2|:5|:8|:4|$3|len|:6"),
        ("LCS a none", "$0|"), ("LCS n n LEN", ":5"),
        ("LCS a b IDX LEN", "-ERR If you want both the length and indexes, please just use IDX."),
        ("LCS a b MINMATCHLEN", "-ERR syntax error"),
    ]

    @Test("Requests are answered as Redis answers them", arguments: [values, parts, numbers, subsequences])
    func stories(story: [(String, String)]) {
        let conversation = Conversation()
        for (request, reply) in story { #expect(conversation.ask(request) == reply, "\(request)") }
    }

    @Test("RESP3 has maps and its own null")
    func version3() {
        let conversation = Conversation(version: 3)
        #expect(conversation.ask("GET none") == "_")
        #expect(conversation.ask("LCS a b IDX") == "%2|$7|matches|*0|$3|len|:0")
        #expect(conversation.ask("MGET none") == "*1|_")
    }

    @Test("Times end keys, and commands that are to keep them do")
    func expiry() {
        let conversation = Conversation()
        let engine = conversation.engine
        let start = engine.pointee.now
        func get(after milliseconds: Int64) -> String {
            engine.setTime(milliseconds: start + milliseconds)
            return conversation.ask("GET k")
        }
        for (requests, end) in [
            (["SET k v PX 100"], 100), (["SET k v EX 2"], 2000), (["SETEX k 1 v"], 1000), (["PSETEX k 7 v"], 7),
            (["SET k v PXAT \(start + 50)"], 50), (["SET k v", "GETEX k PX 20"], 20),
            (["SET k x PX 30", "SET k v KEEPTTL"], 30), (["SET k x PX 30", "APPEND k v"], 30),
            (["SET k 1 PX 30", "INCR k", "INCRBYFLOAT k 1.5"], 30), (["SET k x PX 10", "SET k v PX 90"], 90),
            (["SET k x PX 30", "SETBIT k 1 1", "SETRANGE k 4 abc"], 30),
        ] as [([String], Int64)] {
            engine.setTime(milliseconds: start)
            for request in requests { #expect(!conversation.ask(request).hasPrefix("-"), "\(request)") }
            #expect(get(after: end - 1) != "$-1", "\(requests)")
            #expect(get(after: end) == "$-1", "\(requests)")
        }
        for requests in [
            ["SET k x PX 10", "SET k v"], ["SET k v PX 10", "GETEX k PERSIST"], ["SET k x PX 10", "GETSET k v"],
            ["SET k x PX 10", "MSET k v"],
        ] {
            engine.setTime(milliseconds: start)
            for request in requests { #expect(!conversation.ask(request).hasPrefix("-"), "\(request)") }
            #expect(get(after: 1 << 40) == "$1|v", "\(requests)")
        }
        #expect(conversation.ask("GETEX k EXAT 1") == "$1|v")
        #expect(conversation.ask("GET k") == "$-1")
        #expect(conversation.ask("SET k v") == "+OK")
        #expect(conversation.ask("GETEX k EX 0") == "-ERR invalid expire time in 'getex' command")
        #expect(conversation.ask("GETEX none EX 0") == "$-1")
    }

    @Test("How strings are held is what OBJECT ENCODING of Redis says")
    func encodings() {
        let conversation = Conversation()
        for (request, kind) in [
            ("SET k 12", .stringInteger), ("SET k 012", .stringInline),
            ("SET k 1\(String(repeating: "0", count: 19))", .stringInline),
            ("INCRBYFLOAT k2 3", .stringInline), ("SET k 12", .stringInteger), ("APPEND k 3", .stringBuffer),
            ("INCR k", .stringInteger), ("SETRANGE k 0 5", .stringBuffer), ("SETBIT k3 1 1", .stringBuffer),
            ("BITOP NOT k4 k", .stringBuffer), ("APPEND k5 77", .stringInteger), ("PFADD k6 a", .stringBuffer),
            ("SET k \(String(repeating: "x", count: 193))", .stringBuffer),
        ] as [(String, ValueKind)] {
            _ = conversation.ask(request)
            let words = request.split(separator: " ")
            var key = String(words.first { $0 == "k" || ($0.hasPrefix("k") && $0.count == 2) } ?? "")
            let found = key.withUTF8 { conversation.engine.pointee.databases[0].place(ByteSlice($0)).entry?.kind }
            #expect(found == kind, "\(request)")
        }
    }

    @Test("Changes are counted and published, and what changes nothing is not")
    func events() {
        let conversation = Conversation()
        let engine = conversation.engine
        engine.pointee.settings.notifications = [.keyEvent, .string, .generic, .new]
        let listener = Conversation(with: engine)
        #expect(listener.ask("PSUBSCRIBE *") == "*3|$10|psubscribe|$1|*|:1")
        for (request, events, changes) in [
            ("SET k v", ["new", "set"], 1), ("SET k v EX 10", ["set", "expire"], 1), ("SET k v NX", [], 0),
            ("GETEX k PERSIST", ["persist"], 1), ("GETEX k PERSIST", [], 0), ("GETEX k", [], 0),
            ("GETEX k EX 10", ["expire"], 1), ("GETEX k EXAT 1", ["del"], 1), ("APPEND k 1", ["new", "append"], 1),
            ("INCR k", ["incrby"], 1), ("INCRBYFLOAT k 1", ["incrbyfloat"], 1), ("SETRANGE k 3 x", ["setrange"], 1),
            ("SETRANGE k 3 ", [], 0), ("SETBIT k 0 1", ["setbit"], 1), ("SETBIT k 0 1", [], 0),
            ("BITFIELD k SET u8 0 1 SET u8 8 2", ["setbit"], 2), ("BITOP OR k k none", ["set"], 1),
            ("BITOP OR k none none2", ["del"], 1), ("BITOP OR k none none2", [], 0), ("GETDEL k", [], 0),
            ("MSET a 1 b 2", ["new", "set", "new", "set"], 2), ("PFADD h a b c", ["new", "pfadd"], 4),
            ("PFADD h a", [], 0), ("PFCOUNT h", [], 1), ("PFCOUNT h", [], 0), ("PFMERGE h2 h", ["new", "pfadd"], 1),
        ] as [(String, [String], Int)] {
            let before = engine.pointee.dirty
            _ = conversation.ask(request)
            let published = listener.take().split(separator: "__keyevent@0__:").dropFirst().map {
                String($0.prefix { $0 != "|" })
            }
            #expect(published == events, "\(request)")
            #expect(engine.pointee.dirty - before == changes, "\(request)")
        }
    }
}
