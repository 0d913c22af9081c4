"""Pools follow what changes at the cluster: new clients and those that are connected get the right SQLSTATE.

  pools_follow.py API TOKEN AUTHORITY CLUSTER POSTMASTER

API is the platform's address, AUTHORITY the file with its certificate authority, CLUSTER the id of a cluster without
pools, POSTMASTER its process. Prints how long each change took; with ATOLL_LONG_TESTS=1 that may be 2 s at most.
"""

import asyncio
import os
import signal
import ssl
import sys
import time

import asyncpg
import psycopg
import requests

API, TOKEN, AUTHORITY, CLUSTER, POSTMASTER = sys.argv[1:6]
SECONDS_MAX = 2 if os.environ.get("ATOLL_LONG_TESTS") else 30
BASE = f"/v2/databases/{CLUSTER}"
TLS = ssl.create_default_context(cafile=AUTHORITY)
TLS.check_hostname = False

failures = []


def check(what, got, wanted=True):
    if got != wanted:
        failures.append(what)
        print(f"FAILED {what}:\n  got    {got!r}\n  wanted {wanted!r}", flush=True)


def api(method, path, body=None):
    answer = requests.request(method, API + BASE + path, json=body, verify=AUTHORITY, timeout=60,
                              headers={"Authorization": f"Bearer {TOKEN}"})
    if answer.status_code >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
    return answer.json() if answer.content else None


DETAILS = api("GET", "")["database"]["connection"]


def where(database="defaultdb", user=None, password=None, is_pool=True):
    return {"host": DETAILS["host"], "port": DETAILS["port"] + is_pool, "user": user or DETAILS["user"],
            "password": password or DETAILS["password"]}, database


async def connect(*login, is_pool=True):
    """psycopg tells the SQLSTATE of what ends a session, and asyncpg that of a refused login; neither does both."""
    parameters, database = where(*login, is_pool=is_pool)
    return await psycopg.AsyncConnection.connect(
        **parameters, dbname=database, sslmode="verify-full", sslrootcert=AUTHORITY, autocommit=True, connect_timeout=30)


async def answer_of(work):
    """"ok", or the SQLSTATE of what went wrong, or what else did."""
    try:
        await work
        return "ok"
    except asyncpg.PostgresError as error:
        return error.sqlstate
    except psycopg.Error as error:
        return error.sqlstate or f"{type(error).__name__}: {error}"
    except (OSError, asyncpg.InterfaceError) as error:
        return type(error).__name__


async def attempt(*login):
    async def log_in():
        parameters, database = where(*login)
        await (await asyncpg.connect(**parameters, database=database, ssl=TLS, timeout=30)).close()

    async def work():
        async with await connect(*login) as client:
            await client.execute("SELECT 1")

    answer = await answer_of(log_in())
    return await answer_of(work()) if answer == "ok" else answer


async def direct(*statements):
    async with await connect(is_pool=False) as client:
        for statement in statements:
            await client.execute(statement)


async def follows(what, wanted, *login):
    """New clients are answered so within the time, and before only as it was before."""
    start = time.monotonic()
    seen = []
    while (answer := await attempt(*login)) != wanted:
        seen.append(answer)
        if time.monotonic() - start > SECONDS_MAX:
            break
        await asyncio.sleep(0.02)
    print(f"{what}: {time.monotonic() - start:.2f} s, before {sorted(set(seen))}", flush=True)
    check(what, answer, wanted)
    check(f"{what}, stays so", await attempt(*login), wanted)


async def held(what, client, *wanted):
    """A client that was connected before is told why it cannot go on."""
    start = time.monotonic()
    while (answer := await answer_of(client.execute("SELECT 1"))) == "ok" and time.monotonic() - start < SECONDS_MAX:
        await asyncio.sleep(0.02)
    print(f"{what}, connected before: {answer} after {time.monotonic() - start:.2f} s", flush=True)
    check(f"{what}, connected before", answer in wanted or answer, True)
    await client.close()


