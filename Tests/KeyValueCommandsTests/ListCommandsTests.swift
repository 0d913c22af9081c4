import Bytes
import Keyspace
import Testing

@testable import KeyValueCommands

@Suite("Commands of lists")
struct ListCommandsTests {
    /// Requests and replies, one after the other; the keys of before are there.
    private static let story: [(String, String)] = [
        ("RPUSH l a b", ":2"),
        ("LPUSH l 1 2", ":4"),
        ("LRANGE l 0 -1", "*4|$1|2|$1|1|$1|a|$1|b"),
        ("LRANGE l -2 100", "*2|$1|a|$1|b"),
        ("LRANGE l 3 2", "*0"),
        ("LRANGE l -9223372036854775808 9223372036854775807", "*4|$1|2|$1|1|$1|a|$1|b"),
        ("LRANGE l x 2", "-ERR value is not an integer or out of range"),
        ("LPUSHX none a", ":0"),
        ("RPUSHX l c", ":5"),
        ("LLEN l", ":5"),
        ("LLEN none", ":0"),
        ("LINDEX l -1", "$1|c"),
        ("LINDEX l 5", "$-1"),
        ("LSET l -1 d", "+OK"),
        ("LSET l 5 d", "-ERR index out of range"),
        ("LSET none 0 d", "-ERR no such key"),
        ("LINSERT l BEFORE a x", ":6"),
        ("LINSERT l AFTER d y", ":7"),
        ("LINSERT l AFTER nothing y", ":-1"),
        ("LINSERT none AFTER a y", ":0"),
        ("LINSERT l beside a y", "-ERR syntax error"),
        ("LRANGE l 0 -1", "*7|$1|2|$1|1|$1|x|$1|a|$1|b|$1|d|$1|y"),
        ("LTRIM l 1 -2", "+OK"),
        ("LPOP l 2", "*2|$1|1|$1|x"),
        ("RPOP l 2", "*2|$1|d|$1|b"),
        ("LPOP l 0", "*0"),
        ("LPOP none 0", "*-1"),
        ("LPOP l -1", "-ERR value is out of range, must be positive"),
        ("LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command"),
        ("RPOP l", "$1|a"),
        ("EXISTS l", ":0"),
        ("RPUSH l a b a c a", ":5"),
        ("LPOS l a", ":0"),
        ("LPOS l a RANK 2", ":2"),
        ("LPOS l a RANK -1", ":4"),
        ("LPOS l a COUNT 0", "*3|:0|:2|:4"),
        ("LPOS l a COUNT 2 RANK -1", "*2|:4|:2"),
        ("LPOS l a COUNT 0 MAXLEN 3", "*2|:0|:2"),
        ("LPOS l z", "$-1"),
        ("LPOS l z COUNT 1", "*0"),
        (
            "LPOS l a RANK 0",
            "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to "
                + "start from the end of the list"
        ),
        ("LPOS l a COUNT -1", "-ERR COUNT can't be negative"),
        ("LREM l -2 a", ":2"),
        ("LRANGE l 0 -1", "*3|$1|a|$1|b|$1|c"),
        ("LREM l 0 z", ":0"),
        ("LMOVE l l LEFT RIGHT", "$1|a"),
        ("LMOVE l other right LEFT", "$1|a"),
        ("RPOPLPUSH none other", "$-1"),
        ("RPOPLPUSH l other", "$1|c"),
        ("LRANGE other 0 -1", "*2|$1|c|$1|a"),
        ("LMPOP 2 none other RIGHT COUNT 5", "*2|$5|other|*2|$1|a|$1|c"),
        ("LMPOP 2 none other RIGHT", "*-1"),
        ("LMPOP 0 l LEFT", "-ERR numkeys should be greater than 0"),
        ("LMPOP 1 l LEFT COUNT 0", "-ERR count should be greater than 0"),
        ("LMPOP 1 l LEFT COUNT 1 COUNT 1", "-ERR syntax error"),
        ("LMPOP 2 l LEFT", "-ERR syntax error"),
        ("SET string v", "+OK"),
        ("LPUSH string a", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LMOVE l string LEFT LEFT", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("LLEN l", ":1"),
        ("BLPOP string 0", "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        ("BLPOP l x", "-ERR timeout is not a float or out of range"),
        ("BLPOP l -1", "-ERR timeout is negative"),
        ("BLPOP l -inf", "-ERR timeout is negative"),
        ("BLPOP l 0x7FFFFFFFFFFFFF", "-ERR timeout is out of range"),
        ("BLPOP l inf", "-ERR timeout is out of range"),
        ("BRPOP none l 0", "*2|$1|l|$1|b"),
    ]

    @Test("Each request gets Redis's reply")
    func replies() {
        let client = Conversation()
        for (request, reply) in Self.story { #expect(client.ask(request) == reply, "\(request)") }
    }

    @Test("Clients that wait are served in the order in which they came, whatever they wait with")
    func waiting() {
        let first = Conversation()
        let others = (0..<4).map { _ in Conversation(with: first.engine) }
        #expect(others[0].ask("BLPOP nothing l 0") == "")
        #expect(others[1].ask("BLMOVE l moved LEFT RIGHT 0") == "")
        #expect(others[2].ask("BLMPOP 0 1 l RIGHT COUNT 2") == "")
        #expect(others[3].ask("BRPOPLPUSH l moved 0") == "")
        #expect(first.ask("RPUSH l a b c d e") == ":5")
        #expect(others[0].take() == "*2|$1|l|$1|a")
        #expect(others[1].take() == "$1|b")
        #expect(others[2].take() == "*2|$1|l|*2|$1|e|$1|d")
        #expect(others[3].take() == "$1|c")
        #expect(first.ask("LRANGE moved 0 -1") == "*2|$1|c|$1|b")
        #expect(first.ask("EXISTS l") == ":0")
    }

    @Test("An element that one waiting client moves serves the next")
    func chain() {
        let first = Conversation()
        let others = (0..<2).map { _ in Conversation(with: first.engine) }
        #expect(others[0].ask("BLPOP b 0") == "")
        #expect(others[1].ask("BRPOPLPUSH a b 0") == "")
        #expect(first.ask("LPUSH a x") == ":1")
        #expect(others[1].take() == "$1|x")
        #expect(others[0].take() == "*2|$1|b|$1|x")
        #expect(first.ask("EXISTS a b") == ":0")
    }

    @Test("A client whose time is up gets a null array and goes on, and its command counts once")
    func timeout() {
        let client = Conversation()
        let engine = client.engine
        engine.setTime(milliseconds: 1_000_000)
        #expect(client.ask("BLMOVE l m LEFT LEFT 0.5") == "")
        engine.setTime(milliseconds: 1_000_499)
        engine.endDueWaits()
        #expect(client.take() == "")
        engine.setTime(milliseconds: 1_000_500)
        engine.endDueWaits()
        #expect(client.take() == "*-1")
        #expect(client.ask("RPUSH l a") == ":1")
        #expect(client.ask("BLMOVE l m LEFT LEFT 0.5") == "$1|a")
        let command = "blmove".utf8.withContiguousStorageIfAvailable { engine.pointee.directory.find(ByteSlice($0)) }
        #expect(command??.pointee.callCount == 2)
    }

    @Test("Inside a transaction nobody waits")
    func transaction() {
        let client = Conversation()
        _ = client.ask("MULTI")
        for request in ["BLPOP l 0", "BLMOVE l m LEFT LEFT 0", "BLMPOP 0 1 l LEFT", "RPUSH l a", "BLPOP l 0"] {
            #expect(client.ask(request) == "+QUEUED")
        }
        #expect(client.ask("EXEC") == "*5|*-1|$-1|*-1|:1|*2|$1|l|$1|a")
    }

    @Test("A list changes its encoding at the limit, and back at half of it")
    func encoding() {
        let client = Conversation()
        client.engine.pointee.settings.encoding.listNodeLimit = 4
        _ = client.ask("RPUSH l a b c d")
        #expect(client.ask("OBJECT ENCODING l") == "$8|listpack")
        _ = client.ask("LINSERT l BEFORE a z")
        #expect(client.ask("OBJECT ENCODING l") == "$9|quicklist")
        _ = client.ask("LTRIM l 0 2")
        #expect(client.ask("OBJECT ENCODING l") == "$9|quicklist")
        _ = client.ask("LPOP l")
        #expect(client.ask("OBJECT ENCODING l") == "$8|listpack")
        #expect(client.ask("LRANGE l 0 -1") == "*2|$1|a|$1|b")
    }
}
