import Bytes
import Testing

@testable import KeyValueCommands

@Suite struct DumpCommandsTests {
    /// Commands that make `k`, what redis-server 7.0.15 answers to DUMP then, and a question with its answer.
    private static let vectors: [(command: String, payload: String, question: String, answer: String)] = [
        ("set k 1", "00c0010a002678e7b6d10111fc", "get k", "$1|1"),
        ("set k hello", "000568656c6c6f0a006372df766534200a", "get k", "$5|hello"),
        ("set k -70000", "00c290eefeff0a002875de7b13eb2800", "get k", "$6|-70000"),
        ("set k 12345678901", "000b31323334353637383930310a00304e52d727176510", "get k", "$11|12345678901"),
        ("sadd k 1 2 70000", "0b1404000000030000000100000002000000701101000a0085d5c1065b1dd055", "scard k", ":3"),
        (
            "hset k f v n 5", "1012120000000400816602817602816e020501ff0a008490939f57b4f3c2", "hgetall k",
            "*4|$1|f|$1|v|$1|n|$1|5"
        ),
        (
            "zadd k 1.5 a 2 b", "111414000000040081610283312e35048162020201ff0a00fa02b425af188763",
            "zrange k 0 -1 withscores", "*4|$1|a|$3|1.5|$1|b|$1|2"
        ),
    ]

    @Test(arguments: vectors)
    func writesWhatRedisWrites(_ command: String, _ payload: String, _: String, _: String) {
        let client = Conversation()
        _ = client.ask(command)
        #expect(client.askBytes(["dump", "k"]) == "$\(payload.count / 2) " + payload)
    }

    /// Payloads of redis-server 7.0.15 that come out otherwise here: compressed otherwise, in another order, with times.
    @Test(
        arguments: vectors + [
            ("", "00c30928016161e01b000161610a00cf092faaae25831d", "strlen k", ":40"),
            ("", "0202017801790a00ac3a8d681184aa31", "smismember k x y z", "*3|:1|:1|:0"),
            (
                "", "120102c31540550d5500000003008161020101e04662e03c000148ff0a0015ca7d3bd8ebd892", "lrange k 0 1",
                "*2|$1|a|$1|1"
            ),
            ("", "040201670177016601760a004a88c4610eed3c4e", "hmget k f g h", "*3|$1|v|$1|w|$-1"),
            (
                "", "05020162000000000000f07f0161000000000000f83f0a001343ce1a14f007a4", "zrange k 0 -1 withscores",
                "*4|$1|a|$3|1.5|$1|b|$3|inf"
            ),
            (
                "",
                "130110000000000000000500000000000000011d1d0000000a0001010001010181660200010201000100018176020401ff"
                    + "01050105010000010101670501010100000000000000050000000000000001343e901fa201000001010163343e901f"
                    + "a201000001000000000000000500000000000000010a0039bf60c8bec28eb4", "xpending k g",
                "*4|:1|$3|5-1|$3|5-1|*1|*2|$1|c|$1|1"
            ),
        ])
    func readsWhatRedisWrites(_: String, _ payload: String, _ question: String, _ answer: String) {
        let client = Conversation()
        #expect(client.restore("k", payload) == "+OK")
        #expect(client.ask(question) == answer)
    }

    @Test func missingKey() {
        #expect(Conversation().ask("dump nothing") == "$-1")
    }

    // MARK: - Options of RESTORE

    private static let one = "00c0010a002678e7b6d10111fc"

    @Test func refusesOverExistingKeys() {
        let client = Conversation()
        #expect(client.ask("set k old") == "+OK")
        #expect(client.restore("k", Self.one) == "-BUSYKEY Target key name already exists.")
        #expect(client.restore("k", Self.one, options: ["replace"]) == "+OK")
        #expect(client.ask("get k") == "$1|1")
    }

    @Test func keepsLifetimes() {
        let client = Conversation()
        client.engine.setTime(milliseconds: 1_000_000)
        #expect(client.restore("k", Self.one, lifetime: "5000") == "+OK")
        #expect(client.ask("pexpiretime k") == ":1005000")
        #expect(client.restore("a", Self.one, lifetime: "1000001", options: ["ABSTTL"]) == "+OK")
        #expect(client.ask("pexpiretime a") == ":1000001")
        #expect(client.restore("k", Self.one, lifetime: "1", options: ["absttl", "replace"]) == "+OK")
        #expect(client.ask("exists k") == ":0")
        #expect(client.restore("n", Self.one) == "+OK")
        #expect(client.ask("pttl n") == ":-1")
    }

