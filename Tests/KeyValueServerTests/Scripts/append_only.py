"""The append-only file of the real program: restarts, rewrites, crashes under load, full disks, and redis-server.

`append_only.py "atoll kv" --rounds 200` crashes it so often.
"""

import argparse
import glob
import os
import random
import resource
import shutil
import signal
import subprocess
import tempfile
import threading
import time

from server import Connection, check, finish, free_port

REDIS = "/usr/bin/redis-server"


class Kept:
    """A server whose directory outlives it."""

    def __init__(self, command, directory, *arguments, limit=None):
        self.directory = directory
        self.port = free_port()
        self.path = os.path.join(directory, f"log-{self.port}")
        words = command.split() + ["--port", str(self.port), "--dir", directory, "--save", "", "--appendonly", "yes",
                                   "--enable-debug-command", "yes", "--auto-aof-rewrite-percentage", "0"]
        with open(self.path, "w") as log:
            self.process = subprocess.Popen(
                words + list(arguments), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                preexec_fn=None if limit is None else lambda: limit_file_size(limit))
        deadline = time.monotonic() + 30
        while True:
            try:
                self.client = Connection(self.port)
                if self.client.command("PING") == "+PONG":
                    return
                time.sleep(0.02)
            except (OSError, EOFError):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.process.kill()
                    raise RuntimeError("the server did not start:\n" + self.logged())
                time.sleep(0.02)

    def logged(self):
        with open(self.path) as log:
            return log.read()

    def command(self, *words):
        return self.client.command(*words)

    def digest(self):
        return self.command("DEBUG", "DIGEST")

    def information(self, name):
        text = self.command("INFO", "persistence").decode()
        return next((line.split(":", 1)[1] for line in text.split("\r\n") if line.startswith(name + ":")), None)

    def wait_for(self, name, value, seconds=20):
        deadline = time.monotonic() + seconds
        while self.information(name) != value:
            if time.monotonic() > deadline:
                return check(name, self.information(name), value)
            time.sleep(0.02)

    def rewrite(self):
        reply = self.command("BGREWRITEAOF")
        self.wait_for("aof_rewrite_scheduled", "0")
        self.wait_for("aof_rewrite_in_progress", "0")
        check("rewrite", self.information("aof_last_bgrewrite_status"), "ok")
        return reply

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        try:
            self.command("SHUTDOWN", "NOSAVE")
        except (OSError, EOFError):
            pass
        self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def limit_file_size(byte_count):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (byte_count, resource.RLIM_INFINITY))


class Folder:
    def __enter__(self):
        self.path = tempfile.mkdtemp(prefix="atoll-aof-")
        return self.path

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def files(directory):
    return sorted(os.path.basename(path) for path in glob.glob(directory + "/appendonlydir/*"))


# MARK: - Restarts

def fill(server, seed=1):
    """Every type, small and large, in two databases, some with expiries."""
    source = random.Random(seed)
    for database in (0, 9):
        server.command("SELECT", database)
        for i in range(30):
            server.command("SET", f"s{i}", "v" * source.randrange(200))
            server.command("INCRBY", f"n{i}", source.randrange(10**12))
            server.command("SET", f"e{i}", i, "PX", 10**9 + i)
        for size in (3, 700):
            members = [f"m{source.randrange(10**9)}" for _ in range(size)]
            server.command("RPUSH", f"l{size}", *members)
            server.command("SADD", f"t{size}", *members)
            server.command("SADD", f"i{size}", *(source.randrange(10**6) for _ in range(size)))
            server.command("HSET", f"h{size}", *(word for member in members for word in (member, len(member))))
            server.command("ZADD", f"z{size}", *(word for m in members for word in (source.randrange(1000) / 4, m)))
            for i in range(size):
                server.command("XADD", f"x{size}", f"{i + 1}-1", "field", i)
            server.command("XDEL", f"x{size}", "2-1")
            server.command("XGROUP", "CREATE", f"x{size}", "group", "0")
            server.command("XREADGROUP", "GROUP", "group", "reader", "COUNT", "2", "STREAMS", f"x{size}", ">")
        server.command("PEXPIREAT", "l3", int(time.time() * 1000) + 10**8)
        server.command("BITFIELD", "b", "SET", "u8", "100", "77")
        server.command("PFADD", "p", *range(300))
        server.command("GEOADD", "g", "13.361389", "38.115556", "Palermo")
    server.command("SELECT", 0)


