import Foundation
import Testing

extension PlatformTests {
    /// What a user without a superuser's power can install.
    @Suite(.serialized, .platform(cluster: "extensions"))
    struct ExtensionTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        /// A use of each allowed extension, and what it gives.
        struct Use: Sendable, CustomTestStringConvertible {
            let name: String
            let sql: String
            let result: String
            var testDescription: String { name }

            init(_ name: String, _ sql: String, _ result: String) {
                self.name = name
                self.sql = sql
                self.result = result
            }
        }

        private static let trigger = "CREATE TABLE t (n int, s text, m timestamp);"

        static let uses: [Use] = [
            Use(
                "autoinc",
                trigger + """
                    CREATE SEQUENCE q START 5; CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW
                    EXECUTE FUNCTION autoinc (n, q); INSERT INTO t VALUES (NULL); SELECT n FROM t
                    """, "5"),
            Use("bloom", "CREATE TABLE t (n int, m int); CREATE INDEX ON t USING bloom (n, m); SELECT 1", "1"),
            Use("btree_gin", "CREATE TABLE t (n int); CREATE INDEX ON t USING gin (n); SELECT 1", "1"),
            Use("btree_gist", "CREATE TABLE t (n int, EXCLUDE USING gist (n WITH =)); SELECT 1", "1"),
            Use("citext", "SELECT 'A'::citext = 'a'", "t"),
            Use("cube", "SELECT cube_dim('(1,2,3)'::cube)", "3"),
            Use(
                "dblink",
                """
                SELECT n FROM dblink('host=127.0.0.1 port=' || current_setting('port') || ' dbname=defaultdb '
                    'user=far password=far sslmode=require', 'SELECT 7') AS r (n int)
                """, "7"),
            Use("dict_int", "SELECT ts_lexize('intdict', '12345678')", "{123456}"),
            Use("dict_xsyn", "SELECT count(*) FROM pg_ts_dict WHERE dictname = 'xsyn'", "1"),
            Use("fuzzystrmatch", "SELECT levenshtein('GUMBO', 'GAMBOL')", "2"),
            Use("hstore", "SELECT 'a=>1'::hstore -> 'a'", "1"),
            Use(
                "insert_username",
                trigger + """
                    CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION insert_username (s);
                    INSERT INTO t VALUES (1); SELECT s FROM t
                    """, "doadmin"),
            Use("intarray", "SELECT sort('{3,1,2}'::int[])", "{1,2,3}"),
            Use("isn", "SELECT '978-0-393-04002-9'::isbn", "0-393-04002-X"),
            Use(
                "lo",
                """
                CREATE TABLE t (l lo); CREATE TRIGGER a BEFORE DELETE ON t FOR EACH ROW EXECUTE FUNCTION lo_manage (l);
                INSERT INTO t SELECT lo_create(0); DELETE FROM t; SELECT count(*) FROM pg_largeobject_metadata
                """, "0"),
            Use("ltree", "SELECT 'Top.Science'::ltree <@ 'Top'", "t"),
            Use(
                "moddatetime",
                trigger + """
                    CREATE TRIGGER a BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION moddatetime (m);
                    INSERT INTO t VALUES (1); UPDATE t SET n = 2; SELECT m IS NOT NULL FROM t
                    """, "t"),
            Use("pg_buffercache", "SELECT count(*) > 0 FROM pg_buffercache", "t"),
            Use("pg_freespacemap", "CREATE TABLE t (n int); SELECT count(*) FROM pg_freespace('t')", "0"),
            Use("pg_prewarm", "CREATE TABLE t (n int); INSERT INTO t VALUES (1); SELECT pg_prewarm('t')", "1"),
            Use("pg_stat_statements", "SELECT count(*) > 0 FROM pg_stat_statements", "t"),
            Use("pg_trgm", "SELECT similarity('word', 'word')", "1"),
            Use("pg_visibility", "CREATE TABLE t (n int); SELECT all_visible FROM pg_visibility_map_summary('t')", "0"),
            Use("pgcrypto", "SELECT encode(digest('abc', 'sha256'), 'hex') LIKE 'ba7816bf%'", "t"),
            Use("pgrowlocks", "CREATE TABLE t (n int); SELECT count(*) FROM pgrowlocks('t')", "0"),
            Use("pgstattuple", "CREATE TABLE t (n int); SELECT tuple_count FROM pgstattuple('t')", "0"),
            Use("plpgsql", "DO $$ BEGIN PERFORM 1; END $$; SELECT 1", "1"),
            Use(
                "postgres_fdw",
                """
                DO $$ BEGIN EXECUTE format('CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS '
                    '(host ''127.0.0.1'', port %L, dbname ''defaultdb'')', current_setting('port')); END $$;
                CREATE USER MAPPING FOR doadmin SERVER far OPTIONS (user 'far', password 'far');
                CREATE FOREIGN TABLE t (datname name) SERVER far OPTIONS (schema_name 'pg_catalog',
                    table_name 'pg_database'); SELECT count(*) FROM t WHERE datname = 'defaultdb'
                """, "1"),
            Use(
                "refint",
                """
                CREATE TABLE a (n int); CREATE TABLE b (n int);
                CREATE TRIGGER c BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION check_primary_key ('n', 'a', 'n');
                INSERT INTO a VALUES (1); INSERT INTO b VALUES (1); SELECT count(*) FROM b
                """, "1"),
            Use("seg", "SELECT '1 .. 3'::seg @> '2'::seg", "t"),
            Use("sslinfo", "SELECT ssl_is_used(), ssl_version() >= 'TLSv1.2'", "t|t"),
            Use("tablefunc", "SELECT count(*) FROM normal_rand(3, 0, 1)", "3"),
            Use(
                "tcn",
                """
                CREATE TABLE t (n int PRIMARY KEY);
                CREATE TRIGGER a AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION triggered_change_notification ();
                INSERT INTO t VALUES (1); SELECT 1
                """, "1"),
            Use(
                "tsm_system_rows",
                """
                CREATE TABLE t AS SELECT generate_series(1, 100) AS n;
                SELECT count(*) FROM t TABLESAMPLE system_rows (5)
                """, "5"),
            Use(
                "tsm_system_time",
                """
                CREATE TABLE t AS SELECT generate_series(1, 100) AS n;
                SELECT count(*) FROM t TABLESAMPLE system_time (10000)
                """, "100"),
            Use("unaccent", "SELECT unaccent('Hôtel')", "Hotel"),
            Use("uuid-ossp", "SELECT length(uuid_generate_v4()::text)", "36"),
        ]

