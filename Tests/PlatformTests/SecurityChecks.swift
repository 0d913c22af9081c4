// The checks of SecurityTests, each on a running platform with a cluster "walled". Every one ends with the question
// whether the server still has the superusers and memberships that it had.

import Foundation
import Testing

struct SecurityChecks {
    let platform: PlatformUnderTest

    /// Roles with a power of their own, and who is a member of what.
    static let powers = """
        SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles WHERE rolsuper;
        SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles WHERE rolreplication OR rolbypassrls;
        SELECT count(*) FROM pg_auth_members JOIN pg_roles ON pg_roles.oid = roleid WHERE rolsuper;
        SELECT pg_has_role('doadmin', 'pg_read_server_files', 'MEMBER');
        """

    func nobodyHasGainedAnything() async throws {
        let cluster = try await platform.cluster("walled")
        #expect(
            try await cluster.value(Self.powers) == """
                pg_execute_server_program,pg_read_server_files,pg_write_server_files,postgres
                postgres
                0
                f
                """)
        #expect(!FileManager.default.fileExists(atPath: "/tmp/attempt"))
    }

    func noAttemptInSQLSucceeds() async throws {
        let cluster = try await platform.cluster("walled")
        for attempt in SQLAttempt.all {
            let result = try await cluster.psql("BEGIN;\n\(attempt.sql);\nROLLBACK;", stopOnError: true)
            // Some statements do not run in a transaction and say so before they say no.
            let isOutside = result.errors.contains("cannot run inside a transaction block")
            let errors = isOutside ? try await cluster.psql(attempt.sql + ";").errors : result.errors
            #expect(errors.contains(attempt.refusal), "\(attempt.sql): \(errors)")
        }
        try await nobodyHasGainedAnything()
    }

    /// CREATEROLE hands itself on in PostgreSQL 15; what it hands on is no more than the first one had.
    func aSecondAdministratorGainsNothing() async throws {
        let cluster = try await platform.cluster("walled")
        let made = try await cluster.psql(
            """
            CREATE ROLE second LOGIN CREATEROLE CREATEDB PASSWORD 'second';
            GRANT pg_read_all_data, pg_write_all_data, pg_monitor, pg_signal_backend, pg_checkpoint,
                pg_read_all_settings, pg_read_all_stats, pg_stat_scan_tables, doadmin TO second;
            """)
        #expect(made.isSuccess, "\(made)")
        for sql in SQLAttempt.toBecomeSuperuser.map(\.sql) + [
            "CREATE ROLE third CREATEROLE IN ROLE pg_write_server_files", "GRANT postgres TO doadmin, second",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'autovacuum launcher'",
        ] {
            let result = try await cluster.psql("BEGIN;\n\(sql);\nROLLBACK;", user: "second", password: "second")
            #expect(!result.isSuccess, "\(result)")
        }
        let verifiers = try await cluster.value(
            "SELECT count(*) FROM pg_authid WHERE rolsuper AND rolpassword IS NOT NULL", user: "second",
            password: "second")
        #expect(verifiers == "0", "a superuser has a password")
        try await nobodyHasGainedAnything()
        #expect(try await cluster.api("DELETE", "/users/second").status == 204)
    }

    /// The superuser's line of pg_hba.conf is open to 127.0.0.1, where the server itself can call from.
    func theServerDoesNotLetItselfIn() async throws {
        let cluster = try await platform.cluster("walled")
        let configuration = "\(platform.directory)/clusters/\(cluster.id)/conf"
        let server = "host=127.0.0.1 port=\(cluster.port) dbname=postgres user=postgres"
        let own = "sslcert=\(configuration)/server.crt sslkey=\(configuration)/server.key"
        // A library of ours, where any user of the machine could put one: OpenSSL loads "engines" by path.
        let library = platform.parent + "/engine.so"
        let proof = platform.parent + "/engine.loaded"
        let source =
            "#include <fcntl.h>\n__attribute__((constructor)) static void f(void) { open(\"\(proof)\", 65, 438); }"
        _ = try await Shell.run("/usr/bin/gcc", ["-shared", "-fPIC", "-x", "c", "-o", library, "-"], input: source)
        chmod(library, 0o755)
        #expect(try await cluster.psql("CREATE EXTENSION dblink; CREATE EXTENSION postgres_fdw").isSuccess)
        for options in [
            "", "password=x sslmode=disable", "password=x sslmode=require", "password=x sslmode=require \(own)",
            "password=x sslmode=require sslcert=\(configuration)/server.crt sslkey=\(library):x",
            "password=x sslmode=require sslrootcert=\(platform.authorityFile) \(own)",
        ] {
            let result = try await cluster.psql("SELECT dblink_connect('\(server) \(options)')")
            #expect(!result.isSuccess, "\(options): \(result)")
        }
        try await #expect(!cluster.psql("SELECT dblink_connect_u('\(server)')").isSuccess)
        let foreign = try await cluster.psql(
            """
            CREATE SERVER back FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '\(cluster.port)',
                dbname 'postgres', sslcert '\(configuration)/server.crt', sslkey '\(library):x');
            CREATE USER MAPPING FOR doadmin SERVER back OPTIONS (user 'postgres', password 'x');
            CREATE FOREIGN TABLE attempt (n int) SERVER back;
            """)
        #expect(foreign.isSuccess, "\(foreign)")
        try await #expect(!cluster.psql("TABLE attempt").isSuccess)
        for option in ["password_required 'false'", "ADD sslkey '\(configuration)/server.key'"] {
            let result = try await cluster.psql("ALTER USER MAPPING FOR doadmin SERVER back OPTIONS (\(option))")
            #expect(result.errors.contains("superuser"), "\(result)")
        }
        // Landlock keeps the server from what is not its own; a kernel without it would load the file.
        if try await kernelHasLandlock() { #expect(!FileManager.default.fileExists(atPath: proof)) }
        let dropped = try await cluster.psql("DROP EXTENSION dblink; DROP EXTENSION postgres_fdw CASCADE")
        #expect(dropped.isSuccess, "\(dropped)")
        try await nobodyHasGainedAnything()
    }

    /// landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) answers with a version where there is one.
    private func kernelHasLandlock() async throws -> Bool {
        let program = "import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))"
        let answer = try await Shell.run(try await Python.executable(), ["-c", program])
        return (Int(answer.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1) > 0
    }

    func thePlatformsDatabasesAreClosed() async throws {
        let cluster = try await platform.cluster("walled")
        for database in ["postgres", "template1", "template0"] {
            let result = try await cluster.psql("SELECT 1", database: database)
            #expect(
                result.errors.contains("permission denied for database")
                    || result.errors.contains("not currently accepting connections"), "\(result)")
        }
        for user in ["postgres", "pg_execute_server_program"] {
            let result = try await cluster.psql("SELECT 1", user: user, password: "x")
            #expect(!result.isSuccess, "\(result)")
        }
        // Whoever has the copy of template1 may make it his own, and no more.
        #expect(try await cluster.psql("CREATE DATABASE copy TEMPLATE template1").isSuccess)
        #expect(try await cluster.psql("SELECT 1", database: "copy").isSuccess)
        #expect(try await cluster.psql("DROP DATABASE copy").isSuccess)
    }

    /// pgextwlist runs scripts as superuser and puts names into them; names of roles and schemas are the users'.
    func hostileNamesAreOnlyNames() async throws {
        let cluster = try await platform.cluster("walled")
        let names = [
            "x; ALTER ROLE doadmin SUPERUSER; --", "x\"; ALTER ROLE doadmin SUPERUSER; --",
            "x'; ALTER ROLE doadmin SUPERUSER; --", "@extschema@", "@current_user@",
            "$$; ALTER ROLE doadmin SUPERUSER; $$",
        ]
        // Those with scripts of ours, and some with scripts of PostgreSQL's only.
        let extensions = ["dblink", "postgres_fdw", "hstore", "citext", "pg_stat_statements"]
        for name in names {
            let quoted = "\"" + name.replacingOccurrences(of: "\"", with: "\"\"") + "\""
            let made = try await cluster.psql(
                "CREATE ROLE \(quoted) LOGIN CREATEROLE PASSWORD 'x'; GRANT \(quoted) TO doadmin;\n"
                    + "CREATE DATABASE hostile OWNER \(quoted); REVOKE \(quoted) FROM doadmin;")
            #expect(made.isSuccess, "\(made)")
            let user = try #require(name.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
            let creations = extensions.map {
                """
                CREATE SCHEMA \(quoted); CREATE EXTENSION "\($0)" SCHEMA \(quoted); CREATE EXTENSION "\($0)";
                ALTER EXTENSION "\($0)" UPDATE; COMMENT ON EXTENSION "\($0)" IS 'c';
                DROP EXTENSION IF EXISTS "\($0)" CASCADE; DROP SCHEMA \(quoted) CASCADE;
                """
            }
            let result = try await cluster.psql(
                creations.joined(separator: "\n"), user: user, password: "x", database: "hostile", stopOnError: false)
            #expect(!result.errors.contains("syntax error"), "\(result)")
            try await nobodyHasGainedAnything()
            #expect(try await cluster.api("DELETE", "/dbs/hostile").status == 204)
            #expect(try await cluster.api("DELETE", "/users/\(user)").status == 204)
        }
    }

    /// Every version of every allowed extension, created and updated in a schema full of traps: operators and functions
    /// that a script would meet if it did not name the catalogue's (CVE-2020-14350), and that use a superuser's power.
    func aHostileSchemaGainsNothing() async throws {
        let cluster = try await platform.cluster("walled")
        try await #expect(cluster.psql("CREATE DATABASE trap").isSuccess)
        let traps = try await cluster.psql(Self.traps, database: "trap")
        #expect(traps.isSuccess, "\(traps)")
        let versions = try await cluster.psql(
            """
            SELECT format('SET search_path = hostile; CREATE EXTENSION %1$I SCHEMA hostile VERSION %2$L; '
                'ALTER EXTENSION %1$I UPDATE; DROP EXTENSION %1$I CASCADE;', name, version)
            FROM pg_available_extension_versions
            WHERE (trusted OR name = ANY (string_to_array(current_setting('extwlist.extensions'), ',')))
                AND name <> 'plpgsql'
            """, database: "trap")
        #expect(versions.isSuccess && versions.output.split(separator: "\n").count > 60, "\(versions)")
        let result = try await cluster.psql(
            versions.output, database: "trap", stopOnError: false, timeoutSeconds: 180)
        #expect(!result.errors.contains("trapped"), "\(result)")
        #expect(!result.errors.contains("server closed the connection"), "\(result)")
        try await nobodyHasGainedAnything()
        #expect(try await cluster.api("DELETE", "/dbs/trap").status == 204)
    }

    /// Temporary views are found before the catalogue's tables by whoever forgets to name the schema. What runs as
    /// superuser in a user's session (extensions, the platform's event trigger) must not meet a user's.
    func temporaryViewsGainNothing() async throws {
        let cluster = try await platform.cluster("walled")
        let password = try await cluster.makeUser("trapper")
        let prepared = try await cluster.psql(
            "GRANT CREATE ON DATABASE defaultdb TO trapper; GRANT ALL ON SCHEMA public TO trapper;")
        #expect(prepared.isSuccess, "\(prepared)")
        for (user, secret) in [("doadmin", cluster.password), ("trapper", password)] {
            let result = try await cluster.psql(
                Self.temporaryTraps, user: user, password: secret, stopOnError: false)
            #expect(!result.errors.contains("trapped"), "\(result)")
            #expect(result.output.contains("traps laid"), "\(result)")
            try await nobodyHasGainedAnything()
        }
        let cleaned = try await cluster.psql("DROP EXTENSION IF EXISTS bloom, dblink, hstore, postgres_fdw CASCADE")
        #expect(cleaned.isSuccess, "\(cleaned)")
        #expect(try await cluster.api("DELETE", "/users/trapper").status == 204)
    }

    private static let temporaryTraps = """
        CREATE FUNCTION pg_temp.spring() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
            IF current_user = 'postgres' THEN
                RAISE WARNING 'trapped';
                EXECUTE 'ALTER ROLE doadmin SUPERUSER';
            END IF;
            RETURN true;
        END $$;
        DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT relname FROM pg_catalog.pg_class WHERE relnamespace = 'pg_catalog'::regnamespace
                AND relkind IN ('r', 'v') AND pg_catalog.has_table_privilege(oid, 'SELECT') LOOP
                BEGIN
                    EXECUTE format('CREATE TEMP VIEW %1$I AS SELECT * FROM pg_catalog.%1$I WHERE pg_temp.spring()',
                        name);
                EXCEPTION WHEN OTHERS THEN NULL; -- a column of a pseudo-type
                END;
            END LOOP;
        END $$;
        SELECT 'traps laid' FROM pg_catalog.pg_class WHERE relnamespace = pg_my_temp_schema() HAVING count(*) > 90;
        CREATE EXTENSION dblink; CREATE EXTENSION bloom; CREATE EXTENSION postgres_fdw; CREATE EXTENSION hstore;
        CREATE EXTENSION citext VERSION '1.4';
        ALTER EXTENSION citext UPDATE; ALTER EXTENSION dblink UPDATE; COMMENT ON EXTENSION bloom IS 'c';
        CREATE DATABASE laid_copy; DROP DATABASE laid_copy;
        DROP EXTENSION citext, hstore; DROP EXTENSION dblink CASCADE; DROP EXTENSION bloom; DROP EXTENSION postgres_fdw;
        """

    private static let traps = """
        CREATE SCHEMA hostile;
        CREATE FUNCTION hostile.spring() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            IF current_user = 'postgres' THEN
                RAISE WARNING 'trapped';
                EXECUTE 'ALTER ROLE doadmin SUPERUSER';
            END IF;
        END $$;
        DO $$ DECLARE
            types text[] := '{text,name,oid,regclass,regproc,regtype,regprocedure,int4,int8,"\\"char\\"",bool,text[],'
                'oidvector,name[],regtype[],oid[]}';
            a text; b text; o text; f text;
        BEGIN
            FOREACH a IN ARRAY types LOOP
                FOREACH f IN ARRAY ARRAY['quote_ident', 'current_schema', 'set_config', 'array_agg', 'unnest',
                    'replace', 'format', 'lower', 'pg_relation_size', 'current_setting', 'generate_series'] LOOP
                    BEGIN
                        EXECUTE format('CREATE FUNCTION hostile.%I(%s) RETURNS text LANGUAGE plpgsql AS %L', f, a,
                            'BEGIN PERFORM hostile.spring(); RETURN NULL; END');
                    EXCEPTION WHEN OTHERS THEN NULL; END;
                END LOOP;
                FOREACH b IN ARRAY types LOOP
                    EXECUTE format('CREATE FUNCTION hostile.trap(%s, %s) RETURNS bool LANGUAGE plpgsql AS %L', a, b,
                        'BEGIN PERFORM hostile.spring(); RETURN true; END');
                    FOREACH o IN ARRAY ARRAY['=', '<>', '<', '||', '~~', '@>', '-', '+', '/'] LOOP
                        EXECUTE format('CREATE OPERATOR hostile.%s (LEFTARG = %s, RIGHTARG = %s, '
                            'FUNCTION = hostile.trap)', o, a, b);
                    END LOOP;
                END LOOP;
            END LOOP;
        END $$;
        """
}
