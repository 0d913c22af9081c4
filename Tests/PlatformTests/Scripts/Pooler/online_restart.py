"""Online restart (-R): the new process takes the sockets and the clients, and nobody notices.

  online_restart.py COMMAND load|clients|failures
"""

import os
import re
import signal
import subprocess
import sys
import threading

import psycopg

from services import BINARIES, ORDINARY_USER, PASSWORD, Services, check, finish, until

CLIENTS = 40
RESTARTS = 5
SECONDS = 15
PGBENCH_MODES = ["simple", "extended", "prepared"]


def pooler_of(services, **settings):
    return services.pooler(
        unix_socket_dir=services.directory, **{"default_pool_size": 8, "pool_mode": "transaction", **settings})


def arguments(pooler):
    words = pooler.services.command + ["-q", "-R", pooler.file]
    if os.getuid() == 0:
        words[-1:-1] = ["-u", ORDINARY_USER]
    return words


def take_over(pooler):
    """A new process in the place of the one that runs, which is returned and ends when nobody needs it."""
    old = pooler.process
    served = pooler.logged().count("another process serves")
    pooler.process = subprocess.Popen(arguments(pooler), stdin=subprocess.DEVNULL)
    until("the new process serves", lambda: pooler.logged().count("another process serves") > served
          or pooler.process.poll() is not None)  # fmt: skip
    check("the new process runs", pooler.is_alive())
    return old


def ended(process):
    try:
        return process.wait(30) == 0
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        return False


def load(services):
    """pgbench while the pooler is replaced again and again: no transaction fails."""
    subprocess.run(
        [f"{BINARIES}/pgbench", "-h", "127.0.0.1", "-U", "app", "-p", str(services.postgres.port), "-i", "-s", "5", "-q",
         "app"], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # fmt: skip
    for mode in PGBENCH_MODES:
        # In this mode a thread of pgbench waits for one client's PREPARE, while others of its clients have transactions
        # open: with fewer servers than clients it would wait for ever.
        pooler = pooler_of(services, default_pool_size=CLIENTS if mode == "prepared" else 8)
        bench = subprocess.Popen(
            [f"{BINARIES}/pgbench", "-h", "127.0.0.1", "-U", "app", "-n", "-p", str(pooler.port), "-c", str(CLIENTS), "-j",
             "2", "-T", str(SECONDS), "-M", mode, "app"], env={**os.environ, "PGPASSWORD": PASSWORD}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        until("clients", lambda: pooler.logged().count("login attempt") >= CLIENTS)
        for number in range(RESTARTS):
            check(f"{mode}: the old process of restart {number} has ended", ended(take_over(pooler)))
            check(f"{mode}: pgbench goes on", bench.poll(), None)
        output, errors = bench.communicate(timeout=120)
        check(f"{mode}: pgbench", (bench.returncode, errors.strip()), (0, ""))
        found = re.search(r"number of failed transactions: (\d+)", output)
        check(f"{mode}: no transaction failed", found and found.group(1), "0")
        moved = pooler.logged().count("taken over from another process")
        check(f"{mode}: clients were handed over ({moved})", moved >= CLIENTS * RESTARTS)
        pooler.stop()
    # Each transaction adds the same to three tables, whole or not at all.
    check("sums", services.postgres.sql(
        "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history) "
        "AND (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT sum(delta) FROM pgbench_history)", database="app"), "t")


def certificate(services):
    key, file = os.path.join(services.directory, "server.key"), os.path.join(services.directory, "server.crt")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out",
         file], check=True, stderr=subprocess.DEVNULL)  # fmt: skip
    os.chmod(key, 0o644)
    return {"client_tls_sslmode": "allow", "client_tls_key_file": key, "client_tls_cert_file": file}


