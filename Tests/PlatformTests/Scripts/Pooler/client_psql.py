"""psql and pg_dump say through a pooler what they say without one, in each pool mode.

  client_psql.py COMMAND session|transaction|statement
"""

import re
import signal
import subprocess
import sys

from services import BINARIES, Services, check, finish, pool_size, until

# Title, psql's input, and whether it is for statement mode too, where a transaction is one statement.
SCENARIOS = [
    ("values", "SELECT 1, 'ä', NULL, ARRAY[1,2], now() > 'epoch', '\\x00ff'::bytea; SELECT count(*) FROM items;", True),
    ("many statements", "".join(f"SELECT {n}, repeat('x', {n * 97});\n" for n in range(100)), True),
    ("errors", "SELECT 1/0;\nSELEC 1;\nSELECT nothing FROM items;\n\\errverbose\nSELECT 'still here';", True),
    ("several in one message", "SELECT 1\\; SELECT 2\\; SELECT 1/0\\; SELECT 3;\nSELECT 4;", True),
    ("notices", "DO $$ BEGIN RAISE NOTICE 'hear %', 1; RAISE WARNING 'beware'; END $$; SELECT 1;", True),
    ("variables", "SELECT 5 AS five, 'x' AS letter \\gset\nSELECT :five + 1, :'letter';\n"
     "SELECT format('SELECT %s', n) FROM generate_series(1, 5) n \\gexec", True),
    ("copy in and out", "COPY items FROM STDIN;\n1001\tone\n1002\t\\N\n\\.\nCOPY items TO STDOUT;\n"
     "DELETE FROM items WHERE n > 1000;", True),
    ("copy that fails", "COPY items FROM STDIN;\n1001\tone\nno number\tx\n\\.\nSELECT count(*) FROM items;", True),
    ("large copy", "\\copy items from program 'seq -f %g 5000 90000 | sed s/$/,row/' csv\n"
     "SELECT count(*), sum(n) FROM items;\n\\copy (SELECT n, repeat(t, 20) FROM items) to pstdout\n"
     "DELETE FROM items WHERE n > 1000;", True),
    ("one large value", "SELECT repeat('0123456789', 1000000);", True),
    ("described", "\\d items\n\\dt\n\\di\n\\du app\n\\l app\n\\df pg_catalog.lower\nSELECT 1 AS a, 'x'::text AS b \\gdesc",
     True),
    ("transaction", "BEGIN;\nINSERT INTO items VALUES (2001, 'in');\nSELECT count(*) FROM items;\nSAVEPOINT a;\n"
     "SELECT 1/0;\nROLLBACK TO a;\nSELECT count(*) FROM items;\nROLLBACK;\nSELECT count(*) FROM items;", False),
    ("errors rolled back alone", "\\set ON_ERROR_ROLLBACK on\nBEGIN;\nSELECT 1/0;\nSELECT 'goes on';\nCOMMIT;", False),
    ("no autocommit", "\\set AUTOCOMMIT off\nINSERT INTO items VALUES (2002, 'in');\nROLLBACK;\n"
     "SELECT count(*) FROM items;", False),
    ("a cursor for large results", "\\set FETCH_COUNT 100\nSELECT n, 'row' FROM generate_series(1, 1000) n;", False),
    ("chained", "BEGIN ISOLATION LEVEL REPEATABLE READ;\nCOMMIT AND CHAIN;\nSHOW transaction_isolation;\nROLLBACK;", False),
    ("settings", "SET datestyle = 'German';\nSET search_path = pg_catalog, public;\nSET app.note = 'mine';\n"
     "SELECT date '2026-11-28';\nSHOW search_path;\nSHOW app.note;\nRESET ALL;\nSHOW search_path;\nSHOW datestyle;", False),
    ("encoding", "\\encoding LATIN1\nSHOW client_encoding;\nSELECT length('\u00c3\u00a4');\n\\encoding UTF8", False),
    ("prepared by SQL", "PREPARE p(int) AS SELECT $1 + 1;\nEXECUTE p(1);\nEXECUTE p(2);\nDEALLOCATE p;\nEXECUTE p(3);", False),
    ("temporary table", "CREATE TEMP TABLE mine (n int);\nINSERT INTO mine VALUES (1);\nSELECT * FROM mine;\n"
     "DROP TABLE mine;\nSELECT * FROM mine;", False),
    ("hold cursor", "DECLARE c CURSOR WITH HOLD FOR SELECT generate_series(1, 5);\nFETCH 2 FROM c;\nFETCH 2 FROM c;\n"
     "CLOSE c;\nFETCH c;", False),
    ("notifications", "LISTEN news;\nNOTIFY news, 'first';\nSELECT 1;\nUNLISTEN news;\nNOTIFY news, 'second';\nSELECT 2;",
     False),
    ("large object", "\\lo_import '/etc/hostname'\nSELECT length(lo_get(:LASTOID)) > 0;\n\\lo_unlink :LASTOID", False),
    ("two phases", "BEGIN;\nINSERT INTO items VALUES (3001, 'two');\nPREPARE TRANSACTION 'x';\n"
     "SELECT count(*) FROM items;\nROLLBACK PREPARED 'x';", False),
]


