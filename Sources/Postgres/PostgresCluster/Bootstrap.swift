/// The statements that turn a freshly initialised server into a managed cluster. Each may be run again at any time.
///
/// Passwords come as SCRAM verifiers, so no password reaches the server's log or its statement statistics.
package enum Bootstrap {
    package static let administratorName = "doadmin"
    package static let defaultDatabaseName = "defaultdb"

    /// Run in `template1`, so that every database made later has it.
    package static let template1Statements =
        [
            // PostgreSQL 15 took CREATE on schema public away from PUBLIC. With it, GRANT ALL PRIVILEGES ON DATABASE
            // is enough for an application's own tables, as every tutorial has it.
            "GRANT CREATE ON SCHEMA public TO PUBLIC"
        ] + extensionGuardStatements

    /// Run in `template0`, whose copies are pristine but for the guard.
    package static let template0Statements = extensionGuardStatements

    /// Opens `template0` for the platform's own session, and closes it again.
    package static let openTemplate0 = "ALTER DATABASE template0 ALLOW_CONNECTIONS true"
    package static let closeTemplate0 = "ALTER DATABASE template0 ALLOW_CONNECTIONS false"

    /// pgextwlist runs the commands of its extensions as superuser for whoever sends them, DROP … CASCADE too. This
    /// trigger leaves that to the owner of the database. It sees such a command by its user: a superuser in the
    /// session of somebody who is none. Extensions that PostgreSQL itself trusts come with their user's own rights,
    /// which PostgreSQL checks.
    ///
    /// It runs with a superuser's power in a user's session: every relation is named with its schema, and `pg_temp`
    /// stands last, because PostgreSQL otherwise looks there first and a user's view would run in a table's place.
    ///
    /// Trigger and function are members of the extension plpgsql: pg_dump leaves those out, so a user's dump restores
    /// without superuser.
    private static let extensionGuardStatements = [
        """
        CREATE OR REPLACE FUNCTION pg_catalog.atoll_extension_guard() RETURNS event_trigger LANGUAGE plpgsql \
        SET search_path = pg_catalog, pg_temp AS $$ BEGIN \
        IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) \
        AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user) \
        AND NOT (SELECT pg_has_role(session_user, datdba, 'USAGE') FROM pg_catalog.pg_database \
        WHERE datname = current_database()) THEN \
        RAISE insufficient_privilege USING MESSAGE = 'must be owner of database ' || current_database(), \
        HINT = 'Only the owner of a database may create, change or drop this extension in it.'; \
        END IF; END $$
        """,
        """
        DO $$ BEGIN \
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = 'atoll_extension_guard') THEN \
        CREATE EVENT TRIGGER atoll_extension_guard ON ddl_command_start \
        WHEN TAG IN ('CREATE EXTENSION', 'ALTER EXTENSION', 'DROP EXTENSION') \
        EXECUTE FUNCTION pg_catalog.atoll_extension_guard(); \
        ALTER EXTENSION plpgsql ADD FUNCTION pg_catalog.atoll_extension_guard(); \
        ALTER EXTENSION plpgsql ADD EVENT TRIGGER atoll_extension_guard; \
        END IF; END $$
        """,
    ]

    /// Run in `postgres`.
    ///
    /// - Parameter administratorVerifier: doadmin's password as `SCRAM-SHA-256$…`; only safe characters.
    package static func statements(administratorVerifier: String) -> [String] {
        [
            // PostgreSQL 15 lets CREATEROLE grant every role that is not a superuser's, these three included, and
            // each of them leads to the server's OS user. Superuser roles can be granted by superusers only; they
            // have no members, so nobody gains anything. From 16 on the server refuses by itself.
            """
            UPDATE pg_catalog.pg_authid SET rolsuper = true WHERE rolname IN ('pg_execute_server_program', \
            'pg_read_server_files', 'pg_write_server_files') AND NOT rolsuper
            """,
            // Nobody but the platform enters these two: what is put into template1 would be in every new database.
            "REVOKE CONNECT ON DATABASE template1 FROM PUBLIC",
            "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC",
            """
            DO $$ BEGIN \
            IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'doadmin') THEN \
            CREATE ROLE doadmin; END IF; END $$
            """,
            "ALTER ROLE doadmin LOGIN CREATEDB CREATEROLE PASSWORD '\(administratorVerifier)'",
            "GRANT pg_monitor, pg_signal_backend TO doadmin",
        ]
    }

    /// True in the first column when `defaultdb` is there; `createDefaultDatabase` is for when it is not.
    package static let defaultDatabaseExists =
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = 'defaultdb')"
    package static let createDefaultDatabase = "CREATE DATABASE defaultdb OWNER doadmin"
}
