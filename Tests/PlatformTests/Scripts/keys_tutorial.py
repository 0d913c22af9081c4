"""The tutorial "How To Manage Redis Databases and Keys", command by command and in its order, in one session of redis-cli
on a managed cluster (`atoll db shell`), while a real redis-server gets the same lines from a redis-cli of its own. What the
tutorial says is printed must be printed by both. Left out are only the host and port in the prompt, and the seconds that
redis-cli adds to an answer that took half a second or more.

Not as printed, each with its reason:

- `migrate 6379 key_1 7 8000` has lost its host, the first element that the text asks for. It is typed as printed, and
  answered as Redis answers it; then with the host.
- "move will return OK": Redis has always answered (integer) 1, and so does the cluster.
- KEYS with a pattern: Redis takes names only and answers NOKEY; the cluster keeps the promise of the text.
- Editing redis.conf: nobody edits files of a managed cluster. Save points and the file's name are set by
  `atoll db config set`; CONFIG SET says so to whoever tries it.
- Renaming dangerous commands, and the variables by which the append-only file is rewritten, are further edits of
  redis.conf, and settings that a managed cluster does not have. The text prints no command for either.
- After SHUTDOWN the tutorial's server is gone. A cluster comes back, and its status says why it was away.

Arguments: the program, its data directory, the address of its API, a token, the authority's file.
"""

import http.client
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import redis

from waiting import until

atoll, data, endpoint, token, authority = sys.argv[1:6]
CLUSTER = "keys-tutorial"
REDIS = "/usr/bin/redis-server"
PASSWORD = "of-the-other-end"
KINDS = {
    "string": "set string text", "list": "rpush list a b c", "hash": "hset hash field value",
    "set": "sadd set 1 2 three", "zset": "zadd zset 1.5 member", "stream": "xadd stream 1-1 field value",
}


def check(what, got, expected):
    assert got == expected, f"{what}\n  got      {got!r}\n  expected {expected!r}"


