// Conversations on sorted sets. Replies are those of redis-server 7.0.15, and of 7.2 where that differs.

import Testing

@testable import KeyValueCommands

@Suite("Commands of sorted sets")
struct SortedSetCommandsTests {
    /// Request, reply in RESP2, reply in RESP3 where it differs; one after the other on the same keys.
    private static let members: [(String, String, String)] = [
        ("ZADD z 1 a 2 b 3 c", ":3", ""),
        ("ZADD z NX 5 a", ":0", ""),
        ("ZADD z XX CH 5 a 7 nope", ":1", ""),
        ("ZADD z GT CH 1 a", ":0", ""),
        ("ZADD z LT CH 1 a", ":1", ""),
        ("ZADD z INCR 2.5 b", "$3|4.5", ",4.5"),
        ("ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible", ""),
        ("ZADD z GT LT 1 a", "-ERR GT, LT, and/or NX options at the same time are not compatible", ""),
        ("ZADD z INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair", ""),
        ("ZADD z 1", "-ERR wrong number of arguments for 'zadd' command", ""),
        ("ZADD z x a", "-ERR value is not a valid float", ""),
        ("ZADD z nan a", "-ERR value is not a valid float", ""),
        ("ZADD z inf i", ":1", ""),
        ("ZADD z INCR -inf i", "-ERR resulting score is not a number (NaN)", ""),
        ("ZINCRBY z 1.5 a", "$3|2.5", ",2.5"),
        ("ZINCRBY z 1e400 a", "-ERR value is not a valid float", ""),
        ("ZSCORE z a", "$3|2.5", ",2.5"),
        ("ZSCORE z i", "$3|inf", ",inf"),
        ("ZSCORE z nope", "$-1", "_"),
        ("ZSCORE nokey a", "$-1", "_"),
        ("ZMSCORE z a nope b", "*3|$3|2.5|$-1|$3|4.5", "*3|,2.5|_|,4.5"),
        ("ZCARD z", ":4", ""),
        ("ZRANK z b", ":2", ""),
        ("ZRANK z b WITHSCORE", "*2|:2|$3|4.5", "*2|:2|,4.5"),
        ("ZREVRANK z b WITHSCORE", "*2|:1|$3|4.5", "*2|:1|,4.5"),
        ("ZRANK z nope WITHSCORE", "*-1", "_"),
        ("ZRANGE z 0 -1", "*4|$1|a|$1|c|$1|b|$1|i", ""),
        (
            "ZRANGE z 0 -1 WITHSCORES",
            "*8|$1|a|$3|2.5|$1|c|$1|3|$1|b|$3|4.5|$1|i|$3|inf",
            "*4|*2|$1|a|,2.5|*2|$1|c|,3|*2|$1|b|,4.5|*2|$1|i|,inf"
        ),
        (
            "ZRANGE z 0 -1 REV WITHSCORES",
            "*8|$1|i|$3|inf|$1|b|$3|4.5|$1|c|$1|3|$1|a|$3|2.5",
            "*4|*2|$1|i|,inf|*2|$1|b|,4.5|*2|$1|c|,3|*2|$1|a|,2.5"
        ),
        ("ZRANGE z 1 2 REV", "*2|$1|b|$1|c", ""),
        ("ZRANGE z -100 100", "*4|$1|a|$1|c|$1|b|$1|i", ""),
        ("ZRANGE z 5 1", "*0", ""),
        ("ZRANGE z (1 3 BYSCORE", "*2|$1|a|$1|c", ""),
        ("ZRANGE z 3 (1 BYSCORE REV WITHSCORES", "*4|$1|c|$1|3|$1|a|$3|2.5", "*2|*2|$1|c|,3|*2|$1|a|,2.5"),
        ("ZRANGE z -inf +inf BYSCORE LIMIT 1 2", "*2|$1|c|$1|b", ""),
        ("ZRANGE z -inf +inf BYSCORE LIMIT -1 2", "*0", ""),
        ("ZRANGE z -inf +inf BYSCORE LIMIT 0 0", "*0", ""),
        (
            "ZRANGE z 0 -1 LIMIT 0 1",
            "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ""
        ),
        (
            "ZRANGE z [a [c BYLEX WITHSCORES",
            "-ERR syntax error, WITHSCORES not supported in combination with BYLEX",
            ""
        ),
        ("ZRANGE z a c BYLEX", "-ERR min or max not valid string range item", ""),
        ("ZRANGE z x c BYSCORE", "-ERR min or max is not a float", ""),
        ("ZREVRANGE z 0 1 WITHSCORES", "*4|$1|i|$3|inf|$1|b|$3|4.5", "*2|*2|$1|i|,inf|*2|$1|b|,4.5"),
        ("ZRANGEBYSCORE z 1 5 WITHSCORES LIMIT 0 1", "*2|$1|a|$3|2.5", "*1|*2|$1|a|,2.5"),
        ("ZREVRANGEBYSCORE z 5 1", "*3|$1|b|$1|c|$1|a", ""),
        ("ZADD l 0 a 0 b 0 c 0 d 0 e 0 foo 0 alpha", ":7", ""),
        ("ZRANGEBYLEX l - +", "*7|$1|a|$5|alpha|$1|b|$1|c|$1|d|$1|e|$3|foo", ""),
        ("ZRANGEBYLEX l [b (d", "*2|$1|b|$1|c", ""),
        ("ZRANGEBYLEX l (b [d LIMIT 1 1", "*1|$1|d", ""),
        ("ZREVRANGEBYLEX l + [c", "*4|$3|foo|$1|e|$1|d|$1|c", ""),
        ("ZREVRANGEBYLEX l (d -", "*4|$1|c|$1|b|$5|alpha|$1|a", ""),
        ("ZRANGEBYLEX l + -", "*0", ""),
        ("ZLEXCOUNT l - +", ":7", ""),
        ("ZLEXCOUNT l [b (d", ":2", ""),
        ("ZCOUNT z 1 3", ":2", ""),
        ("ZCOUNT z (1 +inf", ":4", ""),
        ("ZCOUNT z a b", "-ERR min or max is not a float", ""),
        ("ZRANGESTORE dst z 0 -1", ":4", ""),
        (
            "ZRANGE dst 0 -1 WITHSCORES",
            "*8|$1|a|$3|2.5|$1|c|$1|3|$1|b|$3|4.5|$1|i|$3|inf",
            "*4|*2|$1|a|,2.5|*2|$1|c|,3|*2|$1|b|,4.5|*2|$1|i|,inf"
        ),
        ("ZRANGESTORE dst nokey 0 -1", ":0", ""),
        ("EXISTS dst", ":0", ""),
        ("ZRANGESTORE dst z (2 inf BYSCORE LIMIT 0 1", ":1", ""),
        ("ZRANGE dst 0 -1 WITHSCORES", "*2|$1|a|$3|2.5", "*1|*2|$1|a|,2.5"),
        ("ZREMRANGEBYLEX l [b (d", ":2", ""),
        ("ZREMRANGEBYRANK l 0 0", ":1", ""),
        ("ZREMRANGEBYRANK l 10 20", ":0", ""),
        ("ZREMRANGEBYSCORE l -inf +inf", ":4", ""),
        ("EXISTS l", ":0", ""),
        ("ZREM z a nope", ":1", ""),
        ("ZPOPMIN z", "*2|$1|c|$1|3", "*2|$1|c|,3"),
        ("ZPOPMAX z 2", "*4|$1|i|$3|inf|$1|b|$3|4.5", "*2|*2|$1|i|,inf|*2|$1|b|,4.5"),
        ("ZPOPMIN z 0", "*0", ""),
        ("ZPOPMIN z -1", "-ERR value is out of range, must be positive", ""),
        ("ZPOPMIN nokey", "*0", ""),
        ("ZADD z 1 a 2 b 3 c 4 d", ":4", ""),
        ("ZMPOP 2 nokey z MIN COUNT 2", "*2|$1|z|*2|*2|$1|a|$1|1|*2|$1|b|$1|2", "*2|$1|z|*2|*2|$1|a|,1|*2|$1|b|,2"),
        ("ZMPOP 1 z MAX", "*2|$1|z|*1|*2|$1|d|$1|4", "*2|$1|z|*1|*2|$1|d|,4"),
        ("ZMPOP 0 z MAX", "-ERR numkeys should be greater than 0", ""),
        ("ZMPOP 1 z MAX COUNT 0", "-ERR count should be greater than 0", ""),
        ("ZMPOP 5 z MAX", "-ERR syntax error", ""),
        ("ZMPOP 1 nokey MIN", "*-1", "_"),
        ("BZPOPMIN z 0", "*3|$1|z|$1|c|$1|3", "*3|$1|z|$1|c|,3"),
        ("BZPOPMAX z -1", "-ERR timeout is negative", ""),
        ("BZPOPMIN z x", "-ERR timeout is not a float or out of range", ""),
    ]