def clients(services):
    """Each kind of client goes on: at once, when it has finished, or with the old process."""
    pooler = pooler_of(services, **certificate(services))
    plain = psycopg.connect(pooler.uri() + "?sslmode=disable", autocommit=True, prepare_threshold=0)
    plain.execute("SET work_mem = '7MB'")
    check("prepared", plain.execute("SELECT %s::int", [1]).fetchone(), (1,))
    busy = psycopg.connect(pooler.uri() + "?sslmode=disable")
    busy.execute("CREATE TABLE kept (n int)")
    secret = psycopg.connect(pooler.uri() + "?sslmode=require", autocommit=True)
    asleep = psycopg.connect(pooler.uri() + "?sslmode=disable", autocommit=True)
    outcome = []

    def sleep():
        try:
            outcome.append(asleep.execute("SELECT pg_sleep(60)").fetchone())
        except psycopg.errors.QueryCanceled:
            outcome.append("cancelled")

    thread = threading.Thread(target=sleep)
    thread.start()
    until("it sleeps", lambda: services.postgres.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' "
        "AND pid <> pg_backend_pid()") == "1")  # fmt: skip
    old = take_over(pooler)

    # Handed over: with its settings and statements.
    until("the client at rest is there", lambda: "taken over from another process" in pooler.logged())
    check("settings", plain.execute("SHOW work_mem").fetchone(), ("7MB",))
    check("prepared still", plain.execute("SELECT %s::int", [2]).fetchone(), (2,))
    # The old process serves who is busy, and the new one takes cancel requests for those too.
    check("the old process runs", old.poll(), None)
    asleep.cancel()
    thread.join(30)
    check("cancelled by way of the new process", outcome, ["cancelled"])
    busy.execute("INSERT INTO kept VALUES (1)")
    busy.commit()
    check("a transaction of both", services.postgres.sql("SELECT n FROM kept", database="app"), "1")
    check("TLS", secret.execute("SELECT 3").fetchone(), (3,))
    check("the old process serves TLS", old.poll(), None)
    # And a second time, with the first old process still there.
    second = take_over(pooler)
    for connection in (plain, busy, secret, asleep):
        check("all go on", connection.execute("SELECT 4").fetchone(), (4,))
        connection.rollback()
    check("settings still", plain.execute("SHOW work_mem").fetchone(), ("7MB",))
    check("the process between waits for the first one", second.poll(), None)
    secret.close()
    check("the first process ends with its last client", ended(old))
    check("then the second does", ended(second))
    for connection in (plain, busy, asleep):
        connection.close()
    pooler.stop()


def failures(services):
    """Without somebody to take over from, and when the new process does not come to serve."""
    pooler = pooler_of(services)
    connection = psycopg.connect(pooler.uri(), autocommit=True)
    with open(pooler.file, "a") as file:
        file.write("client_tls_sslmode = require\nclient_tls_key_file = /nowhere\nclient_tls_cert_file = /nowhere\n")
    broken = subprocess.run(arguments(pooler), stdin=subprocess.DEVNULL, timeout=60)
    check("a configuration that is wrong", broken.returncode != 0)
    pooler.write()
    check("the old one goes on", connection.execute("SELECT 1").fetchone(), (1,))
    with psycopg.connect(pooler.uri()) as fresh:
        check("for new clients too", fresh.execute("SELECT 2").fetchone(), (2,))
    check("the old one ends", ended(take_over(pooler)))
    pooler.process.kill()
    pooler.process.wait()
    # Nobody runs: -R starts as without it, over the sockets that the killed one has left.
    pooler.process = subprocess.Popen(arguments(pooler), stdin=subprocess.DEVNULL)
    until("it serves", lambda: pooler.logged().count("process up") >= 3)
    with psycopg.connect(pooler.uri()) as fresh:
        check("it serves", fresh.execute("SELECT 3").fetchone(), (3,))
    pooler.stop()


if __name__ == "__main__":
    with Services(sys.argv[1]) as services:
        {"load": load, "clients": clients, "failures": failures}[sys.argv[2]](services)
    finish()
