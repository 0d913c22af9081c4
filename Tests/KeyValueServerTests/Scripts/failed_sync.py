"""A disk that refuses fsync: what was acknowledged stays, what was not durable is not acknowledged, and the old files are as
they were. What holds for Redis too is checked with redis-server as well, where there is one.

failed_sync.py "COMMAND"
"""

import os
import shutil
import subprocess
import sys
import time

from append_only import Folder, Kept, Load, REDIS, files
from server import Connection, check, finish

MISCONF = "-MISCONF Errors writing to the AOF file: Input/output error"
SNAPSHOT_MISCONF = "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk."


class Disk:
    """The disk of all servers that are started from here on."""

    def __init__(self, folder):
        library = folder + "/failing_sync.so"
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "failing_sync.c")
        compiler = shutil.which("clang") or shutil.which("cc")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        self.control = folder + "/failing"
        os.environ |= {"LD_PRELOAD": library, "FAILING_SYNC": self.control}

    def fail(self, part=""):
        """Syncs of paths with this part, or at this end if it ends with $, fail from now on."""
        with open(self.control + ".new", "w") as file:
            file.write(part)
        os.rename(self.control + ".new", self.control)

    def heal(self):
        os.unlink(self.control)


def attempt(client, *words):
    """The reply; None if the connection ends without one."""
    try:
        return client.command(*words)
    except (OSError, EOFError):
        return None


def contents_of(path):
    with open(path, "rb") as file:
        return file.read()


# MARK: - appendfsync always

def always(command, disk):
    with Folder() as directory:
        options = ["--appendfsync", "always"]
        with Kept(command, directory, *options) as server:
            check("a write", server.command("SET", "kept", 1), "+OK")
            disk.fail(".incr.aof$")
            check("not acknowledged", attempt(server, "SET", "kept", 2), None)
            check("the process ends", server.process.wait(20), 1)
            check("and says why", "Can't persist AOF for fsync error when the AOF fsync policy is 'always': "
                  "Input/output error. Exiting..." in server.logged(), True)
            disk.heal()
        with Kept(command, directory, *options) as server:
            # Redis may start with what it has not acknowledged.
            if command != REDIS:
                check("what was acknowledged, and no more", server.command("GET", "kept"), b"1")
            check("goes on", server.command("SET", "kept", 3), "+OK")


def always_under_load(command, disk):
    """Many clients at the moment when it fails: none has seen, as writer or reader, what is not there after a start."""
    values = [0] * 8
    with Folder() as directory:
        for round in range(4):
            with Kept(command, directory, "--appendfsync", "always") as server:
                for index in range(len(values)):
                    check(f"counter {index} in round {round}", int(server.command("GET", f"c{index}") or 0) >= values[index],
                          True)
                load = Load(server, len(values), values)
                time.sleep(0.2)
                disk.fail(".incr.aof$")
                check("the process ends", server.process.wait(20), 1)
                load.join()
                disk.heal()
                values = [max(pair) for pair in zip(load.acknowledged, load.seen)]
    check("there were writes", min(values) > 0, True)


# MARK: - appendfsync everysec

def every_second(command, disk):
    with Folder() as directory:
        with Kept(command, directory, "--appendfsync", "everysec") as server:
            check("a write", server.command("SET", "a", 1), "+OK")
            time.sleep(1.5)
            disk.fail(".incr.aof$")
            check("a write that is on its way", server.command("SET", "b", 2), "+OK")
            server.wait_for("aof_last_write_status", "err")
            check("a write", server.command("SET", "c", 3), MISCONF)
            check("PING", server.command("PING"), MISCONF)
            check("a read", server.command("GET", "b"), b"2")
            disk.heal()
            # Redis refuses writes from here on until it is started again: it syncs after a write only.
            server.wait_for("aof_last_write_status", "ok")
            check("writes go on", server.command("SET", "c", 3), "+OK")
            # What a failed sync has lost stays lost in that file.
            server.wait_for("aof_rewrites", "1")
            server.wait_for("aof_rewrite_in_progress", "0")
            check("new files", files(directory)[0], "appendonly.aof.2.base.rdb")
            before = server.digest()
            server.kill()
        with Kept(command, directory) as server:
            check("everything is there", server.digest(), before)