    /// The same for unions and their kin, and what is left to chance.
    private static let algebra: [(String, String, String)] = [
        ("ZADD z1 1 a 2 b 3 c", ":3", ""),
        ("ZADD z2 10 b 20 c 30 d", ":3", ""),
        ("SADD s b d e", ":3", ""),
        ("ZUNION 2 z1 z2", "*4|$1|a|$1|b|$1|c|$1|d", ""),
        (
            "ZUNION 2 z1 z2 WITHSCORES",
            "*8|$1|a|$1|1|$1|b|$2|12|$1|c|$2|23|$1|d|$2|30",
            "*4|*2|$1|a|,1|*2|$1|b|,12|*2|$1|c|,23|*2|$1|d|,30"
        ),
        (
            "ZUNION 3 z1 z2 s WEIGHTS 2 3 4 WITHSCORES",
            "*10|$1|a|$1|2|$1|e|$1|4|$1|b|$2|38|$1|c|$2|66|$1|d|$2|94",
            "*5|*2|$1|a|,2|*2|$1|e|,4|*2|$1|b|,38|*2|$1|c|,66|*2|$1|d|,94"
        ),
        (
            "ZUNION 2 z1 z2 AGGREGATE MAX WITHSCORES",
            "*8|$1|a|$1|1|$1|b|$2|10|$1|c|$2|20|$1|d|$2|30",
            "*4|*2|$1|a|,1|*2|$1|b|,10|*2|$1|c|,20|*2|$1|d|,30"
        ),
        ("ZINTER 2 z1 z2 WITHSCORES", "*4|$1|b|$2|12|$1|c|$2|23", "*2|*2|$1|b|,12|*2|$1|c|,23"),
        ("ZINTER 2 z1 z2 AGGREGATE MIN WITHSCORES", "*4|$1|b|$1|2|$1|c|$1|3", "*2|*2|$1|b|,2|*2|$1|c|,3"),
        ("ZINTER 2 z1 s WITHSCORES", "*2|$1|b|$1|3", "*1|*2|$1|b|,3"),
        ("ZINTERCARD 2 z1 z2", ":2", ""),
        ("ZINTERCARD 2 z1 z2 LIMIT 1", ":1", ""),
        ("ZINTERCARD 2 z1 z2 LIMIT -1", "-ERR LIMIT can't be negative", ""),
        ("ZINTERCARD 0 z1", "-ERR at least 1 input key is needed for 'zintercard' command", ""),
        ("ZDIFF 2 z1 z2 WITHSCORES", "*2|$1|a|$1|1", "*1|*2|$1|a|,1"),
        ("ZDIFF 2 z2 s WITHSCORES", "*2|$1|c|$2|20", "*1|*2|$1|c|,20"),
        ("ZDIFF 0 z1", "-ERR at least 1 input key is needed for 'zdiff' command", ""),
        ("ZDIFF 3 z1", "-ERR syntax error", ""),
        ("ZUNIONSTORE u 2 z1 z2 WEIGHTS 1 x", "-ERR weight value is not a float", ""),
        ("ZUNIONSTORE u 2 z1 z2 WEIGHTS 1 2", ":4", ""),
        (
            "ZRANGE u 0 -1 WITHSCORES",
            "*8|$1|a|$1|1|$1|b|$2|22|$1|c|$2|43|$1|d|$2|60",
            "*4|*2|$1|a|,1|*2|$1|b|,22|*2|$1|c|,43|*2|$1|d|,60"
        ),
        ("ZINTERSTORE u 2 z1 nokey", ":0", ""),
        ("EXISTS u", ":0", ""),
        ("ZDIFFSTORE u 2 z1 z2", ":1", ""),
        ("ZRANGE u 0 -1 WITHSCORES", "*2|$1|a|$1|1", "*1|*2|$1|a|,1"),
        ("SET str x", "+OK", ""),
        ("ZADD str 1 a", "-WRONGTYPE Operation against a key holding the wrong kind of value", ""),
        ("ZUNION 2 z1 str", "-WRONGTYPE Operation against a key holding the wrong kind of value", ""),
        ("ZCARD str", "-WRONGTYPE Operation against a key holding the wrong kind of value", ""),
        ("ZRANGE str 0 -1", "-WRONGTYPE Operation against a key holding the wrong kind of value", ""),
        ("ZSCAN z1 x", "-ERR invalid cursor", ""),
        ("ZSCAN nokey 0", "*2|$1|0|*0", ""),
        ("ZRANDMEMBER nokey", "$-1", "_"),
        ("ZRANDMEMBER nokey 3", "*0", ""),
        ("ZRANDMEMBER z1 10 WITHSCORES", "*6|$1|c|$1|3|$1|b|$1|2|$1|a|$1|1", "*3|*2|$1|c|,3|*2|$1|b|,2|*2|$1|a|,1"),
        (
            "ZRANDMEMBER z1 -9223372036854775808",
            "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
            ""
        ),
        ("ZRANDMEMBER z1 -9223372036854770000 WITHSCORES", "-ERR value is out of range", ""),
        ("ZRANDMEMBER z1 5 x", "-ERR syntax error", ""),
        ("ZSCAN z1 0", "*2|$1|0|*6|$1|a|$1|1|$1|b|$1|2|$1|c|$1|3", ""),
        ("ZSCAN z1 0 MATCH b*", "*2|$1|0|*2|$1|b|$1|2", ""),
    ]

