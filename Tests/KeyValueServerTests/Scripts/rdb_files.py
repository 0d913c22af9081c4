#!/usr/bin/env python3
"""Snapshot files both ways: the server's own is loaded by redis-server and the other way round, with equal content in all
16 databases; payloads of DUMP likewise. Then `atoll kv check` on such a file, whole and damaged."""

import os
import shutil
import subprocess
import sys

from server import Server

LONG = "abcdefgh" * 400


def fill(connection):
    """Keys of every type in small and large forms, in several databases, some with an expiry."""
    def each(count, *words):
        for start in range(0, count, 500):
            part = range(start, min(start + 500, count))
            connection.command(*words, *[w for i in part for w in members(words[0], i)])

    def members(command, i):
        if command == "hset":
            return (f"field{i}", f"value{i}" if i % 3 else str(i))
        if command == "zadd":
            return (str(i / 2), f"member{i}")
        return (f"element{i}" if i % 3 else str(i),)

    for database in (0, 15):
        connection.command("select", database)
        for i, value in enumerate(["", "0", "-1", "200", "-70000", "2147483648", "9223372036854775807", "01", "text",
                                   "x" * 20, "x" * 21, "y" * 192, "y" * 193, LONG, LONG * 100]):
            connection.command("set", f"string{i}", value)
        for count in (1, 100, 513, 5000):
            each(count, "rpush", f"list{count}")
            each(count, "sadd", f"set{count}")
            each(count, "hset", f"hash{count}")
            each(count, "zadd", f"zset{count}")
            connection.command("sadd", f"integers{count}", *range(-count, count, 2))
        connection.command("rpush", "wide", LONG, LONG * 10, "short")
        connection.command("hset", "long", LONG, LONG)
        connection.command("zadd", "infinite", "inf", "a", "-inf", "b", "0", "c")
        for count in (1, 30, 1000):
            key = f"stream{count}"
            for i in range(count):
                connection.command("xadd", key, f"{1000 + i}-{i % 3}", "field", i, *(["other", "x"] if i % 5 == 0 else []))
            connection.command("xgroup", "create", key, "one", "0")
            connection.command("xgroup", "create", key, "two", "1000-0")
            # 7.0 does not make a consumer that gets nothing.
            for name in ("idle", "alice", "bob"):
                connection.command("xgroup", "createconsumer", key, "one", name)
            connection.command("xreadgroup", "group", "one", "alice", "count", 3, "streams", key, ">")
            connection.command("xreadgroup", "group", "one", "bob", "count", 20, "streams", key, ">")
            connection.command("xdel", key, "1002-2")
        for key in ("string3", "list100", "zset5000"):
            connection.command("pexpireat", key, 9999999999999)
    connection.command("select", 0)


def contents(connection):
    """Every key with its digest, encoding and expiry, and what groups of streams know."""
    found = {}
    for database in range(16):
        connection.command("select", database)
        for key in connection.command("keys", "*"):
            entry = [connection.command("debug", "digest-value", key), connection.command("pexpiretime", key)]
            kind = connection.command("type", key)
            if kind == "+stream":
                entry.append([group[:12] for group in connection.command("xinfo", "groups", key)])
                entry.append([row[:2] for row in connection.command("xpending", key, "one", "-", "+", 100)])
            found[database, key] = entry
    connection.command("select", 0)
    return found


def encodings(connection):
    return {key: connection.command("object", "encoding", key) for key in connection.command("keys", "*")}


def expect_same(one, other, what):
    missing = set(one) ^ set(other)
    assert not missing, f"{what}: only in one of the two: {sorted(missing)[:5]}"
    for key in one:
        assert one[key] == other[key], f"{what}: {key}: {one[key]} != {other[key]}"
    print(f"ok: {what}: {len(one)} keys")


