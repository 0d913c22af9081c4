// Texts with what is to be found in them, by subject.

import Testing

/// Texts and what is found in them, a line for each statement as `StatementDescription` writes it.
enum StatementExamples {
    struct Example: Sendable, CustomTestStringConvertible {
        let text: String
        let statements: [String]

        init(_ text: String, _ statements: String...) {
            self.text = text
            self.statements = statements
        }

        var testDescription: String { text }
    }

    static let transactions = [
        Example("", ""), Example(" ;; -- nothing\n /* at /* all */ */ ; ", ""),
        Example("BEGIN", "begin: start"), Example("begin work isolation level serializable;", "begin: start"),
        Example("START TRANSACTION READ ONLY", "begin: start"), Example("COMMIT", "commit: finish"),
        Example("End Transaction;", "commit: finish"), Example("COMMIT AND CHAIN", "commit isChained: finish"),
        Example("COMMIT WORK AND NO CHAIN", "commit: finish"), Example("COMMIT PREPARED 'x'", "other: "),
        Example("ROLLBACK", "rollback: finish"), Example("ABORT AND CHAIN", "rollback isChained: finish"),
        Example("ROLLBACK PREPARED 'x'", "other: "), Example("PREPARE TRANSACTION 'x'", "prepareTransaction: finish"),
        Example("SAVEPOINT s", "savepoint name=s: savepoint"),
        Example("RELEASE SAVEPOINT \"S\"", "release name=\"S\": savepoint"),
        Example("release savepoint", "release name=savepoint: savepoint"),
        Example("ROLLBACK TO s", "rollbackToSavepoint name=s: savepoint"),
        Example("rollback work to savepoint s", "rollbackToSavepoint name=s: savepoint"),
        Example("BEGIN;COMMIT", "begin: start", "commit: finish"),
        Example("beginning", "other: opaque"),
    ]

    static let settingsView = [
        Example("UPDATE pg_settings SET setting = 'x' WHERE name = 'y'", "other: pg_settings"),
        Example("update only pg_catalog . PG_SETTINGS s set setting = 1", "other: pg_settings"),
        Example("UPDATE ONLY (pg_settings) SET setting = 1", "other: pg_settings"),
        Example("UPDATE /* a */ pg_catalog.\"pg_settings\" SET setting = 1", "other: pg_settings"),
        Example("UPDATE U&\"pg\\005fsettings\" SET setting = 1", "other: pg_settings"),
        Example("UPDATE t SET a = (SELECT setting FROM pg_settings)", "other: "),
        Example("UPDATE pg_settings.t SET a = 1", "other: "), Example("SELECT * FROM pg_settings", "other: "),
        Example("WITH a AS (SELECT 1) UPDATE pg_settings SET setting = 1", "other: pg_settings"),
        Example("WITH a AS (SELECT 1) UPDATE U&\"pg\\005fsettings\" SET setting = 1", "other: pg_settings"),
        Example("WITH a AS (SELECT * FROM pg_settings) SELECT * FROM a", "other: "),
        Example("EXPLAIN ANALYZE UPDATE pg_settings SET setting = 1", "other: pg_settings"),
        Example(
            "PREPARE p AS UPDATE pg_settings SET setting = 1",
            "prepare name=p value=UPDATE pg_settings SET setting = 1: prepare | pg_settings"),
    ]

