/// Extensions of PostgreSQL's contrib set that a user may create without being superuser.
///
/// PostgreSQL marks twenty of them as trusted: they need CREATE on the database, and belong to whoever creates them.
/// pgextwlist adds the others of this list by running their commands as superuser for the owner of the database; that
/// it is the owner is seen to by `Bootstrap`'s extension guard. Left out on purpose: adminpack, file_fdw, pageinspect, pg_surgery and old_snapshot
/// (files and raw pages), amcheck (its functions stay with the superuser), earthdistance (its documentation asks for
/// a schema no one else can write to), intagg and xml2 (obsolete), auto_explain and the like (not extensions).
package enum ExtensionList {
    package static let allowed = trusted + elevated

    /// Trusted by PostgreSQL 15 itself (`trusted = true` in their control files).
    package static let trusted = [
        "btree_gin", "btree_gist", "citext", "cube", "dict_int", "fuzzystrmatch", "hstore", "intarray", "isn", "lo",
        "ltree", "pg_trgm", "pgcrypto", "seg", "tablefunc", "tcn", "tsm_system_rows", "tsm_system_time", "unaccent",
        "uuid-ossp",
    ]

    /// Run as superuser by pgextwlist, for the owner of the database.
    package static let elevated = [
        "autoinc", "bloom", "dblink", "dict_xsyn", "insert_username", "moddatetime", "pg_buffercache",
        "pg_freespacemap", "pg_prewarm", "pg_stat_statements", "pg_visibility", "pgrowlocks", "pgstattuple",
        "postgres_fdw", "refint", "sslinfo",
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
