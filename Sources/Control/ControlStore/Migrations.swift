import ControlModel
import GRDB

/// The schema, step by step. A migration that was ever released is never edited; changes are new steps.
///
/// Conventions: `sequence` is the order of creation; times are milliseconds since 1970 (`_ms`) or seconds
/// (`_seconds`), UTC; columns that end in `_sealed` hold what `Sealer` made.
enum Migrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("0001-account-and-clusters") { database in
            try database.execute(sql: accountTables)
            try database.execute(sql: clusterTables)
            try database.execute(sql: clusterContentTables)
        }
        migrator.registerMigration("0002-metrics") { try $0.execute(sql: metricTables) }
        // No table changes: a program that does not know the engines must not open a file that may name them.
        migrator.registerMigration("0003-key-value-engines") { _ in }
        migrator.registerMigration("0004-benchmarks") { try $0.execute(sql: benchmarkTable) }
        migrator.registerMigration("0005-pools") { try $0.execute(sql: poolTable) }
        return migrator
    }

    static func refuseNewer(_ database: Database, path: String) throws {
        guard try migrator.hasBeenSuperseded(database) else { return }
        throw ServiceError(
            .serverError,
            """
            \(path) was written by a newer version of Atoll than this one. \
            Start that version again, or restore a backup made by this one.
            """)
    }

    /// The first rows are there, and with them sealed values.
    static func isSeeded(_ database: Database) throws -> Bool {
        guard try database.tableExists("account") else { return false }
        return try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM account)") ?? false
    }

    private static let accountTables = """
        CREATE TABLE account (
            singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
            id TEXT NOT NULL,
            email TEXT NOT NULL,
            name TEXT NOT NULL,
            team_id TEXT NOT NULL,
            team_name TEXT NOT NULL,
            key_check_sealed BLOB NOT NULL
        ) STRICT;

        CREATE TABLE metrics_credentials (
            singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
            username TEXT NOT NULL,
            password_sealed BLOB NOT NULL
        ) STRICT;

        CREATE TABLE settings (
            name TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE sealed_settings (
            name TEXT NOT NULL PRIMARY KEY,
            value_sealed BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE tokens (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            scopes TEXT NOT NULL,
            secret_sha256 BLOB NOT NULL UNIQUE,
            created_at_ms INTEGER NOT NULL,
            expires_at_ms INTEGER,
            last_used_at_ms INTEGER
        ) STRICT;

        CREATE TABLE projects (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            owner_id TEXT NOT NULL,
            name TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            purpose TEXT NOT NULL,
            environment TEXT,
            is_default INTEGER NOT NULL,
            created_at_ms INTEGER NOT NULL,
            updated_at_ms INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX projects_one_default ON projects (is_default) WHERE is_default;

        CREATE TABLE vpcs (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL UNIQUE,
            description TEXT NOT NULL,
            region_slug TEXT NOT NULL,
            ip_range TEXT NOT NULL,
            is_default INTEGER NOT NULL,
            created_at_ms INTEGER NOT NULL,
            project_id TEXT NOT NULL REFERENCES projects (id),
            project_assigned_at_ms INTEGER NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX vpcs_one_default_a_region ON vpcs (region_slug) WHERE is_default;
        CREATE INDEX vpcs_by_project ON vpcs (project_id);

        CREATE TABLE tags (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE COLLATE NOCASE
        ) STRICT;
        """

    private static let clusterTables = """
        CREATE TABLE clusters (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            engine TEXT NOT NULL,
            version TEXT NOT NULL,
            size_slug TEXT NOT NULL,
            node_count INTEGER NOT NULL,
            region_slug TEXT NOT NULL,
            storage_mib INTEGER NOT NULL,
            project_id TEXT NOT NULL REFERENCES projects (id),
            project_assigned_at_ms INTEGER NOT NULL,
            vpc_id TEXT NOT NULL REFERENCES vpcs (id),
            created_at_ms INTEGER NOT NULL,
            port INTEGER NOT NULL UNIQUE,
            pool_port INTEGER NOT NULL UNIQUE,
            maintenance_window TEXT NOT NULL,
            configuration TEXT NOT NULL,
            state TEXT NOT NULL,
            state_reason TEXT,
            is_initialized INTEGER NOT NULL,
            deleting_since_ms INTEGER
        ) STRICT;
        CREATE UNIQUE INDEX clusters_live_name ON clusters (name) WHERE state <> 'deleting';
        CREATE INDEX clusters_by_project ON clusters (project_id);
        CREATE INDEX clusters_by_vpc ON clusters (vpc_id);

        CREATE TABLE cluster_tags (
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            tag_id INTEGER NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
            PRIMARY KEY (cluster_id, tag_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX cluster_tags_by_tag ON cluster_tags (tag_id);
        """

    private static let clusterContentTables = """
        CREATE TABLE cluster_users (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            role TEXT NOT NULL,
            password_sealed BLOB NOT NULL,
            allows_replication INTEGER NOT NULL,
            is_dropping INTEGER NOT NULL DEFAULT 0,
            UNIQUE (cluster_id, name)
        ) STRICT;

        CREATE TABLE cluster_databases (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            is_dropping INTEGER NOT NULL DEFAULT 0,
            UNIQUE (cluster_id, name)
        ) STRICT;

        CREATE TABLE cluster_firewall_rules (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            id TEXT NOT NULL,
            type TEXT NOT NULL,
            value TEXT NOT NULL,
            description TEXT,
            created_at_ms INTEGER NOT NULL,
            UNIQUE (cluster_id, id),
            UNIQUE (cluster_id, type, value)
        ) STRICT;

        CREATE TABLE cluster_events (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            id TEXT NOT NULL UNIQUE,
            cluster_name TEXT NOT NULL,
            kind TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX cluster_events_by_cluster ON cluster_events (cluster_id, sequence);

        CREATE TABLE cluster_secrets (
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            value_sealed BLOB NOT NULL,
            PRIMARY KEY (cluster_id, name)
        ) STRICT, WITHOUT ROWID;
        """

    private static let metricTables = """
        CREATE TABLE metric_series (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            cluster_id TEXT NOT NULL,
            name TEXT NOT NULL,
            labels TEXT NOT NULL,
            UNIQUE (cluster_id, name, labels)
        ) STRICT;

        CREATE TABLE metric_points_15s (
            series_id INTEGER NOT NULL,
            at_seconds INTEGER NOT NULL,
            average REAL NOT NULL,
            minimum REAL NOT NULL,
            maximum REAL NOT NULL,
            sample_count INTEGER NOT NULL,
            PRIMARY KEY (series_id, at_seconds)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE metric_points_1min (
            series_id INTEGER NOT NULL,
            at_seconds INTEGER NOT NULL,
            average REAL NOT NULL,
            minimum REAL NOT NULL,
            maximum REAL NOT NULL,
            sample_count INTEGER NOT NULL,
            PRIMARY KEY (series_id, at_seconds)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE metric_points_10min (
            series_id INTEGER NOT NULL,
            at_seconds INTEGER NOT NULL,
            average REAL NOT NULL,
            minimum REAL NOT NULL,
            maximum REAL NOT NULL,
            sample_count INTEGER NOT NULL,
            PRIMARY KEY (series_id, at_seconds)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE metric_roll_ups (
            resolution_seconds INTEGER PRIMARY KEY,
            complete_until_seconds INTEGER NOT NULL
        ) STRICT;
        """

    private static let poolTable = """
        CREATE TABLE cluster_pools (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            mode TEXT NOT NULL,
            size INTEGER NOT NULL,
            database_name TEXT NOT NULL,
            user_name TEXT,
            UNIQUE (cluster_id, name)
        ) STRICT;
        """

    private static let benchmarkTable = """
        CREATE TABLE benchmarks (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            id TEXT NOT NULL UNIQUE,
            cluster_name TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL,
            content TEXT NOT NULL
        ) STRICT;
        CREATE INDEX benchmarks_by_cluster ON benchmarks (cluster_id, sequence);
        """
}
