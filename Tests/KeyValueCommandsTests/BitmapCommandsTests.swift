import Testing

@testable import KeyValueCommands

@Suite("Commands of bitmaps and HyperLogLogs")
struct BitmapCommandsTests {
    private static let wrongType = "-WRONGTYPE Operation against a key holding the wrong kind of value"
    private static let badOffset = "-ERR bit offset is not an integer or out of range"
    private static let badType =
        "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."

    /// Requests and replies, one after the other; the keys of before are there.
    private static let bits: [(String, String)] = [
        ("SETBIT b 1 1", ":0"), ("SETBIT b 1 1", ":1"), ("GETBIT b 1", ":1"), ("GETBIT b 100", ":0"), ("GET b", "$1|@"),
        ("SETBIT b 7 1", ":0"), ("GET b", "$1|A"), ("SETBIT b 23 1", ":0"), ("STRLEN b", ":3"),
        ("SETBIT b -1 1", badOffset), ("SETBIT b 4294967296 1", badOffset), ("GETBIT b x", badOffset),
        ("SETBIT b 1 2", "-ERR bit is not an integer or out of range"), ("GETBIT none 5", ":0"),
        ("SET n 1", "+OK"), ("GETBIT n 7", ":1"), ("BITCOUNT n", ":3"),
        ("BITCOUNT b", ":3"), ("BITCOUNT b 0 0", ":2"), ("BITCOUNT b -1 -1", ":1"), ("BITCOUNT b 1 7 BIT", ":2"),
        ("BITCOUNT b 2 6 bit", ":0"), ("BITCOUNT b 5 1", ":0"), ("BITCOUNT b 0", "-ERR syntax error"),
        ("BITCOUNT b 0 1 x", "-ERR syntax error"), ("BITCOUNT none", ":0"),
        ("BITPOS b 1", ":1"), ("BITPOS b 0", ":0"), ("BITPOS b 1 1", ":23"), ("BITPOS b 1 1 1", ":-1"),
        ("BITPOS b 1 2 -1 BIT", ":7"), ("BITPOS none 1", ":-1"), ("BITPOS none 0", ":0"),
        ("SETRANGE f 0 aaa", ":3"), ("BITOP NOT g none", ":0"), ("BITPOS b 2", "-ERR The bit argument must be 1 or 0."),
        ("BITOP AND d b f", ":3"), ("GET d", "$3|A\0\u{1}"),
        ("BITOP NOT d f f", "-ERR BITOP NOT must be called with a single source key."),
        ("BITOP nand d f", "-ERR syntax error"), ("SADD set m", ":1"), ("BITOP OR d set", wrongType),
        ("SETBIT set 0 1", wrongType), ("GETBIT set 0", wrongType), ("BITCOUNT set", wrongType),
        ("BITPOS set 1", wrongType),
    ]

    private static let fields: [(String, String)] = [
        ("BITFIELD f INCRBY i5 100 1 GET u4 0", "*2|:1|:0"), ("BITFIELD f SET u8 #0 255 INCRBY u8 #0 1", "*2|:0|:0"),
        ("BITFIELD f OVERFLOW SAT INCRBY u2 102 1 INCRBY u2 102 3", "*2|:1|:3"),
        ("BITFIELD f OVERFLOW FAIL INCRBY u2 102 1 OVERFLOW WRAP INCRBY u2 102 1", "*2|$-1|:0"),
        ("BITFIELD_RO f GET i8 0", "*1|:0"),
        ("BITFIELD_RO f SET i8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"),
        ("BITFIELD f GET u64 0", badType), ("BITFIELD f GET u8 -1", badOffset), ("BITFIELD f", "*0"),
        ("BITFIELD f OVERFLOW x", "-ERR Invalid OVERFLOW type specified"), ("BITFIELD f GET u8", "-ERR syntax error"),
        ("BITFIELD none GET i64 1000", "*1|:0"), ("BITFIELD f SET u8 #9223372036854775807 1", badOffset),
        ("SADD set m", ":1"), ("BITFIELD set GET u8 0", wrongType), ("BITFIELD set SET u8 0 1", wrongType),
    ]

    private static let sketches: [(String, String)] = [
        ("PFADD h a b c", ":1"), ("PFADD h a", ":0"), ("PFCOUNT h", ":3"), ("PFADD h2 c d", ":1"),
        ("PFCOUNT h h2 none", ":4"), ("PFCOUNT none", ":0"), ("PFMERGE h3 h h2", "+OK"), ("PFCOUNT h3", ":4"),
        ("PFADD empty", ":1"), ("PFADD empty", ":0"), ("PFDEBUG DECODE empty", "$7|Z:16384"),
        ("PFDEBUG ENCODING h", "+sparse"), ("PFDEBUG TODENSE h", ":1"), ("PFDEBUG TODENSE h", ":0"),
        ("PFDEBUG ENCODING h", "+dense"), ("PFCOUNT h", ":3"), ("STRLEN h", ":12304"),
        ("PFDEBUG DECODE h", "-ERR HLL encoding is not sparse"), ("PFDEBUG x h", "-ERR Unknown PFDEBUG subcommand 'x'"),
        ("PFDEBUG ENCODING none", "-ERR The specified key does not exist"), ("PFMERGE h2 h", "+OK"),
        ("PFDEBUG ENCODING h2", "+dense"), ("SET s abc", "+OK"),
        ("PFADD s a", "-WRONGTYPE Key is not a valid HyperLogLog string value."),
        ("PFCOUNT h s", "-WRONGTYPE Key is not a valid HyperLogLog string value."), ("SADD set m", ":1"),
        ("PFADD set a", wrongType), ("PFSELFTEST", "+OK"),
    ]

    @Test("Requests are answered as Redis answers them", arguments: [bits, fields, sketches])
    func stories(story: [(String, String)]) {
        let conversation = Conversation()
        for (request, reply) in story { #expect(conversation.ask(request) == reply, "\(request)") }
    }
}
