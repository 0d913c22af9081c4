import Keyspace

/// Requests by chance: all commands that write, over few keys, so that they meet each other's results.
struct RandomHistory {
    private var random: FastRandom

    init(seed: UInt64) { random = FastRandom(seed: seed) }

    mutating func below(_ count: Int) -> Int { Int(random.next() % UInt64(max(count, 1))) }

    /// Letters stand for what is chosen: S, L, E, H, Z, X a key of the type string, list, set, hash, sorted set, stream;
    /// K any key; V a value; N a number; F a number with a fraction; T milliseconds from now; A a time of day; M a field
    /// or member; I an id of a stream; G a group; C a consumer; D a database.
    private static let templates = [
        "SET S V", "SET S N", "SET S V EX 1", "SET S V PX T", "SET S V PXAT A", "SET S V KEEPTTL", "SET S V NX GET",
        "SET S V XX", "SET S V GET EX 2", "SETEX S 1 V", "PSETEX S T V", "SETNX S V", "MSET S V S V", "MSETNX S V S V",
        "APPEND S V", "SETRANGE S 3 V", "INCR S", "DECR S", "INCRBY S N", "DECRBY S N", "INCRBYFLOAT S F", "GETSET S V",
        "GETDEL S", "GETEX S", "GETEX S PX T", "GETEX S PXAT A", "GETEX S PERSIST", "SETBIT S 9 1", "SETBIT S 3 0",
        "BITOP AND S S S", "BITOP NOT S S", "BITFIELD S SET u8 0 N INCRBY i5 2 1",
        "BITFIELD S OVERFLOW FAIL INCRBY u2 1 1",
        "PFADD S V V", "PFMERGE S S S", "PFCOUNT S", "PFCOUNT S S", "GET S", "GET K", "DEL K", "DEL K K", "UNLINK K",
        "EXPIRE K 1", "EXPIRE K -1", "PEXPIRE K T", "PEXPIRE K T NX", "PEXPIRE K T GT", "PEXPIREAT K A", "EXPIREAT K 1",
        "PERSIST K", "RENAME K K", "RENAMENX K K", "COPY K K", "COPY K K REPLACE", "COPY K K DB D REPLACE", "MOVE K D",
        "SELECT D", "SELECT 0", "SELECT 0", "SELECT 0", "TOUCH K", "SORT L STORE L", "SORT E BY nosort STORE L",
        "SORT L ALPHA DESC STORE K", "LPUSH L V V", "RPUSH L V", "LPUSHX L V", "RPUSHX L V", "LPOP L", "RPOP L 2",
        "LSET L 0 V", "LINSERT L BEFORE V V", "LREM L 1 V", "LTRIM L 1 3", "LTRIM L 5 2", "LMOVE L L LEFT RIGHT",
        "RPOPLPUSH L L", "LMPOP 2 L L LEFT COUNT 2", "BLPOP L L 0.01", "BRPOP L 0.01", "BLMOVE L L RIGHT LEFT 0.01",
        "BRPOPLPUSH L L 0.01", "BLMPOP 0.01 2 L L RIGHT COUNT 2", "SADD E M M", "SADD E N N", "SREM E M", "SPOP E",
        "SPOP E 2", "SPOP E 9", "SMOVE E E M", "SINTERSTORE E E E", "SUNIONSTORE E E E", "SDIFFSTORE E E E",
        "HSET H M V", "HSET H M V M V", "HMSET H M V", "HSETNX H M V", "HDEL H M", "HINCRBY H M N",
        "HINCRBYFLOAT H M F", "ZADD Z N M", "ZADD Z NX N M", "ZADD Z XX GT CH N M", "ZADD Z INCR F M", "ZINCRBY Z F M",
        "ZREM Z M", "ZREMRANGEBYRANK Z 0 0", "ZREMRANGEBYSCORE Z 0 5", "ZREMRANGEBYLEX Z - [m2", "ZPOPMIN Z",
        "ZPOPMAX Z 2", "BZPOPMIN Z Z 0.01", "BZPOPMAX Z 0.01", "ZMPOP 2 Z Z MIN COUNT 2", "BZMPOP 0.01 1 Z MAX",
        "ZUNIONSTORE Z 2 Z Z WEIGHTS 2 3", "ZINTERSTORE Z 2 Z E AGGREGATE MAX", "ZDIFFSTORE Z 2 Z Z",
        "ZRANGESTORE Z Z 0 2", "GEOADD Z 13.3 38.1 M", "GEOSEARCHSTORE Z Z FROMLONLAT 13 38 BYRADIUS 200 km",
        "GEORADIUS Z 13 38 200 km STORE Z", "XADD X * M V", "XADD X I M V", "XADD X MAXLEN ~ 3 * M V",
        "XADD X MINID ~ I LIMIT 5 * M V", "XADD X NOMKSTREAM MAXLEN 2 * M V", "XTRIM X MAXLEN ~ 2 LIMIT 2",
        "XTRIM X MINID I", "XDEL X I", "XSETID X 9999999999999-1", "XGROUP CREATE X G 0 MKSTREAM",
        "XGROUP CREATE X G $",
        "XGROUP SETID X G I", "XGROUP SETID X G $ ENTRIESREAD 3", "XGROUP DESTROY X G", "XGROUP CREATECONSUMER X G C",
        "XGROUP DELCONSUMER X G C", "XREADGROUP GROUP G C COUNT 2 STREAMS X >", "XREADGROUP GROUP G C STREAMS X >",
        "XREADGROUP GROUP G C NOACK STREAMS X >", "XREADGROUP GROUP G C STREAMS X 0", "XACK X G I",
        "XREADGROUP GROUP G C BLOCK 1 STREAMS X X > >", "XCLAIM X G C 0 I", "XCLAIM X G C 0 I FORCE",
        "XCLAIM X G C 0 I JUSTID RETRYCOUNT 7", "XCLAIM X G C 0 I LASTID I", "XAUTOCLAIM X G C 0 0",
        "XAUTOCLAIM X G C 0 - COUNT 1 JUSTID", "RANDOMKEY", "DBSIZE", "KEYS *", "SCAN 0",
    ]
    private static let rare = ["FLUSHDB", "FLUSHALL", "SWAPDB 0 1", "SWAPDB 1 2"]