        @Test(arguments: uses)
        func anAllowedExtensionWorks(use: Use) async throws {
            let cluster = try await platform.cluster("extensions")
            let isThere = use.name == "plpgsql" ? "IF NOT EXISTS" : ""
            // In a schema of its own: what the use makes goes with it.
            let result = try await cluster.psql(
                """
                SET client_min_messages = warning;
                SELECT format('CREATE ROLE far LOGIN PASSWORD ''far''')
                    WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'far')\\gexec
                CREATE EXTENSION \(isThere) "\(use.name)";
                CREATE SCHEMA use; SET search_path = use, public;
                \(use.sql);
                """)
            #expect(result.isSuccess && result.output == use.result + "\n", "\(result)")
            let drop = use.name == "plpgsql" ? "" : "; DROP EXTENSION \"\(use.name)\" CASCADE"
            let dropped = try await cluster.psql("DROP SCHEMA use CASCADE" + drop)
            #expect(dropped.isSuccess, "\(dropped)")
        }

        @Test func theUsesAreAllOfTheList() async throws {
            let cluster = try await platform.cluster("extensions")
            // What pgextwlist adds, and what PostgreSQL itself leaves to the owner of a database.
            let allowed = try await cluster.value(
                """
                SELECT name FROM pg_available_extension_versions WHERE trusted
                UNION SELECT unnest(string_to_array(current_setting('extwlist.extensions'), ','))
                """)
            let names = Set(allowed.split(separator: "\n").map(String.init))
            // A machine may have more languages and extensions that PostgreSQL trusts.
            #expect(names.isSuperset(of: Self.uses.map(\.name)))
            let untrusted = try await cluster.value("SHOW extwlist.extensions").split(separator: ",").map(String.init)
            #expect(Set(untrusted).isSubset(of: Self.uses.map(\.name)))
        }

