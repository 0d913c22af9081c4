"""psycopg 3 in each pool mode: pipelines, COPY, prepared statements, cursors, cancel, notifications, many clients at once.

  client_psycopg.py COMMAND session|transaction|statement
"""

import asyncio
import sys
import threading

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from services import Services, check, finish, pool_size

REFUSAL = "transaction blocks not allowed in statement pooling mode"


def main():
    command, mode = sys.argv[1:3]
    with Services(command) as services:
        pooler = services.pooler(pool_mode=mode, default_pool_size=pool_size(mode))
        services.postgres.sql("CREATE TABLE items (n int PRIMARY KEY, t text)", user="app", database="app")
        uri = pooler.uri()
        for tests in (values, prepared, pipeline, copy, cancel, asynchronous, at_once):
            tests(uri)
        if mode == "statement":
            refused(uri)
        else:
            for tests in (transactions, cursors, session_state, pipelined_transactions):
                tests(uri)
            notifications(uri)
        check("the pooler runs", pooler.is_alive())
    finish()


def connect(uri, **options):
    return psycopg.connect(uri, **{"autocommit": True, **options})


def values(uri):
    with connect(uri) as connection:
        for binary in (False, True):
            row = connection.execute(
                "SELECT %b::int8, %b::text, %b::jsonb, %b::bytea, %b::float8[]" if binary else
                "SELECT %s::int8, %s::text, %s::jsonb, %s::bytea, %s::float8[]",
                (1 << 40, "ä€", Jsonb({"a": [1]}), b"\0\xff", [1.5, None]), binary=binary).fetchone()
            check(f"values, binary {binary}", row, (1 << 40, "ä€", {"a": [1]}, b"\0\xff", [1.5, None]))
        large = "0123456789" * 200_000
        check("a large value there and back", connection.execute("SELECT %s::text", (large,)).fetchone()[0] == large)
        check("several statements", connection.execute("SELECT 1; SELECT 2").nextset())
        for _ in range(20):
            try:
                connection.execute("SELECT 1/%s", (0,))
                check("an error", False)
            except psycopg.errors.DivisionByZero as error:
                check("its SQLSTATE", error.sqlstate, "22012")
        check("after errors", connection.execute("SELECT 1").fetchone(), (1,))
        with connection.cursor(row_factory=dict_row) as cursor:
            cursor.executemany("INSERT INTO items VALUES (%s, %s)", [(n, f"item {n}") for n in range(500)])
            check("executemany", cursor.execute("SELECT count(*), max(n) FROM items").fetchone(), {"count": 500, "max": 499})
            cursor.executemany(
                "UPDATE items SET t = 'new' WHERE n = %s RETURNING n", [(n,) for n in range(3)], returning=True)
            got = []
            while True:
                got.append(cursor.fetchone()["n"])
                if not cursor.nextset():
                    break
            check("executemany returning", got, [0, 1, 2])
        connection.execute("TRUNCATE items")


def prepared(uri):
    """Names of the client's own: each transaction runs on another server than the one before."""
    with connect(uri, prepare_threshold=0) as first, connect(uri, prepare_threshold=0) as second:
        for n in range(60):
            check("first", first.execute("SELECT %s::int + 1", (n,)).fetchone(), (n + 1,))
            # The same name in the other session is another statement.
            check("second", second.execute(f"SELECT %s::int + {n % 7}", (n,)).fetchone(), (n + n % 7,))
        try:
            first.execute("SELECT * FROM nowhere WHERE n = %s", (1,))
            check("a table that is not there", False)
        except psycopg.errors.UndefinedTable:
            pass
        first.execute("CREATE TABLE nowhere (n int)")
        check("now it is", first.execute("SELECT * FROM nowhere WHERE n = %s", (1,)).fetchall(), [])
        first.execute("DROP TABLE nowhere")
    with connect(uri, prepare_threshold=0) as connection:
        # More than psycopg keeps: it closes the oldest with Close or DEALLOCATE.
        connection.prepared_max = 10
        for n in range(50):
            check("many statements", connection.execute(f"SELECT %s::int, {n}", (n,)).fetchone(), (n, n))
        for n in range(50):
            check("again", connection.execute(f"SELECT %s::int, {n}", (n,)).fetchone(), (n, n))