    static let settings = [
        Example("SET a = 1", "set name=a value=1: set"),
        Example("set session a.b to 'x' ;", "set name=a.b value='x': set"),
        Example("SET LOCAL a=on", "set isLocal name=a value=on: local"),
        Example(
            "SET search_path TO \"$user\" , public -- c", "set name=search_path value=\"$user\" , public -- c: set"),
        Example("SET /* x */ a /* y */ = /* z */ b", "set name=a value=b: set"),
        Example("SET a TO DEFAULT", "set name=a value=DEFAULT: set"),
        Example("SET TIME ZONE 'UTC'", "set timeZone value='UTC': set"),
        Example("SET LOCAL TIME ZONE LOCAL", "set timeZone isLocal value=LOCAL: local"),
        Example("SET time = 1", "set name=time value=1: set"),
        Example("SET TIME ZONE INTERVAL '1' HOUR TO MINUTE", "set timeZone value=INTERVAL '1' HOUR TO MINUTE: set"),
        Example("SET NAMES 'utf8'", "set names value='utf8': set"), Example("SET NAMES", "set names: set"),
        Example("SET ROLE joe", "set name=ROLE value=joe: set"),
        Example("SET role TO 'joe'", "set name=role value='joe': set"),
        Example("SET SESSION ROLE NONE", "set name=ROLE value=NONE: set"),
        Example("SET LOCAL ROLE x", "set isLocal name=ROLE value=x: local"),
        Example("SET SESSION AUTHORIZATION joe", "set sessionAuthorization value=joe: set"),
        Example("SET SESSION SESSION AUTHORIZATION DEFAULT", "set sessionAuthorization value=DEFAULT: set"),
        Example("SET LOCAL SESSION AUTHORIZATION joe", "set sessionAuthorization isLocal value=joe: local"),
        Example("SET session_authorization = joe", "set name=session_authorization value=joe: set"),
        Example(
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY, DEFERRABLE",
            "set characteristics value=READ ONLY, DEFERRABLE: set"),
        Example("SET TRANSACTION READ ONLY", "setTransaction value=READ ONLY: local"),
        Example("SET LOCAL TRANSACTION READ ONLY", "setTransaction isLocal value=READ ONLY: local"),
        Example("SET CONSTRAINTS ALL DEFERRED", "setTransaction value=ALL DEFERRED: local"),
        Example("SET SCHEMA 'x'", "set schema value='x': set"),
        Example("SET XML OPTION DOCUMENT", "set xmlOption value=DOCUMENT: set"),
        Example("RESET a", "reset name=a: reset"), Example("RESET ALL", "reset isAll: reset"),
        Example("RESET ROLE", "reset name=ROLE: reset"), Example("RESET TIME ZONE", "reset timeZone: reset"),
        Example("RESET SESSION AUTHORIZATION", "reset sessionAuthorization: reset"),
        Example("RESET TRANSACTION ISOLATION LEVEL", "reset transactionIsolation: reset"),
        Example("SELECT set_config('a', 'b', false)", "other: set_config"),
        Example("SELECT pg_catalog . set_config ('a', 'b', false)", "other: set_config"),
        Example("SELECT 'set_config('''", "other: "), Example("SHOW ALL", "other: "),
        Example("DISCARD ALL", "discard all: discard"), Example("DISCARD TEMPORARY", "discard temporary: discard"),
        Example("discard plans", "discard plans: discard"), Example("DISCARD SEQUENCES", "discard sequences: discard"),
    ]

    static let preparedStatements = [
        Example("PREPARE p AS SELECT 1", "prepare name=p value=SELECT 1: prepare"),
        Example(
            "PREPARE \"P q\" (int, numeric(10, 2)) AS UPDATE t SET a = nextval('s') ; SELECT 2",
            "prepare name=\"P q\" types=int, numeric(10, 2) value=UPDATE t SET a = nextval('s'): prepare | sequence",
            "other: "),
        Example("PREPARE transaction AS SELECT 1", "prepare name=transaction value=SELECT 1: prepare"),
        Example(
            "PREPARE p(text) AS INSERT INTO t (a) VALUES ($1)",
            "prepare name=p types=text value=INSERT INTO t (a) VALUES ($1): prepare"),
        Example("EXECUTE p", "execute name=p: execute"),
        Example("EXECUTE p (1, ')', now())", "execute name=p value=1, ')', now(): execute"),
        Example("EXECUTE p(f(1))", "execute name=p value=f(1): execute opaque"),
        Example("EXPLAIN (ANALYZE, BUFFERS) EXECUTE p(1)", "execute name=p value=1: execute"),
        Example("EXPLAIN ANALYZE VERBOSE SELECT f()", "other: opaque"), Example("EXPLAIN SELECT 1", "other: "),
        Example("CREATE TEMP TABLE t AS EXECUTE p(1)", "createTemporary name=t: execute temporary opaque"),
        Example("DEALLOCATE p", "deallocate name=p: deallocate"),
        Example("DEALLOCATE PREPARE ALL", "deallocate isAll: deallocate"),
        Example("DEALLOCATE prepare", "deallocate name=prepare: deallocate"),
    ]

