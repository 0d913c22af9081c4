"""asyncpg in each pool mode: its cache of prepared statements, transactions, cursors, COPY, types, cancel, its own pool.

  client_asyncpg.py COMMAND session|transaction|statement
"""

import asyncio
import datetime
import io
import sys

import asyncpg

from services import Services, check, finish, pool_size


async def tests(uri, mode):
    for part in (values, prepared, copy, timeouts, pool, at_once):
        await part(uri)
    if mode == "statement":
        await refused(uri)
    else:
        for part in (transactions, cursors, listening, own_types):
            await part(uri)


async def values(uri):
    connection = await asyncpg.connect(uri)
    day = datetime.date(2026, 11, 28)
    row = await connection.fetchrow("SELECT $1::int8 a, $2::text b, $3::date c, $4::numeric[] d", 1 << 40, "ä€", day, [1])
    check("values", tuple(row)[:3], (1 << 40, "ä€", day))
    check("script", await connection.execute("SELECT 1; SELECT 2"), "SELECT 1")
    for _ in range(10):
        try:
            await connection.fetchval("SELECT 1/$1::int", 0)
            check("an error", False)
        except asyncpg.DivisionByZeroError as error:
            check("SQLSTATE", error.sqlstate, "22012")
    await connection.executemany("INSERT INTO items VALUES ($1, $2)", [(n, str(n)) for n in range(1000)])
    check("executemany", await connection.fetchval("SELECT count(*) FROM items"), 1000)
    try:
        await connection.executemany("INSERT INTO items VALUES ($1, $2)", [(5000, "x"), (1, "twice")])
        check("a key twice", False)
    except asyncpg.UniqueViolationError:
        pass
    check("all or none", await connection.fetchval("SELECT count(*) FROM items"), 1000)
    await connection.execute("TRUNCATE items")
    await connection.close()


async def prepared(uri):
    """asyncpg prepares each statement under a name, and counts its names alike in all connections."""
    one, two = await asyncpg.connect(uri), await asyncpg.connect(uri)
    for n in range(60):
        check("one", await one.fetchval("SELECT $1::int + 1", n), n + 1)
        check("two", await two.fetchval(f"SELECT $1::int + {n % 9}", n), n + n % 9)
    statement = await one.prepare("SELECT $1::text || '!'")
    for n in range(10):
        check("kept", await statement.fetchval(str(n)), f"{n}!")
        await two.fetchval("SELECT 1")
    check("its attributes", [a.type.name for a in statement.get_attributes()], ["text"])
    small = await asyncpg.connect(uri, statement_cache_size=3)
    for n in range(40):
        check("a small cache", await small.fetchval(f"SELECT $1::int, {n % 7}", n), n)
    # A statement whose table has changed: asyncpg prepares it anew.
    await one.execute("CREATE TABLE changing (a int)")
    await one.fetch("SELECT * FROM changing")
    await two.execute("ALTER TABLE changing ADD b text")
    try:
        await one.fetch("SELECT * FROM changing")
    except asyncpg.InvalidCachedStatementError:
        pass
    check("after a change", await one.fetch("SELECT * FROM changing"), [])
    await one.execute("DROP TABLE changing")
    for connection in (one, two, small):
        await connection.close()


async def copy(uri):
    connection = await asyncpg.connect(uri)
    rows = [(n, f"row {n}") for n in range(20_000)]
    check("in", await connection.copy_records_to_table("items", records=rows), "COPY 20000")
    output = io.BytesIO()
    check("out", await connection.copy_from_query("SELECT * FROM items WHERE n < $1", 100, output=output), "COPY 100")
    check("lines", output.getvalue().count(b"\n"), 100)
    check("text in", await connection.copy_to_table("items", source=io.BytesIO(b"99999\tx\n")), "COPY 1")
    await connection.execute("TRUNCATE items")
    await connection.close()


async def timeouts(uri):
    """A timeout sends a cancel request; the next statement is not hit by it."""
    connection = await asyncpg.connect(uri)
    for _ in range(3):
        try:
            await connection.fetchval("SELECT pg_sleep(60)", timeout=0.2)
            check("a timeout", False)
        except TimeoutError:
            pass
        check("goes on", await connection.fetchval("SELECT 1"), 1)
    await connection.close()


