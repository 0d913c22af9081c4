"""What the control plane asks of a server: a socket of its own, trusted networks, no CONFIG SET by anybody else."""

import os
import socket
import sys

from server import Connection, Server, check, finish


class SocketConnection(Connection):
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.buffer = b""


def main():
    with Server(
        sys.argv[1], "--managed", "yes", "--unixsocket", "control.sock", "--unixsocketperm", "700", "--requirepass",
        "secret"
    ) as server:
        path = os.path.join(server.directory, "control.sock")
        check("the socket is for its owner alone", oct(os.stat(path).st_mode & 0o777), "0o700")
        control = SocketConnection(path)
        check("whoever comes by the socket needs no password", control.command("config", "set", "timeout", "7"), "+OK")
        client = server.connect()
        check("others do", client.command("get", "a"), "-NOAUTH Authentication required.")
        check("the password is the same", client.command("auth", "secret"), "+OK")
        refusal = "-ERR this server is managed: its configuration is changed with `atoll db config set` or the API, " \
            "not by CONFIG"
        check("clients do not configure", client.command("config", "set", "timeout", "0"), refusal)
        check("and do not rewrite the file", client.command("config", "rewrite"), refusal)
        check("they may look", client.command("config", "get", "timeout"), [b"timeout", b"7"])
        trusted(server, control, client)
        check("one place", control.command("config", "set", "maxclients", "1"), "+OK")
        check("nobody else gets one", server.connect().line(), b"-ERR max number of clients reached")
        check("but the control plane", SocketConnection(path).command("ping"), "+PONG")
    finish()


def trusted(server, control, client):
    check("a network that is none", control.command("config", "set", "trusted-networks", "10.0.0.0/40").startswith(
        "-ERR CONFIG SET failed (possibly related to argument 'trusted-networks')"), True)
    check("clients go on", client.command("ping"), "+PONG")
    check("a network of ours", control.command("config", "set", "trusted-networks", "10.0.0.0/8 127.0.0.1"), "+OK")
    check("trusted clients go on", client.command("ping"), "+PONG")
    check("another network", control.command("config", "set", "trusted-networks", "10.0.0.0/8"), "+OK")
    check("the others' connections end", client.is_closed(), True)
    stranger = server.connect()
    check("and new ones are refused", stranger.line(), b"-DENIED Your address is not among the trusted sources.")
    check("and closed", stranger.is_closed(), True)
    check("the control plane is never shut out", control.command("config", "set", "trusted-networks", ""), "+OK")
    again = server.connect()
    check("nobody named: everybody", again.command("auth", "secret"), "+OK")


main()
