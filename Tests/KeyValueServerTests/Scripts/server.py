"""A server under test: started on a port of its own, stopped at the end, spoken to by redis-cli or a bare socket."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """`Server(command, "--maxclients", "10")`; `with` stops it and removes its directory."""

    def __init__(self, command, *arguments, port=None, directory=None):
        self.port = port or free_port()
        self.directory = directory or tempfile.mkdtemp(prefix="atoll-kv-test-")
        self.log = open(os.path.join(self.directory, "log"), "w+")
        words = command.split() + ["--port", str(self.port), "--dir", self.directory, "--save", ""] + list(arguments)
        self.process = subprocess.Popen(words, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the server did not start:\n" + self.logged())
                time.sleep(0.05)

    def logged(self):
        with open(self.log.name) as log:
            return log.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def is_alive(self):
        return self.process.poll() is None

    def connect(self, timeout=10):
        return Connection(self.port, timeout)

    def cli(self, *words, stdin=None):
        """What redis-cli prints, as to a terminal (`(integer) 1`, quotes), without the last line end."""
        run = subprocess.run(
            ["redis-cli", "--no-auth-warning", "-p", str(self.port), "--no-raw", *words],
            input=stdin, capture_output=True, text=True, timeout=20)
        return (run.stdout + run.stderr).rstrip("\n")


class Connection:
    """A bare socket: what is sent is what is written here."""

    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def command(self, *words):
        parts = [w if isinstance(w, bytes) else str(w).encode() for w in words]
        self.send(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
        return self.reply()

    def line(self):
        while b"\r\n" not in self.buffer:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("the server closed the connection")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def reply(self):
        """One reply: str for status and errors (with the first character), int, bytes, None, list."""
        line = self.line()
        kind, rest = line[:1], line[1:]
        if kind in b"+-":
            return line.decode()
        if kind == b":":
            return int(rest)
        if kind == b"$":
            count = int(rest)
            if count < 0:
                return None
            while len(self.buffer) < count + 2:
                more = self.socket.recv(1 << 20)
                if not more:
                    raise EOFError("the server closed the connection")
                self.buffer += more
            value, self.buffer = self.buffer[:count], self.buffer[count + 2:]
            return value
        if kind in b"*~>":
            count = int(rest)
            return None if count < 0 else [self.reply() for _ in range(count)]
        raise ValueError(line)

    def is_closed(self):
        """Whether the server closes the connection; what it says before is kept in `buffer`."""
        try:
            while True:
                more = self.socket.recv(1 << 20)
                if not more:
                    return True
                self.buffer += more
        except ConnectionResetError:
            return True
        except (TimeoutError, socket.timeout):
            return False

    def close(self):
        self.socket.close()


# A script that runs out of time ends as by an exit, so that its servers are stopped.
signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))

failures = []


def check(what, got, expected):
    if got != expected:
        failures.append(what)
        print(f"FAILED {what}\n  got      {got!r}\n  expected {expected!r}", flush=True)


def finish():
    if failures:
        sys.exit(f"{len(failures)} checks failed")
    print("all checks passed")
