import Testing

@testable import KeyValueCommands

/// Commands on keys of any type, as clients see them.
@Suite struct GenericCommandsTests {
    @Test func removing() {
        let client = Conversation()
        _ = client.ask("MSET a 1 b 2 c 3")
        #expect(client.ask("DEL a nosuch a") == ":1")
        #expect(client.ask("UNLINK b c") == ":2")
        #expect(client.ask("DBSIZE") == ":0")
        #expect(client.ask("RANDOMKEY") == "$-1")
        #expect(client.ask("TYPE a") == "+none")
        #expect(client.ask("FLUSHALL NOW") == "-ERR syntax error")
    }

    @Test func existing() {
        let client = Conversation()
        _ = client.ask("SET a 1")
        #expect(client.ask("EXISTS a a b") == ":2")
        #expect(client.ask("TOUCH a b") == ":1")
        #expect(client.ask("KEYS a*") == "*1|$1|a")
        #expect(client.ask("KEYS a") == "*1|$1|a")
        #expect(client.ask("KEYS b") == "*0")
    }

    @Test func conditionsOfExpire() {
        let client = Conversation()
        client.engine.setTime(milliseconds: 1_000_000)
        _ = client.ask("SET a 1")
        #expect(client.ask("EXPIRE a 10 XX") == ":0")
        #expect(client.ask("EXPIRE a 10 GT") == ":0")
        #expect(client.ask("EXPIRE a 10 LT") == ":1")
        #expect(client.ask("EXPIRE a 5 NX") == ":0")
        #expect(client.ask("EXPIRE a 5 GT") == ":0")
        #expect(client.ask("EXPIRE a 20 GT") == ":1")
        #expect(client.ask("TTL a") == ":20")
        #expect(client.ask("PTTL a") == ":20000")
        #expect(client.ask("PEXPIRETIME a") == ":1020000")
        #expect(client.ask("EXPIRETIME a") == ":1020")
        #expect(client.ask("PERSIST a") == ":1")
        #expect(client.ask("PERSIST a") == ":0")
        #expect(client.ask("TTL a") == ":-1")
        #expect(client.ask("TTL b") == ":-2")
        #expect(
            client.ask("EXPIRE a 5 NX GT")
                == "-ERR NX and XX, GT or LT options at the same time are not compatible")
        #expect(client.ask("EXPIRE a 5 LT GT") == "-ERR GT and LT options at the same time are not compatible")
        #expect(client.ask("EXPIRE a 5 foo") == "-ERR Unsupported option foo")
    }

    @Test(arguments: [
        "EXPIRE a 9223372036854775807", "EXPIRE a -9223372036854775808", "PEXPIRE a 9223372036854775807",
        "EXPIREAT a 9223372036854775", "EXPIREAT a -9223372036854776",
    ])
    func expiriesOutOfRange(_ line: String) {
        let client = Conversation()
        _ = client.ask("SET a 1")
        let name = line.split(separator: " ")[0].lowercased()
        let isFine = line == "EXPIREAT a 9223372036854775"
        #expect(client.ask(line) == (isFine ? ":1" : "-ERR invalid expire time in '\(name)' command"))
    }

    @Test func expiryInThePastRemoves() {
        let client = Conversation()
        _ = client.ask("SET a 1")
        #expect(client.ask("PEXPIREAT a 1") == ":1")
        #expect(client.ask("EXISTS a") == ":0")
    }

    @Test func dueKeysAreGone() {
        let client = Conversation()
        client.engine.setTime(milliseconds: 1_000_000)
        _ = client.ask("MSET a 1 b 2")
        _ = client.ask("PEXPIRE a 100")
        client.engine.setTime(milliseconds: 1_000_200)
        #expect(client.ask("KEYS *") == "*1|$1|b")
        #expect(client.ask("SCAN 0") == "*2|$1|0|*1|$1|b")
        #expect(client.ask("DBSIZE") == ":1")
        #expect(client.engine.pointee.statistics.expiredKeyCount == 1)
    }

    @Test func renaming() {
        let client = Conversation()
        _ = client.ask("RPUSH a x y")
        _ = client.ask("EXPIRE a 100")
        _ = client.ask("SET b 1")
        #expect(client.ask("RENAME nosuch b") == "-ERR no such key")
        #expect(client.ask("RENAMENX a b") == ":0")
        #expect(client.ask("RENAME a b") == "+OK")
        #expect(client.ask("TTL b") == ":100")
        #expect(client.ask("LRANGE b 0 -1") == "*2|$1|x|$1|y")
        #expect(client.ask("RENAME b b") == "+OK")
        #expect(client.ask("RENAMENX b b") == ":0")
    }

    @Test func movingBetweenDatabases() {
        let client = Conversation()
        _ = client.ask("SET a 1 EX 100")
        #expect(client.ask("MOVE a 0") == "-ERR source and destination objects are the same")
        #expect(client.ask("MOVE a 16") == "-ERR DB index is out of range")
        #expect(client.ask("MOVE a x") == "-ERR value is not an integer or out of range")
        #expect(client.ask("MOVE a 3") == ":1")
        #expect(client.ask("MOVE a 3") == ":0")
        #expect(client.ask("SWAPDB 0 3") == "+OK")
        #expect(client.ask("TTL a") == ":100")
        #expect(client.ask("SWAPDB x 3") == "-ERR invalid first DB index")
        #expect(client.ask("SWAPDB 0 99") == "-ERR DB index is out of range")
    }

    @Test(arguments: [
        "SET a 5", "SET a hello", "APPEND a x", "RPUSH a 1 b", "SADD a 1 2", "SADD a x y", "ZADD a 1 x 2 y",
        "HSET a f v g w", "XADD a 1-1 f v",
    ])
    func copiesAreDeep(_ command: String) {
        let client = Conversation()
        _ = client.ask(command)
        #expect(client.ask("COPY a b") == ":1")
        #expect(client.ask("COPY a b") == ":0")
        #expect(client.ask("COPY a b REPLACE") == ":1")
        let encoding = client.ask("OBJECT ENCODING a")
        #expect(client.ask("OBJECT ENCODING b") == encoding)
        _ = client.ask("DEL a")
        #expect(client.ask("EXISTS b") == ":1")
        #expect(client.ask("COPY b b") == "-ERR source and destination objects are the same")
    }

    @Test func copiesOfLargeValues() {
        let client = Conversation()
        client.engine.pointee.settings.debugCommand = .yes
        for index in 0..<600 {
            _ = client.ask("SADD s member:\(index)")
            _ = client.ask("HSET h field:\(index) value:\(index)")
            _ = client.ask("ZADD z \(index) member:\(index)")
            _ = client.ask("RPUSH l element:\(index)-0123456789012345678901234567890123456789")
            _ = client.ask("XADD x \(index + 1)-1 f \(index)")
        }
        for key in ["s", "h", "z", "l", "x"] {
            _ = client.ask("COPY \(key) copy")
            let digest = client.ask("DEBUG DIGEST-VALUE \(key)")
            _ = client.ask("DEL \(key)")
            #expect(client.ask("DEBUG DIGEST-VALUE copy") == digest)
            _ = client.ask("DEL copy")
        }
    }

    @Test func waitingForReplicas() {
        let client = Conversation()
        #expect(client.ask("WAIT 0 0") == ":0")
        #expect(client.ask("WAIT 1 -1") == "-ERR timeout is negative")
        #expect(client.ask("WAITAOF 0 0 0") == "*2|:0|:0")
        #expect(
            client.ask("WAITAOF 1 0 0")
                == "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
        #expect(client.ask("WAITAOF 2 0 0") == "-ERR value is out of range, value must between 0 and 1")
        client.engine.setTime(milliseconds: 1000)
        #expect(client.ask("WAIT 1 10") == "")
        client.engine.setTime(milliseconds: 1010)
        client.engine.endDueWaits()
        #expect(client.take() == ":0")
    }

    @Test func watchersSeeFlushAndSwap() {
        let client = Conversation()
        _ = client.ask("SET a 1")
        for command in ["FLUSHDB", "SWAPDB 0 1", "FLUSHALL"] {
            _ = client.ask("SET a 1")
            _ = client.ask("WATCH a")
            _ = client.ask(command)
            _ = client.ask("MULTI")
            _ = client.ask("PING")
            #expect(client.ask("EXEC") == "*-1", "\(command)")
        }
    }

    @Test func swapServesWhoWaits() {
        let client = Conversation()
        let waiting = Conversation(with: client.engine)
        #expect(waiting.ask("BLPOP l 0") == "")
        _ = client.ask("SELECT 1")
        _ = client.ask("RPUSH l x")
        _ = client.ask("SWAPDB 0 1")
        #expect(waiting.take() == "*2|$1|l|$1|x")
    }
}
