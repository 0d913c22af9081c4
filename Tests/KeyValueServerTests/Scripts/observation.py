"""What INFO and CLIENT LIST show of sockets: who listens, and how the output of a client that does not read is held."""

import sys
import time

from server import Server, check, finish


def main():
    with Server(sys.argv[1], "--unixsocket", "/tmp/atoll-observation.socket", "--bind", "127.0.0.1") as server:
        listeners(server)
        output(server)
    finish()


def listeners(server):
    text = server.connect().command("info", "server").decode()
    found = [line for line in text.split("\r\n") if line.startswith("listener")]
    check("listeners", found, [
        f"listener0:name=tcp,bind=127.0.0.1,port={server.port}",
        "listener1:name=unix,bind=/tmp/atoll-observation.socket"])


def fields(witness, identity):
    line = witness.command("client", "list", "id", identity).decode().strip()
    found = dict(word.split("=", 1) for word in line.split(" "))
    return found, {name: int(found[name]) for name in ("rbs", "rbp", "obl", "oll", "omem", "tot-mem")}


def output(server):
    witness = server.connect()
    witness.command("set", "large", b"x" * 1_000_000)
    reader = server.connect()
    identity = reader.command("client", "id")
    before, _ = fields(witness, identity)
    check("nothing waits", (before["oll"], before["omem"], before["events"]), ("0", "0", "r"))
    reader.send(b"GET large\r\n" * 40)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        texts, numbers = fields(witness, identity)
        if texts["events"] == "rw" and numbers["omem"] > 10_000_000:
            break
        time.sleep(0.05)
    check("the socket is full", texts["events"], "rw")
    check("long buffers", numbers["oll"] in (1, 2), True)
    check("hold the replies", 10_000_000 < numbers["omem"] <= 41_000_000, True)
    check("and nothing else does", numbers["obl"] < 20_000, True)
    check("the peak is as much at least", numbers["rbp"] >= numbers["omem"], True)
    check("memory covers it", numbers["tot-mem"] >= numbers["rbs"] >= numbers["omem"], True)
    for _ in range(40):
        reader.reply()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        texts, numbers = fields(witness, identity)
        if texts["events"] == "r":
            break
        time.sleep(0.05)
    check("all is read", (texts["oll"], texts["omem"], texts["obl"], texts["events"]), ("0", "0", "0", "r"))


if __name__ == "__main__":
    main()
