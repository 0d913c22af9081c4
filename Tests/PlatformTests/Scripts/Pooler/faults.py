"""Faults under load: PostgreSQL killed, PAUSE and RESUME, the pooler restarted, more clients than slots.

  faults.py COMMAND killed|paused|restarted|crowd
"""

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time

import asyncpg
import psycopg

from services import BINARIES, PASSWORD, Services, check, finish, until

POOL = 8
CLIENTS = 40


class Load:
    """pgbench through a pooler: its TPC-B transactions, each of seven statements."""

    def __init__(self, services, pooler, seconds, clients=CLIENTS):
        self.postgres = services.postgres
        environment = {**os.environ, "PGPASSWORD": PASSWORD}
        address = ["-h", "127.0.0.1", "-U", "app", "-n"]
        self.process = subprocess.Popen(
            [f"{BINARIES}/pgbench", *address, "-p", str(pooler.port), "-c", str(clients), "-j", "2", "-T", str(seconds),
             "app"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        self.moves()

    @staticmethod
    def fill(services):
        subprocess.run(
            [f"{BINARIES}/pgbench", "-h", "127.0.0.1", "-U", "app", "-p", str(services.postgres.port), "-i", "-s", "5",
             "-q", "app"], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def count(self):
        return int(self.postgres.sql("SELECT count(*) FROM pgbench_history", database="app"))

    def moves(self):
        """Returns when transactions have been committed that had not been."""
        before = self.count()
        until("transactions are committed", lambda: self.count() > before + CLIENTS or self.process.poll() is not None)

    def end(self):
        output, errors = self.process.communicate(timeout=180)
        done = re.search(r"transactions actually processed: (\d+)", output)
        return self.process.returncode, int(done.group(1)) if done else 0, errors


def sums_are_equal(services):
    """Each transaction adds the same to three tables, whole or not at all."""
    check("sums", services.postgres.sql(
        "SELECT (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT coalesce(sum(delta), 0) FROM pgbench_history) "
        "AND (SELECT sum(bbalance) FROM pgbench_branches) = (SELECT coalesce(sum(delta), 0) FROM pgbench_history)",
        database="app"), "t")


def killed(services):
    """At most as many clients as there are servers were in a transaction; the others wait, and go on."""
    pooler = services.pooler(pool_mode="transaction", default_pool_size=POOL, server_login_retry=1)
    Load.fill(services)
    load = Load(services, pooler, 12)
    idle = psycopg.connect(pooler.uri(), autocommit=True)
    services.postgres.kill()
    waiting = Waiting(pooler)
    services.postgres.start()
    load.moves()
    waiting.join()
    check("who came while the server was gone waits for it", waiting.got, [(1,)] * waiting.COUNT)
    check("an idle client", idle.execute("SELECT 2").fetchone(), (2,))
    code, done, errors = load.end()
    aborted = re.findall(r"client (\d+) aborted", errors)
    print(f"killed: {len(aborted)} of {CLIENTS} clients had an error, {done} transactions")
    check("clients with an error", 0 < len(aborted) <= POOL)
    check("each of them once", len(set(aborted)), len(aborted))
    check("pgbench tells of them", code, 2)
    check("nothing acknowledged is lost", load.count() >= done)
    sums_are_equal(services)


class Waiting(threading.Thread):
    """Clients that come, and ask, while nobody can answer."""

    COUNT = 5

    def __init__(self, pooler):
        super().__init__()
        self.uri, self.got = pooler.uri(), []
        self.start()

    def run(self):
        async def client():
            async with await psycopg.AsyncConnection.connect(self.uri, autocommit=True) as connection:
                return await (await connection.execute("SELECT 1")).fetchone()

        async def clients():
            return await asyncio.gather(*(client() for _ in range(self.COUNT)), return_exceptions=True)

        self.got = asyncio.run(clients())


def paused(services):
    """PAUSE, a restart of PostgreSQL, RESUME, twice over: no client sees an error."""
    pooler = services.pooler(pool_mode="transaction", default_pool_size=POOL)
    Load.fill(services)
    load = Load(services, pooler, 15)
    mine = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'"
    for round_number in range(2):
        pooler.send(signal.SIGUSR1)
        until("all servers are released", lambda: services.postgres.sql(mine) == "0")
        before = load.count()
        if round_number == 0:
            services.postgres.stop(signal.SIGINT)
            services.postgres.start()
        else:
            time.sleep(1)
        check("nothing was done meanwhile", load.count(), before)
        pooler.send(signal.SIGUSR2)
        load.moves()
    code, done, errors = load.end()
    check("pgbench's exit code", code, 0)
    check("no client was aborted", "aborted" in errors or "error" in errors, False)
    check("every transaction counts", load.count(), done)
    sums_are_equal(services)


def restarted(services):
    """The next process begins to listen as soon as the first was told to end, which serves whom it has to their end."""
    first = services.pooler(pool_mode="transaction", default_pool_size=POOL)
    Load.fill(services)
    load = Load(services, first, 8)
    stop, errors, served = threading.Event(), [], []
    visitors = [threading.Thread(target=visit, args=(first.uri(), stop, errors, served)) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    until("visitors are served", lambda: len(served) > 20)
    first.send(signal.SIGTERM)
    second = services.pooler(pool_mode="transaction", default_pool_size=POOL, listen_port=first.port)
    before = len(served)
    until("visitors are served by the next", lambda: len(served) > before + 20)
    check("the first works on", first.is_alive())
    code, done, messages = load.end()
    stop.set()
    for visitor in visitors:
        visitor.join()
    check("pgbench had no error", (code, "aborted" in messages), (0, False))
    check("every transaction counts", load.count(), done)
    check("errors of visitors but for logins refused between the two", errors, [])
    until("the first ends with its last client", lambda: not first.is_alive())
    check("its exit code", first.process.returncode, 0)
    check("the second serves", psycopg.connect(second.uri()).execute("SELECT 1").fetchone(), (1,))
    sums_are_equal(services)


def visit(uri, stop, errors, served):
    """Connects, has two transactions, leaves; a login that is refused is tried again, as nobody listens for a moment."""
    while not stop.is_set():
        try:
            connection = psycopg.connect(uri)
        except psycopg.OperationalError as error:
            if "Connection refused" not in str(error) and "pooler is shutting down" not in str(error):
                errors.append(str(error))
            continue
        try:
            with connection:
                for n in range(2):
                    with connection.transaction():
                        connection.execute("SELECT pg_sleep(0.01)")
                        if connection.execute("SELECT %s::int", (n,)).fetchone() != (n,):
                            errors.append("another's answer")
            served.append(1)
        except psycopg.Error as error:
            errors.append(str(error))


def crowd(services):
    """1,000 clients at once on a pool of 97, all 97 slots of the server in use, some of them by others: nobody is
    refused, and the superuser's three slots stay for whoever looks at the server."""
    pooler = services.pooler(pool_mode="transaction", default_pool_size=97, server_login_retry=1)
    others = [psycopg.connect(services.postgres.uri()) for _ in range(10)]
    stop, readings = threading.Event(), []

    def metrics():
        while not stop.is_set():
            readings.append(int(services.postgres.sql(
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename = 'app'")))

    collector = threading.Thread(target=metrics)
    collector.start()

    async def client(n):
        connection = await asyncpg.connect(pooler.uri(), timeout=120, command_timeout=120)
        got = [await connection.fetchval("SELECT $1::int FROM pg_sleep(0.01)", n * 10 + m) for m in range(3)]
        await connection.close()
        return got == [n * 10 + m for m in range(3)]

    async def clients():
        return await asyncio.gather(*(client(n) for n in range(1000)), return_exceptions=True)

    got = asyncio.run(clients())
    refused = [answer for answer in got if answer is not True]
    check("1,000 clients", refused[:3], [])
    # The ten others leave: the pool takes their slots when it has use for them.
    for other in others:
        other.close()
    got = asyncio.run(clients())
    check("1,000 clients once more", [answer for answer in got if answer is not True][:3], [])
    stop.set()
    collector.join()
    print(f"crowd: up to {max(readings)} sessions of app, {len(readings)} readings meanwhile")
    check("all slots were in use", max(readings), 97)


def main():
    command, fault = sys.argv[1:3]
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Services(command) as services:
        {"killed": killed, "paused": paused, "restarted": restarted, "crowd": crowd}[fault](services)
        check("a pooler runs", services.poolers[-1].is_alive())
    finish()


main()
