import Testing

/// Something that a cluster's administrator could try in SQL to get out of the cluster, with the words of the refusal.
struct SQLAttempt: Sendable, CustomTestStringConvertible {
    let sql: String
    let refusal: String

    var testDescription: String { sql }

    private init(_ sql: String, _ refusal: String) {
        self.sql = sql
        self.refusal = refusal
    }

    static let all = toBecomeSuperuser + toReachFiles + toLoadCode + toChangeTheServer + toReadSecrets

    static let toBecomeSuperuser: [SQLAttempt] = [
        Self("ALTER ROLE doadmin SUPERUSER", "must be superuser"),
        Self("ALTER ROLE doadmin REPLICATION", "must be superuser"),
        Self("ALTER ROLE doadmin BYPASSRLS", "must be superuser"),
        Self("CREATE ROLE attempt SUPERUSER", "must be superuser"),
        Self("CREATE ROLE attempt REPLICATION", "must be superuser"),
        Self("CREATE ROLE attempt BYPASSRLS", "must be superuser"),
        Self("ALTER ROLE postgres PASSWORD 'x'", "must be superuser"),
        Self("ALTER ROLE postgres NOSUPERUSER", "must be superuser"),
        Self("ALTER ROLE postgres RENAME TO other", "must be superuser"),
        Self("ALTER ROLE postgres SET search_path = public", "must be superuser"),
        Self("ALTER ROLE postgres IN DATABASE defaultdb SET search_path = public", "must be superuser"),
        Self("ALTER ROLE ALL SET search_path = public", "must be superuser"),
        Self("DROP ROLE postgres", "must be superuser"),
        Self("GRANT postgres TO doadmin", "must be superuser"),
        Self("CREATE ROLE attempt IN ROLE postgres", "must be superuser"),
        Self("CREATE ROLE attempt ROLE postgres ADMIN postgres IN ROLE postgres", "must be superuser"),
        Self("GRANT pg_execute_server_program TO doadmin", "must be superuser"),
        Self("GRANT pg_read_server_files TO doadmin", "must be superuser"),
        Self("GRANT pg_write_server_files TO doadmin", "must be superuser"),
        Self("GRANT pg_write_server_files TO doadmin GRANTED BY postgres", "must be superuser"),
        Self("CREATE ROLE attempt IN ROLE pg_execute_server_program", "must be superuser"),
        Self("ALTER GROUP pg_read_server_files ADD USER doadmin", "is reserved"),
        Self("ALTER ROLE pg_execute_server_program LOGIN", "is reserved"),
        Self("ALTER ROLE pg_monitor LOGIN PASSWORD 'x'", "is reserved"),
        Self("GRANT pg_database_owner TO doadmin", "cannot have explicit members"),
        Self("SET ROLE postgres", "permission denied to set role"),
        Self("SET ROLE pg_write_server_files", "permission denied to set role"),
        Self("SET SESSION AUTHORIZATION postgres", "permission denied to set session authorization"),
        Self("SET SESSION AUTHORIZATION pg_read_server_files", "permission denied to set session authorization"),
        Self("GRANT pg_write_all_data TO doadmin; UPDATE pg_authid SET rolsuper = true", "permission denied"),
        Self("GRANT pg_write_all_data TO doadmin; DELETE FROM pg_auth_members", "permission denied"),
        Self("REASSIGN OWNED BY postgres TO doadmin", "permission denied"),
        Self("DROP OWNED BY postgres", "permission denied"),
        Self("ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT ALL ON TABLES TO doadmin", "must be member of role"),
        Self("CREATE FUNCTION pg_catalog.attempt() RETURNS int LANGUAGE sql AS 'SELECT 1'", "permission denied"),
        Self("CREATE OR REPLACE FUNCTION pg_catalog.now() RETURNS timestamptz LANGUAGE sql AS 'x'", "denied"),
        Self("CREATE TABLE pg_catalog.attempt (n int)", "permission denied"),
        Self(
            "CREATE EVENT TRIGGER attempt ON ddl_command_end EXECUTE FUNCTION f()", "denied to create event trigger"),
        Self("CREATE SUBSCRIPTION attempt CONNECTION 'host=127.0.0.1' PUBLICATION p", "must be superuser"),
        Self("CREATE PUBLICATION attempt FOR ALL TABLES", "must be superuser"),
        Self("CREATE CAST (int AS text) WITH INOUT", "must be owner of type"),
        Self("CREATE SCHEMA attempt AUTHORIZATION postgres", "must be member of role"),
        Self("CREATE DATABASE attempt OWNER postgres", "must be member of role"),
        Self("ALTER DATABASE defaultdb OWNER TO postgres", "must be member of role"),
    ]

    static let toReachFiles: [SQLAttempt] = [
        Self("COPY (SELECT 1) TO PROGRAM 'id'", "to COPY to or from an external program"),
        Self("CREATE TEMP TABLE t (x text); COPY t FROM PROGRAM 'id'", "to COPY to or from an external program"),
        Self("COPY (SELECT 1) TO '/tmp/attempt'", "to COPY to a file"),
        Self("CREATE TEMP TABLE t (x text); COPY t FROM '/etc/passwd'", "to COPY from a file"),
        Self("SELECT pg_read_file('/etc/passwd')", "permission denied for function pg_read_file"),
        Self("SELECT pg_read_file('postgresql.conf')", "permission denied for function pg_read_file"),
        Self("SELECT pg_read_binary_file('/etc/passwd')", "permission denied for function pg_read_binary_file"),
        Self("SELECT pg_ls_dir('/')", "permission denied for function pg_ls_dir"),
        Self("SELECT pg_stat_file('/etc/passwd')", "permission denied for function pg_stat_file"),
        Self("SELECT pg_ls_logdir()", "could not open directory"),
        Self("SELECT lo_import('/etc/passwd')", "permission denied for function lo_import"),
        Self("SELECT lo_export(1, '/tmp/attempt')", "permission denied for function lo_export"),
        Self("CREATE TABLESPACE attempt LOCATION '/tmp'", "permission denied to create tablespace"),
        Self("CREATE FOREIGN DATA WRAPPER attempt", "permission denied to create foreign-data wrapper"),
        Self("CREATE SERVER attempt FOREIGN DATA WRAPPER file_fdw", "does not exist"),
    ]