def pipeline(uri):
    with connect(uri, prepare_threshold=0) as connection:
        with connection.pipeline() as line:
            cursors = [connection.execute("SELECT %s::int * 2", (n,)) for n in range(300)]
            line.sync()
            check("300 in a pipeline", [cursor.fetchone()[0] for cursor in cursors], [2 * n for n in range(300)])
        for round_number in range(10):
            try:
                with connection.pipeline():
                    before = connection.execute("SELECT 1")
                    connection.execute("SELECT 1/0")
                    connection.execute("INSERT INTO items VALUES (-1, 'not run')")
                check("an error in a pipeline", False)
            except psycopg.errors.DivisionByZero:
                check("its result is kept", before.fetchone(), (1,))
                check("what came behind was not run", connection.execute("TABLE items").fetchall(), [])
            check("after the error", connection.execute("SELECT %s::int", (round_number,)).fetchone(), (round_number,))
        with connection.pipeline() as line:
            # A Sync each: an error ends only its own part.
            results = []
            for divisor in (1, 0, 2, 0, 4):
                results.append(connection.execute("SELECT 4 / %s::int", (divisor,)))
                try:
                    line.sync()
                except psycopg.errors.DivisionByZero:
                    results[-1] = None
            check("a Sync each", [cursor and cursor.fetchone()[0] for cursor in results], [4, None, 2, None, 1])


def copy(uri):
    with connect(uri) as connection, connection.cursor() as cursor:
        with cursor.copy("COPY items FROM STDIN") as copying:
            for n in range(20_000):
                copying.write_row((n, f"row {n}"))
        check("copied in", cursor.execute("SELECT count(*), sum(n) FROM items").fetchone(), (20_000, 199_990_000))
        with cursor.copy("COPY (SELECT * FROM items ORDER BY n) TO STDOUT") as copying:
            check("copied out", sum(1 for _ in copying.rows()), 20_000)
        with cursor.copy("COPY (SELECT n FROM items WHERE n < 3 ORDER BY n) TO STDOUT (FORMAT BINARY)") as copying:
            copying.set_types(["int4"])
            check("copied out in binary", list(copying.rows()), [(0,), (1,), (2,)])
        try:
            with cursor.copy("COPY items FROM STDIN") as copying:
                copying.write("no number\tx\n")
            check("copied nonsense", False)
        except psycopg.errors.InvalidTextRepresentation:
            pass
        try:
            with cursor.copy("COPY items FROM STDIN") as copying:
                copying.write_row((100_000, "x"))
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        check("a copy that the client gave up", cursor.execute("SELECT max(n) FROM items").fetchone(), (19_999,))
    with connect(uri) as leaver:
        leaver.pgconn.send_query(b"COPY (SELECT repeat('x', 1000) FROM generate_series(1, 100000)) TO STDOUT")
        # Closed with all of the rows still to come.
        leaver.pgconn.finish()
    with connect(uri) as connection:
        check("after one that left", connection.execute("TRUNCATE items").statusmessage, "TRUNCATE TABLE")


def cancel(uri):
    with connect(uri) as connection, connect(uri) as other:
        for _ in range(3):
            timer = threading.Timer(0.3, connection.cancel_safe)
            timer.start()
            try:
                connection.execute("SELECT pg_sleep(60)")
                check("cancelled", False)
            except psycopg.errors.QueryCanceled as error:
                check("SQLSTATE", error.sqlstate, "57014")
            timer.join()
            check("goes on", connection.execute("SELECT 1").fetchone(), (1,))
        # Nothing runs: nobody is to be hit by it.
        connection.cancel_safe()
        check("an idle one", [one.execute("SELECT 1").fetchone() for one in (connection, other)], [(1,), (1,)])


def asynchronous(uri):
    async def client(n):
        async with await psycopg.AsyncConnection.connect(uri, autocommit=True) as connection:
            got = []
            for m in range(10):
                cursor = await connection.execute("SELECT %s::int", (n * 100 + m,), prepare=True)
                got.append((await cursor.fetchone())[0])
            return got == [n * 100 + m for m in range(10)]

    async def clients():
        return await asyncio.gather(*(client(n) for n in range(20)))

    check("20 asynchronous clients", asyncio.run(clients()), [True] * 20)


def at_once(uri):
    """More threads than servers, each with its own statements: nobody sees another's answer."""
    wrong = []

    def client(n):
        with connect(uri, prepare_threshold=2) as connection:
            for m in range(50):
                try:
                    got = connection.execute(f"SELECT %s::int, '{n}-{m % 5}'", (m,)).fetchone()
                    if got != (m, f"{n}-{m % 5}"):
                        wrong.append(got)
                except psycopg.Error as error:
                    wrong.append(error)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check("8 clients at once", wrong, [])


