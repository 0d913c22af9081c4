import Bytes
import Keyspace
import Testing

@testable import KeyValueCommands

/// Commands on streams as clients see them, several clients at once.
@Suite struct StreamCommandsTests {
    /// An engine whose clock stands still unless told otherwise, and its clients by name.
    private final class Company {
        private let first = Conversation()
        private var clients: [String: Conversation] = [:]
        var engine: EngineReference { first.engine }

        init() { engine.setTime(milliseconds: 1000) }

        private func client(_ name: String, version: UInt8 = 2) -> Conversation {
            if let client = clients[name] { return client }
            let client = Conversation(with: engine, version: version)
            clients[name] = client
            return client
        }

        /// What a client has been sent since it was last asked.
        func received(_ name: String) -> String { client(name).take() }

        /// Sends a line and returns the reply: empty if the client waits.
        @discardableResult
        func send(_ line: String, as name: String = "main", version: UInt8 = 2) -> String {
            client(version == 2 ? name : "\(name) of version \(version)", version: version).ask(line)
        }

        func advance(milliseconds: Int64) {
            engine.setTime(milliseconds: engine.pointee.now + milliseconds)
            engine.endDueWaits()
        }
    }

    @Test func idsOfNewEntries() {
        let it = Company()
        #expect(it.send("XADD s * f v") == "$6|1000-0")
        #expect(it.send("XADD s * f v") == "$6|1000-1")
        #expect(it.send("XADD s 1000-* f v") == "$6|1000-2")
        #expect(it.send("XADD s 2000 f v") == "$6|2000-0")
        #expect(it.send("XADD s * f v") == "$6|2000-1")
        #expect(it.send("XADD t 0-* f v") == "$3|0-1")
        let low = "-ERR The ID specified in XADD is equal or smaller than the target stream top item"
        #expect(it.send("XADD s 2000-1 f v") == low)
        #expect(it.send("XADD s 1999-* f v") == low)
        #expect(it.send("XADD s 0-0 f v") == "-ERR The ID specified in XADD must be greater than 0-0")
        #expect(it.send("XADD s x f v") == "-ERR Invalid stream ID specified as stream command argument")
        #expect(it.send("XADD s * f") == "-ERR wrong number of arguments for 'xadd' command")
        #expect(it.send("XADD none NOMKSTREAM * f v") == "$-1")
        #expect(it.send("XADD s 18446744073709551615-18446744073709551615 f v").hasPrefix("$41|"))
        #expect(
            it.send("XADD s * f v")
                == "-ERR The stream has exhausted the last possible ID, unable to add more items")
        #expect(it.send("XLEN s") == ":6")
    }

    @Test func ranges() {
        let it = Company()
        for number in 1...3 { it.send("XADD s \(number)-1 f \(number)") }
        func entry(_ number: Int) -> String { "*2|$3|\(number)-1|*2|$1|f|$1|\(number)" }
        #expect(it.send("XRANGE s - +") == "*3|\(entry(1))|\(entry(2))|\(entry(3))")
        #expect(it.send("XREVRANGE s + - COUNT 2") == "*2|\(entry(3))|\(entry(2))")
        #expect(it.send("XRANGE s (1-1 3-0") == "*1|\(entry(2))")
        #expect(it.send("XRANGE s 2 2") == "*1|\(entry(2))")
        #expect(it.send("XRANGE s - + COUNT 0") == "*-1")
        #expect(it.send("XRANGE none - +") == "*0")
        #expect(
            it.send("XRANGE s (18446744073709551615-18446744073709551615 +")
                == "-ERR invalid start ID for the interval")
        #expect(it.send("XRANGE s - (0-0") == "-ERR invalid end ID for the interval")
        #expect(it.send("XREAD STREAMS s 2-1") == "*1|*2|$1|s|*1|\(entry(3))")
        #expect(it.send("XREAD STREAMS s 2-1", version: 3) == "%1|$1|s|*1|\(entry(3))")
        #expect(it.send("XREAD STREAMS s $") == "*-1")
    }

    @Test(arguments: [
        ("XTRIM s MAXLEN 3", ":7", ":3"), ("XTRIM s MAXLEN = 0", ":10", ":0"), ("XTRIM s MINID 5", ":4", ":6"),
        ("XTRIM s MAXLEN ~ 3", ":4", ":6"), ("XTRIM s MAXLEN ~ 3 LIMIT 3", ":0", ":10"),
        ("XTRIM s MINID ~ 9 LIMIT 4", ":4", ":6"), ("XTRIM s MAXLEN ~ 0 LIMIT 0", ":10", ":0"),
        ("XTRIM s MAXLEN -1", "-ERR The MAXLEN argument must be >= 0.", ":10"),
        ("XTRIM s MAXLEN 5 LIMIT 1", "-ERR syntax error, LIMIT cannot be used without the special ~ option", ":10"),
        ("XTRIM s LIMIT 1", "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy", ":10"),
        ("XTRIM s LIMIT 0", "-ERR syntax error, XTRIM must be called with a trimming strategy", ":10"),
        (
            "XTRIM s MAXLEN 1 MINID 1",
            "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible", ":10"
        ),
    ])
    func trims(request: String, reply: String, length: String) {
        let it = Company()
        it.engine.pointee.settings.encoding.streamNodeEntriesMax = 4
        for number in 1...10 { it.send("XADD s \(number)-1 f v") }
        #expect(it.send(request) == reply)
        #expect(it.send("XLEN s") == length)
    }

    @Test func readersWaitForEntriesBehindTheOnesOfNow() {
        let it = Company()
        it.send("XADD s 1-1 f v")
        #expect(it.send("XREAD BLOCK 0 STREAMS other s 0 $", as: "reader") == "")
        it.send("XDEL s 1-1")
        #expect(it.received("reader") == "")
        it.send("XADD s 1-2 f w")
        #expect(it.received("reader") == "*1|*2|$1|s|*1|*2|$3|1-2|*2|$1|f|$1|w")
        #expect(it.send("XREAD BLOCK 20 STREAMS s $", as: "reader") == "")
        it.advance(milliseconds: 21)
        #expect(it.received("reader") == "*-1")
        #expect(it.send("XREAD BLOCK -1 STREAMS s $") == "-ERR timeout is negative")
        #expect(it.send("XREAD BLOCK x STREAMS s $") == "-ERR timeout is not an integer or out of range")
    }

    @Test(arguments: [
        (["DEL s"], "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"),
        (["SET s x"], "-WRONGTYPE Operation against a key holding the wrong kind of value"),
        (["FLUSHALL"], "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"),
        (["XGROUP DESTROY s g"], "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option"),
        (["XADD s 5-5 f v"], "*1|*2|$1|s|*1|*2|$3|5-5|*2|$1|f|$1|v"),
    ])
    func consumersThatWait(requests: [String], reply: String) {
        let it = Company()
        it.send("XGROUP CREATE s g $ MKSTREAM")
        #expect(it.send("XREADGROUP GROUP g alice BLOCK 0 STREAMS s >", as: "alice") == "")
        for request in requests { it.send(request) }
        #expect(it.received("alice") == reply)
        #expect(it.send("PING", as: "alice") == "+PONG")
    }

    @Test func oneEntryGoesToOneConsumer() {
        let it = Company()
        it.send("XGROUP CREATE s g $ MKSTREAM")
        it.send("XREADGROUP GROUP g alice BLOCK 0 STREAMS s >", as: "alice")
        it.send("XREADGROUP GROUP g bob BLOCK 0 STREAMS s >", as: "bob")
        it.send("XADD s 1-1 f v")
        #expect(it.received("alice") == "*1|*2|$1|s|*1|*2|$3|1-1|*2|$1|f|$1|v")
        #expect(it.received("bob") == "")
        it.send("XADD s 2-1 f v")
        #expect(it.received("bob") == "*1|*2|$1|s|*1|*2|$3|2-1|*2|$1|f|$1|v")
        #expect(it.send("XPENDING s g") == "*4|:2|$3|1-1|$3|2-1|*2|*2|$5|alice|$1|1|*2|$3|bob|$1|1")
        it.advance(milliseconds: 50)
        #expect(it.send("XPENDING s g - + 10 bob") == "*1|*4|$3|2-1|$3|bob|:50|:1")
        #expect(it.send("XPENDING s g IDLE 51 - + 10") == "*0")
        #expect(it.send("XACK s g 1-1 9-9") == ":1")
        #expect(it.send("XREADGROUP GROUP g alice STREAMS s 0") == "*1|*2|$1|s|*0")
        it.send("XDEL s 2-1")
        #expect(it.send("XREADGROUP GROUP g bob STREAMS s 0") == "*1|*2|$1|s|*1|*2|$3|2-1|*-1")
    }

    @Test func claims() {
        let it = Company()
        it.send("XGROUP CREATE s g 0 MKSTREAM")
        for number in 1...4 { it.send("XADD s \(number)-0 f v") }
        it.send("XREADGROUP GROUP g alice STREAMS s >")
        it.advance(milliseconds: 100)
        #expect(it.send("XCLAIM s g bob 101 1-0 JUSTID") == "*0")
        #expect(it.send("XCLAIM s g bob 100 1-0") == "*1|*2|$3|1-0|*2|$1|f|$1|v")
        #expect(it.send("XPENDING s g - + 1") == "*1|*4|$3|1-0|$3|bob|:0|:2")
        #expect(it.send("XCLAIM s g bob 0 2-0 RETRYCOUNT 9 IDLE 30 JUSTID") == "*1|$3|2-0")
        #expect(it.send("XPENDING s g 2 2 1") == "*1|*4|$3|2-0|$3|bob|:30|:9")
        #expect(it.send("XCLAIM s g bob 0 1-0 BAD") == "-ERR Unrecognized XCLAIM option 'BAD'")
        it.send("XDEL s 3-0")
        #expect(it.send("XAUTOCLAIM s g carol 0 3 COUNT 1") == "*3|$3|4-0|*0|*1|$3|3-0")
        #expect(it.send("XAUTOCLAIM s g carol 0 - JUSTID") == "*3|$3|0-0|*3|$3|1-0|$3|2-0|$3|4-0|*0")
        #expect(it.send("XAUTOCLAIM s g carol 0 - COUNT 0") == "-ERR COUNT must be > 0")
        #expect(it.send("XGROUP DELCONSUMER s g carol") == ":3")
        #expect(it.send("XPENDING s g") == "*4|:0|$-1|$-1|*-1")
    }

    @Test func whatIsKnownOfGroups() {
        let it = Company()
        #expect(it.send("XGROUP CREATE s g $").hasPrefix("-ERR The XGROUP subcommand requires the key to exist."))
        #expect(it.send("XGROUP CREATE s g $ MKSTREAM") == "+OK")
        #expect(it.send("XGROUP CREATE s g $") == "-BUSYGROUP Consumer Group name already exists")
        #expect(it.send("XGROUP SETID s h 0") == "-NOGROUP No such consumer group 'h' for key name 's'")
        #expect(it.send("XGROUP CREATECONSUMER s g alice") == ":1")
        #expect(it.send("XGROUP CREATECONSUMER s g alice") == ":0")
        for number in 1...3 { it.send("XADD s \(number)-0 f v") }
        it.send("XREADGROUP GROUP g alice COUNT 1 NOACK STREAMS s >")
        let named = "*1|%6|$4|name|$1|g|$9|consumers|:1|$7|pending|:0|$17|last-delivered-id|$3|1-0"
        #expect(it.send("XINFO GROUPS s", version: 3) == "\(named)|$12|entries-read|:1|$3|lag|:2")
        it.send("XDEL s 2-0")
        #expect(it.send("XINFO GROUPS s", version: 3) == "\(named)|$12|entries-read|:1|$3|lag|_")
        it.advance(milliseconds: 5)
        #expect(
            it.send("XINFO CONSUMERS s g")
                == "*1|*8|$4|name|$5|alice|$7|pending|:0|$4|idle|:5|$8|inactive|:-1")
        #expect(it.send("XGROUP DESTROY s g") == ":1")
        #expect(it.send("XINFO STREAM s FULL BAD").hasPrefix("-ERR unknown subcommand or wrong number of arguments"))
        #expect(it.send("XINFO STREAM none") == "-ERR no such key")
    }
}
