"""A server that lies: wrong lengths, ReadyForQuery too early, messages that are none, a row without an end.

  lying_server.py COMMAND

Whatever it says, the client gets an answer or an end in bounded time, the pooler lives with bounded memory and serves
other databases meanwhile, and the next client on that server sees nothing that was meant for the one before.
"""

import os
import socket
import struct
import sys
import threading
import time

import psycopg

from services import PASSWORD, Services, check, finish, until

MAX = 0x7FFFFFFF
# What streams needs little; an error or a description has to be read as a whole, up to 16 MiB in a buffer that doubles.
GROWTH_MIB_MAX, WHOLE_GROWTH_MIB_MAX = 24, 64


def message(kind, body=b"", length=None):
    return kind + struct.pack("!i", 4 + len(body) if length is None else length) + body


AUTHENTICATED = message(b"R", struct.pack("!i", 0))
PARAMETERS = b"".join(message(b"S", name + b"\0" + value + b"\0") for name, value in (
    (b"server_version", b"15.0"), (b"client_encoding", b"UTF8"), (b"DateStyle", b"ISO, MDY"), (b"TimeZone", b"UTC"),
    (b"standard_conforming_strings", b"on"), (b"integer_datetimes", b"on"), (b"server_encoding", b"UTF8")))
KEY = message(b"K", struct.pack("!ii", 1, 2))
READY = message(b"Z", b"I")
LOGIN = AUTHENTICATED + PARAMETERS + KEY + READY
COLUMN = message(b"T", struct.pack("!h", 1) + b"c\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0))


def row(text):
    return message(b"D", struct.pack("!hi", 1, len(text)) + text)


DONE = message(b"C", b"SELECT 1\0")
ERROR = message(b"E", b"SERROR\0VERROR\0C42000\0Mas it should be\0\0")

# What it says in place of the login.
LOGINS = {
    "nothing, and ends": b"",
    "junk": b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10,
    "zeros": bytes(1000),
    "an error without SQLSTATE": message(b"E", b"SFATAL\0Mno code\0\0"),
    "an error without fields": message(b"E", b"\0"),
    "an error without an end": message(b"E", b"SFATAL\0Mno end"),
    "an error with an empty body": message(b"E"),
    "an unknown authentication": message(b"R", struct.pack("!i", 99)),
    "an authentication without a number": message(b"R"),
    "a salt that is too short": message(b"R", struct.pack("!i", 5) + b"x"),
    "SASL without mechanisms": message(b"R", struct.pack("!i", 10) + b"\0"),
    "SASL with unknown ones": message(b"R", struct.pack("!i", 10) + b"NOTHING\0\0"),
    "SASL without an end": message(b"R", struct.pack("!i", 10) + b"SCRAM-SHA-256"),
    "SASL's end first": message(b"R", struct.pack("!i", 12) + b"v=xx"),
    "SASL's middle first": message(b"R", struct.pack("!i", 11) + b"r=x,s=eA==,i=4096"),
    "ready before it asked": READY,
    "ready without a key": AUTHENTICATED + READY,
    "a length that is too small": message(b"R", struct.pack("!i", 0), 3),
    "a negative length": message(b"R", struct.pack("!i", 0), -5),
    "the greatest length": message(b"R", struct.pack("!i", 0), MAX),
    "a key that is too short": AUTHENTICATED + message(b"K", b"x") + READY,
    "a key that is too long": AUTHENTICATED + message(b"K", b"x" * 5000) + READY,
    "a parameter without a value": AUTHENTICATED + message(b"S", b"name\0"),
    "a parameter without an end": AUTHENTICATED + message(b"S", b"name"),
    "another status": AUTHENTICATED + KEY + message(b"Z", b"Q"),
    "in a transaction": AUTHENTICATED + PARAMETERS + KEY + message(b"Z", b"T"),
    "a row at login": AUTHENTICATED + COLUMN + row(b"x"),
    "negotiation of nonsense": message(b"v", b"x"),
    "negotiation of a later version": message(b"v", struct.pack("!ii", 1 << 30, 0)) + LOGIN,
    "negotiation with too many options": message(b"v", struct.pack("!ii", 196608, MAX)),
}

# What it says to each Query. A function gets the connection and talks by itself.
ANSWERS = {
    "nothing, and ends": b"",
    "half of a row": COLUMN + row(b"x" * 100)[:50],
    "an unknown message": COLUMN + message(b"\x01", b"what") + row(b"x") + DONE + READY,
    "a message of clients": COLUMN + message(b"Q", b"SELECT 1\0") + DONE + READY,
    "a length that is too small": message(b"D", b"", 0) + READY,
    "a negative length": message(b"D", b"x", -1) + READY,
    "the greatest length": message(b"D", b"x" * 1000, MAX),
    "ready twice": COLUMN + row(b"x") + DONE + READY + READY,
    "ready thrice, then an answer": READY * 3 + COLUMN + row(b"x") + DONE + READY,
    "ready with an unknown status": COLUMN + row(b"x") + DONE + message(b"Z", b"X"),
    "ready without a status": COLUMN + row(b"x") + DONE + message(b"Z"),
    "ready with too much": COLUMN + row(b"x") + DONE + message(b"Z", b"II"),
    "authentication in the middle": COLUMN + AUTHENTICATED + row(b"x") + DONE + READY,
    "a key in the middle": COLUMN + KEY + row(b"x") + DONE + READY,
    "answers to what was not asked": message(b"1") + message(b"2") + message(b"3") + message(b"n") + READY,
    "COPY that was not asked": message(b"G", b"\0\0\0") + READY,
    "COPY both ways": message(b"W", b"\0\0\0") + READY,
    "a description without an end": message(b"T", struct.pack("!h", 500) + b"c") + READY,
    "a status without an end": message(b"S", b"TimeZone") + READY,
    "an error without SQLSTATE": message(b"E", b"SERROR\0Mno code\0\0") + READY,
    "an error without an end": message(b"E", b"SERROR") + READY,
    "an error with an empty body": message(b"E") + READY,
    "a notification without an end": message(b"A", b"x") + DONE + READY,
    "junk": b"\xff" * 5000,
}


class Liar:
    """Answers every connection alike: with `login`, and with `answer` to the first message behind it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.port = self.listener.getsockname()[1]
        self.login, self.answer = LOGIN, b""
        self.connections = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            # Startup packets, encryption declined.
            while True:
                length, code = struct.unpack("!ii", self.exactly(connection, 8))
                self.exactly(connection, length - 8)
                if code not in (80877103, 80877104):
                    break
                connection.sendall(b"N")
            connection.sendall(self.login)
            if self.login is LOGIN or self.login.endswith(LOGIN):
                while connection.recv(65536):
                    if callable(self.answer):
                        self.answer(connection)
                    else:
                        connection.sendall(self.answer)
                        if not self.answer.endswith(READY):
                            break
        except OSError:
            pass
        connection.close()

    @staticmethod
    def exactly(connection, count):
        data = b""
        while len(data) < count:
            more = connection.recv(count - len(data))
            if not more:
                raise OSError
            data += more
        return data

    def end_all(self):
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.connections = []


class Client:
    """A bare client of the pooler: what the pooler sends is what it gets."""

    def __init__(self, pooler, seconds=30):
        self.socket = socket.create_connection(("127.0.0.1", pooler.port), timeout=seconds)
        self.received = b""
        body = b"user\0app\0database\0lies\0\0"
        self.socket.sendall(struct.pack("!ii", 8 + len(body), 196608) + body)

    def ask(self, text):
        """Sends a Query when ReadyForQuery has come; all that came then until the next, or to the end."""
        self.read(b"Z\0\0\0\5I")
        self.received = b""
        try:
            self.socket.sendall(message(b"Q", text + b"\0"))
        except OSError:
            pass
        return self.read(b"Z\0\0\0\5")

    def read(self, last):
        try:
            while last not in self.received:
                more = self.socket.recv(1 << 20)
                if not more:
                    break
                self.received += more
        except ConnectionResetError:
            pass
        return self.received

    def close(self):
        self.socket.close()


def resident_mib(pooler):
    with open(f"/proc/{pooler.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def serves(pooler, what):
    check(f"the pooler runs after {what}", pooler.is_alive())
    if not pooler.is_alive():
        print(pooler.logged()[-2000:])
        finish()
    with psycopg.connect(pooler.uri(), autocommit=True, connect_timeout=30) as connection:
        check(f"the other database after {what}", connection.execute("SELECT 1").fetchone(), (1,))


def in_bounded_time(what, tell):
    try:
        return tell()
    except TimeoutError:
        check(f"{what}: an answer or an end", False)


def logins(pooler, liar):
    liar.answer = COLUMN + row(b"x") + DONE + READY
    for what, text in LOGINS.items():
        liar.login = text
        client = Client(pooler)
        in_bounded_time(f"login: {what}", lambda: client.ask(b"SELECT 1"))
        client.close()
        liar.end_all()
        serves(pooler, f"login: {what}")
    liar.login = LOGIN


def answers(pooler, liar):
    honest = COLUMN + row(b"honest") + DONE + READY
    for what, text in ANSWERS.items():
        liar.answer = text
        client = Client(pooler)
        in_bounded_time(what, lambda: client.ask(b"SELECT 1"))
        liar.answer = honest
        client.close()
        # The next one may come while the server is still being thrown away: its own answer, or an end.
        other = Client(pooler)
        seen = in_bounded_time(f"the next after {what}", lambda: other.ask(b"SELECT 2"))
        # A notice that it had to wait may stand in front.
        check(f"the next after {what}", seen[-len(honest):], honest)
        other.close()
        liar.end_all()
        serves(pooler, what)


def later(pooler, liar):
    """Rows that come when their client has its ReadyForQuery and nobody asks: they are for nobody."""
    def early(connection):
        connection.sendall(READY)
        time.sleep(0.2)
        connection.sendall(COLUMN + row(b"of the first") + DONE + READY)

    liar.answer = early
    client = Client(pooler)
    client.ask(b"SELECT 1")
    time.sleep(0.5)
    liar.answer = COLUMN + row(b"of the second") + DONE + READY
    other = Client(pooler)
    seen = in_bounded_time("the second", lambda: other.ask(b"SELECT 2"))
    check("nothing of the first", b"of the first" in seen, False)
    check("its own", b"of the second" in seen)
    client.close()
    other.close()
    for what in (row(b"unasked"), message(b"A", struct.pack("!i", 1) + b"channel\0payload\0"), b"\0", ERROR, READY,
                 message(b"S", b"TimeZone\0Nowhere\0"), message(b"N", b"SNOTICE\0C00000\0Mhear\0\0")):
        for connection in liar.connections:
            try:
                connection.sendall(what)
            except OSError:
                pass
        time.sleep(0.1)
        another = Client(pooler)
        seen = in_bounded_time(f"after {what[:20]}", lambda: another.ask(b"SELECT 2"))
        # Half a message spoils what comes behind it: then the client is told that it is over.
        check(f"its own, or an end, after {what[:20]}", b"of the second" in seen or b"SFATAL" in seen or seen)
        check(f"nobody's rows after {what[:20]}", b"unasked" in seen or b"payload" in seen, False)
        another.close()
    serves(pooler, "what nobody asked for")


def endless(pooler, liar):
    """A gigabyte in one row, rows and notices without end, to a client that reads and to one that does not."""
    sent = []

    def pour(first, piece):
        def answer(connection):
            connection.sendall(first)
            sent.append(0)
            while sent[-1] < 400 << 20:
                connection.sendall(piece)
                sent[-1] += len(piece)
        return answer

    block = b"x" * 65536
    notice = message(b"N", b"SNOTICE\0C00000\0M" + b"n" * 1000 + b"\0\0")
    for what, answer in {
            "one row": pour(COLUMN + b"D" + struct.pack("!ihi", 1 << 30, 1, (1 << 30) - 10), block),
            "rows": pour(COLUMN, row(b"r" * 10_000) * 6),
            "notices": pour(b"", notice * 60),
            "an error": pour(b"E" + struct.pack("!i", 1 << 30) + b"M", block),
            "a parameter": pour(b"S" + struct.pack("!i", 1 << 30) + b"TimeZone\0", block),
            "a description": pour(b"T" + struct.pack("!i", 1 << 30) + struct.pack("!h", 1), block)}.items():
        for reads in (True, False):
            liar.answer = answer
            before = resident_mib(pooler)
            count = len(sent)
            client = Client(pooler)
            client.read(b"Z\0\0\0\5I")
            client.socket.sendall(message(b"Q", b"SELECT 1\0"))
            until("it pours", lambda: len(sent) > count)
            received, deadline = 0, time.monotonic() + 20
            try:
                while reads and received < 100 << 20 and time.monotonic() < deadline:
                    more = client.socket.recv(1 << 20)
                    if not more:
                        break
                    received += len(more)
            except OSError:
                pass
            if not reads:
                time.sleep(1)
            grown = resident_mib(pooler) - before
            most = GROWTH_MIB_MAX if what in ("one row", "rows", "notices") else WHOLE_GROWTH_MIB_MAX
            check(f"{what} without end, the client reads: {reads}: {grown:.1f} MiB", grown < most)
            client.close()
            liar.end_all()
            serves(pooler, f"{what} without end")


def login_without_end(pooler, liar):
    """A login that never ends is over with server_connect_timeout, and takes no memory without bound."""
    before = resident_mib(pooler)
    liar.login = AUTHENTICATED + message(b"S", b"name\0" + b"v" * 1000 + b"\0") * 60_000
    client = Client(pooler)
    in_bounded_time("a login without end", lambda: client.ask(b"SELECT 1"))
    grown = resident_mib(pooler) - before
    check(f"a login without end: {grown:.1f} MiB", grown < GROWTH_MIB_MAX)
    client.close()
    liar.end_all()
    liar.login = LOGIN
    serves(pooler, "a login without end")


def main():
    liar = Liar()
    with Services(sys.argv[1]) as services:
        def pooler(wait):
            return services.pooler(
                pool_mode="transaction", server_login_retry=0, server_connect_timeout=2, query_wait_timeout=wait,
                query_timeout=5, rules=["host lies all 127.0.0.1/32 trust", "host all all 127.0.0.1/32 scram-sha-256"],
                users=[f'"app" "{PASSWORD}"'], databases=[f"lies = host=127.0.0.1 port={liar.port} pool_size=1"])

        # Longer than a server may take to finish what a client left behind.
        patient = pooler(20)
        serves(patient, "nothing")
        for tests in (answers, later, endless):
            tests(patient, liar)
        hasty = pooler(1)
        for tests in (logins, login_without_end):
            tests(hasty, liar)
    finish()


main()