def command(*words):
    """`atoll db …`."""
    run = subprocess.run(
        [atoll, "db", *words], env=os.environ | {"ATOLL_DATA": data}, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, f"{words}: {run.stdout}{run.stderr}"
    return run.stdout


def configure(*changes):
    command("config", "set", CLUSTER, *changes)


class Session:
    """A person at redis-cli's prompt: lines go in, and what is printed up to the next prompt comes out."""

    # The host's name or address, its port, and the number of a database other than 0.
    prompt = re.compile(rb"(?:^|\n)(?:[\w.]+:\d+(\[\d+\])?|(not connected))> $")

    def __init__(self, *words, **environment):
        pid, self.terminal = pty.fork()
        if pid == 0:
            # A terminal that cannot edit lines: redis-cli then prints its prompt, and reads, in the plainest way.
            os.execvpe(words[0], words, os.environ | {"TERM": "dumb"} | environment)
        self.pid = pid
        self.database = ""
        self.printed()

    def printed(self):
        text = b""
        while not (found := self.prompt.search(text)):
            assert select.select([self.terminal], [], [], 60)[0], f"no prompt after {text}"
            text += os.read(self.terminal, 65536)
        self.database = (found[1] or found[2] or b"").decode()
        return text[:found.start()].decode().replace("\r\n", "\n")

    def ask(self, line):
        os.write(self.terminal, line.encode() + b"\n")
        # The terminal echoes what is typed.
        return re.sub(r"\n\(\d+\.\d+s\)$", "", self.printed().removeprefix(line).strip("\r\n"))

    def close(self):
        os.write(self.terminal, b"exit\n")
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


class Redis:
    """The real redis-server; its directory outlives its process."""

    def __init__(self, directory, *arguments):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.directory = directory
        self.arguments = arguments
        self.start()
        self.client = redis.Redis(port=self.port, decode_responses=True)

    def start(self):
        with open(f"{self.directory}/log-{self.port}", "a") as log:
            self.process = subprocess.Popen(
                [REDIS, "--port", str(self.port), "--dir", self.directory, *self.arguments], stdout=log, stderr=log,
                stdin=subprocess.DEVNULL)
        until("redis-server listens", lambda: socket.socket().connect_ex(("127.0.0.1", self.port)) == 0)

    def session(self, **environment):
        return Session("redis-cli", "-p", str(self.port), **environment)

    def edit(self, *arguments):
        """What the tutorial has one do: edit the configuration, and start again with the data."""
        self.client.shutdown(save=True)
        self.process.wait(20)
        os.rename(f"{self.directory}/dump.rdb", f"{self.directory}/nextfile.rdb")
        self.arguments += arguments
        self.start()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()


class Tutorial:
    def __init__(self, folder):
        command("create", "--engine", "valkey", CLUSTER)
        self.folder = folder
        self.redis = Redis(self.made("redis"), "--appendfsync", "everysec")
        self.here = Session(atoll, "db", "shell", CLUSTER, ATOLL_DATA=data)
        self.there = self.redis.session()

    def made(self, name):
        os.mkdir(f"{self.folder}/{name}")
        return f"{self.folder}/{name}"

    def end(self):
        for session in (self.here, self.there):
            session.close()
        self.redis.end()
        command("delete", CLUSTER, "--force")

    def both(self, line, printed):
        """The line answered by the cluster and by redis-server as the tutorial has it."""
        check(f"the cluster: {line}", self.here.ask(line), printed)
        check(f"redis-server: {line}", self.there.ask(line), printed)

    def same(self, line):
        """The line answered by the cluster as by redis-server."""
        printed = self.there.ask(line)
        check(line, self.here.ask(line), printed)
        return printed

    def database(self, prompt):
        check("the prompts", (self.here.database, self.there.database), (prompt, prompt))

    def connection(self):
        return json.loads(command("connection", CLUSTER, "--format", "json"))

    def client(self, **options):
        connection = self.connection()
        return redis.Redis(
            host=connection["host"], port=connection["port"], password=connection["password"], ssl=connection["ssl"],
            ssl_ca_certs=authority, decode_responses=True, **options)

    def information(self, name):
        return self.client().info()[name]


# MARK: - The cluster's state

def seen_states(stop, found):
    """Collects every status of the cluster until told to stop: it is away for a moment only."""
    # One connection for all: a new one each time would take longer than the cluster is away.
    api = http.client.HTTPSConnection(
        endpoint.removeprefix("https://"), context=ssl.create_default_context(cafile=authority), timeout=30)
    while not stop.is_set():
        api.request("GET", "/v2/databases", headers={"Authorization": f"Bearer {token}"})
        for cluster in json.load(api.getresponse())["databases"]:
            state = (cluster["status"], cluster.get("status_message", ""))
            if cluster["name"] == CLUSTER and state not in found[-1:]:
                found.append(state)
        time.sleep(0.01)
    api.close()


def shut_down(tutorial, line):
    """SHUTDOWN in both sessions: both servers end; the cluster is started again by Atoll, redis-server here."""
    first = tutorial.information("process_id")
    states, stop = [], threading.Event()
    watch = threading.Thread(target=seen_states, args=(stop, states))
    watch.start()
    until("the status is watched", lambda: states)
    tutorial.both(line, "")
    tutorial.database("not connected")
    check(f"redis-server ended: {line}", tutorial.redis.process.wait(20), 0)
    tutorial.redis.start()
    for session in (tutorial.here, tutorial.there):
        until("the cluster is back", lambda: session.ask("ping") == "PONG")
    until("the status is online again", lambda: len(states) > 1 and states[-1] == ("online", ""))
    stop.set()
    watch.join()
    check("another process", tutorial.information("process_id") != first, True)
    reason = "The server ended with exit code 0: a client sent SHUTDOWN; starting it again."
    check("the status says why", ("offline", reason) in states, True)


# MARK: - The text, section by section

def managing_databases(tutorial):
    tutorial.both("config get databases", '1) "databases"\n2) "16"')
    tutorial.database("")
    tutorial.both("select 15", "OK")
    tutorial.database("[15]")
    tutorial.both("select 16", "(error) ERR DB index is out of range")
    tutorial.both("select 6", "OK")
    tutorial.both("set from_6 value", "OK")
    # "any clients connected to either database will be able to see changes immediately"
    others = (Session(atoll, "db", "shell", CLUSTER, "--database", "8", ATOLL_DATA=data),
              tutorial.redis.session())
    others[1].ask("select 8")
    for other in others:
        check("before", (other.database, other.ask("get from_6")), ("[8]", "(nil)"))
    tutorial.both("swapdb 6 8", "OK")
    for other in others:
        check("another client, at once", other.ask("get from_6"), '"value"')
        other.close()
    tutorial.both("get from_6", "(nil)")
    tutorial.both("select 0", "OK")
    tutorial.database("")


def managing_keys(tutorial):
    tutorial.both("set old_key value", "OK")
    tutorial.both("rename old_key new_key", "OK")
    tutorial.both("rename old_key new_key", "(error) ERR no such key")
    tutorial.both("randomkey", '"new_key"')
    tutorial.both("del new_key", "(integer) 1")
    tutorial.both("randomkey", "(nil)")
    for kind, line in KINDS.items():
        tutorial.same(line)
        tutorial.both(f"type {kind}", kind)
    tutorial.both("type key_1", "none")
    tutorial.both("set key_1 value", "OK")
    tutorial.both("move key_1 8", "(integer) 1")
    tutorial.both("move key_1 8", "(integer) 0")
    tutorial.both("exists key_1", "(integer) 0")
    tutorial.both("select 8", "OK")
    tutorial.both("get key_1", '"value"')
    tutorial.both("select 0", "OK")


def deleting_keys(tutorial):
    tutorial.both("del string", "(integer) 1")
    tutorial.both("del string", "(integer) 0")
    tutorial.both("del list set nothing", "(integer) 2")
    # "a hash with thousands of fields"; a line typed here holds 1023 bytes.
    for hundred in range(20):
        fields = " ".join(f"f{n} {n}" for n in range(hundred * 70, hundred * 70 + 70))
        tutorial.both(f"hset long {fields}", "(integer) 70")
    tutorial.both("unlink long", "(integer) 1")
    tutorial.both("unlink long", "(integer) 0")
    for option in ("", " async"):
        tutorial.both("set key_1 value", "OK")
        tutorial.both("flushdb" + option, "OK")
        tutorial.both("dbsize", "(integer) 0")
        tutorial.both("select 8", "OK")
        tutorial.both("set key_1 value", "OK")
        tutorial.both("select 0", "OK")
        tutorial.both("flushall" + option, "OK")
        tutorial.both("select 8", "OK")
        tutorial.both("dbsize", "(integer) 0")
        tutorial.both("select 0", "OK")


def fill(tutorial):
    """Something of every type, in several databases, some of it with an end."""
    for number in (0, 7, 15):
        tutorial.both(f"select {number}", "OK")
        for line in KINDS.values():
            tutorial.same(line)
        tutorial.both("pexpireat string 4102444800000", "(integer) 1")
        for _ in range(10):
            tutorial.same("rpush long " + " ".join(f"element:{n}" for n in range(70)))
    tutorial.both("select 0", "OK")


def contents(client):
    """All keys of all databases with their values and ends."""
    def value(database, key):
        return {
            "string": lambda: database.get(key), "list": lambda: database.lrange(key, 0, -1),
            "set": lambda: sorted(database.smembers(key)), "hash": lambda: database.hgetall(key),
            "zset": lambda: database.zrange(key, 0, -1, withscores=True),
            "stream": lambda: database.xrange(key),
        }[database.type(key)]()

    found = {}
    options = client.get_connection_kwargs()
    for number in range(16):
        database = redis.Redis(connection_pool=redis.ConnectionPool(
            connection_class=client.connection_pool.connection_class, **options | {"db": number}))
        for key in database.scan_iter(count=1000):
            found[number, key] = (database.type(key), value(database, key), database.pexpiretime(key))
    return found


def backup(tutorial, line, answer):
    """A dump made by the line, as a person finds it and takes it away, and what redis-server has of it."""
    count = tutorial.information("rdb_saves")
    tutorial.both(line, answer)
    # "if clients add or modify data while the bgsave operation is occurring, these changes won't be captured"
    tutorial.both("set late value", "OK")
    until("saved", lambda: tutorial.information("rdb_saves") > count)
    check("succeeded", tutorial.information("rdb_last_bgsave_status"), "ok")
    places = [tutorial.here.ask(f"config get {name}").split('"')[3] for name in ("dir", "dbfilename")]
    check("where Atoll keeps clusters", places[0].startswith(f"{data}/clusters/"), True)
    check("complete", [name for name in os.listdir(places[0]) if name.startswith("temp-")], [])
    copy = tutorial.made(f"copy-{line}-{time.time_ns()}")
    shutil.copy("/".join(places), f"{copy}/dump.rdb")
    restored = Redis(copy, "--save", "")
    found = contents(restored.client)
    restored.end()
    tutorial.both("del late", "(integer) 1")
    check(f"redis-server started from the dump: {line}", found, contents(tutorial.client()))
    check("the other one's contents", contents(tutorial.redis.client), found)


def backing_up(tutorial):
    """SAVE and BGSAVE, save points, and the file's name."""
    refusal = "(error) ERR this server is managed: its configuration is changed with `atoll db config set` or the API, " \
        "not by CONFIG"
    fill(tutorial)
    backup(tutorial, "bgsave", "Background saving started")
    check("CONFIG SET", tutorial.here.ask("config set save '900 1 300 10 60 10000'"), refusal)
    configure("save=900 1 300 10 60 10000", "dbfilename=nextfile.rdb")
    tutorial.redis.edit("--save", "900 1 300 10 60 10000", "--dbfilename", "nextfile.rdb")
    for session in (tutorial.here, tutorial.there):
        until("the server is back with its file's new name", lambda: session.ask("ping") == "PONG")
    tutorial.both("config get save", '1) "save"\n2) "900 1 300 10 60 10000"')
    tutorial.both("config get dbfilename", '1) "dbfilename"\n2) "nextfile.rdb"')
    check("nothing got lost by the new name", contents(tutorial.client()), contents(tutorial.redis.client))
    backup(tutorial, "bgsave", "Background saving started")
    check("SAVE", saved_at_once(tutorial), True)
    # A save point does what it says, with numbers that one can wait for.
    configure("save=1 2")
    count = tutorial.information("rdb_saves")
    tutorial.both("mset one 1 two 2", "OK")
    until("a dump by itself", lambda: tutorial.information("rdb_saves") > count, 15)
    tutorial.both("del one two", "(integer) 2")
    configure("save=900 1 300 10 60 10000")


def saved_at_once(tutorial):
    """SAVE has saved when it answers."""
    tutorial.both("set last_word value", "OK")
    tutorial.both("save", "OK")
    directory = tutorial.here.ask("config get dir").split('"')[3]
    copy = tutorial.made("copy-save")
    shutil.copy(f"{directory}/nextfile.rdb", f"{copy}/dump.rdb")
    restored = Redis(copy, "--save", "")
    try:
        return contents(restored.client) == contents(tutorial.client())
    finally:
        restored.end()
        tutorial.both("del last_word", "(integer) 1")


def shutting_down(tutorial):
    # At least one save point: it saves.
    tutorial.both("set key_1 saved", "OK")
    shut_down(tutorial, "shutdown")
    tutorial.both("get key_1", '"saved"')
    tutorial.both("set key_1 lost", "OK")
    shut_down(tutorial, "shutdown nosave")
    tutorial.both("get key_1", '"saved"')
    # No save point: only when asked.
    configure("save=", "frequent_snapshots=false")
    tutorial.redis.client.config_set("save", "")
    tutorial.redis.arguments += ("--save", "")
    tutorial.both("config get save", '1) "save"\n2) ""')
    tutorial.both("set key_1 lost", "OK")
    shut_down(tutorial, "shutdown")
    tutorial.both("get key_1", '"saved"')
    tutorial.both("set key_1 asked", "OK")
    shut_down(tutorial, "shutdown save")
    tutorial.both("get key_1", '"asked"')


def appending(tutorial):
    """The append-only file: SHUTDOWN flushes it, BGREWRITEAOF makes it short."""
    configure("persistence=aof")
    tutorial.redis.client.config_set("appendonly", "yes")
    tutorial.redis.arguments += ("--appendonly", "yes")
    until("redis-server's first base", lambda: not tutorial.redis.client.info()["aof_rewrite_in_progress"])
    tutorial.both("config get appendonly", '1) "appendonly"\n2) "yes"')
    for number in range(20):
        tutorial.both("incr counter", f"(integer) {number + 1}")
    shut_down(tutorial, "shutdown")
    tutorial.both("get counter", '"20"')
    before = contents(tutorial.client())
    size = tutorial.information("aof_current_size")
    tutorial.both("bgrewriteaof", "Background append only file rewriting started")
    until("rewritten", lambda: not tutorial.information("aof_rewrite_in_progress"))
    check("well", tutorial.information("aof_last_bgrewrite_status"), "ok")
    check("shorter", tutorial.information("aof_current_size") < size, True)
    # "if another persistence command is running in a background process already, that command must finish before". It has
    # to last until the next line is typed.
    count = tutorial.information("aof_rewrites")
    tutorial.here.ask("setrange large 30000000 end")
    check("first", tutorial.here.ask("bgsave"), "Background saving started")
    check("then", tutorial.here.ask("bgrewriteaof"), "Background append only file rewriting scheduled")
    tutorial.here.ask("unlink large")
    until("and finished", lambda: tutorial.information("aof_rewrites") > count
          and not tutorial.information("aof_rewrite_in_progress"))
    check("well", tutorial.information("aof_last_bgrewrite_status"), "ok")
    shut_down(tutorial, "shutdown nosave")
    check("the same data", contents(tutorial.client()), before)


# MARK: - MIGRATE

def migrating(tutorial):
    tutorial.both("flushall", "OK")
    tutorial.both("migrate 6379 key_1 7 8000", "(error) ERR wrong number of arguments for 'migrate' command")
    peer = Redis(tutorial.made("peer"), "--save", "")
    other = peer.session()
    try:
        outwards = f"127.0.0.1 {peer.port}"
        migrate(tutorial.here, other, outwards)
        pattern(tutorial.here, other, outwards)
        silent(tutorial.here, peer, outwards)
        peer.client.config_set("requirepass", PASSWORD)
        other.ask(f"auth {PASSWORD}")
        tutorial.here.ask("set key_1 value")
        check("a password that is not given", tutorial.here.ask(f"migrate {outwards} key_1 7 8000"),
              "(error) ERR Target instance replied with error: NOAUTH Authentication required.")
        migrate(tutorial.here, other, outwards, f" auth {PASSWORD}")
        migrate(tutorial.here, other, outwards, f" auth2 default {PASSWORD}")
        inwards(tutorial, peer, other)
    finally:
        other.close()
        peer.end()


def inwards(tutorial, peer, other):
    """From redis-server to the cluster: by TLS, and through the plain port that `ssl=false` opens."""
    peer.client = redis.Redis(port=peer.port, password=PASSWORD, decode_responses=True)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=peer", "-keyout",
         f"{peer.directory}/peer.key", "-out", f"{peer.directory}/peer.crt"], check=True, capture_output=True)
    # A server that MIGRATE goes to by TLS is, to Redis, one of a cluster.
    peer.client.config_set(
        "tls-cert-file", f"{peer.directory}/peer.crt", "tls-key-file", f"{peer.directory}/peer.key",
        "tls-ca-cert-file", authority, "tls-cluster", "yes")
    connection = tutorial.connection()
    secret = f" auth {connection['password']}"
    migrate(other, tutorial.here, f"{connection['host']} {connection['port']}", secret)
    migrate(other, tutorial.here, f"{connection['host']} {connection['port']}",
            f" auth2 default {connection['password']}")
    configure("ssl=false")
    plain = tutorial.connection()
    check("the plain port", (plain["ssl"], plain["port"] != connection["port"]), (False, True))
    peer.client.config_set("tls-cluster", "no")
    migrate(other, tutorial.here, f"127.0.0.1 {plain['port']}", secret)
    other.ask("set user:1 a")
    check("a pattern, to Redis", other.ask(f'migrate 127.0.0.1 {plain["port"]} "" 7 8000{secret} keys user:*'), "NOKEY")
    # By another name, because Redis keeps the connection of a moment ago, which has said the password.
    check("without the password", other.ask(f"migrate localhost {plain['port']} user:1 7 8000"),
          "(error) ERR Target instance replied with error: NOAUTH Authentication required.")
    configure("ssl=true")