    @Test func setsWhenAKeyWasUsed() {
        let client = Conversation()
        client.engine.setTime(milliseconds: 1_000_000_000)
        #expect(client.restore("k", Self.one, options: ["idletime", "1000"]) == "+OK")
        #expect(client.ask("object idletime k") == ":1000")
        #expect(client.ask("config set maxmemory-policy allkeys-lfu") == "+OK")
        #expect(client.restore("f", Self.one, options: ["freq", "100"]) == "+OK")
        #expect(client.ask("object freq f") == ":100")
    }

    @Test(arguments: [
        (["idletime", "-1"], "-ERR Invalid IDLETIME value, must be >= 0"),
        (["freq", "256"], "-ERR Invalid FREQ value, must be >= 0 and <= 255"),
        (["freq", "x"], "-ERR value is not an integer or out of range"),
        (["freq", "1", "idletime", "1"], "-ERR syntax error"),
        (["idletime"], "-ERR syntax error"),
        (["nonsense"], "-ERR syntax error"),
    ])
    func refusesOptions(_ options: [String], _ reply: String) {
        #expect(Conversation().restore("k", Self.one, options: options) == reply)
    }

    @Test func refusesBrokenPayloads() {
        let client = Conversation()
        #expect(client.restore("k", Self.one, lifetime: "-1") == "-ERR Invalid TTL value, must be >= 0")
        #expect(
            client.restore("k", Self.one, lifetime: "9223372036854775807") == "-ERR Invalid TTL value, must be >= 0")
        for payload in ["", "00", "00c0010a002678e7b6d10111fd", "00c0010c002678e7b6d10111fc"] {
            #expect(client.restore("k", payload) == "-ERR DUMP payload version or checksum are wrong")
        }
        #expect(client.ask("config set enable-debug-command yes").hasPrefix("-ERR"))
        client.engine.pointee.settings.skipsChecksums = true
        let rest = "0a000000000000000000"
        for value in ["", "00", "0006ff", "07", "18", "ff", "0b0102", "00c3050401", "1002ffff", "00d0"] {
            #expect(client.restore("k", value + rest) == "-ERR Bad data format")
        }
        #expect(client.ask("dbsize") == ":0")
    }

    /// Members that are there twice are found by sanitize-dump-payload only, and do no harm without.
    @Test func sanitizes() {
        let client = Conversation()
        client.engine.pointee.settings.skipsChecksums = true
        // A listpack of a, 1, a, 2.
        let pairs = "1111000000040081610201018161020201ff" + "0a000000000000000000"
        #expect(client.restore("h", "10" + pairs) == "+OK")
        #expect(client.restore("z", "11" + pairs) == "+OK")
        #expect(client.ask("config set zset-max-listpack-entries 0") == "+OK")
        #expect(client.ask("zadd z 3 b") == ":1")
        #expect(client.ask("zrem z a") == ":1")
        #expect(client.ask("config set sanitize-dump-payload yes") == "+OK")
        #expect(client.restore("h2", "10" + pairs) == "-ERR Bad data format")
        #expect(client.restore("z2", "11" + pairs) == "-ERR Bad data format")
    }

    // MARK: - Forms of versions before 7

    /// A ziplist of elements, each its kind, length and data in hexadecimal.
    private static func ziplist(_ elements: [String]) -> String {
        var body = ""
        var before = 0
        var tail = 10
        for element in elements {
            tail = 10 + body.count / 2
            let entry = hexadecimal(before, 1) + element
            before = entry.count / 2
            body += entry
        }
        return hexadecimal(11 + body.count / 2, 4) + hexadecimal(tail, 4) + hexadecimal(elements.count, 2) + body + "ff"
    }

    /// A number in so many bytes, low byte first.
    private static func hexadecimal(_ number: Int, _ byteCount: Int) -> String {
        (0..<byteCount).map { index in
            let byte = number >> (8 * index) & 0xFF
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    /// `a`, 1, `bc`, -300, 100000, 12, 2^40 and 13 characters.
    private static let ziplist = ziplist([
        "0161", "f2", "026263", "c0d4fe", "f0a08601", "fd", "e00000000000010000", "0d61616161616161616161616161",
    ])
    private static let footer = "09000000000000000000"

    private static func string(_ hexadecimal: String) -> String {
        let count = hexadecimal.count / 2
        return "40" + (count < 16 ? "0" : "") + String(count, radix: 16) + hexadecimal
    }

    @Test func readsZiplists() {
        let client = Conversation()
        client.engine.pointee.settings.skipsChecksums = true
        let elements = "*8|$1|a|$1|1|$2|bc|$4|-300|$6|100000|$2|12|$13|1099511627776|$13|aaaaaaaaaaaaa"
        #expect(client.restore("l", "0a" + Self.string(Self.ziplist) + Self.footer) == "+OK")
        #expect(client.ask("lrange l 0 -1") == elements)
        #expect(client.restore("q", "0e01" + Self.string(Self.ziplist) + Self.footer) == "+OK")
        #expect(client.ask("lrange q 0 -1") == elements)
        #expect(client.ask("object encoding q") == "$8|listpack")
        #expect(client.restore("h", "0d" + Self.string(Self.ziplist) + Self.footer) == "+OK")
        #expect(client.ask("hgetall h") == elements)
        let pairs = Self.ziplist(["0161", "f2", "0162", "f3"])
        #expect(client.restore("z", "0c" + Self.string(pairs) + Self.footer) == "+OK")
        #expect(client.ask("zrange z 0 -1 withscores") == "*4|$1|a|$1|1|$1|b|$1|2")
    }

    @Test func refusesBrokenZiplists() {
        let client = Conversation()
        client.engine.pointee.settings.skipsChecksums = true
        for position in stride(from: 0, to: Self.ziplist.count, by: 2) {
            let start = Self.ziplist.index(Self.ziplist.startIndex, offsetBy: position)
            let end = Self.ziplist.index(start, offsetBy: 2)
            var broken = Self.ziplist
            broken.replaceSubrange(start..<end, with: "fe")
            // Data may be anything; sizes, kinds and what leads to other entries may not.
            _ = client.restore("l\(position)", "0a" + Self.string(broken) + Self.footer)
        }
        #expect(client.ask("exists l0 l2 l8 l10 l16 l20 l26 l\(Self.ziplist.count - 2)") == ":0")
    }

    @Test func readsZipmaps() {
        let client = Conversation()
        client.engine.pointee.settings.skipsChecksums = true
        let zipmap = "02" + "0166" + "0100" + "76" + "026767" + "0302" + "776f77" + "0000" + "ff"
        #expect(client.restore("h", "09" + Self.string(zipmap) + Self.footer) == "+OK")
        #expect(client.ask("hgetall h") == "*4|$1|f|$1|v|$2|gg|$3|wow")
        for broken in ["02" + "0166" + "0100" + "76" + "ff", "02ff", "01" + "0166" + "7f00" + "76" + "ff", "00ff"] {
            #expect(client.restore("b", "09" + Self.string(broken) + Self.footer) == "-ERR Bad data format")
        }
    }

    @Test func readsScoresAsText() {
        let client = Conversation()
        client.engine.pointee.settings.skipsChecksums = true
        #expect(client.restore("z", "03" + "03" + "016103312e35" + "0162fe" + "0163ff" + Self.footer) == "+OK")
        #expect(client.ask("zrange z 0 -1 withscores") == "*6|$1|c|$4|-inf|$1|a|$3|1.5|$1|b|$3|inf")
        #expect(client.restore("n", "03" + "01" + "0161fd" + Self.footer) == "-ERR Bad data format")
    }
}

extension Conversation {
    /// The reply to RESTORE of a payload in hexadecimal.
    fileprivate func restore(
        _ key: String, _ payload: String, lifetime: String = "0", options: [String] = []
    ) -> String {
        let digits = Array(payload)
        let bytes = stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8(String(digits[index..<(index + 2)]), radix: 16) ?? 0
        }
        let words = ["restore", key, lifetime].map { [UInt8]($0.utf8) } + [bytes] + options.map { [UInt8]($0.utf8) }
        return askBytes(words)
    }
}