    /// The next request.
    mutating func request(now: Int64) -> [String] {
        let list = below(500) == 0 ? Self.rare : Self.templates
        let template = list[below(list.count)]
        return template.split(separator: " ").map { word in
            guard word.utf8.count == 1, let letter = word.first, letter.isUppercase else { return String(word) }
            return replacement(letter, now: now)
        }
    }

    private mutating func replacement(_ letter: Character, now: Int64) -> String {
        switch letter {
        case "K": key("SLEHZX".randomCharacter(below(6)))
        // Now and then a key of another type.
        case "S", "L", "E", "H", "Z", "X": key(below(30) == 0 ? "SLEHZX".randomCharacter(below(6)) : letter)
        case "V": below(12) == 0 ? String(repeating: "v", count: below(3000)) : "v\(below(6))"
        case "N": "\(below(40) - 5)"
        case "F": "\(Double(below(1000)) / 8)"
        case "T": "\(below(300) + 1)"
        case "A": "\(now + Int64(below(600)) - 200)"
        case "M": "m\(below(6))"
        case "I": "\(now - Int64(below(30)))-\(below(2))"
        case "G": "g\(below(2))"
        case "C": "c\(below(2))"
        case "D": "\(below(3))"
        default: String(letter)
        }
    }

    private mutating func key(_ type: Character) -> String { "\(type)\(below(3))" }
}

extension String {
    fileprivate func randomCharacter(_ index: Int) -> Character { self[self.index(startIndex, offsetBy: index)] }
}