def every_second_under_load(command, disk):
    """Once refused, writes stay refused for as long as the disk does, also when some were still on their way."""
    with Folder() as directory, Kept(command, directory, "--appendfsync", "everysec") as server:
        writer = Connection(server.port)
        disk.fail(".incr.aof$")
        deadline = time.monotonic() + 10
        while not str(reply := pipelined(writer)).startswith("-") and time.monotonic() < deadline:
            pass
        check("refused", reply, MISCONF)
        began, seen = time.monotonic(), set()
        while time.monotonic() - began < 2.5:
            seen.add((pipelined(writer), server.information("aof_last_write_status")))
        check("still refused", seen, {(MISCONF, "err")})
        check("WAITAOF", writer.command("WAITAOF", 1, 0, 100), [0, 0])
        disk.heal()
        server.wait_for("aof_last_write_status", "ok")
        check("writes go on", pipelined(writer), 1)
        check("WAITAOF", writer.command("WAITAOF", 1, 0, 5000), [1, 0])


def pipelined(client):
    """The reply to the last of many writes that are sent at once."""
    client.send(b"*4\r\n$4\r\nHSET\r\n$4\r\nhash\r\n$1\r\nf\r\n$1\r\nv\r\n" * 20 + b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n")
    for _ in range(20):
        client.reply()
    reply = client.reply()
    return 1 if isinstance(reply, int) else reply


# MARK: - Snapshots

def snapshots(command, disk):
    with Folder() as directory:
        options = ["--appendonly", "no", "--save", "3600 1"]
        path = directory + "/dump.rdb"
        with Kept(command, directory, *options) as server:
            check("a write", server.command("SET", "a", "old"), "+OK")
            check("SAVE", server.command("SAVE"), "+OK")
            before = contents_of(path)
            server.command("SET", "a", "new")
            disk.fail(".rdb$")
            check("SAVE", str(server.command("SAVE"))[:4], "-ERR")
            check("SAVE leaves the old file", contents_of(path) == before, True)
            check("who asks is told, and nobody else", server.command("SET", "a", "newer"), "+OK")
            check("SHUTDOWN", server.command("SHUTDOWN"), "-ERR Errors trying to SHUTDOWN. Check logs.")
            check("BGSAVE", server.command("BGSAVE"), "+Background saving started")
            server.wait_for("rdb_bgsave_in_progress", "0")
            check("its status", server.information("rdb_last_bgsave_status"), "err")
            check("why", "Input/output error" in server.logged(), True)
            refused(server)
            check("BGSAVE leaves the old file", contents_of(path) == before, True)
            check("and nothing else", [name for name in os.listdir(directory) if name.startswith("temp-")], [])
            server.kill()
        with Kept(command, directory, *options) as server:
            check("what the old file had", server.command("GET", "a"), b"old")
            # While no save has failed yet in this process, nothing is refused.
            check("a write", server.command("SET", "a", "newest"), "+OK")
            server.command("BGSAVE")
            server.wait_for("rdb_last_bgsave_status", "err")
            disk.heal()
            check("BGSAVE", server.command("BGSAVE"), "+Background saving started")
            server.wait_for("rdb_last_bgsave_status", "ok")
            check("writes go on", server.command("SET", "b", 1), "+OK")
            server.kill()
        with Kept(command, directory, *options) as server:
            check("what the new file has", server.command("GET", "a"), b"newest")


def refused(server):
    """Writes are refused for as long as somebody relies on save points, and wants to be told so."""
    check("a write", str(server.command("SET", "a", "x"))[:len(SNAPSHOT_MISCONF)], SNAPSHOT_MISCONF)
    check("a read", server.command("GET", "a"), b"newer")
    for name, value, before in [("stop-writes-on-bgsave-error", "no", "yes"), ("save", "", "3600 1")]:
        server.command("CONFIG", "SET", name, value)
        check(f"with {name} {value}", server.command("SET", "a", "newer"), "+OK")
        server.command("CONFIG", "SET", name, before)
    check("a write", str(server.command("SET", "a", "x"))[:8], "-MISCONF")


# MARK: - Rewrites

def rewrites(command, disk):
    """Wherever a rewrite fails: the old base, the log, and what was written since are there, and the next one succeeds."""
    for part in ["", ".incr.aof$", "temp-appendonly.aof.manifest$", "temp-rewriteaof", "appendonlydir$"]:
        for crash in (True, False):
            with Folder() as directory:
                options = ["--appendfsync", "no"]
                with Kept(command, directory, *options) as server:
                    server.command("SET", "a", 1)
                    server.rewrite()
                    server.command("SET", "b", 2)
                    time.sleep(0.1)
                    failed_rewrite(server, disk, directory, part)
                    server.command("SET", "c", 3)
                    if not crash:
                        check(f"a rewrite after {part!r}", str(server.rewrite())[:11], "+Background")
                        server.command("SET", "d", 4)
                    time.sleep(0.1)
                    before = server.digest()
                    server.kill()
                with Kept(command, directory, *options) as server:
                    check(f"everything is there after {part!r}", server.digest(), before)


def failed_rewrite(server, disk, directory, part):
    base = [name for name in files(directory) if ".base." in name][0]
    path = f"{directory}/appendonlydir/"
    before = contents_of(path + base), contents_of(path + "appendonly.aof.manifest")
    disk.fail(part)
    server.command("BGREWRITEAOF")
    server.wait_for("aof_last_bgrewrite_status", "err")
    server.wait_for("aof_rewrite_in_progress", "0")
    after = contents_of(path + base), contents_of(path + "appendonly.aof.manifest")
    check(f"the old base after {part!r}", after[0] == before[0], True)
    # A rewrite that fails late has begun a new increment already.
    check(f"the manifest after {part!r}", after[1] if part != "temp-rewriteaof" else after[1][:len(before[1])], before[1])
    check(f"writes go on after {part!r}", server.command("SET", "e", 5), "+OK")
    disk.heal()


def starts(command, disk):
    """A first start that cannot make its files ends and says why; the next one is as if it had not been."""
    with Folder() as directory:
        disk.fail()
        try:
            Kept(command, directory).kill()
            check("a start without fsync", "started", "refused")
        except RuntimeError as error:
            check("why", "Input/output error" in str(error), True)
        disk.heal()
        with Kept(command, directory) as server:
            check("a start", server.command("SET", "a", 1), "+OK")
            server.stop()
        with Kept(command, directory) as server:
            check("what was written", server.command("GET", "a"), b"1")


def switching(command, disk):
    """CONFIG SET appendonly yes on such a disk: the data gets into files, once, when the disk is well."""
    for part in ["", "temp-appendonly.aof.manifest$", "appendonlydir$"]:
        with Folder() as directory:
            with Kept(command, directory, "--appendonly", "no", "--save", "3600 1") as server:
                server.command("INCR", "a")
                check("SAVE", server.command("SAVE"), "+OK")
                disk.fail(part)
                server.command("CONFIG", "SET", "appendonly", "yes")
                server.command("INCR", "a")
                # It is tried again and again at first; later so seldom that it does not come between.
                deadline = time.monotonic() + 20
                while "repeatedly failed" not in server.logged() and time.monotonic() < deadline:
                    time.sleep(0.05)
                check("the status", server.information("aof_last_bgrewrite_status"), "err")
                check(f"no set of files after {part!r}", [name for name in files(directory) if "manifest" in name], [])
                server.command("INCR", "a")
                disk.heal()
                server.wait_for("aof_last_write_status", "ok")
                server.rewrite()
                server.command("INCR", "a")
                time.sleep(1.5)
                server.kill()
            with Kept(command, directory) as server:
                check(f"everything is there after {part!r}", server.command("GET", "a"), b"4")


def main():
    command = sys.argv[1]
    with Folder() as folder:
        disk = Disk(folder)
        for program in [command] + ([REDIS] if os.path.exists(REDIS) else []):
            for part in (always, always_under_load, snapshots, starts):
                part(program, disk)
                print(part.__name__, program, flush=True)
        for part in (every_second, every_second_under_load, rewrites, switching):
            part(command, disk)
            print(part.__name__, flush=True)
    finish()


main()
