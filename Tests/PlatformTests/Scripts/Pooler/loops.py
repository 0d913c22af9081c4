"""Several loops (worker_threads): limits over all of them, clients that move, the console, reload, restart.

  loops.py COMMAND limits|moves|console|ends|restart
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time

import psycopg

from online_restart import certificate, ended, take_over
from services import BINARIES, PASSWORD, Services, check, finish, until

LOOPS = 3
DATABASES = [f"d{number}" for number in range(6)]
USERS = ["app", "other"]
RESTARTS = 3


def prepare(services):
    services.postgres.sql(f"CREATE ROLE other LOGIN PASSWORD '{PASSWORD}'", *[f"CREATE DATABASE {name}" for name in DATABASES])


def pooler_of(services, **settings):
    address = f"host=127.0.0.1 port={services.postgres.port}"
    return services.pooler(**{
        "worker_threads": LOOPS, "pool_mode": "transaction", "unix_socket_dir": services.directory,
        "databases": [f"{name} = {address} dbname={name}" for name in DATABASES],
        "users": [f'"{name}" "{PASSWORD}"' for name in USERS] + ['"postgres" "postgres"'], **settings})


def console_of(pooler):
    return psycopg.connect(
        pooler.uri("postgres", "pgbouncer", "postgres"), autocommit=True, cursor_factory=psycopg.ClientCursor)


def rows(console, report):
    cursor = console.execute(f"SHOW {report}")
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def in_thread(work):
    """Runs it beside this one; the list gets what it returns, or its error."""
    outcome = []

    def run():
        try:
            outcome.append(work())
        except psycopg.Error as error:
            outcome.append(type(error).__name__)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def busy(services, count):
    return services.postgres.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND state = 'active' "
        "AND pid <> pg_backend_pid()") == str(count)  # fmt: skip


def bench(pooler, database, user, script, *words):
    return subprocess.Popen(
        [f"{BINARIES}/pgbench", "-h", "127.0.0.1", "-U", user, "-n", "-p", str(pooler.port), "-f", script, *words, database],
        env={**os.environ, "PGPASSWORD": PASSWORD}, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


def limits(services):
    """Under load no sample of the server's sessions shows one too many, and everybody gets on."""
    user_most, database_most = 5, 3
    pooler = pooler_of(
        services, default_pool_size=4, max_user_connections=user_most, max_db_connections=database_most)
    script = os.path.join(services.directory, "load.sql")
    with open(script, "w") as file:
        # Pauses: a pool whose clients always wait keeps its servers.
        file.write("\\set pause random(1, 20)\nSELECT pg_sleep(0.002);\n\\sleep :pause ms\n")
    runs = {(database, user): bench(pooler, database, user, script, "-c", "3", "-t", "100")
            for database in DATABASES for user in USERS}  # fmt: skip
    samples, worst = 0, {}
    with psycopg.connect(services.postgres.uri("postgres", "postgres"), autocommit=True) as watcher:
        while any(run.poll() is None for run in runs.values()):
            samples += 1
            for column in ("usename", "datname"):
                for name, count in watcher.execute(
                        f"SELECT {column}, count(*) FROM pg_stat_activity WHERE usename IN ('app', 'other') GROUP BY 1"):
                    worst[name] = max(worst.get(name, 0), count)
            time.sleep(0.02)
    for (database, user), run in runs.items():
        output, errors = run.communicate()
        check(f"{user} at {database}", (run.returncode, errors.strip()), (0, ""))
        check(f"{user} at {database}: transactions", "actually processed: 300/300" in output)
    check(f"samples ({samples})", samples > 20)
    for name in USERS:
        check(f"most connections of {name}: {worst.get(name)}", 1 < worst.get(name, 0) <= user_most)
    for name in DATABASES:
        check(f"most connections to {name}: {worst.get(name)}", 0 < worst.get(name, 0) <= database_most)
    check("servers made way for others", "evicted" in pooler.logged())
    with console_of(pooler) as console:
        stats = {row["database"]: int(row["total_xact_count"]) for row in rows(console, "STATS")}
        # pgbench looks at the server's version and the like at the start.
        check("statistics", all(stats[name] >= 600 for name in DATABASES))
        check("users", all(int(row["current_connections"]) <= user_most for row in rows(console, "USERS")))
    pooler.stop()
    # Clients: so many are let in, and one more for each that leaves.
    pooler = pooler_of(services, max_client_conn=9, max_db_client_connections=2)
    inside = [psycopg.connect(pooler.uri("app", name)) for name in DATABASES[:4] for _ in range(2)]
    for name, wanted in ((DATABASES[0], "max_db_client_connections"), (DATABASES[5], None), (DATABASES[5], "max_client_conn")):
        try:
            inside.append(psycopg.connect(pooler.uri("app", name)))
            check(f"{name} lets in", wanted, None)
        except psycopg.OperationalError as error:
            check(f"{name} refuses by {wanted}", wanted is not None and wanted in str(error))
    inside.pop(0).close()
    until("one has left", lambda: pooler.logged().count("client close request") > 0)
    inside.append(psycopg.connect(pooler.uri("app", DATABASES[0])))
    for connection in inside:
        check("served", connection.execute("SELECT 1").fetchone(), (1,))
        connection.close()
    pooler.stop()


