"""The commands of the tutorial "How To Manage Redis Databases and Keys", one by one, through redis-cli."""

import subprocess
import sys

from server import Server, check, finish


def main():
    with Server(sys.argv[1]) as server:
        databases(server)
        keys(server)
        deleting(server)
        prompt(server)
    finish()


def databases(server):
    cli = server.cli
    check("select", cli("select", "15"), "OK")
    check("select past the last", cli("select", "16"), "(error) ERR DB index is out of range")
    cli("-n", "6", "set", "key_a", "six")
    cli("-n", "8", "set", "key_b", "eight")
    # Clients connected to either database see the swap at once.
    other = server.connect()
    check("select on another connection", other.command("select", 6), "+OK")
    check("before the swap", other.command("get", "key_a"), b"six")
    check("swapdb", cli("swapdb", "6", "8"), "OK")
    check("after the swap, same connection", other.command("get", "key_b"), b"eight")
    check("after the swap, other key", other.command("get", "key_a"), None)
    check("database 8 has what 6 had", cli("-n", "8", "get", "key_a"), '"six"')
    other.close()


def keys(server):
    cli = server.cli
    cli("set", "old_key", "value")
    check("rename", cli("rename", "old_key", "new_key"), "OK")
    check("renamed", cli("get", "new_key"), '"value"')
    check("rename of nothing", cli("rename", "old_key", "x"), "(error) ERR no such key")
    check("randomkey", cli("randomkey"), '"new_key"')
    check("randomkey of an empty database", cli("-n", "3", "randomkey"), "(nil)")
    for command, kind in [
        ("set string v", "string"), ("rpush list v", "list"), ("hset hash f v", "hash"), ("sadd set v", "set"),
        ("zadd zset 1 v", "zset"), ("xadd stream * f v", "stream"),
    ]:
        cli(*command.split())
        check("type " + kind, cli("type", kind), kind)
    check("type of nothing", cli("type", "nothing"), "none")
    cli("set", "key_1", "moved")
    check("move", cli("move", "key_1", "8"), "(integer) 1")
    check("moved away", cli("exists", "key_1"), "(integer) 0")
    check("moved there", cli("-n", "8", "get", "key_1"), '"moved"')
    check("move of nothing", cli("move", "key_1", "8"), "(integer) 0")


def deleting(server):
    cli = server.cli
    cli("mset", "a", "1", "b", "2", "c", "3")
    check("del", cli("del", "a"), "(integer) 1")
    check("del of nothing", cli("del", "a"), "(integer) 0")
    check("del of several", cli("del", "b", "c", "d"), "(integer) 2")
    cli("set", "a", "1")
    check("unlink", cli("unlink", "a", "b"), "(integer) 1")
    for option in [[], ["async"], ["sync"]]:
        cli("set", "a", "1")
        cli("-n", "1", "set", "a", "1")
        check(f"flushdb {option}", cli("flushdb", *option), "OK")
        check("this database is empty", cli("dbsize"), "(integer) 0")
        check("the other is not", cli("-n", "1", "dbsize"), "(integer) 1")
        check(f"flushall {option}", cli("flushall", *option), "OK")
        check("the other is empty too", cli("-n", "1", "dbsize"), "(integer) 0")


def prompt(server):
    """The number of the selected database is shown by redis-cli from the replies that it sees."""
    script = "select 3\nset k v\nmulti\nget k\nexec\n"
    printed = subprocess.run(
        ["redis-cli", "-p", str(server.port)], input=script, capture_output=True, text=True, timeout=20).stdout
    check("a session", printed.split(), ["OK", "OK", "OK", "QUEUED", "v"])


main()