    static let toLoadCode: [SQLAttempt] = [
        Self("CREATE FUNCTION f(text) RETURNS int LANGUAGE c AS '/lib/x86_64-linux-gnu/libc.so.6', 'system'", "denied"),
        Self("CREATE FUNCTION f(text) RETURNS text LANGUAGE internal AS 'pg_read_file_v2'", "denied for language"),
        Self("CREATE LANGUAGE attempt HANDLER plpgsql_call_handler", "must be superuser"),
        Self("CREATE TYPE attempt", "must be superuser"),
        Self("CREATE ACCESS METHOD attempt TYPE INDEX HANDLER bthandler", "permission denied to create access"),
        Self("CREATE OPERATOR CLASS c FOR TYPE int USING btree AS STORAGE int", "must be superuser"),
        Self("CREATE TEXT SEARCH TEMPLATE attempt (LEXIZE = dsimple_lexize)", "must be superuser"),
        Self("LOAD 'adminpack'", "is not allowed"),
        Self("LOAD '/tmp/attempt.so'", "is not allowed"),
        Self("LOAD '$libdir/plugins/../adminpack'", "is not allowed"),
        Self("SET session_preload_libraries = 'adminpack'", "permission denied to set parameter"),
        Self("SET dynamic_library_path = '/tmp'", "permission denied to set parameter"),
        Self("ALTER ROLE doadmin SET session_preload_libraries = 'x'", "permission denied to set parameter"),
        Self("ALTER DATABASE defaultdb SET session_preload_libraries = 'x'", "permission denied to set parameter"),
        Self("SET jit_provider = 'adminpack'", "cannot be changed"),
        Self("CREATE EXTENSION earthdistance VERSION '1.1' CASCADE", "permission denied to create extension"),
        Self("CREATE EXTENSION \"../../../../../tmp/attempt\"", "could not open extension control file"),
        Self("CREATE EXTENSION hstore VERSION '../../../../tmp/attempt'", "invalid extension version name"),
    ]

    static let toChangeTheServer: [SQLAttempt] = [
        Self("ALTER SYSTEM SET archive_command = 'id'", "permission denied to set parameter"),
        Self("ALTER SYSTEM RESET ALL", "permission denied"),
        Self("SET extwlist.extensions = 'file_fdw'", "permission denied to set parameter"),
        Self("SET extwlist.custom_path = '/tmp'", "permission denied to set parameter"),
        Self("ALTER DATABASE defaultdb SET extwlist.extensions = 'file_fdw'", "permission denied to set parameter"),
        Self("ALTER ROLE doadmin SET extwlist.custom_path = '/tmp'", "permission denied to set parameter"),
        Self("GRANT SET ON PARAMETER session_preload_libraries TO doadmin", "permission denied for parameter"),
        Self("GRANT ALTER SYSTEM ON PARAMETER archive_command TO doadmin", "permission denied for parameter"),
        Self("SET allow_system_table_mods = on", "permission denied to set parameter"),
        Self("SET zero_damaged_pages = on", "permission denied to set parameter"),
        Self("SET session_replication_role = replica", "permission denied to set parameter"),
        Self("SELECT pg_reload_conf()", "permission denied for function"),
        Self("SELECT pg_rotate_logfile()", "permission denied for function"),
        Self("SELECT pg_promote()", "permission denied for function"),
        Self("SELECT pg_switch_wal()", "permission denied for function"),
        Self("SELECT pg_backup_start('x')", "permission denied for function"),
        Self("SELECT pg_create_restore_point('x')", "permission denied for function"),
        Self("SELECT pg_create_physical_replication_slot('x')", "must be superuser or replication role"),
        Self("SELECT pg_create_logical_replication_slot('x', 'pgoutput')", "must be superuser or replication role"),
        Self("ALTER DATABASE template1 SET search_path = public", "must be owner of database"),
        Self("ALTER DATABASE postgres RENAME TO other", "must be owner of database"),
        Self("DROP DATABASE postgres", "must be owner of database"),
        Self("GRANT CONNECT ON DATABASE postgres TO doadmin", "no privileges were granted"),
        Self("CREATE DATABASE attempt TEMPLATE postgres", "permission denied to copy database"),
        Self("ALTER EXTENSION plpgsql ADD SCHEMA public", "must be owner of"),
        Self("ALTER SCHEMA pg_catalog RENAME TO other", "must be owner of schema"),
        Self("GRANT ALL ON LANGUAGE c TO doadmin", "not trusted"),
        Self("GRANT EXECUTE ON FUNCTION pg_read_file(text) TO doadmin", "permission denied for function"),
    ]

    static let toReadSecrets: [SQLAttempt] = [
        Self("SELECT rolpassword FROM pg_authid", "permission denied for table pg_authid"),
        Self("SELECT * FROM pg_hba_file_rules", "permission denied for view"),
        Self("SELECT * FROM pg_file_settings", "permission denied for view"),
        Self("SELECT subconninfo FROM pg_subscription", "permission denied for table"),
        Self("SELECT pg_current_logfile()", "permission denied for function"),
    ]
}
