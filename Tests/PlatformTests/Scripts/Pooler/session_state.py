"""Nothing of a session reaches another one: each kind of state, each way to leave it, two clients on a pool of one.

  session_state.py COMMAND session|transaction|statement

The first client makes state and goes on to see it; the second asks for everything that a session has, and must see what
a new session of PostgreSQL has.
"""

import os
import socket
import sys
import threading

import psycopg

from services import Services, check, finish

# Kind: statements that make it; a question of its owner and the answer; statements that end it (None: nothing does).
KINDS = {
    "a setting": (["SET work_mem = '7MB'"], "SHOW work_mem", "7MB", ["RESET work_mem"]),
    "a setting of the application": (
        ["SET app.note = 'mine'"], "SELECT current_setting('app.note')", "mine", ["RESET app.note"]),
    "set_config": (["SELECT set_config('work_mem', '7MB', false)"], "SHOW work_mem", "7MB", ["RESET ALL"]),
    "a setting made by a function": (["SELECT public.sets()"], "SHOW work_mem", "8MB", ["RESET ALL"]),
    "UPDATE pg_settings": (
        ["UPDATE pg_settings SET setting = '7168' WHERE name = 'work_mem'"], "SHOW work_mem", "7MB", ["RESET ALL"]),
    "UPDATE pg_settings behind WITH": (
        ["WITH v AS (SELECT '7168' AS v) UPDATE pg_catalog.pg_settings SET setting = v FROM v WHERE name = 'work_mem'"],
        "SHOW work_mem", "7MB", ["RESET work_mem"]),
    "a setting made by DO": (
        ["DO $$ BEGIN SET enable_seqscan = off; END $$"], "SHOW enable_seqscan", "off", ["RESET ALL"]),
    "several settings in one message": (
        ["SET work_mem = '7MB'; SET lock_timeout = '7s'; SELECT 1"], "SHOW lock_timeout", "7s", ["RESET ALL"]),
    "reported settings": (
        ["SET datestyle = 'German, DMY'; SET timezone = 'Asia/Tokyo'; SET intervalstyle = 'iso_8601'"],
        "SELECT current_setting('timezone')", "Asia/Tokyo", ["DISCARD ALL"]),
    "encoding": (["SET NAMES 'LATIN1'"], "SHOW client_encoding", "LATIN1", ["RESET client_encoding"]),
    "search_path": (["SET search_path = other, public"], "SELECT t FROM places", "other", ["SET search_path = DEFAULT"]),
    "SET SCHEMA": (["SET SCHEMA 'other'"], "SELECT t FROM places", "other", ["RESET search_path"]),
    "role": (["SET ROLE app"], "SELECT current_user", "app", ["RESET ROLE"]),
    "session_authorization": (
        ["SET SESSION AUTHORIZATION app"], "SELECT session_user", "app", ["RESET SESSION AUTHORIZATION"]),
    "transactions read only": (
        ["SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"], "SHOW transaction_read_only", "on",
        ["SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"]),
    "transactions' isolation": (
        ["SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE"], "SHOW transaction_isolation",
        "serializable", ["RESET default_transaction_isolation"]),
    "PREPARE": (["PREPARE mine AS SELECT 'prepared'"], "EXECUTE mine", "prepared", ["DEALLOCATE mine"]),
    "PREPARE in a function": (
        ["DO $$ BEGIN EXECUTE 'PREPARE mine AS SELECT ''prepared'''; END $$"], "EXECUTE mine", "prepared",
        ["DEALLOCATE ALL"]),
    "LISTEN": (["LISTEN news"], "SELECT pg_listening_channels()", "news", ["UNLISTEN news"]),
    "LISTEN in a function": (
        ["DO $$ BEGIN LISTEN news; END $$"], "SELECT pg_listening_channels()", "news", ["UNLISTEN *"]),
    "temporary table": (["CREATE TEMP TABLE mine AS SELECT 1 AS n"], "SELECT n FROM mine", 1, ["DROP TABLE mine"]),
    "SELECT INTO TEMP": (["SELECT 1 AS n INTO TEMP mine"], "SELECT n FROM mine", 1, ["DISCARD TEMP"]),
    "temporary table that hides another": (
        ["CREATE TEMP TABLE places AS SELECT 'temporary' AS t"], "SELECT t FROM places", "temporary",
        ["DROP TABLE pg_temp.places"]),
    "temporary table by a function": (["SELECT public.makes()"], "SELECT n FROM mine", 1, ["DROP TABLE mine"]),
    "temporary sequence": (
        ["CREATE TEMP SEQUENCE mine START 5"], "SELECT nextval('mine') > 0", True, ["DROP SEQUENCE mine", "DISCARD ALL"]),
    "pg_temp function": (
        ["CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 7'"], "SELECT pg_temp.mine()", 7,
        ["DROP FUNCTION pg_temp.mine()"]),
    "pg_temp type": (
        ["CREATE TYPE pg_temp.mine AS ENUM ('x')"], "SELECT 'x'::pg_temp.mine::text", "x", ["DROP TYPE pg_temp.mine"]),
    "cursor WITH HOLD": (
        ["DECLARE mine CURSOR WITH HOLD FOR SELECT 1 FROM generate_series(1, 100)"], "FETCH mine", 1, ["CLOSE mine"]),
    "advisory lock": (
        ["SELECT pg_advisory_lock(7)"], "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", 1,
        ["SELECT pg_advisory_unlock(7)"]),
    "advisory locks, tried, shared, twice": (
        ["SELECT pg_try_advisory_lock(7), pg_advisory_lock_shared(1, 2)", "SELECT pg_advisory_lock(7)"],
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", 2, ["SELECT pg_advisory_unlock_all()"]),
    "advisory lock by a function": (
        ["SELECT public.locks()"], "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'", 1,
        ["SELECT pg_advisory_unlock_all()"]),
    # Whoever asks beside advancing has the server kept.
    "currval": (
        ["SELECT setval('public.numbers', 41), currval('public.numbers')", "SELECT nextval('public.numbers')"],
        "SELECT currval('public.numbers')", 42, ["DISCARD SEQUENCES"]),
    "lastval": (["SELECT nextval('public.numbers'), lastval()", "SELECT setval('public.numbers', 41)",
                 "INSERT INTO public.counted DEFAULT VALUES", "SELECT nextval('public.numbers')"],
                "SELECT lastval()", 42, ["DISCARD SEQUENCES"]),
    "LOAD": (["LOAD 'auto_explain'"], "SHOW auto_explain.log_timing", "on", None),
    "everything, then DISCARD ALL": (
        ["SET work_mem = '7MB'", "PREPARE mine AS SELECT 1", "LISTEN news", "CREATE TEMP TABLE mine (n int)",
         "SELECT pg_advisory_lock(7)", "DECLARE mine CURSOR WITH HOLD FOR SELECT 1"], "SHOW work_mem", "7MB",
        ["DISCARD ALL"]),
}

# What a session has, by name.
QUESTIONS = {
    "who": "SELECT current_user::text || session_user",
    "settings": "SELECT name, setting FROM pg_settings WHERE name !~ '^(application_name$|plpgsql[.])'",
    "the application's setting": "SELECT nullif(current_setting('app.note', true), '')",
    "tables": "SELECT t FROM places",
    "statements": "SELECT name FROM pg_prepared_statements WHERE from_sql AND name !~ '^(atoll|PGBOUNCER)_'",
    "channels": "SELECT pg_listening_channels()",
    "cursors": "SELECT name FROM pg_cursors WHERE is_holdable",
    "locks": "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
    "temporary objects": "SELECT refobjid FROM pg_depend WHERE refclassid = 2615 AND refobjid = pg_my_temp_schema()",
    "temporary table": "SELECT * FROM mine",
    "temporary function": "SELECT pg_temp.mine()",
    "prepared by SQL": "EXECUTE mine",
    "currval": "SELECT currval('public.numbers')",
    "lastval": "SELECT lastval()",
    "library": "SELECT current_setting('auto_explain.log_timing', true)",
}
WAYS = ("ends it", "says goodbye", "hangs up", "hangs up in a transaction", "rolls back")
IN_TRANSACTION = WAYS[3:]
# Of no effect before the transaction that says it has ended.
FROM_COMMIT = ("LISTEN", "LISTEN in a function", "transactions read only", "transactions' isolation")


def main():
    command, mode = sys.argv[1:3]
    with Services(command) as services:
        services.postgres.sql(
            "CREATE SCHEMA other", "CREATE TABLE places AS SELECT 'public' AS t", "CREATE TABLE other.places AS "
            "SELECT 'other' AS t", "CREATE SEQUENCE numbers", "CREATE TABLE counted (n serial)",
            "GRANT ALL ON ALL TABLES IN SCHEMA public, other TO app", "GRANT ALL ON SCHEMA other TO app",
            "CREATE FUNCTION sets() RETURNS text LANGUAGE plpgsql AS "
            "$$ BEGIN RETURN set_config('work_mem', '8MB', false); END $$",
            "CREATE FUNCTION makes() RETURNS void LANGUAGE plpgsql AS "
            "$$ BEGIN CREATE TEMP TABLE mine AS SELECT 1 AS n; END $$",
            "CREATE FUNCTION tells() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN lastval(); END $$",
            "CREATE FUNCTION locks() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_lock(9); END $$")
        settings = {"pool_mode": mode, "default_pool_size": 1, "server_lifetime": 3600}
        pooler = services.pooler(**settings)
        uri = pooler.uri("postgres", "postgres", "postgres")
        fresh = session(services.postgres.uri("postgres", "postgres"))
        for kind in KINDS:
            for way in WAYS:
                if is_for(mode, kind, way):
                    one_kind(kind, way, uri, fresh)
        prepared_by_protocol(uri)
        if mode != "session":
            sequences(services, settings)
        check("the pooler runs", pooler.is_alive())
    finish()


def is_for(mode, kind, way):
    if way == "ends it" and KINDS[kind][3] is None:
        return False
    if mode == "session" and kind == "LOAD":
        # Nor this: DISCARD ALL, by which session mode cleans a server, unloads no library.
        return False
    return way not in IN_TRANSACTION or mode != "statement"


def connect(uri):
    return psycopg.connect(uri, autocommit=True, prepare_threshold=None)


def one_kind(kind, way, uri, fresh):
    title = f"{kind}; {way}"
    made, question, answer, ended = KINDS[kind]
    one = connect(uri)
    if way in IN_TRANSACTION:
        one.execute("BEGIN")
    for statement in made:
        one.execute(statement)
    other = Other(uri)
    for _ in range(0 if way in IN_TRANSACTION and kind in FROM_COMMIT else 2):
        check(f"{title}: its owner sees it", one.execute(question).fetchone()[0], answer)
    if way == "ends it":
        for statement in ended:
            one.execute(statement)
    elif way == "rolls back":
        one.execute("ROLLBACK")
    if way.startswith("hangs up"):
        hang_up(one)
    else:
        one.close()
    other.join()
    for who, seen in (("who waited", other.seen), ("who comes later", session(uri))):
        check(f"{title}: the client {who}", differences(seen, fresh), {})


class Other(threading.Thread):
    """The other client comes while the state is there; it may have to wait."""

    def __init__(self, uri):
        super().__init__()
        self.uri, self.seen = uri, {}
        self.start()

    def run(self):
        self.seen = session(self.uri)


def hang_up(connection):
    """Without Terminate."""
    with socket.socket(fileno=os.dup(connection.pgconn.socket)) as descriptor:
        descriptor.shutdown(socket.SHUT_RDWR)
    connection.close()


def session(uri):
    """Everything that a session has; where PostgreSQL answers with an error, its code."""
    with connect(uri) as connection:
        seen = {}
        for name, question in QUESTIONS.items():
            try:
                seen[name] = sorted(connection.execute(question).fetchall())
            except psycopg.Error as error:
                # A temporary schema that has become empty stays: then there is no such function, before no such schema.
                seen[name] = (error.sqlstate or str(error)).replace("3F000", "42883")
        seen["prepared by the protocol"] = connection.pgconn.exec_prepared(b"mine", []).error_field(
            psycopg.pq.DiagnosticField.SQLSTATE)
        seen["parameters"] = [connection.pgconn.parameter_status(name) for name in (
            b"client_encoding", b"DateStyle", b"TimeZone", b"IntervalStyle", b"session_authorization", b"is_superuser",
            b"default_transaction_read_only")]
        return seen


def differences(seen, fresh):
    found = {name: (seen.get(name), value) for name, value in fresh.items() if seen.get(name) != value}
    if "settings" in found and found["settings"][0]:
        found["settings"] = sorted(set(seen["settings"]) ^ set(fresh["settings"]))
    return found


def prepared_by_protocol(uri):
    with connect(uri) as one:
        one.pgconn.prepare(b"mine", b"SELECT 'mine'")
        other = Other(uri)
        check("a statement of the protocol", one.pgconn.exec_prepared(b"mine", []).get_value(0, 0), b"mine")
        one.close()
        other.join()
        check("of its client only", other.seen["prepared by the protocol"], b"26000")


SEQUENCE_QUESTIONS = {
    "simple": lambda client: client.execute("SELECT lastval()").fetchone()[0],
    "extended": lambda client: client.execute("SELECT currval(%s)", ["public.numbers"]).fetchone()[0],
    "prepared": lambda client: client.execute("SELECT lastval()", prepare=True).fetchone()[0],
    "by a function": lambda client: client.execute("SELECT public.tells()").fetchone()[0],
}


def sequences(services, settings):
    """Who is told which values: one writes, the other asks, each in transactions of its own on the one server; each time
    the first question that the pooler sees."""
    for title, question in SEQUENCE_QUESTIONS.items():
        for advance in ("SELECT nextval('public.numbers')", "INSERT INTO public.counted DEFAULT VALUES"):
            pooler = services.pooler(**settings)
            uri = pooler.uri("postgres", "postgres", "postgres")
            with connect(uri) as one, connect(uri) as other:
                one.execute(advance)
                check(f"{title} question behind {advance}", outcome(lambda: question(other)), "55000")
                other.execute("DISCARD SEQUENCES")
                if title != "by a function":
                    # Whoever has asked keeps the server when it advances a sequence.
                    number = other.execute("SELECT nextval('public.numbers')").fetchone()[0]
                    seen = other.execute("SELECT currval('public.numbers')").fetchone()[0]
                    check(f"{title}: its own value, later", seen, number)
            pooler.stop()


def outcome(question):
    try:
        return question()
    except psycopg.Error as error:
        return error.sqlstate


main()
