"""Large values go in the background: their memory comes back, whole, while others are served.

    reclaim.py "SERVER COMMAND" [--elements N]

The longest turns are measured by `Benchmarks/keyvalue --only removal`, on a release build.
"""

import argparse
import time

from server import Server, check, finish

KINDS = {
    "list": lambda n: ("RPUSH", n), "set": lambda n: ("SADD", n), "hash": lambda n: ("HSET", n, "value"),
    "zset": lambda n: ("ZADD", n, f"member:{n}"), "stream": lambda n: ("XADD", f"1-{n + 1}", "field", "value"),
}
# Tables of clients and what a fill leaves behind.
SLACK_BYTES = 1 << 20


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--elements", type=int, default=60_000)
    options = parser.parse_args()
    settings = ["--list-max-listpack-size", "8", "--stream-node-max-entries", "8"]
    for backend in ("epoll", "auto"):
        with Server(options.server, "--io", backend, *settings) as server:
            connection, other = server.connect(60), server.connect()
            for remove in (["UNLINK", *KINDS, "string"], ["FLUSHALL", "ASYNC"], ["FLUSHALL"]):
                removal(connection, other, options.elements, remove, backend)
    finish()


def removal(connection, other, elements, remove, backend):
    before, reclaimed = field(connection, "used_memory"), field(connection, "lazyfreed_objects")
    for kind in KINDS:
        fill(connection, kind, elements)
    connection.command("SET", "string", b"x" * (40 << 20))
    name = f"{' '.join(remove[:2])} on {backend}"
    check(f"{name}: memory was taken", field(connection, "used_memory") - before > 50 << 20, True)
    connection.command(*remove)
    check(f"{name}: nothing is there", connection.command("DBSIZE"), 0)
    deadline = time.monotonic() + 60
    while field(other, "lazyfree_pending_objects") > 0 and time.monotonic() < deadline:
        check(f"{name}: others are served", other.command("PING"), "+PONG")
    check(f"{name}: nothing waits", field(other, "lazyfree_pending_objects"), 0)
    check(f"{name}: all memory came back", field(other, "used_memory") - before < SLACK_BYTES, True)
    check(f"{name}: it was counted", field(other, "lazyfreed_objects") - reclaimed, len(KINDS) + 1)


def fill(connection, kind, elements):
    for start in range(0, elements, 1000):
        numbers = range(start, min(start + 1000, elements))
        if kind == "stream":
            for number in numbers:
                words = KINDS[kind](number)
                connection.command(words[0], kind, *words[1:])
            continue
        words = [KINDS[kind](number) for number in numbers]
        connection.command(words[0][0], kind, *(part for each in words for part in each[1:]))


def field(connection, name):
    text = connection.command("INFO", "memory").decode() + connection.command("INFO", "stats").decode()
    return int(next(line for line in text.splitlines() if line.startswith(name + ":")).split(":")[1])


main()