def streams(server):
    """What a digest does not see."""
    found = []
    for database in (0, 9):
        server.command("SELECT", database)
        for size in (3, 700):
            full = server.command("XINFO", "STREAM", f"x{size}", "FULL", "COUNT", "1")
            fields = dict(zip(full[::2], full[1::2]))
            found.append([fields[name] for name in (b"length", b"last-generated-id", b"entries-added")])
            found += [group[:8] for group in fields[b"groups"]]
            found.append(server.command("XPENDING", f"x{size}", "group"))
    server.command("SELECT", 0)
    return found


def restarts(command):
    for policy in ("always", "everysec", "no"):
        for preamble in ("yes", "no"):
            with Folder() as directory:
                options = ["--appendfsync", policy, "--aof-use-rdb-preamble", preamble]
                with Kept(command, directory, *options) as server:
                    fill(server)
                    before = server.digest(), streams(server)
                    server.stop()
                with Kept(command, directory, *options) as server:
                    check(f"restart {options}", (server.digest(), streams(server)), before)
                    check("rewrite", server.rewrite(), "+Background append only file rewriting started")
                    server.command("SET", "later", 1)
                    check("size", int(server.information("aof_current_size")) > 0, True)
                    before = server.digest(), streams(server)
                    suffix = "rdb" if preamble == "yes" else "aof"
                    time.sleep(0.1)
                    check("files", files(directory), [
                        f"appendonly.aof.2.base.{suffix}", "appendonly.aof.2.incr.aof", "appendonly.aof.manifest"])
                    server.stop()
                with Kept(command, directory, *options) as server:
                    check(f"restart after rewrite {options}", (server.digest(), streams(server)), before)
                    check("DEBUG LOADAOF", server.command("DEBUG", "LOADAOF"), "+OK")
                    check("loaded again", server.digest(), before[0])


def repairs(command):
    with Folder() as directory:
        with Kept(command, directory) as server:
            server.command("SET", "a", 1)
            server.stop()
        path = glob.glob(directory + "/appendonlydir/*incr.aof")[0]
        whole = os.path.getsize(path)
        with open(path, "ab") as file:
            file.write(b"*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n*2\r\n$4")
        try:
            Kept(command, directory, "--aof-load-truncated", "no").kill()
            check("a truncated file is refused", "started", "refused")
        except RuntimeError as error:
            check("why", "Unexpected end of file reading the append only file" in str(error), True)
        with Kept(command, directory) as server:
            check("repaired", (server.command("GET", "a"), os.path.getsize(path)), (b"1", whole))
            server.command("INCR", "a")
            server.stop()
        with Kept(command, directory) as server:
            check("goes on", server.command("GET", "a"), b"2")
    with Folder() as directory:
        with open(directory + "/appendonly.aof", "w") as file:
            file.write("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$3\r\nold\r\n")
        for _ in range(2):
            with Kept(command, directory) as server:
                check("old file", server.command("GET", "a"), b"old")
                server.stop()
        check("moved", files(directory)[0], "appendonly.aof")
    with Folder() as directory:
        os.mkdir(directory + "/appendonlydir")
        with open(directory + "/appendonlydir/appendonly.aof.1.incr.aof", "w") as file:
            file.write("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$5\r\nstale\r\n$1\r\n1\r\n")
        for _ in range(2):
            with Kept(command, directory) as server:
                check("what no manifest names is no data", server.command("EXISTS", "stale"), 0)
                server.command("SET", "a", 1)
                server.stop()


def switching(command):
    with Folder() as directory:
        with Kept(command, directory, "--appendonly", "no") as server:
            fill(server)
            check("off", (server.information("aof_enabled"), files(directory)), ("0", []))
            check("WAITAOF", server.command("WAITAOF", 1, 0, 10)[:12], "-ERR WAITAOF")
            check("on", server.command("CONFIG", "SET", "appendonly", "yes"), "+OK")
            server.command("SET", "during", 1)
            server.wait_for("aof_rewrite_in_progress", "0")
            server.command("SET", "after", 1)
            check("WAITAOF", server.command("WAITAOF", 1, 0, 3000), [1, 0])
            before = server.digest()
            server.kill()
        with Kept(command, directory) as server:
            check("switched on", server.digest(), before)
            check("off", server.command("CONFIG", "SET", "appendonly", "no"), "+OK")
            server.command("SET", "lost", 1)
            server.kill()
        with Kept(command, directory) as server:
            check("switched off", server.digest(), before)
            server.command("CONFIG", "SET", "appendonly", "no")
            server.rewrite()
            base, manifest = files(directory)
            check("only a base without the log", (base[-9:], manifest), (".base.rdb", "appendonly.aof.manifest"))
        with Kept(command, directory) as server:
            check("rewritten without the log", server.digest(), before)
            check("in EXEC", [server.command(*words) for words in (["MULTI"], ["BGREWRITEAOF"], ["EXEC"])][2],
                  ["+Background append only file rewriting scheduled"])
            server.wait_for("aof_rewrites", "1")
            server.wait_for("aof_rewrite_in_progress", "0")
            check("rewritten", server.information("aof_last_bgrewrite_status"), "ok")


