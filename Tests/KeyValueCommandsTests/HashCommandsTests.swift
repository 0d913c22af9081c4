import Testing

@testable import KeyValueCommands

@Suite("Commands of hashes")
struct HashCommandsTests {
    private static let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"

    /// Requests and replies, one after the other; the keys of before are there.
    private static let story: [(String, String, String)] = [
        // request, reply in RESP2, reply in RESP3 where it differs
        ("HSET h a 1 b 2", ":2", ""),
        ("HSET h a 3 c 4", ":1", ""),
        ("HSET h a", "-ERR wrong number of arguments for 'hset' command", ""),
        ("HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command", ""),
        ("HMSET h a 1 b", "-ERR wrong number of arguments for 'hmset' command", ""),
        ("HMSET h d 5", "+OK", ""),
        ("HGET h a", "$1|3", ""),
        ("HGET h z", "$-1", "_"),
        ("HGET none z", "$-1", "_"),
        ("HMGET h a z d", "*3|$1|3|$-1|$1|5", "*3|$1|3|_|$1|5"),
        ("HMGET none a", "*1|$-1", "*1|_"),
        ("HGETALL h", "*8|$1|a|$1|3|$1|b|$1|2|$1|c|$1|4|$1|d|$1|5", "%4|$1|a|$1|3|$1|b|$1|2|$1|c|$1|4|$1|d|$1|5"),
        ("HGETALL none", "*0", "%0"),
        ("HKEYS h", "*4|$1|a|$1|b|$1|c|$1|d", ""),
        ("HVALS h", "*4|$1|3|$1|2|$1|4|$1|5", ""),
        ("HKEYS none", "*0", ""),
        ("HDEL h a z", ":1", ""),
        ("HLEN h", ":3", ""),
        ("HLEN none", ":0", ""),
        ("HEXISTS h b", ":1", ""),
        ("HEXISTS h a", ":0", ""),
        ("HSETNX h b 9", ":0", ""),
        ("HSETNX h e hello", ":1", ""),
        ("HSTRLEN h e", ":5", ""),
        ("HSTRLEN h z", ":0", ""),
        ("HINCRBY h b 40", ":42", ""),
        ("HINCRBY h n -7", ":-7", ""),
        ("HINCRBY h e 1", "-ERR hash value is not an integer", ""),
        ("HINCRBY h b x", "-ERR value is not an integer or out of range", ""),
        ("HINCRBY h n -9223372036854775802", "-ERR increment or decrement would overflow", ""),
        ("HINCRBYFLOAT h b 0.5", "$4|42.5", ""),
        ("HINCRBYFLOAT h f 3.0e2", "$3|300", ""),
        ("HINCRBYFLOAT h b x", "-ERR value is not a valid float", ""),
        ("HINCRBYFLOAT h b inf", "-ERR value is NaN or Infinity", ""),
        ("HINCRBYFLOAT h e 1", "-ERR hash value is not a float", ""),
        ("HSET big v 1e4932", ":1", ""),
        ("HINCRBYFLOAT big v 1e4932", "-ERR increment would produce NaN or Infinity", ""),
        ("HSCAN h x", "-ERR invalid cursor", ""),
        ("HSCAN h 0 MATCH [b-c]", "*2|$1|0|*4|$1|b|$4|42.5|$1|c|$1|4", ""),
        ("HSCAN none 0", "*2|$1|0|*0", ""),
        ("HRANDFIELD big", "$1|v", ""),
        ("HRANDFIELD none", "$-1", "_"),
        ("HRANDFIELD none 3", "*0", ""),
        ("HRANDFIELD big 3", "*1|$1|v", ""),
        ("HRANDFIELD big -2", "*2|$1|v|$1|v", ""),
        ("HRANDFIELD big 2 WITHVALUES", "*2|$1|v|$6|1e4932", "*1|*2|$1|v|$6|1e4932"),
        (
            "HRANDFIELD big -2 WITHVALUES", "*4|$1|v|$6|1e4932|$1|v|$6|1e4932",
            "*2|*2|$1|v|$6|1e4932|*2|$1|v|$6|1e4932"
        ),
        ("HRANDFIELD big 1 WITH", "-ERR syntax error", ""),
        (
            "HRANDFIELD big -9223372036854775808",
            "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807", ""
        ),
        ("HRANDFIELD big 5000000000000000000 WITHVALUES", "-ERR value is out of range", ""),
        ("HDEL h b c d e n f", ":6", ""),
        ("HLEN h", ":0", ""),
        ("SET string v", "+OK", ""),
        ("HSET string a 1", wrongType, ""),
        ("HGET string a", wrongType, ""),
        ("HMGET string a", wrongType, ""),
        ("HINCRBY string a 1", wrongType, ""),
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
            ("HSET h a 1 b 2", ["hset h"]), ("HSETNX h a 1", []), ("HSETNX h c 1", ["hset h"]), ("HGET h a", []),
            ("HINCRBY h a 1", ["hincrby h"]), ("HINCRBYFLOAT h a 1", ["hincrbyfloat h"]), ("HDEL h z", []),
            ("HMSET h a 1", ["hset h"]), ("HDEL h a", ["hdel h"]), ("HDEL h b c", ["hdel h", "del h"]),
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

    @Test("A large hash keeps its fields and their values through changes of their sizes")
    func large() {
        let client = Conversation()
        for round in 1...4 {
            for index in 0..<500 {
                let value = String(repeating: "v\(index)", count: round * round * 3)
                _ = client.ask("HSET h f\(index) \(value)")
            }
            for index in stride(from: 0, to: 500, by: 7) {
                let value = String(repeating: "v\(index)", count: round * round * 3)
                #expect(client.ask("HGET h f\(index)") == "$\(value.count)|\(value)")
            }
        }
        #expect(client.ask("HLEN h") == ":500")
    }

    @Test(
        "A reply of more draws than the output may hold ends the client", arguments: ["HRANDFIELD h", "SRANDMEMBER s"])
    func endlessReply(request: String) {
        let client = Conversation()
        client.engine.pointee.settings.outputLimits.normal.hardByteCount = 100_000
        _ = client.ask("HSET h a b")
        _ = client.ask("SADD s a")
        #expect(client.ask("\(request) -999999999").utf8.count < 200_000)
        var closed = 0
        client.engine.takePendingClose { _ in closed += 1 }
        #expect(closed == 1)
    }
}