    static let otherState = [
        Example("LISTEN \"a b\"", "listen name=\"a b\": listen"), Example("UNLISTEN *", "unlisten isAll: unlisten"),
        Example("unlisten x", "unlisten name=x: unlisten"),
        Example("NOTIFY x, 'it''s'", "notify name=x value='it''s': notify"),
        Example("SELECT pg_notify('x', 'y')", "other: notify"),
        Example(
            "DECLARE c BINARY INSENSITIVE NO SCROLL CURSOR WITH HOLD FOR SELECT 1",
            "declareCursor isHeld name=c: hold"),
        Example("DECLARE c CURSOR WITHOUT HOLD FOR SELECT f(1)", "declareCursor name=c: opaque"),
        Example("CLOSE c", "closeCursor name=c: close"), Example("CLOSE ALL", "closeCursor isAll: close"),
        Example("FETCH 3 FROM c", "other: "),
        Example("CREATE TEMP TABLE t (a int)", "createTemporary name=t: temporary opaque"),
        Example("create local temporary table if not exists a.t()", "createTemporary name=a.t: temporary opaque"),
        Example("CREATE OR REPLACE TEMP VIEW v AS SELECT 1", "createTemporary name=v: temporary opaque"),
        Example("CREATE TEMP RECURSIVE VIEW v (a) AS SELECT 1", "createTemporary name=v: temporary opaque"),
        Example("CREATE GLOBAL TEMP SEQUENCE s", "createTemporary name=s: temporary opaque"),
        Example("CREATE TABLE pg_temp.t (a int)", "createTemporary: temporary opaque"),
        Example("CREATE FUNCTION pg_temp.f() RETURNS int AS 'x' LANGUAGE sql", "createTemporary: temporary opaque"),
        Example("SELECT 1 INTO TEMP t", "other: temporary"),
        Example("SELECT 1 INTO LOCAL TEMPORARY TABLE t", "other: temporary"),
        Example("SELECT 1 INTO t FROM u", "other: "), Example("INSERT INTO temp (a) VALUES (1)", "other: "),
        Example("SELECT 1 INTO pg_temp.t", "other: temporary"), Example("SELECT a FROM pg_temp.t", "other: opaque"),
        Example("DROP TABLE t", "drop: drop"), Example("LOAD 'x'", "load: load"),
        Example("SELECT pg_advisory_lock(1)", "other: lock"),
        Example("SELECT pg_try_advisory_lock_shared(1)", "other: lock"),
        Example("SELECT pg_advisory_xact_lock(1), pg_try_advisory_xact_lock(2)", "other: "),
        Example("SELECT \"pg_advisory_lock\"(1)", "other: lock"),
        Example("SELECT pg_advisory_unlock(1), pg_advisory_unlock_all()", "other: unlock"),
        Example("SELECT nextval('s'), lastval()", "other: sequence currval"),
    ]

