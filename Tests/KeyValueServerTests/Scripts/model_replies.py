"""Replies as values, and when two of them count as equal."""

import math
from collections import Counter


def encode(words):
    parts = [word.encode("latin-1") for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)


class Reader:
    """Reads replies of both protocols: `+text` and `-text` as str, bulks as bytes, numbers as int and float."""

    def __init__(self, file):
        self.file = file

    def reply(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError("the server closed the connection")
        kind = line[:1]
        if kind in b"+-":
            return line[:-2].decode("latin-1")
        if kind == b":":
            return int(line[1:])
        if kind in b"$=":
            count = int(line[1:])
            if count < 0:
                return None
            return self.file.read(count + 2)[:-2]
        if kind in b"*~>":
            count = int(line[1:])
            if count < 0:
                return ("null array",)
            items = [self.reply() for _ in range(count)]
            return items if kind == b"*" else (kind.decode(), items)
        if kind == b"%":
            return ("%", [self.reply() for _ in range(2 * int(line[1:]))])
        if kind == b"_":
            return ("null",)
        if kind == b",":
            return float(line[1:])
        if kind == b"#":
            return line[1:2] == b"t"
        if kind == b"(":
            return ("(", int(line[1:]))
        raise ValueError(line)


def equal_replies(words, expected, got):
    """Whether replies that are not the same say the same."""
    name = words[0].upper()
    if is_error(expected) or is_error(got):
        return False
    compare = COMPARISONS.get(name)
    return compare is not None and compare(words, expected, got)


def is_error(reply):
    return isinstance(reply, str) and reply.startswith("-")


def same_numbers(_, expected, got):
    """The same but for how a fraction is printed: 17 digits in 7.0, the shortest that read the same in 7.2."""
    if isinstance(expected, bytes) and isinstance(got, bytes):
        if expected == got:
            return True
        try:
            return float(expected) == float(got)
        except ValueError:
            return False
    if isinstance(expected, float) and isinstance(got, float):
        return expected == got or math.isnan(expected) and math.isnan(got)
    if isinstance(expected, (list, tuple)) and type(expected) is type(got) and len(expected) == len(got):
        return all(same_numbers(None, one, other) for one, other in zip(expected, got))
    return expected == got


def items_of(reply):
    if isinstance(reply, tuple) and len(reply) == 2 and isinstance(reply[1], list):
        return reply[1]
    return reply if isinstance(reply, list) else None


def key_of(item):
    """The same as something hashable."""
    if isinstance(item, (list, tuple)):
        return tuple(key_of(part) for part in item)
    return item


def same_kind(expected, got):
    """Whether both are aggregates of one kind and length."""
    if isinstance(expected, tuple) != isinstance(got, tuple):
        return False
    if isinstance(expected, tuple) and expected[0] != got[0]:
        return False
    one, other = items_of(expected), items_of(got)
    return one is not None and other is not None and len(one) == len(other)


def unordered(_, expected, got):
    return same_kind(expected, got) and Counter(map(key_of, items_of(expected))) == Counter(map(key_of, items_of(got)))


def unordered_pairs(_, expected, got):
    return same_kind(expected, got) and Counter(pairs(items_of(expected))) == Counter(pairs(items_of(got)))


def unordered_scores(_, expected, got):
    return same_kind(expected, got) and dict(scores(items_of(expected))) == dict(scores(items_of(got)))


def pairs(items):
    return list(zip(items[::2], items[1::2]))


def scores(items):
    return [(member, float(score)) for member, score in pairs(items)]


def scan(words, expected, got):
    """The whole of what is scanned in any order; where a scan has not come to its end, nothing can be said."""
    if not (isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got) == 2):
        return False
    is_whole = "0" in words[1:3] and expected[0] == got[0] == b"0"
    compare = {"HSCAN": unordered_pairs, "ZSCAN": unordered_scores}.get(words[0].upper(), unordered)
    return not is_whole or compare(None, expected[1], got[1])