    @Test("Members and ranges", arguments: [2, 3] as [UInt8])
    func members(version: UInt8) { follow(Self.members, version: version) }

    @Test("Union, intersection and difference", arguments: [2, 3] as [UInt8])
    func algebra(version: UInt8) { follow(Self.algebra, version: version) }

    @Test("Scores are written in the fewest digits that read back")
    func scoreTexts() {
        let client = Conversation()
        let texts = ["3.14", "0.1", "1e-10", "1e+100", "123456789012345680", "1.7976931348623157e+308", "-inf"]
        for (index, text) in texts.enumerated() {
            #expect(client.ask("ZADD f \(text) \(index)") == ":1")
            #expect(client.ask("ZSCORE f \(index)") == "$\(text.utf8.count)|\(text)")
        }
        #expect(client.ask("ZADD f -0.0 zero") == ":1")
        #expect(client.ask("ZSCORE f zero") == "$1|0", "a listpack has no negative zero")
    }

    @Test("A client waits for members, and is served when they come")
    func blocking() {
        let waiting = Conversation()
        let other = Conversation(with: waiting.engine)
        #expect(waiting.ask("BZPOPMIN a b 0") == "")
        #expect(other.ask("SADD b x") == ":1")
        #expect(waiting.take() == "", "a set is not waited for")
        #expect(other.ask("DEL b") == ":1")
        #expect(other.ask("ZADD b 2 y 1 x") == ":2")
        #expect(waiting.take() == "*3|$1|b|$1|x|$1|1")
        #expect(waiting.ask("BZMPOP 0 2 a c MAX COUNT 2") == "")
        #expect(other.ask("ZADD c 1 x 2 y 3 z") == ":3")
        #expect(waiting.take() == "*2|$1|c|*2|*2|$1|z|$1|3|*2|$1|y|$1|2")
        #expect(other.ask("ZRANGE c 0 -1") == "*1|$1|x")
    }