async def pool(uri):
    """asyncpg's pool resets a session when it comes back, with UNLISTEN, CLOSE ALL, RESET ALL and an unlock."""
    async with asyncpg.create_pool(uri, min_size=3, max_size=6) as connections:
        async def work(n):
            async with connections.acquire() as connection:
                return await connection.fetchval("SELECT $1::int", n)

        check("a pool before the pool", await asyncio.gather(*(work(n) for n in range(60))), list(range(60)))


async def at_once(uri):
    async def client(n):
        connection = await asyncpg.connect(uri)
        got = [await connection.fetchval(f"SELECT $1::int * 10 + {n}", m) for m in range(20)]
        await connection.close()
        return got == [m * 10 + n for m in range(20)]

    check("20 clients", await asyncio.gather(*(client(n) for n in range(20))), [True] * 20)


async def transactions(uri):
    connection, other = await asyncpg.connect(uri), await asyncpg.connect(uri)
    async with connection.transaction():
        await connection.execute("INSERT INTO items VALUES (1, 'kept')")
        try:
            async with connection.transaction():
                await connection.execute("INSERT INTO items VALUES (2, 'not kept')")
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        check("outside", await other.fetchval("SELECT count(*) FROM items"), 0)
    check("committed", await other.fetch("SELECT n FROM items"), [(1,)])
    async with connection.transaction(isolation="serializable", readonly=True, deferrable=True):
        check("isolation", await connection.fetchval("SHOW transaction_isolation"), "serializable")
    await connection.execute("TRUNCATE items")
    await connection.close()
    await other.close()


async def cursors(uri):
    connection = await asyncpg.connect(uri)
    async with connection.transaction():
        total = 0
        async for row in connection.cursor("SELECT generate_series(1, $1::int)", 1000, prefetch=33):
            total += row[0]
        check("a portal, row by row", total, 500_500)
        cursor = await connection.cursor("SELECT generate_series(1, 100)")
        await cursor.forward(50)
        check("forward", await cursor.fetchrow(), (51,))
    await connection.close()


async def listening(uri):
    listener, speaker = await asyncpg.connect(uri), await asyncpg.connect(uri)
    heard = asyncio.Queue()
    await listener.add_listener("news", lambda connection, pid, channel, payload: heard.put_nowait(payload))
    for n in range(5):
        await speaker.execute("SELECT pg_notify('news', $1)", str(n))
    check("notifications", [await asyncio.wait_for(heard.get(), 10) for _ in range(5)], list("01234"))
    await listener.close()
    await speaker.close()


async def own_types(uri):
    """For types it does not know, asyncpg asks the catalogue with settings of its own around."""
    connection = await asyncpg.connect(uri)
    await connection.execute("CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TYPE pair AS (a int, m mood)")
    check("an enumeration", await connection.fetchval("SELECT 'good'::mood"), "good")
    check("a composite", tuple(await connection.fetchval("SELECT (1, 'bad')::pair")), (1, "bad"))
    check("an array", await connection.fetchval("SELECT $1::mood[]", ["bad"]), ["bad"])
    await connection.execute("DROP TYPE pair; DROP TYPE mood")
    await connection.close()


async def refused(uri):
    connection = await asyncpg.connect(uri)
    try:
        async with connection.transaction():
            pass
        check("a transaction", False)
    except asyncpg.PostgresError as error:
        check("the reason", "transaction blocks not allowed in statement pooling mode" in str(error))
    except (asyncpg.InterfaceError, ConnectionError) as error:
        check("the reason is told", str(error), "transaction blocks not allowed in statement pooling mode")


def main():
    command, mode = sys.argv[1:3]
    with Services(command) as services:
        pooler = services.pooler(pool_mode=mode, default_pool_size=pool_size(mode))
        services.postgres.sql("CREATE TABLE items (n int PRIMARY KEY, t text)", user="app", database="app")
        asyncio.run(tests(pooler.uri(), mode))
        check("the pooler runs", pooler.is_alive())
    finish()


main()
