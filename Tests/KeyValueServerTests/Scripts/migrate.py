"""MIGRATE through redis-cli, with a real redis-server at the other end and in both roles: the tutorial's commands, every
type and size, peers that hang, die half way, refuse or ask for a password, and clients that are served meanwhile.

migrate.py "COMMAND" [--members N] [--redis PATH]
"""

import argparse
import signal
import socket
import subprocess
import threading
import time

from server import Server, check, finish, free_port

HOST = "127.0.0.1"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--members", type=int, default=300_000)
    parser.add_argument("--redis", default="/usr/bin/redis-server")
    options = parser.parse_args()
    for source, target in [
        (options.command, options.redis), (options.redis, options.command), (options.command, options.command),
    ]:
        with Server(source) as here, Server(target) as there:
            tutorial(here, there)
            every_type(here, there)
    with Server(options.command) as here, Server(options.redis) as there:
        errors(here, there)
        names(here, there)
        large_values(here, there, options.members)
        expired_half_way(here, there)
    with Server(options.command) as here, Server(options.redis) as there:
        cached(here, there)
    with Server(options.command) as here:
        unreachable(here)
        hanging(here)
        itself(here)
        secrets(here)
    for command in [options.command, options.redis]:
        with Server(options.command) as here:
            dying(here, command)
            passwords(here, command)
            refused_memory(here, command)
    for backend in ["epoll", "io_uring"]:
        with Server(options.command, "--io", backend) as here, Server(options.redis) as there:
            served_meanwhile(here, there, options.members)
    finish()


def migrate(server, *words):
    return server.cli("migrate", HOST, *map(str, words))


def tutorial(here, there):
    here.cli("set", "key_1", "value")
    check("migrate host port key_1 7 8000", migrate(here, there.port, "key_1", 7, 8000), "OK")
    check("gone here", here.cli("exists", "key_1"), "(integer) 0")
    check("there, in database 7", there.cli("-n", "7", "get", "key_1"), '"value"')
    here.cli("set", "key_1", "newer")
    check("COPY on top of a key", migrate(here, there.port, "key_1", 7, 8000, "copy"),
          "(error) ERR Target instance replied with error: BUSYKEY Target key name already exists.")
    check("COPY REPLACE", migrate(here, there.port, "key_1", 7, 8000, "COPY", "REPLACE"), "OK")
    check("still here", here.cli("get", "key_1"), '"newer"')
    check("replaced there", there.cli("-n", "7", "get", "key_1"), '"newer"')
    here.cli("mset", "user:1", "a", "user:2", "b", "visitor:1", "c")
    check("several keys", migrate(here, there.port, "", 7, 8000, "KEYS", "user:1", "user:2"), "OK")
    check("several keys are there", there.cli("-n", "7", "mget", "user:1", "user:2"), '1) "a"\n2) "b"')
    check("nothing to migrate", migrate(here, there.port, "key_9", 7, 8000), "NOKEY")
    for server in (here, there):
        server.cli("flushall")


def fill(server, count):
    """A value of every type and form, with and without expiry."""
    connection = server.connect()
    for name, size in [("small", 3), ("large", count)]:
        connection.command("set", f"string-{name}", "x" * size)
        connection.command("rpush", f"list-{name}", *[f"element {n}" for n in range(size)])
        connection.command("sadd", f"set-{name}", *[f"member {n}" for n in range(size)])
        connection.command("sadd", f"integers-{name}", *range(size))
        connection.command("hset", f"hash-{name}", *[w for n in range(size) for w in (f"field {n}", f"value {n}")])
        connection.command("zadd", f"zset-{name}", *[w for n in range(size) for w in (repr(n / 7), f"member {n}")])
        connection.command("zadd", f"zset-{name}", "-inf", "lowest", "inf", "highest")
        for n in range(size):
            connection.command("xadd", f"stream-{name}", f"{n + 1}-1", "field", f"value {n}")
        connection.command("xgroup", "create", f"stream-{name}", "readers", "1-1")
        connection.command("xreadgroup", "group", "readers", "me", "count", 2, "streams", f"stream-{name}", ">")
    connection.command("set", "integer", 12345)
    connection.command("set", "binary", bytes(range(256)) * 3)
    connection.command("pfadd", "hyperloglog", *range(100))
    connection.command("setrange", "bits", 5000, "x")
    connection.command("pexpire", "hash-small", 3_600_000)
    connection.command("pexpire", "zset-large", 3_600_000)
    connection.close()


