"""Directives of the append-only file: each shows what it does."""

import glob
import os
import shutil
import tempfile
import time

from directive import command, directive, information, run
from server import finish

ON = ["--appendonly", "yes"]


def contents(server, folder="appendonlydir"):
    return sorted(os.path.basename(path) for path in glob.glob(f"{server.directory}/{folder}/*"))


def waited(server, name, value, seconds=5):
    deadline = time.monotonic() + seconds
    while information(server, name) != value and time.monotonic() < deadline:
        time.sleep(0.05)
    return information(server, name) == value


@directive("appendonly", "yes", "there", "not there", starts=True)
def append_only(start):
    with start() as server:
        server.connect().command("SET", "a", 1)
        return "there" if contents(server) else "not there"


@directive("appendfsync", "no", [0, 0], [1, 0], others=ON)
def sync_policy(start):
    with start() as server:
        client = server.connect()
        client.command("SET", "a", 1)
        client.command("SET", "b", 1)
        return client.command("WAITAOF", 1, 0, 3000)


@directive("appenddirname", "elsewhere", True, False, others=ON)
def directory_name(start):
    with start() as server:
        return bool(contents(server, "elsewhere"))


@directive("appendfilename", "other.aof", "other.aof.manifest", "appendonly.aof.manifest", others=ON)
def file_name(start):
    with start() as server:
        return contents(server)[-1]


@directive("aof-use-rdb-preamble", "no", "appendonly.aof.1.base.aof", "appendonly.aof.1.base.rdb", others=ON)
def preamble(start):
    with start() as server:
        return contents(server)[0]


@directive("aof-timestamp-enabled", "yes", b"#TS:", b"*2\r\n", others=ON)
def timestamps(start):
    with start() as server:
        client = server.connect()
        client.command("SET", "a", 1)
        client.command("WAITAOF", 1, 0, 3000)
        with open(f"{server.directory}/appendonlydir/appendonly.aof.1.incr.aof", "rb") as file:
            return file.read(4)


@directive("aof-load-truncated", "no", "refused", "repaired", others=ON)
def load_truncated(start):
    folder = tempfile.mkdtemp(prefix="atoll-aof-")
    try:
        with open(folder + "/appendonly.aof", "w") as file:
            file.write("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n")
        try:
            with start("--dir", folder) as server:
                # It listens while it loads, so that being there says nothing.
                client = server.connect()
                while client.command("PING") != "+PONG":
                    time.sleep(0.01)
                return "repaired"
        except (RuntimeError, OSError, EOFError):
            return "refused"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@directive("aof-disable-auto-gc", "yes", True, False, others=ON)
def history(start):
    with start() as server:
        server.connect().command("BGREWRITEAOF")
        waited(server, "aof_rewrite_in_progress", "0")
        time.sleep(0.3)
        return "appendonly.aof.1.incr.aof" in contents(server)


def grows(start):
    with start() as server:
        client = server.connect()
        for i in range(100):
            client.command("SET", "a", "v" * 100)
        return waited(server, "aof_rewrites", "1", 2)


@directive("auto-aof-rewrite-percentage", "0", False, True, others=ON + ["--auto-aof-rewrite-min-size", "100"])
def rewrite_percentage(start):
    return grows(start)


@directive("auto-aof-rewrite-min-size", "100", True, False, others=ON)
def rewrite_size(start):
    return grows(start)


@directive("no-appendfsync-on-rewrite", "yes", "afterwards", "meanwhile",
           others=ON + ["--appendfsync", "always", "--enable-debug-command", "yes"])
def sync_while_rewriting(start):
    with start() as server:
        client = server.connect(timeout=60)
        client.command("DEBUG", "POPULATE", 300000, "key", 200)
        client.command("BGREWRITEAOF")
        time.sleep(0.15)
        client.command("SET", "a", 1)
        client.command("WAITAOF", 1, 0, 0)
        return "meanwhile" if information(server, "aof_rewrite_in_progress") == "1" else "afterwards"


if __name__ == "__main__":
    run(command())
    finish()
