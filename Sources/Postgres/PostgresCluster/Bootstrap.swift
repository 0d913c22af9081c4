/// The statements that turn a freshly initialised server into a managed cluster. Each may be run again at any time.
///
/// Passwords come as SCRAM verifiers, so no password reaches the server's log or its statement statistics.
package enum Bootstrap {
    package static let administratorName = "doadmin"
    package static let defaultDatabaseName = "defaultdb"

    /// Run in `template1`, so that every database made later has it.
    package static let template1Statements = [
        // PostgreSQL 15 took CREATE on schema public away from PUBLIC. With it, GRANT ALL PRIVILEGES ON DATABASE is
        // enough for an application's own tables, as every tutorial has it.
        "GRANT CREATE ON SCHEMA public TO PUBLIC"
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