def contents(server, database=0):
    """Everything of every key but what differs from server to server."""
    connection = server.connect()
    connection.command("select", database)
    found = {}
    for key in connection.command("keys", "*"):
        kind = connection.command("type", key)
        value = {
            "+string": lambda: connection.command("get", key),
            "+list": lambda: connection.command("lrange", key, 0, -1),
            "+set": lambda: sorted(connection.command("smembers", key)),
            "+hash": lambda: sorted(zip(*[iter(connection.command("hgetall", key))] * 2)),
            # Redis 7.0 writes more digits than 7.2.
            "+zset": lambda: [
                (member, float(score))
                for member, score in zip(*[iter(connection.command("zrange", key, 0, -1, "withscores"))] * 2)],
            "+stream": lambda: [
                connection.command("xrange", key, "-", "+"), connection.command("xinfo", "groups", key),
                connection.command("xpending", key, "readers")],
        }[kind]()
        found[key] = (kind, value, connection.command("pttl", key) > 0)
    connection.close()
    return found


def every_type(here, there):
    fill(here, 3000)
    before = contents(here)
    check("all keys of every type", migrate(here, there.port, "", 0, 8000, "KEYS", *[k.decode() for k in before]), "OK")
    after = contents(there)
    check("names of all keys", sorted(after), sorted(before))
    for key in before:
        check(f"contents of {key}", after.get(key) == before[key], True)
    check("nothing is left", here.cli("dbsize"), "(integer) 0")
    there.cli("flushall")