def make_pool(name, database="defaultdb", user=None):
    body = {"name": name, "mode": "transaction", "size": 2, "db": database}
    api("POST", "/pools", body | ({"user": user} if user else {}))


async def dropped_database(is_by_api):
    api("POST", "/dbs", {"name": "gone"})
    make_pool("gone-pool", "gone", "doadmin")
    client = await connect("gone-pool")
    await client.execute("SELECT 1")
    if is_by_api:
        api("DELETE", "/dbs/gone")
    else:
        await direct("DROP DATABASE gone WITH (FORCE)")
    await follows("a dropped database", "3D000", "gone-pool")
    await held("a dropped database", client, "3D000")
    api("DELETE", "/pools/gone-pool")


async def dropped_user(is_by_api):
    password = api("POST", "/users", {"name": "leaver"})["user"]["password"]
    make_pool("of-leaver", user="leaver")
    make_pool("of-all")
    logins = [("of-leaver", "leaver", password), ("of-all", "leaver", password)]
    clients = [await connect(*login) for login in logins]
    for client in clients:
        await client.execute("SELECT 1")
    if is_by_api:
        api("DELETE", "/users/leaver")
    else:
        await direct("DROP ROLE leaver")
    for login, client in zip(logins, clients):
        await follows(f"a dropped user, pool {login[0]}", "28P01", *login)
        await held(f"a dropped user, pool {login[0]}", client, "28000")
    for pool in ["of-leaver", "of-all"]:
        api("DELETE", f"/pools/{pool}")


async def changed_password(is_by_api):
    old = api("POST", "/users", {"name": "changer"})["user"]["password"]
    make_pool("of-changer", user="changer")
    check("the password", await attempt("of-changer", "changer", old), "ok")
    client = await connect("of-changer", "changer", old)
    if is_by_api:
        new = api("POST", "/users/changer/reset_auth", {})["user"]["password"]
    else:
        new = "by SQL 'ä'"
        await direct("ALTER ROLE changer PASSWORD 'by SQL ''ä'''")
    await follows("a changed password", "ok", "of-changer", "changer", new)
    await follows("the old password", "28P01", "of-changer", "changer", old)
    # As in PostgreSQL, whoever is in stays in.
    check("a client of before", await answer_of(client.execute("SELECT 1")), "ok")
    await client.close()
    api("DELETE", "/pools/of-changer")
    api("DELETE", "/users/changer")


async def restarted():
    make_pool("stays")
    idle, busy = await connect("stays"), await connect("stays")
    await idle.execute("SELECT 1")
    await busy.execute("BEGIN")
    os.kill(int(POSTMASTER), signal.SIGINT)
    start = time.monotonic()
    check("in a transaction", await answer_of(busy.execute("SELECT pg_sleep(20)")), "57P01")
    check("in no transaction", await answer_of(idle.execute("SELECT 1")), "ok")
    print(f"a restarted PostgreSQL: {time.monotonic() - start:.2f} s until the next answer")
    await follows("a restarted PostgreSQL", "ok", "stays")
    await idle.close()
    await busy.close()
    api("DELETE", "/pools/stays")


async def firewall():
    make_pool("walled")
    client = await connect("walled")
    await client.execute("SELECT 1")
    api("PUT", "/firewall", {"rules": [{"type": "ip_addr", "value": "10.0.0.0/8"}]})
    await follows("shut out", "28000", "walled")
    await held("shut out", client, "28000")
    api("PUT", "/firewall", {"rules": []})
    await follows("let in again", "ok", "walled")
    api("DELETE", "/pools/walled")


async def main():
    for is_by_api in [True, False]:
        print("by the API:" if is_by_api else "by SQL:")
        await dropped_database(is_by_api)
        await dropped_user(is_by_api)
        await changed_password(is_by_api)
    await firewall()
    await restarted()
    print(f"{len(failures)} checks failed" if failures else "all checks passed")
    sys.exit(bool(failures))


asyncio.run(main())
