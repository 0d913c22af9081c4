"""Replication connections and peers with PostgreSQL's own clients.

  replication.py COMMAND physical|logical|peers
"""

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys

import psycopg

from services import BINARIES, ORDINARY_USER, Services, as_ordinary_user, check, finish, until


def address(pooler, user="postgres", database="app"):
    return f"host=127.0.0.1 port={pooler.port} user={user} dbname={database} password={user}"


def scratch(services, name):
    path = os.path.join(services.directory, name)
    os.mkdir(path, 0o700)
    if os.getuid() == 0:
        shutil.chown(path, ORDINARY_USER, ORDINARY_USER)
    return path


def server_count(pooler):
    return pooler.services.postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'walsender'")


def physical(services):
    pooler = services.pooler(pool_mode="transaction")
    backup = scratch(services, "backup")
    done = subprocess.run(
        [f"{BINARIES}/pg_basebackup", "-d", address(pooler), "-D", backup, "-c", "fast", "-X", "stream"],
        capture_output=True, text=True, **as_ordinary_user())
    check("pg_basebackup", (done.returncode, done.stderr), (0, ""))
    verified = subprocess.run([f"{BINARIES}/pg_verifybackup", backup], capture_output=True, text=True)
    check("pg_verifybackup", verified.returncode, 0)
    wal = scratch(services, "wal")
    receiver = subprocess.Popen(
        [f"{BINARIES}/pg_receivewal", "-d", address(pooler), "-D", wal, "--synchronous"], **as_ordinary_user())
    until("WAL is received", lambda: os.listdir(wal) and server_count(pooler) == "1")
    # The same pool serves others meanwhile, as it does without.
    with psycopg.connect(address(pooler)) as connection:
        check("others", connection.execute("SELECT 1").fetchone(), (1,))
    receiver.send_signal(signal.SIGINT)
    check("pg_receivewal", receiver.wait(30), 0)
    until("its server is gone", lambda: server_count(pooler) == "0")
    try:
        psycopg.connect(pooler.uri() + "?replication=yes")
        check("without the right", False)
    except psycopg.OperationalError as error:
        check("the server's reason", "login failed" in str(error) and "must be superuser" in str(error))


def logical(services):
    pooler = services.pooler(pool_mode="transaction")
    with psycopg.connect(services.postgres.uri(user="postgres"), autocommit=True) as connection:
        connection.execute("SELECT pg_create_logical_replication_slot('slot', 'test_decoding')")
        connection.execute("CREATE TABLE changed (n int)")
    changes = subprocess.Popen(
        [f"{BINARIES}/pg_recvlogical", "-d", address(pooler), "--slot=slot", "--file=-", "--no-loop", "--start"],
        stdout=subprocess.PIPE, text=True)
    services.postgres.sql("INSERT INTO changed VALUES (1)", database="app")
    while "INSERT" not in (line := changes.stdout.readline()) and line:
        pass
    check("a change", line.strip(), "table public.changed: INSERT: n[integer]:1")
    changes.send_signal(signal.SIGINT)
    changes.wait(30)
    with psycopg.connect(
        address(pooler), replication="database", application_name="abc", options="-c enable_seqscan=off", autocommit=True,
        cursor_factory=psycopg.ClientCursor,
    ) as connection:
        check("its settings", connection.execute("SHOW application_name").fetchone(), ("abc",))
        check("its options", connection.execute("SHOW enable_seqscan").fetchone(), ("off",))
        check("a command", len(connection.execute("IDENTIFY_SYSTEM").fetchone()), 4)
    # A subscription of one database of the server to another, through the pooler.
    services.postgres.sql("CREATE PUBLICATION p FOR TABLE changed", "SELECT pg_create_logical_replication_slot('s', 'pgoutput')",
                          database="app")  # fmt: skip
    services.postgres.sql("CREATE DATABASE other")
    services.postgres.sql("CREATE TABLE changed (n int)", database="other")
    services.postgres.sql(
        f"CREATE SUBSCRIPTION u CONNECTION '{address(pooler)}' PUBLICATION p WITH (slot_name = s, create_slot = false)",
        database="other")
    services.postgres.sql("INSERT INTO changed VALUES (2)", database="app")
    until("the subscriber has both", lambda: services.postgres.sql(
        "SELECT string_agg(n::text, ' ' ORDER BY n) FROM changed", database="other") == "1 2")  # fmt: skip
    services.postgres.sql("ALTER SUBSCRIPTION u DISABLE", "ALTER SUBSCRIPTION u SET (slot_name = NONE)", "DROP SUBSCRIPTION u",
                          database="other")  # fmt: skip


class RawClient:
    """A client that knows its cancel key, which libpq keeps to itself. It is trusted."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        body = struct.pack("!i", 196608) + b"user\0app\0database\0app\0\0"
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self.key = next(body for kind, body in self.messages() if kind == b"K")

    def messages(self):
        """All up to ReadyForQuery."""
        found = []
        while not found or found[-1][0] != b"Z":
            kind, length = struct.unpack("!ci", self.exactly(5))
            found.append((kind, self.exactly(length - 4)))
        return found

    def exactly(self, count):
        got = b""
        while len(got) < count:
            piece = self.socket.recv(count - len(got))
            if not piece:
                raise EOFError(got)
            got += piece
        return got

    def send_query(self, text):
        self.socket.sendall(b"Q" + struct.pack("!i", len(text) + 5) + text.encode() + b"\0")

    def cancel(self, port):
        """Has this client's request cancelled, by way of a port; returns when that is done."""
        with socket.create_connection(("127.0.0.1", port), timeout=30) as asking:
            asking.sendall(struct.pack("!ii", 8 + len(self.key), 80877102) + self.key)
            check("closed on without an answer", asking.recv(1), b"")


def peers(services):
    """A cancel request that comes to one of three poolers reaches the one that has the client."""
    poolers = [services.pooler(pool_mode="transaction", auth_type="trust", peer_id=number) for number in (1, 2, 3)]
    for number, pooler in enumerate(poolers, 1):
        with open(pooler.file, "a") as file:
            file.write("[peers]\n")
            for other, peer in enumerate(poolers, 1):
                if other != number:
                    file.write(f"{other} = host=127.0.0.1 port={peer.port}\n")
        pooler.send(signal.SIGHUP)
    until("all have read their peers", lambda: all("re-reading config" in pooler.logged() for pooler in poolers))
    client = RawClient(poolers[0].port)
    for number in range(6):
        client.send_query("SELECT pg_sleep(60)")
        until("it sleeps", lambda: services.postgres.sql(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' "
            "AND pid <> pg_backend_pid()") == "1")  # fmt: skip
        client.cancel(poolers[number % 3].port)
        errors = [body for kind, body in client.messages() if kind == b"E"]
        check("cancelled", len(errors) == 1 and b"C57014\0" in errors[0])
        client.send_query("SELECT 1")
        check("and no more than that", [kind for kind, _ in client.messages()], [b"T", b"D", b"C", b"Z"])


if __name__ == "__main__":
    with Services(sys.argv[1], wal_level="logical", max_wal_senders=5, max_replication_slots=5) as services:
        {"physical": physical, "logical": logical, "peers": peers}[sys.argv[2]](services)
    finish()