def errors(here, there):
    here.cli("set", "k", "v")
    check("syntax", migrate(here, there.port, "k", 0, 1000, "FAST"), "(error) ERR syntax error")
    check("too few", here.cli("migrate", HOST, str(there.port), "k", "0"),
          "(error) ERR wrong number of arguments for 'migrate' command")
    check("no number", migrate(here, there.port, "k", "x", 1000),
          "(error) ERR value is not an integer or out of range")
    check("KEYS beside a key", migrate(here, there.port, "k", 0, 1000, "KEYS", "k"),
          "(error) ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
    check("no such database", migrate(here, there.port, "k", 99, 1000),
          "(error) ERR Target instance replied with error: ERR DB index is out of range")
    check("an unasked password", migrate(here, there.port, "k", 0, 1000, "AUTH", "x").split(" without")[0],
          "(error) ERR Target instance replied with error: ERR AUTH <password> called")
    check("it stayed", here.cli("get", "k"), '"v"')
    check("nothing came", there.cli("dbsize"), "(integer) 0")
    here.cli("flushall")


def names(here, there):
    here.cli("mset", "user:1", "a", "user:2", "b", "user:*", "c", "page", "d", "p?ge", "e")
    check("a pattern", migrate(here, there.port, "", 2, 8000, "KEYS", "user:[0-9]"), "OK")
    check("what matched went", there.cli("-n", "2", "dbsize"), "(integer) 2")
    check("a name that looks like a pattern", migrate(here, there.port, "", 2, 8000, "KEYS", "p?ge"), "OK")
    check("is that key", here.cli("get", "page"), '"d"')
    check("no match", migrate(here, there.port, "", 2, 8000, "KEYS", "nobody*"), "NOKEY")
    check("by a name of the host", here.cli("migrate", "localhost", str(there.port), "page", "2", "8000"), "OK")
    here.cli("flushall")
    there.cli("flushall")


def cached(here, there):
    """One connection for all; one that the target has closed is replaced without a word."""
    here.cli("mset", "a", "1", "b", "2", "c", "3")
    migrate(here, there.port, "a", 0, 1000)
    migrate(here, there.port, "b", 1, 1000)
    check("one connection is kept", "migrate_cached_sockets:1" in here.cli("info", "stats"), True)
    there.cli("client", "kill", "type", "normal", "skipme", "yes")
    check("after the target closed it", migrate(here, there.port, "c", 0, 1000), "OK")
    time.sleep(12)
    check("closed when idle", "migrate_cached_sockets:0" in here.cli("info", "stats"), True)
    there.cli("flushall")


def fill_set(server, key, count):
    connection = server.connect()
    for start in range(0, count, 10_000):
        connection.command("sadd", key, *[f"member:{n}" for n in range(start, min(start + 10_000, count))])
    connection.close()


def large_values(here, there, count):
    """Values that do not go in one payload."""
    fill_set(here, "set", count)
    here.cli("pexpire", "set", "7200000")
    check("a large set", migrate(here, there.port, "set", 0, 8000), "OK")
    check("its members", there.cli("scard", "set"), f"(integer) {count}")
    check("its last member", there.cli("sismember", "set", f"member:{count - 1}"), "(integer) 1")
    check("its lifetime", there.connect().command("pttl", "set") > 7_000_000, True)
    check("nothing else", there.cli("dbsize"), "(integer) 1")
    connection = here.connect(60)
    data = bytes(range(256)) * (1 << 18)
    connection.command("set", "string", data)
    check("a string of 64 MB", migrate(here, there.port, "string", 0, 8000), "OK")
    check("the same string", there.connect(60).command("get", "string") == data, True)
    connection.command("rpush", "list", *["e" * 100_000 for _ in range(100)], "last")
    check("a list of long elements", migrate(here, there.port, "list", 0, 8000), "OK")
    check("its end", there.cli("lrange", "list", "-1", "-1"), '1) "last"')
    fill_set(here, "set", count)
    there.cli("set", "other", "x")
    check("where a key is already", migrate(here, there.port, "set", 0, 8000),
          "(error) ERR Target instance replied with error: BUSYKEY Target key name already exists.")
    check("REPLACE", migrate(here, there.port, "set", 0, 8000, "REPLACE"), "OK")
    check("all is whole", sorted(there.connect().command("keys", "*")), [b"list", b"other", b"set", b"string"])
    here.cli("flushall")
    there.cli("flushall")


def expired_half_way(here, there):
    fill_set(here, "set", 200_000)
    here.cli("pexpire", "set", "30")
    reply = migrate(here, there.port, "set", 0, 8000)
    check("a key that falls due under way", reply in ("OK", "NOKEY"), True)
    time.sleep(0.1)
    check("leaves nothing", there.cli("dbsize"), "(integer) 0")


def unreachable(here):
    here.cli("set", "k", "v")
    error = "(error) IOERR error or timeout connecting to the client"
    check("nobody listens", migrate(here, free_port(), "k", 0, 1000), error)
    check("no port", migrate(here, "none", "k", 0, 1000), error)
    check("no such host", here.cli("migrate", "no-such-host.invalid", "6379", "k", "0", "3000"), error)
    check("it stayed", here.cli("get", "k"), '"v"')


def hanging(here):
    """A peer that accepts and says nothing: given up after the idle time, others are served, writers wait."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        here.cli("mset", "hung", "v", "free", "1")
        waiting = here.connect()
        began = time.monotonic()
        waiting.send(f"MIGRATE {HOST} {port} hung 0 1500\r\n")
        writer = here.connect(0.5)
        time.sleep(0.1)
        check("others are served", here.connect(1).command("incr", "free"), 2)
        check("readers of the key too", here.connect(1).command("get", "hung"), b"v")
        check("the error", waiting.reply(), "-IOERR error or timeout reading to target instance")
        check("the idle time", 1.4 < time.monotonic() - began < 4, True)
        check("it stayed", writer.command("append", "hung", "w"), 2)
    # One that says +OK to SELECT and then nothing more.
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]

        def answer():
            peer, _ = listener.accept()
            peer.recv(1000)
            peer.sendall(b"+OK\r\n")
            time.sleep(2.5)
            peer.close()

        thread = threading.Thread(target=answer)
        thread.start()
        waiting = here.connect()
        waiting.send(f"MIGRATE {HOST} {port} hung 0 1000\r\n")
        time.sleep(0.3)
        writer = here.connect()
        writer.send("APPEND hung x\r\n")
        check("a reader", here.connect(0.5).command("get", "hung"), b"vw")
        check("the error", waiting.reply(), "-IOERR error or timeout reading to target instance")
        check("the writer went on", writer.reply(), 3)
        thread.join()
    # Timeouts count from the last progress, not from the start.
    with Server("/usr/bin/redis-server") as there:
        fill_set(here, "slow", 300_000)
        stopped = threading.Thread(target=stop_and_go, args=(there, 6, 0.4))
        stopped.start()
        check("slow, but never idle for long", migrate(here, there.port, "slow", 0, 1000), "OK")
        stopped.join()
        check("all of it", there.cli("scard", "slow"), "(integer) 300000")
    here.cli("flushall")


def stop_and_go(server, rounds, seconds):
    for _ in range(rounds):
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        server.process.send_signal(signal.SIGCONT)
        time.sleep(0.05)


def itself(here):
    here.cli("mset", "k", "v", "other", "w")
    fill_set(here, "set", 100_000)
    check("to another database of the same server", migrate(here, here.port, "k", 9, 1000), "OK")
    check("it is there", here.cli("-n", "9", "get", "k"), '"v"')
    check("a large one", migrate(here, here.port, "set", 9, 1000), "OK")
    check("it is there", here.cli("-n", "9", "scard", "set"), "(integer) 100000")
    began = time.monotonic()
    check("to itself", migrate(here, here.port, "other", 0, 10_000, "REPLACE"),
          "(error) ERR source and destination objects are the same")
    check("at once", time.monotonic() - began < 5, True)
    check("it stayed", here.cli("get", "other"), '"w"')
    here.cli("flushall")


def secrets(here):
    here.cli("config", "set", "slowlog-log-slower-than", "0")
    here.cli("set", "k", "v")
    monitor = here.connect(2)
    monitor.command("monitor")
    migrate(here, free_port(), "k", 0, 500, "AUTH", "hush1")
    migrate(here, free_port(), "k", 0, 500, "AUTH2", "user", "hush2")
    time.sleep(0.2)
    here.cli("ping")
    seen = ""
    while "ping" not in seen:
        seen += monitor.line().decode()
    shown = seen + here.cli("slowlog", "get", "100") + here.logged()
    check("MONITOR shows the command", "MIGRATE" in seen.upper() and "(redacted)" in seen, True)
    check("no password anywhere", "hush" in shown, False)


def dying(here, command):
    """kill -9 of the target half way: the key is here, whole, and after a new start there."""
    fill_set(here, "set", 300_000)
    for delay in (0.01, 0.1, 0.25):
        with Server(command) as there:
            waiting = here.connect(30)
            waiting.send(f"MIGRATE {HOST} {there.port} set 0 3000\r\n")
            time.sleep(delay)
            there.process.kill()
            there.process.wait()
            reply = waiting.reply()
            check(f"killed after {delay} s", reply.startswith("-IOERR error or timeout") or reply == "+OK", True)
            if reply == "+OK":
                fill_set(here, "set", 300_000)
        check("it stayed whole", here.cli("scard", "set"), "(integer) 300000")
    with Server(command) as there:
        # The connection is lost, and the target lives: what was begun goes by itself.
        waiting = here.connect(30)
        waiting.send(f"MIGRATE {HOST} {there.port} set 0 1000\r\n")
        time.sleep(0.1)
        there.cli("client", "kill", "type", "normal", "skipme", "yes")
        reply = waiting.reply()
        if reply != "+OK":
            check("no such key there", there.cli("exists", "set"), "(integer) 0")
            keys = there.connect().command("keys", "*")
            check("at most one unfinished", len(keys) <= 1, True)
            check("which has an expiry", all(0 < there.connect().command("pttl", k) <= 12_000 for k in keys), True)
    here.cli("flushall")


def passwords(here, command):
    with Server(command, "--requirepass", "pw") as there:
        here.cli("mset", "a", "1", "b", "2", "c", "3")
        check("without", migrate(here, there.port, "a", 0, 1000),
              "(error) ERR Target instance replied with error: NOAUTH Authentication required.")
        check("wrong", migrate(here, there.port, "a", 0, 1000, "AUTH", "no").split(" invalid")[0],
              "(error) ERR Target instance replied with error: WRONGPASS")
        check("it stayed", here.cli("get", "a"), '"1"')
        check("right", migrate(here, there.port, "a", 0, 1000, "AUTH", "pw"), "OK")
        check("with a name", migrate(here, there.port, "b", 0, 1000, "AUTH2", "default", "pw"), "OK")
        check("both there", there.cli("-a", "pw", "dbsize"), "(integer) 2")
    here.cli("flushall")


def refused_memory(here, command):
    """A target without room refuses half way: nothing partial is left there."""
    fill_set(here, "set", 200_000)
    with Server(command, "--maxmemory", "6mb", "--maxmemory-policy", "noeviction") as there:
        reply = migrate(here, there.port, "set", 0, 3000)
        check("out of memory", reply.split(" command")[0],
              "(error) ERR Target instance replied with error: OOM")
        check("it stayed", here.cli("scard", "set"), "(integer) 200000")
        check("nothing there", there.cli("dbsize"), "(integer) 0")
    here.cli("flushall")


def served_meanwhile(here, there, count):
    """A large set under way: how long others of both ends wait."""
    fill_set(here, "set", count)
    here.cli("set", "free", "0")
    worst = {}
    stop = threading.Event()

    def probe(name, server):
        connection = server.connect()
        worst[name] = 0
        while not stop.is_set():
            began = time.monotonic()
            connection.command("incr", "free")
            worst[name] = max(worst[name], time.monotonic() - began)
            time.sleep(0.001)

    threads = [threading.Thread(target=probe, args=pair) for pair in [("source", here), ("target", there)]]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    reply = subprocess.run(
        ["redis-cli", "-p", str(here.port), "migrate", HOST, str(there.port), "set", "0", "5000"],
        capture_output=True, text=True, timeout=200).stdout.strip()
    seconds = time.monotonic() - began
    stop.set()
    for thread in threads:
        thread.join()
    check("a large set under probes", reply, "OK")
    check("its members", there.cli("scard", "set"), f"(integer) {count}")
    there.cli("flushall")
    print(
        f"{count} members in {seconds:.2f} s; longest wait of another client: source {worst['source'] * 1000:.1f} ms, "
        f"target {worst['target'] * 1000:.1f} ms", flush=True)


main()