def main():
    command, mode = sys.argv[1:3]
    with Services(command) as services:
        services.postgres.sql(
            "CREATE TABLE items (n int PRIMARY KEY, t text)",
            "INSERT INTO items SELECT n, 'item ' || n FROM generate_series(1, 100) n", user="app", database="app")
        pooler = services.pooler(pool_mode=mode, default_pool_size=pool_size(mode))
        for title, text, is_for_all in SCENARIOS:
            if is_for_all or mode != "statement":
                check(title, psql(pooler.uri(), text), psql(services.postgres.uri(), text))
        cancel(pooler)
        if mode == "statement":
            refused(pooler)
        else:
            dump(pooler, services.postgres)
        check("the pooler runs", pooler.is_alive())
    finish()


def psql(uri, text):
    """What a user sees, without what differs from server to server: process numbers, numbers of objects, lines of source."""
    run = subprocess.run(["psql", "-X", "-a", uri], input=text, capture_output=True, text=True, timeout=60)
    seen = f"{run.returncode}\n{run.stdout}\n{run.stderr}"
    for pattern, replacement in [
            (r"server process with PID \d+", "server process"), (r"(lo_import|lo_unlink|LASTOID)( \d+)?", r"\1"),
            (r"LOCATION: .*", "LOCATION")]:
        seen = re.sub(pattern, replacement, seen)
    return seen


def cancel(pooler):
    """Control-C in psql ends the statement, and the session goes on."""
    process = subprocess.Popen(
        ["psql", "-X", "-A", "-t", "-q", pooler.uri()], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    # A file of psql is a non-interactive one: the interrupt ends the statement and then psql; -c would be the same.
    process.stdin.write("SELECT 'began';\nSELECT pg_sleep(60);\nSELECT 'after';\n")
    process.stdin.flush()
    check("began", process.stdout.readline(), "began\n")
    query = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'"
    until("the sleep is on its server", lambda: pooler.services.postgres.sql(query) == "1")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    check("the statement was cancelled", "canceling statement due to user request" in errors)
    until("no server sleeps", lambda: pooler.services.postgres.sql(query) == "0")


def refused(pooler):
    """Statement mode has no transactions of several statements, and says so in PgBouncer's words."""
    seen = psql(pooler.uri(), "BEGIN;\nSELECT 1;\n")
    check("refused", "transaction blocks not allowed in statement pooling mode" in seen)


def dump(pooler, postgres):
    """pg_dump takes its snapshot, locks and settings in one transaction; psql reads the dump back."""
    def run(uri):
        words = [f"{BINARIES}/pg_dump", "--no-sync", "-d", uri]
        result = subprocess.run(words, capture_output=True, text=True, timeout=60)
        check(f"pg_dump of {uri}", (result.returncode, result.stderr), (0, ""))
        # PostgreSQL 15.14 and later put a random key into the text.
        return re.sub(r"\\(un)?restrict .*", "", result.stdout)

    text = run(pooler.uri())
    check("dumps are the same", text == run(postgres.uri()))
    postgres.sql("CREATE DATABASE restored OWNER app")
    restored = subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", pooler.uri(database="restored")], input=text,
        capture_output=True, text=True, timeout=60)
    check("restored", (restored.returncode, restored.stderr), (0, ""))
    check("rows", postgres.sql("SELECT count(*) FROM items", database="restored"), "100")


main()