def migrate(source, target, address, secret=""):
    """The section's syntax and each option that it lists."""
    def held():
        check("selected", target.ask("select 7"), "OK")
        return target.ask("get key_1")

    for session in (source, target):
        check("a fresh start", session.ask("flushall"), "OK")
    source.ask("set key_1 value")
    check("migrate", source.ask(f"migrate {address} key_1 7 8000{secret}"), "OK")
    check("not at the source any more", source.ask("exists key_1"), "(integer) 0")
    check("in database 7 of the target", held(), '"value"')
    check("no key", source.ask(f"migrate {address} key_1 7 8000{secret}"), "NOKEY")
    source.ask("set key_1 newer")
    busy = "(error) ERR Target instance replied with error: BUSYKEY Target key name already exists."
    check("the key is there already", source.ask(f"migrate {address} key_1 7 8000{secret}"), busy)
    check("copy", source.ask(f"migrate {address} key_1 7 8000 copy{secret}"), busy)
    check("copy replace", source.ask(f"migrate {address} key_1 7 8000 copy replace{secret}"), "OK")
    check("kept at the source", source.ask("get key_1"), '"newer"')
    check("replaced at the target", held(), '"newer"')
    source.ask("set key_1 newest")
    check("replace", source.ask(f"migrate {address} key_1 7 8000 replace{secret}"), "OK")
    check("gone from the source", source.ask("exists key_1"), "(integer) 0")
    check("replaced at the target", held(), '"newest"')
    # Every type, by KEYS, with its end.
    for line in KINDS.values():
        source.ask(line)
    source.ask("pexpireat string 4102444800000")
    check("keys", source.ask(f'migrate {address} "" 7 8000{secret} keys {" ".join(KINDS)}'), "OK")
    check("nothing is left", source.ask("dbsize"), "(integer) 0")
    check("types", [target.ask(f"type {kind}") for kind in KINDS], list(KINDS))
    check("values", [target.ask(line) for line in ("get string", "lrange list 0 -1", "hget hash field", "scard set",
                                                   "zscore zset member", "xlen stream")],
          ['"text"', '1) "a"\n2) "b"\n3) "c"', '"value"', "(integer) 3", '"1.5"', "(integer) 1"])
    # Redis sends how long a key still has, which is late by the time it takes.
    end = int(target.ask("pexpiretime string").removeprefix("(integer) "))
    check("the end", 0 <= end - 4102444800000 < 1000, True)
    target.ask("flushall")