def moves(services):
    """Clients come to their pool's loop with TLS, with questions to auth_query, and with cancel requests."""
    pooler = pooler_of(services, default_pool_size=20, **certificate(services))
    for mode in ("disable", "require"):
        connections = [psycopg.connect(pooler.uri("app", name) + f"?sslmode={mode}", autocommit=True)
                       for _ in range(5) for name in DATABASES]  # fmt: skip
        for index, connection in enumerate(connections):
            check("its database", connection.execute("SELECT current_database(), repeat('x', 100000)").fetchone(),
                  (DATABASES[index % 6], "x" * 100_000))
        with console_of(pooler) as console:
            shown = [row for row in rows(console, "CLIENTS") if row["database"] != "pgbouncer"]
            check("all are shown", len(shown), len(connections))
            check("with their TLS", all(row["tls"].startswith("TLS") == (mode == "require") for row in shown))
            check("and each under its number", len({row["id"] for row in shown}), len(connections))
        sleepers = [in_thread(lambda c=connection: c.execute("SELECT pg_sleep(60)")) for connection in connections[:6]]
        until("all sleep", lambda: busy(services, 6))
        for connection in connections[:6]:
            connection.cancel()
        for thread, outcome in sleepers:
            thread.join(30)
            check("cancelled", outcome, ["QueryCanceled"])
        for connection in connections:
            check("goes on", connection.execute("SELECT 7").fetchone(), (7,))
            connection.close()
    pooler.stop()
    # Whom auth_query finds: one pool asks for all databases.
    pooler = pooler_of(
        services, users=['"postgres" "postgres"'], auth_user="postgres", auth_dbname="d3", default_pool_size=3)
    for _ in range(3):
        for name in DATABASES:
            with psycopg.connect(pooler.uri("app", name)) as connection:
                check("found", connection.execute("SELECT current_user, current_database()").fetchone(), ("app", name))
        try:
            psycopg.connect(pooler.uri("app", "d1", "wrong"))
            check("a wrong password", False)
        except psycopg.OperationalError as error:
            check("a wrong password", "password authentication failed" in str(error) or "SASL" in str(error))
    with console_of(pooler) as console:
        pools = [(row["database"], row["user"]) for row in rows(console, "POOLS")]
        check("pools", sorted(pools), sorted([(name, "app") for name in DATABASES] + [("d3", "postgres"), ("pgbouncer",) * 2]))
    pooler.stop()