class Loaded(Server):
    """A server in whose directory a file lies before it starts."""

    def __init__(self, command, file, *arguments):
        self.file = file
        super().__init__(command, "--enable-debug-command", "yes", "--dbfilename", os.path.basename(file),
                         *arguments, "--dir", os.path.dirname(file))


def wait_until_loaded(connection):
    while str(connection.command("ping")).startswith("-LOADING"):
        pass


def both_ways(ours, folder):
    with Loaded(ours, f"{folder}/ours.rdb") as server, Loaded("redis-server", f"{folder}/theirs.rdb") as redis:
        mine, other = server.connect(60), redis.connect(60)
        fill(mine)
        fill(other)
        expected = contents(mine)
        expect_same(expected, contents(other), "filled alike")
        for version in (9, 10):
            assert mine.command("config", "set", "rdb-version", version) == "+OK"
            assert mine.command("save") == "+OK"
            with Loaded("redis-server", f"{folder}/ours.rdb") as reader:
                connection = reader.connect(60)
                wait_until_loaded(connection)
                found = contents(connection)
                if version == 9:
                    for state in (found, expected):
                        for (_, key), entry in state.items():
                            if key.startswith(b"stream"):
                                del entry[2:]
                expect_same(expected, found, f"redis-server loads version {version}")
            expected = contents(mine)
        assert mine.command("config", "set", "rdb-version", 11) == "+OK"
        assert mine.command("save") == "+OK"
        with Loaded(ours, f"{folder}/ours.rdb") as reader:
            connection = reader.connect(60)
            wait_until_loaded(connection)
            expect_same(expected, contents(connection), "its own version 11")
            expect_same(encodings(mine), encodings(connection), "encodings")
        assert other.command("save") == "+OK"
        with Loaded(ours, f"{folder}/theirs.rdb") as reader:
            connection = reader.connect(60)
            wait_until_loaded(connection)
            expect_same(expected, contents(connection), "redis-server's file")
        assert mine.command("config", "set", "rdb-version", 10) == "+OK"
        payloads(mine, other)


def payloads(mine, other):
    """Every value goes over by DUMP and RESTORE and back."""
    keys = sorted(mine.command("keys", "*"))
    for key in keys:
        # A payload has no expiry, and the digest has.
        for connection in (mine, other):
            connection.command("persist", key)
        digest = mine.command("debug", "digest-value", key)
        assert other.command("restore", "copy", 0, mine.command("dump", key), "replace") == "+OK", key
        assert other.command("debug", "digest-value", "copy") == digest, key
        assert mine.command("restore", "copy", 0, other.command("dump", key), "replace") == "+OK", key
        assert mine.command("debug", "digest-value", "copy") == digest, key
        assert mine.command("object", "encoding", "copy") == mine.command("object", "encoding", key), key
    mine.command("del", "copy")
    print(f"ok: payloads of {len(keys)} keys both ways")


def check(ours, folder):
    """The file as it is, and with a byte of its middle changed."""
    def run(*words):
        run = subprocess.run(ours.split() + ["check", *words], capture_output=True, text=True, timeout=60)
        return run.returncode, run.stdout

    path = f"{folder}/ours.rdb"
    code, output = run(path)
    assert code == 0 and "RDB looks OK!" in output and "keys of type stream" in output, output
    damaged = f"{folder}/damaged.rdb"
    shutil.copyfile(path, damaged)
    with open(damaged, "r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last[0] ^ 1]))
    code, output = run(damaged)
    assert code == 1 and "RDB ERROR DETECTED" in output and "checksum" in output, output
    code, output = run("--fix", damaged)
    assert code == 0 and os.path.exists(damaged + ".damaged"), output
    code, output = run(damaged)
    assert code == 0 and "RDB looks OK!" in output, output
    code, output = run(f"{folder}/missing.rdb")
    assert code == 1
    print("ok: check")


def main():
    ours = sys.argv[1]
    folder = os.path.realpath(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    try:
        both_ways(ours, folder)
        check(ours, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("all checks passed")


main()