def shape_only(_, expected, got):
    """Random replies: both something, or as many of something."""
    one, other = items_of(expected), items_of(got)
    if one is None or other is None:
        return isinstance(expected, bytes) and isinstance(got, bytes)
    return same_kind(expected, got) or (not one) == (not other)


def sort(words, expected, got):
    """The order of equal weights, and of a set that is not sorted, is nowhere promised."""
    upper = [word.upper() for word in words]
    if "BY" not in upper:
        return False
    return same_kind(expected, got) if "LIMIT" in upper or "GET" in upper else unordered(None, expected, got)


def near(tolerance):
    """Times that are told relative to a clock that has gone on between the two."""
    def compare(_, expected, got):
        return (isinstance(expected, int) and isinstance(got, int) and expected > 0 and got > 0
                and abs(expected - got) <= tolerance)
    return compare


def pending(words, expected, got):
    """XPENDING with the idle time of each entry left out."""
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return all(isinstance(one, list) and isinstance(other, list) and len(one) == len(other) == 4
                   and one[:2] + one[3:] == other[:2] + other[3:] for one, other in zip(expected, got))
    return False


# Fields of XINFO that tell times, or how nodes of the tree are laid out. `active-time` and `inactive` are new in 7.2.
UNCOMPARED = {b"seen-time", b"active-time", b"idle", b"inactive", b"radix-tree-keys", b"radix-tree-nodes"}


def information(_, expected, got):
    return stripped(expected) == stripped(got)


def stripped(reply, field=None):
    """XINFO without what is not compared, maps as arrays, and entries of pending lists without their times."""
    items = items_of(reply)
    if items is None:
        return reply
    if field in (b"pel", b"pending"):
        times = -2 if len(items) and isinstance(items[0], list) and len(items[0]) in (3, 4) else None
        return [[part for i, part in enumerate(entry) if i != len(entry) + times] if times else entry
                for entry in items]
    if len(items) >= 2 and len(items) % 2 == 0 and all(isinstance(name, bytes) for name in items[::2]):
        kept = []
        for name, value in zip(items[::2], items[1::2]):
            if name not in UNCOMPARED:
                kept += [name, stripped(value, name)]
        return kept
    return [stripped(item) for item in items]


# What 7.2 calls encodings: small sets and lists are one list pack where 7.0 has a table and a list of nodes.
ENCODINGS = {(b"hashtable", b"listpack"), (b"quicklist", b"listpack")}


def encoding(_, expected, got):
    return (expected, got) in ENCODINGS


COMPARISONS = {
    "SMEMBERS": unordered, "SINTER": unordered, "SUNION": unordered, "SDIFF": unordered, "KEYS": unordered,
    "HKEYS": unordered, "HVALS": unordered, "SPOP": unordered, "HGETALL": unordered_pairs,
    "SCAN": scan, "SSCAN": scan, "HSCAN": scan, "ZSCAN": scan,
    "RANDOMKEY": shape_only, "SRANDMEMBER": shape_only, "HRANDFIELD": shape_only, "ZRANDMEMBER": shape_only,
    "TTL": near(5), "PTTL": near(5000), "EXPIRETIME": near(5), "PEXPIRETIME": near(5000),
    "SORT": sort, "SORT_RO": sort, "XPENDING": pending, "XINFO": information, "OBJECT": encoding,
}
COMPARISONS |= {name: same_numbers for name in """
    ZADD ZINCRBY ZSCORE ZMSCORE ZRANGE ZREVRANGE ZRANGEBYSCORE ZREVRANGEBYSCORE ZPOPMIN ZPOPMAX ZMPOP BZPOPMIN BZPOPMAX
    BZMPOP ZUNION ZINTER ZDIFF GEODIST GEOPOS GEOSEARCH GEORADIUS GEORADIUSBYMEMBER GEORADIUS_RO GEORADIUSBYMEMBER_RO
""".split()}