    @Test("Sampling returns different members, or as many as asked for with repetition", arguments: [50, 1000])
    func sampling(count: Int) {
        let client = Conversation()
        for index in 0..<count { _ = client.ask("ZADD z \(index) member:\(index)") }
        for wanted in [1, 5, count / 2, count - 1, count + 10] {
            let lines = client.ask("ZRANDMEMBER z \(wanted)").split(separator: "|").filter { $0.hasPrefix("member") }
            #expect(lines.count == min(wanted, count))
            #expect(Set(lines).count == lines.count)
        }
        #expect(client.ask("ZRANDMEMBER z -\(count * 2) WITHSCORES").hasPrefix("*\(count * 4)|"))
    }

    @Test("ZSCAN meets every member of a large sorted set")
    func scanning() {
        let client = Conversation()
        for index in 0..<1000 { _ = client.ask("ZADD z \(index) member:\(index)") }
        var cursor = "0"
        var met: Set<Substring> = []
        repeat {
            let parts = client.ask("ZSCAN z \(cursor) COUNT 50").split(separator: "|")
            cursor = String(parts[2])
            met.formUnion(parts.filter { $0.hasPrefix("member") })
        } while cursor != "0"
        #expect(met.count == 1000)
    }

    @Test("Results take the form that suits their size")
    func resultForms() {
        let client = Conversation()
        for index in 0..<200 { _ = client.ask("ZADD big \(index) member:\(index)") }
        #expect(client.ask("ZADD small 1 member:1 2 member:2") == ":2")
        #expect(client.ask("ZINTERSTORE both 2 big small") == ":2")
        #expect(client.ask("OBJECT ENCODING both") == "$8|listpack")
        #expect(client.ask("ZUNIONSTORE either 2 big small") == ":200")
        #expect(client.ask("OBJECT ENCODING either") == "$8|skiplist")
        #expect(client.ask("ZRANGE either 0 2 WITHSCORES") == "*6|$8|member:0|$1|0|$8|member:1|$1|2|$8|member:3|$1|3")
        #expect(client.ask("ZREMRANGEBYRANK either 0 -1") == ":200")
        #expect(client.ask("EXISTS either") == ":0")
    }

    private func follow(_ story: [(String, String, String)], version: UInt8) {
        let client = Conversation(version: version)
        for (request, old, new) in story {
            let expected = version == 3 && !new.isEmpty ? new : old
            #expect(client.ask(request) == expected, "\(request)")
        }
    }

}