def console(services):
    """Commands reach all loops, and wait for all."""
    pooler = pooler_of(services)
    clients = [psycopg.connect(pooler.uri("app", name), autocommit=True) for name in DATABASES]
    with console_of(pooler) as admin, console_of(pooler) as other:
        for client in clients:
            client.execute("BEGIN")
        thread, outcome = in_thread(lambda: admin.execute("PAUSE").statusmessage)
        until("paused", lambda: {row["key"]: row["value"] for row in rows(other, "STATE")}["paused"] == "yes")
        for client in clients:
            check("the pause waits", outcome, [])
            client.execute("COMMIT")
        thread.join(30)
        check("paused", outcome, ["PAUSE"])
        waiting = [in_thread(lambda c=client: c.execute("SELECT 1").fetchone()) for client in clients]
        until("all wait", lambda: sum(int(row["cl_waiting"]) for row in rows(other, "POOLS")) == len(clients))
        check("no servers", services.postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'"), "0")
        admin.execute("RESUME")
        for thread, outcome in waiting:
            thread.join(30)
            check("resumed", outcome, [(1,)])
        admin.execute("SUSPEND")
        asked = [in_thread(lambda c=client: c.execute("SELECT 2").fetchone()) for client in clients]
        time.sleep(0.2)
        check("suspended", [outcome for _, outcome in asked], [[]] * len(asked))
        admin.execute("RESUME")
        for thread, outcome in asked:
            thread.join(30)
            check("resumed again", outcome, [(2,)])
        before = services.postgres.sql("SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE usename = 'app'")
        admin.execute("RECONNECT")
        admin.execute("WAIT_CLOSE")
        for client in clients:
            client.execute("SELECT 3")
        after = services.postgres.sql("SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM pg_stat_activity WHERE usename = 'app'")
        check("other servers", not set(before.split()) & set(after.split()))
        for row in rows(admin, "CLIENTS"):
            if row["database"] in ("d1", "d2", "d4"):
                check("killed", admin.execute(f"KILL_CLIENT {row['id']}").statusmessage, "KILL_CLIENT")
        left = []
        for name, client in zip(DATABASES, clients):
            try:
                client.execute("SELECT 4")
                left.append(name)
            except psycopg.OperationalError as error:
                check("killed by the administrator", "admin forced disconnect" in str(error) or "closed" in str(error))
        check("the others are left", left, ["d0", "d3", "d5"])
        lists = {row["list"]: row["items"] for row in rows(admin, "LISTS")}
        check("used_clients", lists["used_clients"], 5)
    # A database that is in the file no more.
    with open(pooler.file) as file:
        text = file.read()
    with open(pooler.file, "w") as file:
        file.write("\n".join(line for line in text.split("\n") if not line.startswith(("d3 ", "* "))))
    for _ in range(3):
        pooler.send(signal.SIGHUP)
    until("dropped", lambda: "database removed" in pooler.logged())
    try:
        clients[3].execute("SELECT 5")
        check("a client of the dropped database", False)
    except psycopg.Error as error:
        check("a client of the dropped database", "database removed" in str(error) or "closed" in str(error))
    for client in (clients[0], clients[5]):
        check("of the others", client.execute("SELECT 6").fetchone(), (6,))
        client.close()
    pooler.stop()


def ends(services):
    """The process ends when the last client of all loops has left, or the last server is free."""
    for command in ("WAIT_FOR_CLIENTS", "WAIT_FOR_SERVERS"):
        pooler = pooler_of(services)
        clients = [psycopg.connect(pooler.uri("app", name), autocommit=True) for name in DATABASES]
        for client in clients:
            client.execute("BEGIN")
        with console_of(pooler) as admin:
            admin.execute(f"SHUTDOWN {command}")
        for client in clients:
            check(f"{command} waits", pooler.process.poll(), None)
            client.execute("COMMIT")
            client.close()
        check(f"{command}: the end", pooler.process.wait(30), 0)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        pooler = pooler_of(services)
        clients = [psycopg.connect(pooler.uri("app", name), autocommit=True) for name in DATABASES]
        pooler.send(number)
        if number == signal.SIGTERM:
            for client in clients:
                check("still served", client.execute("SELECT 1").fetchone(), (1,))
                client.close()
        check(f"signal {number}", pooler.process.wait(30), 0)


def restart(services):
    """Online restart from several loops to several: no transaction fails, and everybody gets to his pool."""
    pooler = pooler_of(services, default_pool_size=4)
    script = os.path.join(services.directory, "load.sql")
    with open(script, "w") as file:
        file.write("BEGIN;\nSELECT 1;\nEND;\n")
    runs = [bench(pooler, name, "app", script, "-c", "8", "-T", "12") for name in DATABASES]
    until("clients", lambda: pooler.logged().count("login attempt") >= 8 * len(runs))
    asleep = psycopg.connect(pooler.uri("other", "d2"), autocommit=True)
    thread, outcome = in_thread(lambda: asleep.execute("SELECT pg_sleep(60)"))
    until("it sleeps", lambda: busy(services, 1))
    first = take_over(pooler)
    until("clients are handed over", lambda: "taken over from another process" in pooler.logged())
    asleep.cancel()
    thread.join(30)
    check("cancelled by way of the new process", outcome, ["QueryCanceled"])
    check("the first process has ended", ended(first))
    for number in range(1, RESTARTS):
        check(f"the old process of restart {number} has ended", ended(take_over(pooler)))
    for run in runs:
        output, errors = run.communicate(timeout=120)
        check("pgbench", (run.returncode, errors.strip()), (0, ""))
        found = re.search(r"number of failed transactions: (\d+)", output)
        check("no transaction failed", found and found.group(1), "0")
    moved = pooler.logged().count("taken over from another process")
    check(f"clients were handed over ({moved})", moved >= 8 * len(runs))
    check("asleep goes on", asleep.execute("SELECT 2").fetchone(), (2,))
    with console_of(pooler) as admin:
        check("each pool is once", len(rows(admin, "POOLS")), len(DATABASES) + 2)
    asleep.close()
    pooler.stop()


if __name__ == "__main__":
    with Services(sys.argv[1]) as services:
        prepare(services)
        {"limits": limits, "moves": moves, "console": console, "ends": ends, "restart": restart}[sys.argv[2]](services)
    finish()
