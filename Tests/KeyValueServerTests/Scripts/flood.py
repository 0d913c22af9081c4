"""20,000 connections above the limit: each is refused with the reason and closed, and those within it are served.

    flood.py "SERVER COMMAND" [--connections N]

Up to 400 wait to be refused at any time: below the backlog of the listener, behind which the kernel drops connections
without a word to either side.
"""

import argparse
import errno
import os
import resource
import selectors
import socket
import time

from server import Server, check, finish

WITHIN = 100
AT_ONCE = 400
REFUSAL = b"-ERR max number of clients reached\r\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("--connections", type=int, default=20_000)
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else 4096, hard))
    with Server(options.server, "--maxclients", str(WITHIN)) as server:
        # The harness's own first connection may not be gone yet.
        deadline = time.monotonic() + 10
        within = []
        while len(within) < WITHIN and time.monotonic() < deadline:
            connection = server.connect()
            try:
                if connection.command("ping") == "+PONG":
                    within.append(connection)
                    continue
            except (OSError, EOFError):
                pass
            connection.close()
            time.sleep(0.05)
        check("clients within the limit", len(within), WITHIN)
        flood(server, within, options.connections)
    finish()


def flood(server, within, total):
    files = open_files(server)
    memory = resident(server)
    counted = rejected(within[0])
    started = time.monotonic()
    refused, other, worst = connect_all(server, within, total)
    print(f"{total} connections above the limit in {time.monotonic() - started:.1f} s: {refused} told why, {other} reset; "
          f"the longest wait of one within {worst * 1000:.0f} ms")
    check("every one is refused", refused + other, total)
    check("nearly every one is told why", refused >= total * 0.99, True)
    check("the server counts them", rejected(within[0]) - counted, total)
    check("those within it are served", {connection.command("ping") for connection in within}, {"+PONG"})
    # A server within the limit waits for no machine under load this long; a stalled one does.
    check("and were all the time", worst < 5, True)
    check("no file stays open", open_files(server), files)
    check("no memory stays behind", resident(server) - memory < 16 << 20, True)
    within.pop().close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            connection = server.connect()
            if connection.command("ping") == "+PONG":
                return
        except (OSError, EOFError):
            pass
        time.sleep(0.05)
    check("a place that is free is given", False, True)


def connect_all(server, within, total):
    """Opens that many connections and reads what they are told: how many the reason, how many nothing."""
    selector = selectors.DefaultSelector()
    opened = told = untold = turn = 0
    worst = 0.0
    deadline = time.monotonic() + 120
    while (opened < total or selector.get_map()) and time.monotonic() < deadline:
        while opened < total and len(selector.get_map()) < AT_ONCE:
            selector.register(open_connection(server.port), selectors.EVENT_READ, bytearray())
            opened += 1
        for key, _ in selector.select(0.1):
            try:
                more = key.fileobj.recv(4096)
            except OSError:
                more = b""
            if more:
                key.data.extend(more)
                continue
            told += bytes(key.data) == REFUSAL
            untold += not key.data
            selector.unregister(key.fileobj)
            key.fileobj.close()
        asked = time.monotonic()
        turn += 1
        check("a client within is served", within[turn % len(within)].command("ping"), "+PONG")
        worst = max(worst, time.monotonic() - asked)
    check("connections that nobody answers", len(selector.get_map()), 0)
    for key in list(selector.get_map().values()):
        key.fileobj.close()
    selector.close()
    return told, untold, worst


def open_connection(port):
    connection = socket.socket()
    connection.setblocking(False)
    code = connection.connect_ex(("127.0.0.1", port))
    if code not in (0, errno.EINPROGRESS):
        connection.close()
        raise OSError(code, os.strerror(code))
    return connection


def rejected(connection):
    text = connection.command("info", "stats").decode()
    return int(text.split("rejected_connections:")[1].split("\r\n")[0])


def open_files(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def resident(server):
    with open(f"/proc/{server.process.pid}/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


main()