def transactions(uri):
    with connect(uri, autocommit=False) as connection, connect(uri) as other:
        with connection.transaction():
            connection.execute("INSERT INTO items VALUES (1, 'kept')")
            try:
                with connection.transaction():
                    connection.execute("INSERT INTO items VALUES (2, 'not kept')")
                    connection.execute("SELECT 1/0")
            except psycopg.errors.DivisionByZero:
                pass
            check("not seen outside", other.execute("SELECT count(*) FROM items").fetchone(), (0,))
        check("committed", other.execute("SELECT n FROM items").fetchall(), [(1,)])
        connection.execute("DELETE FROM items")
        connection.rollback()
        check("rolled back", other.execute("SELECT n FROM items").fetchall(), [(1,)])
        try:
            connection.execute("SELECT 1/0")
        except psycopg.errors.DivisionByZero:
            pass
        try:
            connection.execute("SELECT 1")
            check("in a failed transaction", False)
        except psycopg.errors.InFailedSqlTransaction:
            connection.rollback()
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        connection.read_only = True
        try:
            connection.execute("INSERT INTO items VALUES (3, 'x')")
            check("read only", False)
        except psycopg.errors.ReadOnlySqlTransaction:
            connection.rollback()
        check("of one transaction only", other.execute("SHOW transaction_isolation").fetchone(), ("read committed",))
        connection.tpc_begin(connection.xid(1, "global", "branch"))
        connection.execute("SELECT 1")
        connection.tpc_prepare()
        connection.tpc_rollback()
        other.execute("TRUNCATE items")


def cursors(uri):
    with connect(uri, autocommit=False) as connection:
        with connection.cursor("mine") as cursor:
            cursor.execute("SELECT generate_series(1, 1000)")
            cursor.itersize = 10
            check("a server's cursor", sum(row[0] for row in cursor), 500_500)
        with connection.cursor("scrolls", scrollable=True) as cursor:
            cursor.execute("SELECT generate_series(1, 100)")
            cursor.scroll(50)
            check("scrolled", cursor.fetchone(), (51,))
    with connect(uri) as connection, connect(uri) as other:
        with connection.cursor("held", withhold=True) as cursor:
            cursor.execute("SELECT generate_series(1, 100)")
            check("held", cursor.fetchmany(2), [(1,), (2,)])
            check("meanwhile another", other.execute("SELECT count(*) FROM pg_cursors").fetchone(), (0,))
            check("held on", cursor.fetchmany(2), [(3,), (4,)])
        with psycopg.ServerCursor(connection, "stream", withhold=True) as cursor:
            cursor.execute("SELECT %s::int", (5,))
            check("with parameters", cursor.fetchone(), (5,))
        check("row by row", sum(row[0] for row in connection.cursor().stream("SELECT generate_series(1, 1000)")), 500_500)


def session_state(uri):
    with connect(uri) as one, connect(uri) as two:
        one.execute("SET TIME ZONE 'Asia/Tokyo'")
        two.execute(sql.SQL("SET search_path = {}").format(sql.Identifier("pg_catalog")))
        for _ in range(6):
            check("time zones", [c.execute("SHOW timezone").fetchone()[0] for c in (one, two)][0], "Asia/Tokyo")
            check("not the other's", two.execute("SHOW timezone").fetchone() != ("Asia/Tokyo",))
            check("search path", one.execute("SHOW search_path").fetchone(), ('"$user", public',))
        check("psycopg knows", one.info.parameter_status("TimeZone"), "Asia/Tokyo")
        check("the other does not", two.info.parameter_status("TimeZone") != "Asia/Tokyo")
        one.execute("CREATE TEMP TABLE mine (n int)")
        one.execute("INSERT INTO mine VALUES (1)")
        two.execute("SELECT 1")
        check("a temporary table", one.execute("SELECT * FROM mine").fetchone(), (1,))


def pipelined_transactions(uri):
    with connect(uri, autocommit=False) as connection:
        for _ in range(20):
            with connection.pipeline(), connection.transaction():
                connection.execute("INSERT INTO items VALUES (1, 'x')")
                connection.execute("DELETE FROM items")
        try:
            with connection.pipeline(), connection.transaction():
                connection.execute("INSERT INTO items VALUES (1, 'x')")
                connection.execute("SELECT 1/0")
            check("an error in a pipelined transaction", False)
        except psycopg.errors.DivisionByZero:
            pass
        check("rolled back", connection.execute("SELECT count(*) FROM items").fetchone(), (0,))


def notifications(uri):
    with connect(uri) as listener, connect(uri) as speaker:
        listener.execute("LISTEN news")
        for n in range(5):
            speaker.execute("SELECT pg_notify('news', %s)", (str(n),))
        heard = [event.payload for event in listener.notifies(timeout=10, stop_after=5)]
        check("notifications", heard, ["0", "1", "2", "3", "4"])
        listener.execute("UNLISTEN *")
        speaker.execute("NOTIFY news")
        check("no more", list(listener.notifies(timeout=0.3)), [])


def refused(uri):
    with psycopg.connect(uri) as connection:
        try:
            connection.execute("SELECT 1")
            check("a transaction in statement mode", False)
        except psycopg.Error as error:
            check("the reason", REFUSAL in str(error) or str(error))
        check("the connection is over", connection.closed)


main()
