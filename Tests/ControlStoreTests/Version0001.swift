import Foundation
import GRDB

/// A database as a build with schema version 0001 left it: the tables as they were then, one cluster, one token. Never
/// edit it: databases like this one are in use.
enum Version0001 {
    static let tokenSecret = "dop_v1_" + String(repeating: "01", count: 32)

    private static let keyHexadecimal = "0c758cd32637f05be59e153694c311d262c756eb03c41cb750a813aa12def5a7"

    static func write(to directory: TestDirectory) throws {
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: false)
        let digits = Array(keyHexadecimal)
        let key = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...($0 + 1)]), radix: 16)
        }
        let keyPath = directory.file("secrets.key")
        try Data(key).write(to: URL(filePath: keyPath))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: keyPath)
        var configuration = Configuration()
        // The tables come in alphabetical order, as they were dumped.
        configuration.foreignKeysEnabled = false
        let connection = try DatabaseQueue(path: directory.file("state.db"), configuration: configuration)
        try connection.write { try $0.execute(sql: dump) }
        try connection.close()
    }

    private static let dump = """
        CREATE TABLE account (
            singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
            id TEXT NOT NULL,
            email TEXT NOT NULL,
            name TEXT NOT NULL,
            team_id TEXT NOT NULL,
            team_name TEXT NOT NULL,
            key_check_sealed BLOB NOT NULL
        ) STRICT;
        INSERT INTO "account" VALUES(
            1,'f49b083f-3a5a-4bd6-b4be-a2c011d13be5','admin@localhost','Atoll',
            '3ef1501c-6b75-4a90-94c6-be807c1550ec','My Team',
            X'01EB94BA6DD0D6F55147E71A36892D5E686A43684D1BDC7304015EDA21E8DC9357EF');
        CREATE TABLE cluster_databases (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            is_dropping INTEGER NOT NULL DEFAULT 0,
            UNIQUE (cluster_id, name)
        ) STRICT;
        INSERT INTO "cluster_databases" VALUES(1,'438aa38f-208a-4417-a0dc-6126472b752b','defaultdb',0);
        CREATE TABLE cluster_events (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            id TEXT NOT NULL UNIQUE,
            cluster_name TEXT NOT NULL,
            kind TEXT NOT NULL,
            created_at_ms INTEGER NOT NULL
        ) STRICT;
        INSERT INTO "cluster_events" VALUES(
            1,'438aa38f-208a-4417-a0dc-6126472b752b','d2c7307e-cb3b-4261-bc70-fa34ab98d7c9','from-0001',
            'cluster_create',1767323045000);
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
        CREATE TABLE cluster_secrets (
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            value_sealed BLOB NOT NULL,
            PRIMARY KEY (cluster_id, name)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE cluster_tags (
            cluster_id TEXT NOT NULL REFERENCES clusters (id) ON DELETE CASCADE,
            tag_id INTEGER NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
            PRIMARY KEY (cluster_id, tag_id)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO "cluster_tags" VALUES('438aa38f-208a-4417-a0dc-6126472b752b',1);
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
        INSERT INTO "cluster_users" VALUES(
            1,'438aa38f-208a-4417-a0dc-6126472b752b','doadmin','primary',
            X'01974577B12ADD8D50E73D38386599150E52370A528BDB544876B5B82D35C9B8984FB9C3EAC6EE69FB',0,0);
        INSERT INTO "cluster_users" VALUES(
            2,'438aa38f-208a-4417-a0dc-6126472b752b','app','normal',
            X'013D6076B0E4C25F047660645D4A5CC513F6D973A8E4E3531B61423601B25392117BCE1B55',0,0);
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
        INSERT INTO "clusters" VALUES(
            1,'438aa38f-208a-4417-a0dc-6126472b752b','from-0001','pg','15','db-s-1vcpu-1gb',1,'nyc1',10240,
            '7e399ac6-0022-48d4-85fa-74d4abebf536',1767323045000,'717ab505-d54d-447e-9af5-dc601d6e876b',
            1767323045000,25060,25061,'{"day":"monday","descriptions":[],"hour":"04:00:00","isPending":false}',
            '{"work_mem":8}','creating',NULL,0,NULL);
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO "grdb_migrations" VALUES('0001-account-and-clusters');
        CREATE TABLE metrics_credentials (
            singleton INTEGER PRIMARY KEY CHECK (singleton = 1),
            username TEXT NOT NULL,
            password_sealed BLOB NOT NULL
        ) STRICT;
        INSERT INTO "metrics_credentials" VALUES(
            1,'atoll',
            X'01C260DA408A752C0DF9627CD75E7D2DDC4BF59AADF8D38DD1CE6CEE83F8BF8921A22C7A8298689EA3752C01924FCCAAF6\
        493F4B6CA8B24DE0F1B8DCB6');
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
        INSERT INTO "projects" VALUES(
            1,'7e399ac6-0022-48d4-85fa-74d4abebf536','f49b083f-3a5a-4bd6-b4be-a2c011d13be5','Default','',
            'Just trying out Atoll','Development',1,1767323045000,1767323045000);
        CREATE TABLE sealed_settings (
            name TEXT NOT NULL PRIMARY KEY,
            value_sealed BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE settings (
            name TEXT NOT NULL PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE tags (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE COLLATE NOCASE
        ) STRICT;
        INSERT INTO "tags" VALUES(1,'prod');
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
        INSERT INTO "tokens" VALUES(
            1,'20853102-fed2-4892-b77e-f5e61b5006a7','ci','read',
            X'74D5359AE177FF8FCC7A696FE20FD60D4FFDCA0CB2058EB27E8D15881384CAEE',1767323045000,NULL,NULL);
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
        INSERT INTO "vpcs" VALUES(
            1,'717ab505-d54d-447e-9af5-dc601d6e876b','default-nyc1','','nyc1','10.10.0.0/20',1,1767323045000,
            '7e399ac6-0022-48d4-85fa-74d4abebf536',1767323045000);
        CREATE UNIQUE INDEX projects_one_default ON projects (is_default) WHERE is_default;
        CREATE UNIQUE INDEX vpcs_one_default_a_region ON vpcs (region_slug) WHERE is_default;
        CREATE INDEX vpcs_by_project ON vpcs (project_id);
        CREATE UNIQUE INDEX clusters_live_name ON clusters (name) WHERE state <> 'deleting';
        CREATE INDEX clusters_by_project ON clusters (project_id);
        CREATE INDEX clusters_by_vpc ON clusters (vpc_id);
        CREATE INDEX cluster_tags_by_tag ON cluster_tags (tag_id);
        CREATE INDEX cluster_events_by_cluster ON cluster_events (cluster_id, sequence);
        """
}