# MARK: - Waiting for the disk

def waiting(command):
    """With `always`, replies that show what is not durable wait; others do not."""
    with Folder() as directory, Kept(command, directory, "--appendfsync", "always") as server:
        server.command("SET", "settled", 1)
        writer, reader, other, subscriber = (Connection(server.port) for _ in range(4))
        subscriber.command("SUBSCRIBE", "channel")
        server.command("DEBUG", "AOF-FLUSH-SLEEP", 400_000)
        began = time.monotonic()

        def elapsed(client, *words):
            return client.command(*words), time.monotonic() - began

        results = {}
        threads = [
            threading.Thread(target=lambda: results.update(write=elapsed(writer, "SET", "fresh", 1)))]
        threads[0].start()
        time.sleep(0.05)
        for name, client, words in (
                ("settled", reader, ("GET", "settled")), ("ping", reader, ("PING",)), ("fresh", reader, ("GET", "fresh")),
                ("size", other, ("DBSIZE",))):
            threads.append(threading.Thread(target=lambda n=name, c=client, w=words: results.update({n: elapsed(c, *w)})))
            threads[-1].start()
            if name != "fresh":
                threads[-1].join()
        for thread in threads:
            thread.join()
        check("write waits", results["write"][1] > 0.35, True)
        check("reader of what is settled does not wait", results["settled"][1] < 0.3, True)
        check("PING does not wait", results["ping"][1] < 0.3, True)
        check("reader of what is fresh waits", results["fresh"][1] > 0.35, True)
        check("DBSIZE waits", results["size"][1] > 0.35, True)
        began = time.monotonic()
        writer.send(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n*3\r\n$7\r\nPUBLISH\r\n$7\r\nchannel\r\n$4\r\ndone\r\n")
        check("message", subscriber.reply(), [b"message", b"channel", b"done"])
        check("message waits for what was written before it", time.monotonic() - began > 0.35, True)
        check("replies", [writer.reply(), writer.reply()], ["+OK", 1])
        # A connection that the server closes gets its last reply first.
        began = time.monotonic()
        writer.send(b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n1\r\n*1\r\n$4\r\nQUIT\r\n")
        check("last replies", [writer.reply(), writer.reply(), writer.is_closed()], ["+OK", "+OK", True])
        check("they wait too", time.monotonic() - began > 0.35, True)
        server.command("DEBUG", "AOF-FLUSH-SLEEP", 0)


# MARK: - Crashes

class Load:
    """Clients that count up; what was acknowledged, sent, and seen by readers."""

    def __init__(self, server, count, values):
        self.acknowledged = list(values)
        self.sent = list(values)
        self.seen = list(values)
        self.history = [[] for _ in values]
        self.threads = [threading.Thread(target=self.write, args=(server, i)) for i in range(count)]
        self.threads += [threading.Thread(target=self.read, args=(server, i)) for i in range(count)]
        for thread in self.threads:
            thread.start()

    def write(self, server, index):
        client = Connection(server.port)
        try:
            while True:
                self.sent[index] += 1
                if index % 2:
                    for words in (["MULTI"], ["INCR", f"c{index}"], ["INCR", f"pair{index}"], ["EXEC"]):
                        reply = client.command(*words)
                    value = reply[0]
                else:
                    value = client.command("INCR", f"c{index}")
                self.acknowledged[index] = value
                self.history[index].append((time.monotonic(), value))
        except (OSError, EOFError, IndexError, TypeError):
            client.close()

    def read(self, server, index):
        client = Connection(server.port)
        try:
            while True:
                value = client.command("GET", f"c{index}")
                self.seen[index] = max(self.seen[index], int(value or 0))
                time.sleep(0.002)
        except (OSError, EOFError):
            client.close()

    def join(self):
        for thread in self.threads:
            thread.join()


def crashes(command, rounds, policy, seed):
    source = random.Random(seed)
    count = 8
    values = [0] * count
    with Folder() as directory:
        for round in range(rounds):
            options = ["--appendfsync", policy, "--aof-use-rdb-preamble", source.choice(["yes", "no"])]
            with Kept(command, directory, *options) as server:
                for index in range(count):
                    found = int(server.command("GET", f"c{index}") or 0)
                    if found < values[index]:
                        return check(f"round {round} {policy}: counter {index} after the crash", found, values[index])
                    values[index] = found
                    if index % 2:
                        check("both or none", int(server.command("GET", f"pair{index}") or 0), found)
                load = Load(server, count, values)
                if source.random() < 0.4:
                    time.sleep(source.random() * 0.1)
                    server.command("BGREWRITEAOF")
                time.sleep(source.random() * (0.5 if policy == "always" else 2.6))
                killed = time.monotonic()
                server.kill()
                load.join()
                for index in range(count):
                    if policy == "always":
                        values[index] = max(load.acknowledged[index], load.seen[index])
                    else:
                        settled = [v for t, v in load.history[index] if t < killed - 2]
                        values[index] = settled[-1] if settled else values[index]
        print(f"{policy}: {rounds} crashes, counters at {values}", flush=True)


def slow_disk(command):
    """The log of a disk that is far behind does not fill the memory: everybody waits for the disk."""
    with Folder() as directory, Kept(command, directory) as server:
        server.command("DEBUG", "AOF-FLUSH-SLEEP", 700_000)
        megabyte = b"v" * (1 << 20)
        waiting = 0
        for index in range(200):
            server.command("SET", f"k{index % 10}", megabyte)
            waiting = max(waiting, int(server.information("aof_buffer_length")))
        check("bounded", 50 << 20 < waiting < 70 << 20, True)
        check("counted", int(server.information("aof_delayed_fsync")) > 0, True)
        server.command("DEBUG", "AOF-FLUSH-SLEEP", 0)
        before = server.digest()
        server.command("WAITAOF", 1, 0, 10_000)
        server.kill()
        with Kept(command, directory) as restarted:
            check("slow disk", restarted.digest(), before)


def full_disk(command):
    with Folder() as directory:
        with Kept(command, directory, "--appendfsync", "everysec", limit=20_000) as server:
            written = 0
            reply = "+OK"
            deadline = time.monotonic() + 10
            while reply == "+OK" and time.monotonic() < deadline:
                reply = server.command("SET", f"k{written}", "v" * 100)
                written += reply == "+OK"
                time.sleep(0.0005)
            check("full", reply[:45], "-MISCONF Errors writing to the AOF file: File")
            check("PING", server.command("PING")[:8], "-MISCONF")
            check("reads go on", server.command("GET", "k0"), b"v" * 100)
            check("status", server.information("aof_last_write_status"), "err")
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE,
                             (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            server.wait_for("aof_last_write_status", "ok")
            check("writes go on", server.command("SET", "after", 1), "+OK")
            before = server.digest()
            server.stop()
        with Kept(command, directory, "--aof-load-truncated", "no") as server:
            check("nothing is lost", server.digest(), before)
        with Kept(command, directory, "--appendfsync", "always", limit=200_000) as server:
            acknowledged = 0
            try:
                while server.command("SET", f"a{acknowledged}", "v" * 1000) == "+OK":
                    acknowledged += 1
            except (OSError, EOFError):
                pass
            server.process.wait(10)
            check("always: the process ends", "AOF fsync policy is 'always'" in server.logged(), True)
        with Kept(command, directory) as server:
            check("what was acknowledged is there", server.command("EXISTS", f"a{acknowledged - 1}"), 1)


# MARK: - redis-server

def redis(command):
    if not os.path.exists(REDIS):
        return
    for preamble in ("yes", "no"):
        options = ["--aof-use-rdb-preamble", preamble]
        for first, second in ((command, REDIS), (REDIS, command)):
            with Folder() as directory:
                with Kept(first, directory, *options) as server:
                    fill(server)
                    server.rewrite()
                    fill(server, seed=2)
                    server.command("SPOP", "t700", 5)
                    server.command("GETEX", "s1", "PX", 10**8)
                    server.command("XAUTOCLAIM", "x700", "group", "other", 0, 0)
                    before = server.digest(), streams(server)
                    server.stop()
                with Kept(second, directory, *options) as server:
                    check(f"{first} to {second} {options}", (server.digest(), streams(server)), before)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    command = arguments.command
    parts = {
        "restarts": lambda: restarts(command), "repairs": lambda: repairs(command),
        "switching": lambda: switching(command), "waiting": lambda: waiting(command),
        "slow": lambda: slow_disk(command), "full": lambda: full_disk(command), "redis": lambda: redis(command),
        "always": lambda: crashes(command, arguments.rounds, "always", arguments.seed),
        "everysec": lambda: crashes(command, max(arguments.rounds // 4, 1), "everysec", arguments.seed),
    }
    for name, part in parts.items():
        if not arguments.only or name in arguments.only.split(","):
            part()
    finish()


if __name__ == "__main__":
    main()