def pattern(source, target, address):
    """KEYS "to migrate any key that matches a pattern"."""
    source.ask("mset user:1 a user:2 b visitor c")
    check("a pattern", source.ask(f'migrate {address} "" 7 8000 keys user:*'), "OK")
    check("what does not match stays", source.ask("keys *"), '1) "visitor"')
    target.ask("select 7")
    check("what matches is there", target.ask("mget user:1 user:2"), '1) "a"\n2) "b"')
    check("nothing matches", source.ask(f'migrate {address} "" 7 8000 keys user:*'), "NOKEY")
    source.ask("flushall")
    target.ask("flushall")


def silent(source, peer, address):
    """A target that makes no progress is given up after the timeout, and the key stays."""
    source.ask("set key_1 value")
    peer.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    check("timeout", source.ask(f"migrate {address} key_1 7 500"),
          "(error) IOERR error or timeout reading to target instance")
    check("after half a second", 0.4 < time.monotonic() - began < 5, True)
    peer.process.send_signal(signal.SIGCONT)
    check("it stays", source.ask("get key_1"), '"value"')
    peer.client.flushall()
    source.ask("flushall")


def main():
    folder = tempfile.mkdtemp(prefix="atoll-keys-tutorial-")
    try:
        tutorial = Tutorial(folder)
        try:
            for step in (managing_databases, managing_keys, deleting_keys, backing_up, shutting_down, appending,
                         migrating):
                began = time.monotonic()
                step(tutorial)
                print(f"{step.__name__} {time.monotonic() - began:.1f} s", flush=True)
        finally:
            tutorial.end()
    finally:
        shutil.rmtree(folder)
    print("done")


main()
