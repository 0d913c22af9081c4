"""The commands of the model test: a grammar of every family, and random sentences of it.

A template is words between spaces. A word in lower case is a kind of argument (`KINDS`), `( a | b )` is a choice,
`[ a ]` may be missing, `< a >` is repeated one to four times; anything else stands for itself.
"""

import random

TEMPLATES = {
    "strings": """
        SET str val [ ( NX | XX ) ] [ GET ] [ ( EX seconds | PX ms | EXAT at | PXAT atms | KEEPTTL ) ]
        SET str ( int | float | long )
        GET str
        GETDEL str
        GETEX str [ ( EX seconds | PX ms | EXAT at | PXAT atms | PERSIST ) ]
        GETSET str val
        SETNX str val
        SETEX str seconds val
        PSETEX str ms val
        MSET < str val >
        MSETNX < str val >
        MGET < key >
        APPEND str val
        STRLEN str
        SETRANGE str offset val
        GETRANGE str index index
        SUBSTR str index index
        INCR num
        DECR num
        INCRBY num int
        DECRBY num int
        INCRBYFLOAT num float
        LCS str str [ ( LEN | IDX [ MINMATCHLEN small ] [ WITHMATCHLEN ] ) ]
    """,
    "bitmaps": """
        SETBIT bits bit ( 0 | 1 )
        GETBIT bits bit
        BITCOUNT bits [ index index [ ( BYTE | BIT ) ] ]
        BITPOS bits ( 0 | 1 ) [ index [ index [ ( BYTE | BIT ) ] ] ]
        BITOP ( AND | OR | XOR ) bits < bits >
        BITOP NOT bits bits
        BITFIELD bits < ( GET fieldtype fieldoffset | SET fieldtype fieldoffset int | INCRBY fieldtype fieldoffset int | OVERFLOW ( WRAP | SAT | FAIL ) ) >
        BITFIELD_RO bits < GET fieldtype fieldoffset >
    """,
    "hyperloglogs": """
        PFADD hll < member >
        PFADD hll < val >
        PFADD hll
        PFCOUNT < hll >
        PFMERGE hll < hll >
    """,
    "lists": """
        LPUSH list < val >
        RPUSH list < val >
        RPUSH list < member > < member > < member >
        LPUSHX list < val >
        RPUSHX list < val >
        LPOP list [ small ]
        RPOP list [ small ]
        LLEN list
        LINDEX list index
        LRANGE list index index
        LRANGE list 0 -1
        LSET list index val
        LINSERT list ( BEFORE | AFTER ) member val
        LREM list index member
        LTRIM list index index
        LPOS list member [ RANK index ] [ COUNT small ] [ MAXLEN small ]
        RPOPLPUSH list list
        LMOVE list list ( LEFT | RIGHT ) ( LEFT | RIGHT )
        LMPOP lists ( LEFT | RIGHT ) [ COUNT small ]
    """,
    "sets": """
        SADD set < member >
        SADD set < member > < member > < member >
        SADD set < int >
        SADD set < val >
        SREM set < member >
        SISMEMBER set member
        SMISMEMBER set < member >
        SCARD set
        SMEMBERS set
        SMOVE set set member
        SINTER < set >
        SUNION < set >
        SDIFF < set >
        SINTERSTORE set < set >
        SUNIONSTORE set < set >
        SDIFFSTORE set < set >
        SINTERCARD sets [ LIMIT small ]
        SPOP set 100000
        SRANDMEMBER set [ index ]
        SSCAN set 0 [ MATCH pattern ] COUNT 100000
    """,
    "hashes": """
        HSET hash < field val >
        HSET hash < field member > < field member > < field member >
        HMSET hash < field val >
        HSETNX hash field val
        HGET hash field
        HMGET hash < field >
        HGETALL hash
        HKEYS hash
        HVALS hash
        HDEL hash < field >
        HLEN hash
        HEXISTS hash field
        HSTRLEN hash field
        HINCRBY hash count int
        HINCRBYFLOAT hash count float
        HSET hash < count int >
        HRANDFIELD hash [ index [ WITHVALUES ] ]
        HSCAN hash 0 [ MATCH pattern ] COUNT 100000
    """,
    "sorted sets": """
        ZADD zset [ ( NX | XX ) ] [ ( GT | LT ) ] [ CH ] < score member >
        ZADD zset [ XX ] [ CH ] INCR score member
        ZADD zset < score member > < score member > < score member >
        ZADD zset < 0 member > < 0 member >
        ZINCRBY zset score member
        ZREM zset < member >
        ZCARD zset
        ZSCORE zset member
        ZMSCORE zset < member >
        ZRANK zset member
        ZREVRANK zset member
        ZCOUNT zset scorebound scorebound
        ZRANGE zset index index [ REV ] [ WITHSCORES ]
        ZRANGE zset scorebound scorebound BYSCORE [ REV ] [ LIMIT index index ] [ WITHSCORES ]
        ZRANGE zset 0 -1 WITHSCORES
        ZREVRANGE zset index index [ WITHSCORES ]
        ZRANGEBYSCORE zset scorebound scorebound [ WITHSCORES ] [ LIMIT index index ]
        ZREVRANGEBYSCORE zset scorebound scorebound [ WITHSCORES ] [ LIMIT index index ]
        ZREMRANGEBYRANK zset index index
        ZREMRANGEBYSCORE zset scorebound scorebound
        ZPOPMIN zset [ small ]
        ZPOPMAX zset [ small ]
        ZMPOP zsets ( MIN | MAX ) [ COUNT small ]
        ZUNION zsets [ weights ] [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ]
        ZINTER zsets [ weights ] [ AGGREGATE ( SUM | MIN | MAX ) ] [ WITHSCORES ]
        ZDIFF zsets [ WITHSCORES ]
        ZUNIONSTORE zset zsets [ weights ] [ AGGREGATE ( SUM | MIN | MAX ) ]
        ZINTERSTORE zset zsets [ weights ] [ AGGREGATE ( SUM | MIN | MAX ) ]
        ZDIFFSTORE zset zsets
        ZINTERCARD zsets [ LIMIT small ]
        ZRANGESTORE zset zset index index [ REV ]
        ZRANGESTORE zset zset scorebound scorebound BYSCORE [ REV ] [ LIMIT index index ]
        ZRANDMEMBER zset [ index [ WITHSCORES ] ]
        ZSCAN zset 0 [ MATCH pattern ] COUNT 100000
    """,
    "ranges of text": """
        ZLEXCOUNT equals lexbound lexbound
        ZRANGE equals lexbound lexbound BYLEX [ REV ] [ LIMIT index index ]
        ZRANGEBYLEX equals lexbound lexbound [ LIMIT index index ]
        ZREVRANGEBYLEX equals lexbound lexbound [ LIMIT index index ]
        ZREMRANGEBYLEX equals lexbound lexbound
        ZRANGESTORE equals equals lexbound lexbound BYLEX [ REV ] [ LIMIT index index ]
    """,
    "geo": """
        GEOADD geo [ ( NX | XX ) ] [ CH ] < longitude latitude member >
        GEOPOS geo < member >
        GEODIST geo member member [ unit ]
        GEOHASH geo < member >
        GEOSEARCH geo origin shape [ order ] [ COUNT small [ ANY ] ] [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ]
        GEOSEARCHSTORE geo geo origin shape [ order ] [ COUNT small ] [ STOREDIST ]
        GEORADIUS geo longitude latitude radius unit [ WITHCOORD ] [ WITHDIST ] [ WITHHASH ] [ COUNT small ] [ order ]
        GEORADIUS geo longitude latitude radius unit [ COUNT small ] [ order ] ( STORE geo | STOREDIST geo )
        GEORADIUSBYMEMBER geo member radius unit [ WITHCOORD ] [ WITHDIST ] [ COUNT small ] [ order ]
        GEORADIUS_RO geo longitude latitude radius unit [ WITHDIST ] [ order ]
        GEORADIUSBYMEMBER_RO geo member radius unit [ WITHHASH ] [ order ]
        ZRANGE geo 0 -1 WITHSCORES
    """,
    "streams": """
        XADD stream [ NOMKSTREAM ] [ trim ] id < field val >
        XADD stream newid < field member >
        XADD stream newid < field member >
        XADD stream newid < field member > < field val >
        XDEL stream < id >
        XLEN stream
        XRANGE stream bound bound [ COUNT index ]
        XREVRANGE stream bound bound [ COUNT index ]
        XTRIM stream trim
        XSETID stream newid [ ENTRIESADDED small ] [ MAXDELETEDID id ]
        XREAD [ COUNT small ] STREAMS stream id
        XREAD [ COUNT small ] STREAMS stream stream id id
        XREAD STREAMS stream $
        XGROUP CREATE stream group ( 0 | $ | id ) [ MKSTREAM ] [ ENTRIESREAD small ]
        XGROUP CREATE stream group 0 MKSTREAM
        XGROUP SETID stream group ( 0 | $ | id ) [ ENTRIESREAD small ]
        XGROUP DESTROY stream group
        XGROUP CREATECONSUMER stream group consumer
        XGROUP DELCONSUMER stream group consumer
        XREADGROUP GROUP group consumer [ COUNT small ] [ NOACK ] STREAMS stream >
        XREADGROUP GROUP group consumer COUNT small STREAMS stream >
        XREADGROUP GROUP group consumer [ COUNT small ] STREAMS stream ( 0 | id )
        XREADGROUP GROUP group consumer STREAMS stream stream > >
        XACK stream group < id >
        XPENDING stream group
        XPENDING stream group [ IDLE 0 ] bound bound small [ consumer ]
        XCLAIM stream group consumer 0 < id > [ RETRYCOUNT small ] [ FORCE ] [ JUSTID ] [ LASTID id ]
        XAUTOCLAIM stream group consumer 0 bound [ COUNT small ] [ JUSTID ]
        XINFO STREAM stream
        XINFO STREAM stream FULL [ COUNT small ]
        XINFO GROUPS stream
        XINFO CONSUMERS stream group
    """,
    "blocking": """
        BLPOP list list 0.001
        BRPOP list 0.001
        BLMOVE list list ( LEFT | RIGHT ) ( LEFT | RIGHT ) 0.001
        BRPOPLPUSH list list 0.001
        BLMPOP 0.001 lists ( LEFT | RIGHT ) [ COUNT small ]
        BZPOPMIN zset zset 0.001
        BZPOPMAX zset 0.001
        BZMPOP 0.001 zsets ( MIN | MAX ) [ COUNT small ]
        XREAD COUNT 2 BLOCK 1 STREAMS stream stream id id
        XREADGROUP GROUP group consumer COUNT 1 BLOCK 1 STREAMS stream >
        WAIT 0 0
    """,
    "generic": """
        DEL < key >
        UNLINK < key >
        EXISTS < key >
        TOUCH < key >
        TYPE key
        EXPIRE key seconds [ ( NX | XX | GT | LT ) ]
        PEXPIRE key ms [ ( NX | XX | GT | LT ) ]
        EXPIREAT key at [ ( NX | XX | GT | LT ) ]
        PEXPIREAT key atms [ ( NX | XX | GT | LT ) ]
        PERSIST key
        TTL key
        PTTL key
        EXPIRETIME key
        PEXPIRETIME key
        RENAME key key
        RENAMENX key key
        COPY key key [ DB db ] [ REPLACE ]
        MOVE key db
        OBJECT ENCODING key
        KEYS keypattern
        SCAN 0 [ MATCH keypattern ] COUNT 100000 [ TYPE ( STRING | LIST | SET | ZSET | HASH | STREAM ) ]
        RANDOMKEY
        DBSIZE
        SORT collection [ LIMIT index index ] [ ( ASC | DESC ) ] [ ALPHA ]
        SORT collection [ BY sortpattern ] [ LIMIT index index ] [ < GET getpattern > ] [ ( ASC | DESC ) ] [ ALPHA ]
        SORT collection [ ( ASC | DESC ) ] ALPHA [ < GET getpattern > ] STORE list
        SORT list BY nosort [ < GET getpattern > ] STORE list
        SORT_RO collection [ LIMIT index index ] [ ( ASC | DESC ) ] ALPHA
    """,
    "connection": """
        SELECT db
        SWAPDB db db
        PING [ val ]
        ECHO val
        PUBLISH member val
        FLUSHDB [ ( SYNC | ASYNC ) ]
    """,
}
"""How often a command of a family is drawn, and how many keys of it there are."""
WEIGHTS = {
    "strings": 12, "bitmaps": 6, "hyperloglogs": 4, "lists": 14, "sets": 12, "hashes": 12, "sorted sets": 15, "ranges of text": 3, "geo": 6,
    "streams": 18, "blocking": 1, "generic": 16, "connection": 1,
}
KEYS = {
    "str": ["s1", "s2", "s3", "s4", "s5"], "num": ["n1", "n2", "n3"], "bits": ["b1", "b2", "b3"],
    "hll": ["p1", "p2", "p3"], "list": ["l1", "l2", "l3", "l4"], "set": ["t1", "t2", "t3", "t4"],
    "hash": ["h1", "h2", "h3"], "zset": ["z1", "z2", "z3", "z4"], "geo": ["g1", "g2"],
    "stream": ["x1", "x2", "x3"],
}
ALL_KEYS = [key for keys in KEYS.values() for key in keys]