        /// Every other extension that the machine has, and some that it may get.
        @Test func othersAreRefused() async throws {
            let cluster = try await platform.cluster("extensions")
            let available = try await cluster.value("SELECT name FROM pg_available_extensions")
                .split(separator: "\n").map(String.init)
            let others = Set(available).subtracting(Self.uses.map(\.name))
            #expect(others.isSuperset(of: ["adminpack", "file_fdw", "pageinspect", "earthdistance"]))
            // What earthdistance requires is there, so that nothing but the refusal stands in its way.
            try await #expect(cluster.psql("CREATE EXTENSION cube").isSuccess)
            for name in others.union(["plperlu", "plpython3u", "pgextwlist", "no_such"]) {
                for options in ["", "SCHEMA public", "CASCADE"] {
                    let result = try await cluster.psql("CREATE EXTENSION \"\(name)\" \(options)")
                    let isRefused =
                        result.errors.contains("permission denied to create extension")
                        || result.errors.contains("could not open extension control file")
                        || result.errors.contains("must be installed in schema")
                    #expect(!result.isSuccess && isRefused, "\(result)")
                }
            }
            try await #expect(cluster.psql("DROP EXTENSION cube").isSuccess)
            #expect(try await cluster.value("SELECT string_agg(extname, ',') FROM pg_extension") == "plpgsql")
        }

        /// A user whom the owner lets create in the database installs what PostgreSQL trusts; what needs a superuser
        /// stays with the database's owner, and nobody takes the functions themselves.
        @Test func anOrdinaryUserInstallsWhatIsTrusted() async throws {
            let cluster = try await platform.cluster("extensions")
            let password = try await cluster.makeUser("ordinary")
            func asUser(_ sql: String) async throws -> CommandResult {
                try await cluster.psql(sql, user: "ordinary", password: password)
            }
            try await #expect(asUser("CREATE EXTENSION pg_trgm").errors.contains("permission denied"))
            try await #expect(cluster.psql("GRANT CREATE ON DATABASE defaultdb TO ordinary").isSuccess)
            let made = try await asUser("CREATE EXTENSION pg_trgm")
            #expect(made.isSuccess, "\(made)")
            let altered = try await asUser("ALTER FUNCTION similarity(text, text) SECURITY DEFINER")
            #expect(altered.errors.contains("must be owner"), "\(altered)")
            // doadmin's, and things that hang on it: not the ordinary user's to drop.
            try await #expect(cluster.psql("CREATE EXTENSION dblink; CREATE EXTENSION citext").isSuccess)
            for sql in [
                "CREATE EXTENSION bloom", "DROP EXTENSION dblink CASCADE", "ALTER EXTENSION dblink UPDATE",
                "DROP EXTENSION citext CASCADE",
            ] {
                let refused = try await asUser(sql)
                #expect(refused.errors.contains("must be owner"), "\(refused)")
            }
            try await #expect(asUser("DROP EXTENSION pg_trgm").isSuccess)
            try await #expect(cluster.psql("DROP EXTENSION dblink; DROP EXTENSION citext").isSuccess)
            #expect(try await cluster.api("DELETE", "/users/ordinary").status == 204)
        }
    }
}