    static let calls = [
        Example("SELECT f(1)", "other: opaque"), Example("SELECT f /* x */ -- y\n (1)", "other: opaque"),
        Example("SELECT \"Now\"()", "other: opaque"), Example("SELECT \"f\"()", "other: opaque"),
        Example("SELECT U&\"f\"()", "other: opaque"), Example("SELECT s.now()", "other: opaque"),
        Example("SELECT pg_catalog.now()", "other: "), Example("SELECT s.t.f()", "other: opaque"),
        Example("SELECT count(*), Lower(a), coalesce(b, (c)) FROM t WHERE a IN (1) AND (b)", "other: "),
        Example("INSERT INTO s.\"T\" (a, b) VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET (a) = (1)", "other: "),
        Example("INSERT INTO t AS u (a) SELECT f(1)", "other: opaque"),
        Example("INSERT INTO t SELECT f(1)", "other: opaque"),
        Example("WITH RECURSIVE t (a) AS NOT MATERIALIZED (SELECT 1) SELECT * FROM t AS u (b)", "other: "),
        Example("WITH x AS (INSERT INTO t (a) VALUES (1) RETURNING f(a)) SELECT 1", "other: opaque"),
        Example("SELECT a::varchar(10), b::pg_catalog.numeric(1, 2), CAST(c AS char(3))", "other: "),
        Example("SELECT a[1:f(2)]", "other: opaque"), Example("SELECT 1::int, f(1)", "other: opaque"),
        Example("SELECT 'f(1)', $$g(2)$$, $a$ h(3) $b$ $a$, E'\\'i(4)', $1, a$b$c (1)", "other: opaque"),
        Example("SELECT 'f(1)', $$g(2)$$, $a$ h(3) $b$ $a$, E'\\'i(4)', $1", "other: "),
        Example("COPY t (a, b) FROM STDIN WITH (FORMAT csv)", "other: "),
        Example("COPY (SELECT f()) TO STDOUT", "other: opaque"),
        Example("MERGE INTO t USING u ON (a = b) WHEN MATCHED THEN UPDATE SET a = 1", "other: "),
        Example("(SELECT 1) UNION (SELECT f(2))", "other: opaque"), Example("VALUES (1, f(2))", "other: opaque"),
        Example("TABLE t", "other: "), Example("DO $$ BEGIN END $$", "routine: opaque"),
        Example("CALL p()", "routine: opaque"),
        Example("ALTER TABLE t ADD a int", "other: opaque"), Example("GRANT SELECT ON f TO g", "other: "),
        Example("VACUUM (FULL) t", "other: "), Example("TRUNCATE t", "other: "),
        Example("CREATE INDEX ON t (a)", "other: opaque"),
        Example("SELECT 1 OPERATOR(pg_catalog.+) f(2)", "other: opaque"),
        Example("SELECT DISTINCT ON (a) f(b)", "other: opaque"),
    ]

    static let splitting = [
        Example("SELECT 1;SELECT 2", "other: ", "other: "), Example("SELECT ';' ; SELECT \";\"", "other: ", "other: "),
        Example("SELECT 1 -- ; x\n;SELECT /* ; /* ; */ ; */ 2;", "other: ", "other: "),
        Example("SELECT $x$ ; $y$ ; $x$; SELECT $$;$$", "other: ", "other: "),
        Example("SELECT 'a'\n 'b;'\r -- ;\n ';'; SET a=1", "other: ", "set name=a value=1: set"),
        Example("SELECT E'a\\';'\n'\\';'; SET a=1", "other: ", "set name=a value=1: set"),
        Example("SELECT U&'\\', 'x', B'1', x'F', N'\\'; SET a=1", "other: ", "set name=a value=1: set"),
        Example(
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END; SELECT 3",
            "other: opaque", "other: "),
        Example(
            "CREATE OR REPLACE PROCEDURE begin() LANGUAGE sql AS 'x'; CREATE FUNCTION g() RETURN 1; BEGIN",
            "other: opaque", "other: opaque", "begin: start"),
        Example("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3", "other: opaque", "other: "),
        Example("SELECT 1e5,1.5e-3,.5,1..2,$1;SELECT 2", "other: ", "other: "),
        Example("SELECT 'x", "other: unterminated"), Example("SELECT /* x", "other: unterminated"),
        Example("SELECT $a$ x $b$; SET a=1", "other: unterminated"), Example("SELECT \"x", "other: unterminated"),
        Example("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;", "other: opaque unterminated"),
        Example("é(1)", "other: opaque"), Example("\u{0}", "other: "),
    ]

    static let all = transactions + settings + preparedStatements + otherState + calls + splitting
}