# A spoiled timeout may be none (the family "blocking" likewise), a spoiled SPOP is random, ids below deleted ones are
# refused by 7.2 alone, which also takes an option more of ZRANK.
UNSPOILED = ("SPOP", "XSETID", "ZRANK", "ZREVRANK")

ODD_NUMBERS = ["9223372036854775807", "-9223372036854775808", "9223372036854775806", "18446744073709551615", "0", "-1"]
ODD = ODD_NUMBERS + ["foo", "", "1e3", "nan", "inf", "-inf", "3.5", " 1", "+1", "01", "1 ", "-0", "-", "+", "(", "[",
                     "nx", "withscores", "limit", "count", "\x00\xff", "x" * 100]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
UNITS = ["m", "km", "mi", "ft"]


class Grammar:
    """Random commands, always the same for a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.stream_id = 0
        self.families = [(name, [parse(line.split()) for line in text.strip().splitlines()])
                         for name, text in TEMPLATES.items()]
        self.weights = [WEIGHTS[name] for name, _ in self.families]

    def commands(self):
        """A command as words, 3 in 100 of them spoiled, after what it needs for its reply to be defined."""
        family, templates = self.random.choices(self.families, self.weights)[0]
        words = []
        self.expand(self.random.choice(templates), words)
        if family != "blocking" and words[0] not in UNSPOILED and self.random.random() < 0.03:
            words = self.spoil(words)
        if words[0] == "DBSIZE":
            # Takes away what is due: it counts until somebody asks for it.
            return [["EXISTS"] + ALL_KEYS, words]
        if words[0] == "BITFIELD":
            # Redis saturates the lowest integers to the highest value of a field (its own overflow check overflows).
            words = ["-1" if word == "-9223372036854775808" else word for word in words]
        if family == "ranges of text":
            # Ranges of text are defined among members of equal scores.
            return [["ZUNIONSTORE", "equals", "1", self.key("zset"), "WEIGHTS", "0"], words]
        if words[0] in ("SORT", "SORT_RO") and len(words) > 1:
            # Redis turns a sorted set into its large form in order to sort it; here it stays as it is.
            return [["COPY", words[1], "sorted", "REPLACE"], [words[0], "sorted"] + words[2:]]
        return consumers(words) + [words]

    def spoil(self, words):
        where = self.random.randrange(1, len(words) + 1)
        how = self.random.random()
        if how < 0.35 and where < len(words):
            return words[:where] + words[where + 1:]
        if how < 0.7 and where < len(words):
            return words[:where] + [self.random.choice(ODD)] + words[where + 1:]
        if how < 0.75:
            return words[:1]
        return words[:where] + [self.random.choice(ODD)] + words[where:]

    def expand(self, nodes, words):
        for kind, content in nodes:
            if kind == "word":
                words.append(content)
            elif kind == "kind":
                value = KINDS[content](self)
                words.extend(value) if isinstance(value, list) else words.append(value)
            elif kind == "optional":
                if self.random.random() < 0.4:
                    self.expand(content, words)
            elif kind == "choice":
                self.expand(self.random.choice(content), words)
            else:
                for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 4))):
                    self.expand(content, words)

    # Arguments

    def key(self, kind):
        if self.random.random() < 0.03:
            return self.random.choice(ALL_KEYS)
        return self.random.choice(KEYS[kind])

    def keys_with_count(self, kind):
        count = self.random.choice((1, 2, 2, 3))
        keys = [self.key(kind) for _ in range(count)]
        if self.random.random() < 0.02:
            count = self.random.choice((-1, 0, count + 1))
        return [str(count)] + keys

    def member(self):
        how = self.random.random()
        if how < 0.6:
            return self.random.choice(LETTERS)
        if how < 0.85:
            return str(self.random.randrange(-20, 40))
        return "member:%d" % self.random.randrange(30)

    def value(self):
        how = self.random.random()
        if how < 0.3:
            return self.member()
        if how < 0.5:
            return str(self.random.choice((0, 1, 7, 127, 128, -129, 4095, 32767, 40000, -70000, 2 ** 31, -2 ** 33, 2 ** 62)))
        if how < 0.6:
            return self.random.choice(LETTERS) * self.random.choice((30, 44, 45, 63, 64, 65, 70, 300))
        if how < 0.7:
            return self.random.choice(("", "\x01\x00\xfe\xff", "\r\n", "a b", "3.25", "1e5", "-", "\u00e4"))
        return "value:%d" % self.random.randrange(1000)

    def integer(self):
        if self.random.random() < 0.04:
            return self.random.choice(ODD_NUMBERS)
        return str(self.random.choice((self.random.randrange(-10, 100), self.random.randrange(-10 ** 6, 10 ** 6))))

    def float(self):
        if self.random.random() < 0.04:
            return self.random.choice(("inf", "-inf", "nan", "1e308", "1e-300", "9007199254740993"))
        return self.random.choice((
            str(self.random.randrange(-100, 100)), "%.2f" % self.random.uniform(-100, 100),
            "%.1f" % self.random.uniform(-9, 9), repr(self.random.uniform(-1, 1)), "%e" % self.random.uniform(-1e9, 1e9)))

    def score(self):
        if self.random.random() < 0.8:
            return str(self.random.choice((self.random.randrange(-5, 20), self.random.randrange(40) / 4)))
        return self.float()

    def score_bound(self):
        return self.random.choice(("", "", "(")) + self.random.choice((self.score(), self.score(), "-inf", "+inf"))

    def lex_bound(self):
        return self.random.choice(("-", "+", "[" + self.member(), "(" + self.member(), "[", "("))

    def index(self):
        return str(self.random.choice((0, 1, 2, 3, 5, 10, -1, -2, -3, -10, 100, -100)))

    def seconds(self):
        # Far enough that nothing expires while the test runs and that no two deadlines meet; or past.
        if self.random.random() < 0.1:
            return self.random.choice(("0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775"))
        return str(self.random.randrange(100_000, 100_000_000))

    def deadline(self, unit):
        if self.random.random() < 0.1:
            return self.random.choice(("0", "-1", "1000", "9223372036854775807"))
        return str(self.random.randrange(3_000_000_000, 4_000_000_000) * unit)

    def milliseconds(self):
        if self.random.random() < 0.1:
            return self.random.choice(("0", "-1", "9223372036854775807"))
        return str(self.random.randrange(100_000_000, 100_000_000_000))

    def identifier(self):
        how = self.random.random()
        first = self.random.randrange(0, max(2, self.stream_id + 2))
        if how < 0.5:
            return str(first)
        if how < 0.9:
            return "%d-%d" % (first, self.random.randrange(3))
        return self.random.choice(("0-0", "0", "%d-*" % (self.stream_id + 1), "18446744073709551615-18446744073709551615",
                                   "0-1", "1-", "-1", "x"))

    def new_identifier(self):
        self.stream_id += self.random.choice((0, 1, 1, 1, 5))
        return self.random.choice(("%d", "%d-1", "%d-*", "%d-7")) % self.stream_id

    def bound(self):
        return self.random.choice(("-", "+", self.identifier(), self.identifier(), "(" + self.identifier()))

    def trim(self):
        exact = self.random.choice(([], ["="], ["="]))
        if self.random.random() < 0.5:
            return ["MAXLEN"] + exact + [self.index()]
        return ["MINID"] + exact + [self.identifier()]

    def origin(self):
        if self.random.random() < 0.4:
            return ["FROMMEMBER", self.member()]
        return ["FROMLONLAT", self.longitude(), self.latitude()]

    def shape(self):
        unit = self.random.choice(UNITS)
        if self.random.random() < 0.5:
            return ["BYRADIUS", self.radius(), unit]
        return ["BYBOX", self.radius(), self.radius(), unit]

    def radius(self):
        return self.random.choice(("0", "1", "10.5", "100", "500", "2000", "20000", "3000000"))

    def longitude(self):
        if self.random.random() < 0.1:
            return self.random.choice(("180", "-180", "181", "0", "x"))
        return "%.4f" % self.random.uniform(-180, 180)

    def latitude(self):
        if self.random.random() < 0.1:
            return self.random.choice(("85.05112878", "-85.05112878", "86", "0"))
        return "%.4f" % self.random.uniform(-85, 85)

    def weights_of(self):
        return ["WEIGHTS"] + [self.score() for _ in range(self.random.choice((1, 2, 2, 3)))]


def consumers(words):
    """Commands that make the consumer that a command names: 7.2 makes it in cases where 7.0 does not."""
    name = words[0]
    if name in ("XCLAIM", "XAUTOCLAIM") and len(words) > 3:
        return [["XGROUP", "CREATECONSUMER"] + words[1:4]]
    if name == "XREADGROUP" and "STREAMS" in words and len(words) > 4:
        streams = words[words.index("STREAMS") + 1:]
        return [["XGROUP", "CREATECONSUMER", stream, words[2], words[3]] for stream in streams[:len(streams) // 2]]
    return []


def pick(*values):
    return lambda grammar: grammar.random.choice(values)


KINDS = {name: (lambda grammar, name=name: grammar.key(name)) for name in KEYS}
KINDS |= {
    "key": lambda g: g.random.choice(ALL_KEYS),
    "collection": lambda g: g.key(g.random.choice(("list", "set", "zset"))),
    "lists": lambda g: g.keys_with_count("list"), "sets": lambda g: g.keys_with_count("set"),
    "zsets": lambda g: g.keys_with_count("zset"),
    "val": Grammar.value, "member": Grammar.member, "int": Grammar.integer, "float": Grammar.float,
    "long": lambda g: g.random.choice(LETTERS) * g.random.choice((40, 44, 45, 100, 2000)),
    "field": lambda g: "f%d" % g.random.randrange(12) if g.random.random() < 0.9 else g.value(),
    "count": lambda g: "c%d" % g.random.randrange(3),
    "small": lambda g: str(g.random.choice((1, 1, 2, 3, 5, 10, 0, -1))),
    "index": Grammar.index, "offset": lambda g: str(g.random.choice((0, 1, 3, 10, 50, 200, -1, 536870912))),
    "seconds": Grammar.seconds, "ms": Grammar.milliseconds,
    "at": lambda g: g.deadline(1), "atms": lambda g: g.deadline(1000),
    "bit": lambda g: str(g.random.choice((0, 1, 7, 8, 9, 63, 100, 1000, 5000, -1, 4294967296))),
    "fieldtype": lambda g: g.random.choice("ui") + str(g.random.choice((1, 4, 7, 8, 13, 16, 31, 32, 33, 63, 64, 65, 0))),
    "fieldoffset": lambda g: g.random.choice(("", "", "#")) + str(g.random.choice((0, 1, 3, 8, 17, 100, 500, -1))),
    "equals": pick("equals"), "score": Grammar.score, "scorebound": Grammar.score_bound, "lexbound": Grammar.lex_bound,
    "weights": Grammar.weights_of,
    "longitude": Grammar.longitude, "latitude": Grammar.latitude, "radius": Grammar.radius, "unit": pick(*UNITS),
    "origin": Grammar.origin, "shape": Grammar.shape, "order": pick("ASC", "DESC"),
    "id": Grammar.identifier, "newid": Grammar.new_identifier, "bound": Grammar.bound, "trim": Grammar.trim,
    "group": pick("ga", "gb"), "consumer": pick("ca", "cb", "cc"),
    "db": pick("0", "0", "0", "1", "2", "3", "4", "-1"),
    "pattern": pick("*", "a*", "*1*", "[a-f]*", "member:?", "f[0-5]", "\\*", "nothing"),
    "keypattern": pick("*", "s*", "?1", "[lz]*", "x[^1]", "nothing", "*2"),
    "sortpattern": pick("nosort", "s*", "n*", "h*->f1", "*", "h1->*"),
    "getpattern": pick("#", "s*", "n*", "h*->f1", "t1", "h*->"),
}


def parse(words):
    """The tree of a template."""
    nodes, _ = parse_until(words, 0, ())
    return nodes


def parse_until(words, position, ends):
    nodes = []
    while position < len(words) and words[position] not in ends:
        word = words[position]
        if word == "[":
            content, position = parse_until(words, position + 1, ("]",))
            nodes.append(("optional", content))
        elif word == "<":
            content, position = parse_until(words, position + 1, (">",))
            nodes.append(("repeat", content))
        elif word == "(":
            choices = []
            while words[position] != ")":
                content, position = parse_until(words, position + 1, ("|", ")"))
                choices.append(content)
            nodes.append(("choice", choices))
        else:
            nodes.append(("kind" if word in KINDS else "word", word))
        position += 1
    return nodes, position
