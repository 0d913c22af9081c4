"""Input that nobody should send, and clients that nobody should have: errors are clear, and others go on."""

import resource
import socket
import sys
import threading
import time

from server import Server, check, finish


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    with Server(sys.argv[1], "--maxclients", "500") as server:
        malformed(server)
        truncated(server)
        slow(server)
        oversized(server)
        too_many(server)
        never_reads(server)
        witness = server.connect()
        check("the server still answers", witness.command("ping"), "+PONG")
        check("and nobody is left hanging", witness.command("client", "list").count(b"\n"), 1)
    finish()


def malformed(server):
    for sent, expected in [
        (b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length"),
        (b"*1\r\n:1\r\n", "-ERR Protocol error: expected '$', got ':'"),
        (b"*abc\r\n", "-ERR Protocol error: invalid multibulk length"),
        (b"*2000000\r\n", "-ERR Protocol error: invalid multibulk length"),
        (b'set "a b\r\n', "-ERR Protocol error: unbalanced quotes in request"),
        (b"x" * 70000, "-ERR Protocol error: too big inline request"),
    ]:
        connection = server.connect()
        connection.send(sent)
        check(f"malformed {sent[:30]}", connection.reply(), expected)
        check("and the connection ends", connection.is_closed(), True)
        connection.close()


def truncated(server):
    for sent in [b"*", b"*3\r\n$3\r\nSE", b"*2\r\n$3\r\nGET\r\n$100\r\nabc", b"GET a"]:
        connection = server.connect()
        connection.send(sent)
        connection.socket.shutdown(socket.SHUT_WR)
        check(f"truncated {sent}", connection.is_closed(), True)
        check("nothing is answered", connection.buffer, b"")
        connection.close()


def slow(server):
    connection = server.connect()
    witness = server.connect()
    for byte in b"*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n":
        connection.send(bytes([byte]))
        check("others are served meanwhile", witness.command("ping"), "+PONG")
        time.sleep(0.01)
    check("a byte at a time", connection.reply(), b"hi")
    connection.close()
    witness.close()


def oversized(server):
    connection = server.connect()
    check("limit", connection.command("config", "set", "proto-max-bulk-len", "1048576"), "+OK")
    connection.send(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048577\r\n")
    check("a bulk over the limit", connection.reply(), "-ERR Protocol error: invalid bulk length")
    check("ends the connection", connection.is_closed(), True)
    connection = server.connect()
    connection.command("config", "set", "proto-max-bulk-len", "536870912")
    value = b"v" * (8 << 20)
    check("a large value", connection.command("set", "large", value), "+OK")
    check("comes back whole", connection.command("get", "large") == value, True)
    check("and goes", connection.command("del", "large"), 1)
    connection.close()


def too_many(server):
    """Connections over the limit are refused with a reason; those within it are served."""
    connections = []
    refused = 0
    for _ in range(700):
        connection = server.connect()
        connections.append(connection)
    for connection in connections:
        try:
            connection.send(b"PING\r\n")
            if connection.reply() == "-ERR max number of clients reached":
                refused += 1
        except OSError:
            refused += 1
        except EOFError:
            refused += 1
    check("refused", refused, 200)
    for connection in connections:
        connection.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        connection = server.connect()
        try:
            if connection.command("ping") == "+PONG":
                connection.close()
                return
        except (OSError, EOFError):
            pass
        connection.close()
        time.sleep(0.05)
    check("clients are let in again", False, True)


def never_reads(server):
    control = server.connect()
    control.command("set", "blob", b"x" * (1 << 20))
    check("limit", control.command("config", "set", "client-output-buffer-limit", "normal 8mb 0 0"), "+OK")
    greedy = server.connect()
    thread = threading.Thread(target=lambda: send_all(greedy, b"GET blob\r\n" * 200))
    thread.start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if control.command("client", "list").count(b"\n") == 1:
            break
        time.sleep(0.05)
    check("a client that never reads is disconnected", control.command("client", "list").count(b"\n"), 1)
    thread.join()
    greedy.close()
    control.command("config", "set", "client-output-buffer-limit", "normal 0 0 0")
    control.command("del", "blob")
    control.close()


def send_all(connection, data):
    try:
        connection.send(data)
    except OSError:
        pass


main()
