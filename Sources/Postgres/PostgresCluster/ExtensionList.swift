/// Extensions of PostgreSQL's contrib set that a user may create without being superuser.
///
/// PostgreSQL marks twenty of them as trusted; pgextwlist extends that to the rest of this list by running their
/// CREATE EXTENSION as superuser. Left out on purpose: adminpack, file_fdw, pageinspect, pg_surgery and old_snapshot
/// (files and raw pages), amcheck (its functions stay with the superuser), earthdistance (its documentation asks for
/// a schema no one else can write to), intagg and xml2 (obsolete), auto_explain and the like (not extensions).
package enum ExtensionList {
    package static let allowed = [
        "bloom", "btree_gin", "btree_gist", "citext", "cube", "dblink", "dict_int", "dict_xsyn", "fuzzystrmatch",
        "hstore", "insert_username", "intarray", "isn", "lo", "ltree", "moddatetime", "pg_buffercache",
        "pg_freespacemap", "pg_prewarm", "pg_stat_statements", "pg_trgm", "pg_visibility", "pgcrypto", "pgrowlocks",
        "pgstattuple", "plpgsql", "postgres_fdw", "refint", "seg", "sslinfo", "tablefunc", "tcn", "tsm_system_rows",
        "tsm_system_time", "unaccent", "uuid-ossp", "autoinc",
    ]

    /// Scripts that pgextwlist runs as superuser after it has created an extension, by path below `custom_path`.
    ///
    /// A foreign-data wrapper belongs to the superuser that created it; making servers with it needs USAGE. The grant
    /// is to PUBLIC because these texts must not be templates: pgextwlist would paste names into them, run as superuser.
    package static let scripts: [String: String] = [
        "postgres_fdw/after-create.sql": "GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO PUBLIC;\n",
        "dblink/after-create.sql": "GRANT USAGE ON FOREIGN DATA WRAPPER dblink_fdw TO PUBLIC;\n",
    ]
}
