"""What clients see while data is loaded, and what signals do to loading and saving.

loading.py COMMAND
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from server import Server, check, finish, free_port

LOADING = "-LOADING Redis is loading the dataset in memory"


def information(connection, name):
    for line in connection.command("info", "persistence").decode().splitlines():
        if line.startswith(name + ":"):
            return line[len(name) + 1:]
    return None


def wait_until(what, condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            check(what, "never", "in time")
            return
        time.sleep(0.01)


def make_file(command, directory):
    with Server(command) as server:
        connection = server.connect()
        for number in range(2000):
            connection.command("set", f"key:{number}", str(number) * 100)
        check("SAVE", connection.command("save"), "+OK")
        shutil.copy(os.path.join(server.directory, "dump.rdb"), directory)


def slow(command, directory, *arguments):
    """A server that takes two seconds and more to load the file."""
    copy = tempfile.mkdtemp(prefix="atoll-kv-test-")
    shutil.copy(os.path.join(directory, "dump.rdb"), copy)
    return Server(
        command, "--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024", *arguments,
        directory=copy)


def serving_meanwhile(command, directory):
    with slow(command, directory) as server:
        connection = server.connect()
        check("PING while loading", connection.command("ping"), LOADING)
        check("GET while loading", connection.command("get", "key:1"), LOADING)
        check("INFO says so", information(connection, "loading"), "1")
        first = int(information(connection, "loading_loaded_bytes"))
        check("it knows how much there is", int(information(connection, "loading_total_bytes")) > 10000, True)
        check("CONFIG GET while loading", connection.command("config", "get", "maxmemory"), [b"maxmemory", b"0"])
        check(
            "CONFIG SET of what loading needs", connection.command("config", "set", "appendonly", "yes"),
            "-LOADING Failed to set the specified config parameter while loading")
        check("MULTI", connection.command("multi"), "+OK")
        check("a command that needs data", connection.command("get", "key:1"), LOADING)
        check("EXEC", connection.command("exec"), "-EXECABORT Transaction discarded because of previous errors.")
        log = server.logged()
        check("tools see the start before the end", "Server initialized" in log and "Ready to" not in log, True)
        check("it goes on", int(information(connection, "loading_loaded_bytes")) >= first, True)
        for _ in range(5):
            server.connect().close()
        wait_until("loaded", lambda: connection.command("ping") == "+PONG")
        check("the data", connection.command("get", "key:7"), b"7" * 100)
        check("all keys", connection.command("dbsize"), 2000)
        check("INFO after that", information(connection, "loading"), "0")
        check("no figures after that", information(connection, "loading_total_bytes"), None)


def ending_meanwhile(command, directory):
    """Half of the data must not take the place of the whole, whatever the save points say."""
    for end in ("signal", "command"):
        with slow(command, directory, "--save", "900 1") as server:
            connection = server.connect()
            check("loading", connection.command("ping"), LOADING)
            before = os.path.getsize(os.path.join(server.directory, "dump.rdb"))
            if end == "signal":
                server.process.send_signal(signal.SIGTERM)
            else:
                connection.send("shutdown\r\n")
            check(f"ended by {end}", server.process.wait(10), 0)
            check("the file", os.path.getsize(os.path.join(server.directory, "dump.rdb")), before)


def damaged(command, directory):
    copy = tempfile.mkdtemp(prefix="atoll-kv-test-")
    with open(os.path.join(directory, "dump.rdb"), "rb") as file:
        data = file.read()
    with open(os.path.join(copy, "dump.rdb"), "wb") as file:
        file.write(data[:-8] + b"whatever")
    run = subprocess.run(
        command.split() + ["--port", str(free_port()), "--dir", copy], capture_output=True, text=True, timeout=20,
        check=False)
    check("a wrong checksum ends the start", run.returncode, 1)
    check("the log says why", "CRC error" in run.stdout, True)
    shutil.rmtree(copy, ignore_errors=True)


def signals(command):
    with Server(command, "--save", "900 1", "--enable-debug-command", "yes", "--rdb-key-save-delay", "100000") as server:
        connection = server.connect()
        connection.command("debug", "pause-cron", "1")
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        check("SHUTDOWN ABORT", connection.command("shutdown", "abort"), "+OK")
        check("the log", "Shutdown manually aborted" in server.logged(), True)
        connection.command("debug", "pause-cron", "0")
        check("it lives on", connection.command("ping"), "+PONG")
        check(
            "nothing to abort", connection.command("shutdown", "abort"), "-ERR No shutdown in progress.")
        for number in range(40):
            connection.command("set", number, number)
        temporary = os.path.join(server.directory, f"temp-{server.process.pid}.rdb")
        server.process.send_signal(signal.SIGINT)
        wait_until("the temporary file", lambda: os.path.exists(temporary))
        server.process.send_signal(signal.SIGINT)
        check("who insists does not wait", server.process.wait(2), 1)
        check("the temporary file goes", os.path.exists(temporary), False)


def failing_save(command):
    """SAVE that fails tells its caller, and refuses nobody's writes; the end is refused unless it is forced."""
    with Server(command, "--save", "900 1") as server:
        connection = server.connect()
        connection.command("set", "a", "b")
        os.mkdir(os.path.join(server.directory, "dump.rdb"))
        server.process.send_signal(signal.SIGINT)
        wait_until("the log", lambda: "Error trying to save the DB, can't exit" in server.logged())
        check("SHUTDOWN", connection.command("shutdown"), "-ERR Errors trying to SHUTDOWN. Check logs.")
        check("PING", connection.command("ping"), "+PONG")
        check("a write", connection.command("set", "a", "c"), "+OK")
        connection.send("shutdown nosave\r\n")
        check("SHUTDOWN NOSAVE", server.process.wait(10), 0)


def first_append_only(command):
    """Data that is in no file yet is not let go."""
    with Server(command, "--rdb-key-save-delay", "10000000") as server:
        connection = server.connect()
        for number in range(40):
            connection.command("set", number, number)
        connection.command("config", "set", "appendonly", "yes")
        server.process.send_signal(signal.SIGTERM)
        wait_until("the log", lambda: "Writing initial AOF, can't exit" in server.logged())
        check("PING", connection.command("ping"), "+PONG")
        connection.send("shutdown force\r\n")
        check("SHUTDOWN FORCE", server.process.wait(10), 0)


if __name__ == "__main__":
    folder = tempfile.mkdtemp(prefix="atoll-kv-test-")
    try:
        make_file(sys.argv[1], folder)
        serving_meanwhile(sys.argv[1], folder)
        ending_meanwhile(sys.argv[1], folder)
        damaged(sys.argv[1], folder)
        signals(sys.argv[1])
        failing_save(sys.argv[1])
        first_append_only(sys.argv[1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    finish()
