"""Clients that mean no good: junk before the startup packet, half-open connections by the thousand, guessed cancel keys.

  hostile_clients.py COMMAND

Behind each, the pooler serves an honest client, with no more memory than a bound, and with all descriptors back.
"""

import concurrent.futures
import os
import random
import resource
import socket
import struct
import sys
import threading
import time

import psycopg

from services import PASSWORD, Services, check, finish, until

HALF_OPEN = 10_000
# More than this is growth without bound: each half-open client may have a kilobyte or so.
GROWTH_MIB_MAX = 96

MAX = 0x7FFFFFFF
PROTOCOL, SSL, GSS, CANCEL = 196608, 80877103, 80877104, 80877102


def packet(code, body=b"", length=None):
    return struct.pack("!ii", 8 + len(body) if length is None else length, code) + body


def startup(**parameters):
    body = b"".join(f"{name}\0{value}\0".encode() for name, value in parameters.items())
    return packet(PROTOCOL, body + b"\0")


def junk(chance):
    """Bytes before or in place of a startup packet."""
    yield b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield b"SSH-2.0-OpenSSH_9.2\r\n"
    yield b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500)
    yield b"\0" * 100
    yield b"\xff" * 100
    for length in (-MAX, -1, 0, 1, 3, 4, 5, 7, 8, 9, 10_001, 65_536, 1 << 24, MAX):
        yield packet(PROTOCOL, b"user\0app\0\0", length)
    for code in (0, 1, 65536, 131072, 196607, 262144, SSL + 3, MAX, -1):
        yield packet(code, b"user\0app\0\0")
    # No end, no value, no name, no user, values of absurd size, names twice.
    for body in (b"", b"user", b"user\0", b"user\0app", b"user\0app\0", b"\0", b"\0\0", b"user\0\0\0", b"\0app\0\0",
                 b"user\0app\0database\0" + b"d" * 200 + b"\0\0", b"user\0" + b"u" * 9000 + b"\0\0",
                 b"user\0app\0" + b"x\0y\0" * 2000 + b"\0", b"user\0app\0user\0postgres\0\0",
                 b"user\0app\0options\0-c " + b"\\" * 5000 + b"\0\0", b"user\0\xff\xfe\0\0",
                 b"user\0app\0replication\0maybe\0\0", b"user\0app\0search_path\0';DROP TABLE x\0\0"):
        yield packet(PROTOCOL, body)
    # What stands behind a request for encryption must not be taken for a part of the encrypted talk.
    yield packet(SSL) + startup(user="app", database="app")
    yield packet(GSS) + packet(SSL) + packet(GSS) + packet(SSL)
    yield packet(SSL) * 1000
    for length in (0, 1, 4, 255, 4096):
        yield packet(CANCEL, bytes(length))
    for _ in range(300):
        yield chance.randbytes(chance.randrange(1, 400))
    for _ in range(300):
        # A right one with a byte or two that are wrong.
        changed = bytearray(startup(user="app", database="app", application_name="x", client_encoding="UTF8"))
        for _ in range(chance.randrange(1, 3)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        yield bytes(changed)


def messages(chance):
    """Messages of a client that has logged in."""
    def message(kind, body=b"", length=None):
        return kind + struct.pack("!i", 4 + len(body) if length is None else length) + body

    for kind in (b"\0", b"Z", b"R", b"z", b"p", b"\xff", b"N", b"d", b"c", b"f", b"B", b"E", b"D", b"C", b"P", b"Q", b"F"):
        yield message(kind)
        yield message(kind, chance.randbytes(30))
        for length in (-MAX, -1, 0, 3, MAX):
            yield message(kind, b"x" * 10, length)
    yield message(b"P", b"name without end")
    yield message(b"P", b"n\0SELECT 1\0" + struct.pack("!h", -1))
    yield message(b"P", b"n\0SELECT 1\0" + struct.pack("!h", 32767))
    yield message(b"B", b"\0nowhere\0" + struct.pack("!hhh", 0, 0, 0)) + message(b"S")
    yield message(b"B", b"\0\0" + struct.pack("!hhi", 0, 1, MAX)) + message(b"S")
    yield message(b"D", b"Xname\0") + message(b"S")
    yield message(b"C", b"Xname\0") + message(b"S")
    yield message(b"Q", b"SELECT 1")
    yield message(b"Q", b"SELECT 1\0SELECT 2\0")
    yield message(b"S") * 20_000
    yield (message(b"P", b"\0SELECT 1\0\0\0") + message(b"C", b"S\0")) * 2_000
    yield message(b"d", b"x" * 100_000) * 10
    yield message(b"F", struct.pack("!ihhih", 1, 0, 0, 0, 0))
    yield startup(user="app")


class Victim:
    """The pooler under attack, and a bare connection to it."""

    def __init__(self, pooler):
        self.pooler = pooler

    def connect(self, timeout=30):
        connection = socket.create_connection(("127.0.0.1", self.pooler.port), timeout=timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def logged_in(self):
        """As trusted, behind ReadyForQuery."""
        connection = self.connect()
        connection.sendall(startup(user="trusted", database="app"))
        received = b""
        while b"Z\0\0\0\5I" not in received:
            more = connection.recv(65536)
            if not more:
                raise EOFError(received)
            received += more
        return connection

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pooler.process.pid}/fd"))

    def resident_mib(self):
        with open(f"/proc/{self.pooler.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    def serves(self, what):
        try:
            with psycopg.connect(self.pooler.uri(), autocommit=True, connect_timeout=30) as connection:
                check(f"an honest client after {what}", connection.execute("SELECT 1").fetchone(), (1,))
        except psycopg.Error as error:
            check(f"an honest client after {what}", str(error), (1,))


def send(connection, data):
    """Sends, says that no more comes, and reads to the end: the pooler closes, in bounded time."""
    try:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(1 << 20):
            pass
    except TimeoutError:
        check(f"closed after {data[:60]!r}", False)
    except OSError:
        pass
    connection.close()


def bad_bytes(victim, chance):
    with concurrent.futures.ThreadPoolExecutor(64) as senders:
        list(senders.map(lambda data: send(victim.connect(), data), junk(chance)))
    victim.serves("junk before startup")
    # An oversized packet is refused by its length alone: nobody waits for the rest.
    for length in (10_241, 1 << 20, MAX):
        with victim.connect() as connection:
            connection.sendall(struct.pack("!ii", length, PROTOCOL))
            try:
                while connection.recv(65536):
                    pass
            except ConnectionResetError:
                pass
            except TimeoutError:
                check(f"a startup packet of {length} is refused", False)
    with concurrent.futures.ThreadPoolExecutor(16) as senders:
        list(senders.map(lambda data: send(victim.logged_in(), data), messages(chance)))
    victim.serves("messages that are none")
    # Byte by byte, an honest login is one all the same.
    with victim.connect() as connection:
        for byte in startup(user="trusted", database="app"):
            connection.sendall(bytes([byte]))
        check("byte by byte", connection.recv(1), b"R")


def half_open(victim, descriptors):
    """Thousands that say nothing, or half of something, while others work; they are thrown out in the end."""
    # Connections of before that are being closed are not to be counted.
    until("nothing is left of before", lambda: victim.descriptors() <= descriptors)
    before, memory = victim.descriptors(), victim.resident_mib()
    pieces = [b"", b"\0", struct.pack("!i", 40), startup(user="app")[:-4], packet(SSL), startup(user="app", database="app")]
    held = []
    for number in range(HALF_OPEN):
        connection = victim.connect()
        connection.sendall(pieces[number % len(pieces)])
        held.append(connection)
        if number % 1000 == 999:
            victim.serves(f"{number + 1} half-open ones")
    # But for servers that were closed meanwhile.
    count = victim.descriptors() - before
    check(f"all are held, {count}", count >= HALF_OPEN - 20)
    grown = victim.resident_mib() - memory
    print(f"{HALF_OPEN} half-open clients: {grown:.1f} MiB")
    check("memory", grown < GROWTH_MIB_MAX)
    for connection in held[::2]:
        connection.close()
    # Those who stay are closed by client_login_timeout.
    until("all descriptors are back", lambda: victim.descriptors() <= before + 5, 180)
    for connection in held:
        connection.close()
    victim.serves("10,000 half-open ones")


def slow_reader(victim):
    """Asks for much and reads nothing: what waits for it is bounded, and its server is not lost for the others."""
    memory = victim.resident_mib()
    query = b"SELECT repeat('x', 1000) FROM generate_series(1, 1000000)\0"
    with victim.logged_in() as connection:
        connection.sendall(b"Q" + struct.pack("!i", 4 + len(query)) + query)
        time.sleep(2)
        grown = victim.resident_mib() - memory
        check("memory for one who does not read", grown < 16)
    victim.serves("one who does not read")


def guessed_cancels(victim, chance):
    """Keys that are nearly right hit nobody."""
    with psycopg.connect(victim.pooler.uri(), autocommit=True) as connection:
        result = []
        worker = threading.Thread(target=lambda: result.append(connection.execute("SELECT 7 FROM pg_sleep(4)").fetchone()))
        worker.start()
        pid = connection.info.backend_pid
        backend = int(victim.pooler.services.postgres.sql(
            "SELECT coalesce(max(pid), 0) FROM pg_stat_activity WHERE query LIKE 'SELECT 7%'"))
        guesses = [(number, chance.getrandbits(32)) for number in (pid, backend, pid + 1, 0) for _ in range(250)]
        guesses += [(pid, secret) for secret in (0, 1, 0x7FFFFFFF, 0xFFFFFFFF)]
        packets = [packet(CANCEL, struct.pack("!II", number & 0xFFFFFFFF, secret)) for number, secret in guesses]
        packets += [packet(CANCEL, struct.pack("!I", pid & 0xFFFFFFFF) + chance.randbytes(28)) for _ in range(200)]
        with concurrent.futures.ThreadPoolExecutor(64) as senders:
            list(senders.map(lambda data: send(victim.connect(), data), packets))
        check("still at work", worker.is_alive() or result == [(7,)])
        worker.join()
        check("nobody was hit", result, [(7,)])


def main():
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    raise_limit(HALF_OPEN + 2000)
    with Services(sys.argv[1]) as services:
        pooler = services.pooler(
            pool_mode="transaction", client_login_timeout=60, max_client_conn=HALF_OPEN + 500, max_packet_size=1 << 20,
            log_connections=0, users=[f'"app" "{PASSWORD}"', '"trusted" ""'],
            databases=[f"app = host=127.0.0.1 port={services.postgres.port} user=app"],
            rules=["host all trusted 127.0.0.1/32 trust", "host all all 127.0.0.1/32 scram-sha-256"])
        victim = Victim(pooler)
        victim.serves("nothing")
        before, memory = victim.descriptors(), victim.resident_mib()
        bad_bytes(victim, chance)
        guessed_cancels(victim, chance)
        slow_reader(victim)
        half_open(victim, before + 5)
        until("descriptors", lambda: victim.descriptors() <= before + 5)
        check("memory", victim.resident_mib() - memory < GROWTH_MIB_MAX)
        check("the pooler runs", pooler.is_alive())
        check("nothing went wrong inside", "Fatal error" in pooler.logged(), False)
    finish()


def raise_limit(count):
    """Descriptors of this process and of those that it starts."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        # Root may; others are told by the test's condition before it comes to this.
        hard = count
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


main()
