// Opening the state: files, keys, schema versions, seeds, and the account-wide resources.

import ControlModel
import ControlStore
import Foundation
import GRDB
import Testing

@Suite struct OpeningTests {
    @Test func `first start makes files for their owner only, and the first rows`() async throws {
        let test = try TestStore()
        for name in ["state.db", "state.db-wal", "state.db-shm", "secrets.key"] {
            #expect(try test.directory.mode(of: name) == 0o600, "\(name)")
        }
        #expect(try Data(contentsOf: URL(filePath: test.directory.file("secrets.key"))).count == 32)
        #expect(try FileManager.default.contentsOfDirectory(atPath: test.directory.path).count == 4)
        let account = try await test.store.account()
        #expect(account.email == "admin@localhost" && account.name == "Atoll" && account.teamName == "My Team")
        #expect(UUID(uuidString: account.id) != nil && UUID(uuidString: account.teamID) != nil)
        let project = try await test.store.defaultProject()
        #expect(project.name == "Default" && project.purpose == "Just trying out Atoll" && project.isDefault)
        #expect(project.environment == "Development" && project.ownerID == account.id)
        #expect(project.createdAt == testTime)
        let vpc = try #require(try await test.store.vpcs().first)
        #expect(
            vpc.name == "default-nyc1" && vpc.ipRange == "10.10.0.0/20" && vpc.regionSlug == "nyc1" && vpc.isDefault)
        #expect(try await test.store.metricsCredentials().username == "atoll")
        #expect(try await test.store.metricsCredentials().password.count == 32)
    }

    @Test func `reopened after the pool was abandoned, all is as it was`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster("kept") { draft in
            draft.users = [DatabaseUser(name: "doadmin", role: .primary, password: "AVNS_1")]
        }
        let account = try await test.store.account()
        let password = try await test.store.metricsCredentials().password
        // The first store is neither closed nor released: as after kill -9, with its WAL not checkpointed.
        let second = try test.directory.open(at: testTime.addingTimeInterval(60))
        #expect(try await second.account() == account)
        #expect(try await second.clusters() == [cluster])
        #expect(try await second.users(clusterID: cluster.id).map(\.password) == ["AVNS_1"])
        #expect(try await second.metricsCredentials().password == password)
        #expect(try await second.projects().count == 1)
        try second.close()
        try test.store.close()
        await #expect(throws: (any Error).self) { try await test.store.account() }
        #expect(try await test.directory.open().clusters() == [cluster])
    }

    @Test func `loose modes of an existing database are tightened`() throws {
        let test = try TestStore()
        try test.store.close()
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: test.directory.file("state.db"))
        _ = try test.directory.open()
        #expect(try test.directory.mode(of: "state.db") == 0o600)
    }

    @Test func `a missing key is never replaced by a new one`() async throws {
        let test = try TestStore()
        try test.store.close()
        let keyPath = test.directory.file("secrets.key")
        let key = try Data(contentsOf: URL(filePath: keyPath))
        try FileManager.default.removeItem(atPath: keyPath)
        await expectRefusal(.serverError, "secrets.key is missing") { _ = try test.directory.open() }
        #expect(!FileManager.default.fileExists(atPath: keyPath))
        try key.write(to: URL(filePath: keyPath))
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: keyPath)
        await expectRefusal(.serverError, "can be read by other users") { _ = try test.directory.open() }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: keyPath)
        _ = try test.directory.open()
    }

    @Test(arguments: [0, 31, 33]) func `a key of another length is refused`(byteCount: Int) async throws {
        let test = try TestStore()
        try test.store.close()
        try Data(count: byteCount).write(to: URL(filePath: test.directory.file("secrets.key")))
        await expectRefusal(.serverError, "must be a file of 32 bytes, and has \(byteCount)") {
            _ = try test.directory.open()
        }
    }

    @Test func `the key of another installation is refused`() async throws {
        let test = try TestStore()
        try test.store.close()
        try Data(repeating: 7, count: 32).write(to: URL(filePath: test.directory.file("secrets.key")))
        await expectRefusal(.serverError, "is not the key") { _ = try test.directory.open() }
    }

    @Test func `a key left by a start that was killed is used`() async throws {
        let directory = TestDirectory()
        try FileManager.default.createDirectory(atPath: directory.path, withIntermediateDirectories: false)
        #expect(try SecretsKey.load(fromDirectory: directory.path) == nil)
        _ = try SecretsKey.create(inDirectory: directory.path)
        let key = try Data(contentsOf: URL(filePath: directory.file("secrets.key")))
        _ = try SecretsKey.create(inDirectory: directory.path)
        _ = try directory.open()
        #expect(try Data(contentsOf: URL(filePath: directory.file("secrets.key"))) == key)
    }

    @Test func `a directory that cannot be made is named`() async {
        await expectRefusal(.serverError, "Cannot create the directory /nowhere/at/all: No such file") {
            _ = try ControlStore(directory: "/nowhere/at/all")
        }
    }

    @Test func `a database of a newer version is refused and left alone`() async throws {
        let test = try TestStore()
        try test.store.close()
        try await test.directory.connection().write {
            try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('0999-future')")
        }
        await expectRefusal(.serverError, "newer version of Atoll") { _ = try test.directory.open() }
    }

    @Test func `a database of version 0001 is migrated with all that it holds`() async throws {
        let directory = TestDirectory()
        try Version0001.write(to: directory)
        let store = try directory.open()
        let cluster = try #require(try await store.clusters().first)
        #expect(cluster.name == "from-0001" && cluster.configuration == ["work_mem": .integer(8)])
        #expect(try await store.users(clusterID: cluster.id).map(\.password) == ["AVNS_doadmin", "AVNS_app"])
        #expect(try await store.token(withSecret: Version0001.tokenSecret, at: testTime)?.name == "ci")
        #expect(try await store.tag(named: "prod").clusterIDs == [cluster.id])
        #expect(
            try await store.recordMetrics([MetricPoint(clusterID: cluster.id, name: "load1", value: 1)], at: testTime)
                == 1)
    }

    @Test func `a write that fails half-way leaves nothing`() async throws {
        let test = try TestStore()
        // The create event is what insertCluster writes last.
        try await test.directory.connection().write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER full BEFORE INSERT ON cluster_events BEGIN SELECT RAISE(ABORT, 'disk full'); END
                    """)
        }
        await #expect(throws: DatabaseError.self) {
            try await test.cluster("half") { draft in
                draft.tags = ["new"]
                draft.databaseNames = ["defaultdb"]
            }
        }
        #expect(try await test.store.clusters().isEmpty)
        #expect(try await test.store.tags().isEmpty)
        try await test.directory.connection().write { try $0.execute(sql: "DROP TRIGGER full") }
        try await test.cluster("half")
    }

    @Test func `the journal is a write-ahead log`() async throws {
        let test = try TestStore()
        let mode = try await test.directory.connection().read {
            try String.fetchOne($0, sql: "PRAGMA journal_mode")
        }
        #expect(mode == "wal")
    }
}

@Suite struct SecretTests {
    @Test func `no secret is readable in the files`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster("db") { draft in
            draft.users = [DatabaseUser(name: "doadmin", role: .primary, password: "needle-password-1")]
        }
        try await test.store.insertUser(
            clusterID: cluster.id, DatabaseUser(name: "app", role: .normal, password: "needle-password-2"))
        try await test.store.setUserPassword(clusterID: cluster.id, name: "app", password: "needle-password-3")
        try await test.store.setSealedSecret(clusterID: cluster.id, name: "key", value: Data("needle-secret".utf8))
        try await test.store.setSealedSetting("webhook", Data("needle-setting".utf8))
        try await test.store.setMetricsCredentials(MetricsCredentials(username: "m", password: "needle-metrics"))
        let issued = try await test.store.issueToken(name: "t", scopes: [.read], expiresAt: nil, at: testTime)
        for name in ["state.db", "state.db-wal"] {
            let bytes = try Data(contentsOf: URL(filePath: test.directory.file(name)))
            #expect(bytes.range(of: Data("needle".utf8)) == nil, "\(name)")
            #expect(bytes.range(of: Data(issued.secret.utf8.suffix(64))) == nil, "\(name)")
        }
        #expect(try await test.store.sealedSecret(clusterID: cluster.id, name: "key") == Data("needle-secret".utf8))
        #expect(try await test.store.sealedSetting("webhook") == Data("needle-setting".utf8))
        #expect(try await test.store.metricsCredentials().password == "needle-metrics")
        #expect(try await test.store.user(clusterID: cluster.id, name: "app")?.password == "needle-password-3")
    }

    @Test func `the same value sealed twice looks different`() async throws {
        let test = try TestStore()
        try await test.store.setSealedSetting("a", Data("same".utf8))
        try await test.store.setSealedSetting("b", Data("same".utf8))
        let blobs = try await test.directory.connection().read {
            try Data.fetchAll($0, sql: "SELECT value_sealed FROM sealed_settings")
        }
        #expect(Set(blobs).count == 2)
        #expect(blobs.allSatisfy { $0.count == 1 + 12 + 4 + 16 && $0.first == 1 })
    }

    @Test func `swapped blobs do not open`() async throws {
        let test = try TestStore()
        let cluster = try await test.cluster("db") { draft in
            draft.users = [
                DatabaseUser(name: "doadmin", role: .primary, password: "one"),
                DatabaseUser(name: "app", role: .normal, password: "two"),
            ]
        }
        try await test.directory.connection().write {
            try $0.execute(
                sql: """
                    UPDATE cluster_users SET password_sealed =
                        (SELECT password_sealed FROM cluster_users WHERE name = 'app') WHERE name = 'doadmin'
                    """)
        }
        await expectRefusal(.serverError, "cluster_users.password_sealed of \(cluster.id)/doadmin") {
            _ = try await test.store.user(clusterID: cluster.id, name: "doadmin")
        }
        #expect(try await test.store.user(clusterID: cluster.id, name: "app")?.password == "two")
    }

    @Test(arguments: [0, 1, 13, 20]) func `a changed byte is detected`(offset: Int) async throws {
        let test = try TestStore()
        try await test.store.setSealedSetting("a", Data("value".utf8))
        try await test.directory.connection().write { database in
            var blob = try #require(try Data.fetchOne(database, sql: "SELECT value_sealed FROM sealed_settings"))
            blob[offset] ^= 1
            try database.execute(sql: "UPDATE sealed_settings SET value_sealed = ?", arguments: [blob])
        }
        await expectRefusal(.serverError, "cannot be opened") { _ = try await test.store.sealedSetting("a") }
    }

    @Test func `a truncated blob is detected`() async throws {
        let test = try TestStore()
        try await test.store.setSealedSetting("a", Data("value".utf8))
        for blob in [Data(), Data([1]), Data([1, 2, 3])] {
            try await test.directory.connection().write {
                try $0.execute(sql: "UPDATE sealed_settings SET value_sealed = ?", arguments: [blob])
            }
            await expectRefusal(.serverError, "cannot be opened") { _ = try await test.store.sealedSetting("a") }
        }
    }

    @Test func `settings are set, replaced and removed`() async throws {
        let store = try TestStore()
        #expect(try await store.store.setting("domain") == nil)
        try await store.store.setSetting("domain", "a.example")
        try await store.store.setSetting("domain", "b.example")
        #expect(try await store.store.setting("domain") == "b.example")
        try await store.store.setSetting("domain", nil)
        #expect(try await store.store.setting("domain") == nil)
        #expect(try await store.store.sealedSetting("x") == nil)
        try await store.store.setSealedSetting("x", Data([1]))
        try await store.store.setSealedSetting("x", Data([2]))
        #expect(try await store.store.sealedSetting("x") == Data([2]))
        try await store.store.setSealedSetting("x", nil)
        #expect(try await store.store.sealedSetting("x") == nil)
    }

    @Test func `secrets of a cluster go with it`() async throws {
        let test = try TestStore()
        await expectRefusal(.notFound) {
            try await test.store.setSealedSecret(clusterID: "none", name: "key", value: Data([1]))
        }
        let cluster = try await test.cluster()
        try await test.store.markDeleting(clusterID: cluster.id, at: testTime)
        try await test.store.setSealedSecret(clusterID: cluster.id, name: "key", value: Data([1]))
        #expect(try await test.store.sealedSecret(clusterID: cluster.id, name: "other") == nil)
        try await test.store.removeCluster(clusterID: cluster.id)
        #expect(try await test.store.sealedSecret(clusterID: cluster.id, name: "key") == nil)
    }

    @Test func `metrics credentials that basic authentication cannot carry are refused`() async throws {
        let store = try TestStore()
        for (username, password) in [
            ("", "p"), ("a:b", "p"), ("u", ""), ("u\n", "p"), ("u", String(repeating: "x", count: 1025)),
        ] {
            await expectRefusal(.unprocessableEntity) {
                try await store.store.setMetricsCredentials(MetricsCredentials(username: username, password: password))
            }
        }
        #expect(try await store.store.metricsCredentials().username == "atoll")
    }
}

@Suite struct TokenTests {
    @Test func `an issued token is found by its secret only`() async throws {
        let test = try TestStore()
        let issued = try await test.store.issueToken(
            name: "ci", scopes: [.read, .write], expiresAt: testTime.addingTimeInterval(100), at: testTime)
        #expect(issued.secret.wholeMatch(of: /dop_v1_[0-9a-f]{64}/) != nil)
        #expect(issued.token.scopes == [.read, .write] && issued.token.lastUsedAt == nil)
        #expect(try await test.store.tokens() == [issued.token])
        var used = issued.token
        used.lastUsedAt = testTime
        #expect(try await test.store.token(withSecret: issued.secret, at: testTime) == used)
        #expect(try await test.store.token(withSecret: issued.secret + "0", at: testTime) == nil)
        #expect(try await test.store.token(withSecret: "", at: testTime) == nil)
    }

    @Test func `expired and revoked tokens are unknown`() async throws {
        let test = try TestStore()
        let expiry = testTime.addingTimeInterval(100)
        let issued = try await test.store.issueToken(name: "ci", scopes: [.read], expiresAt: expiry, at: testTime)
        #expect(try await test.store.token(withSecret: issued.secret, at: expiry.addingTimeInterval(-1)) != nil)
        #expect(try await test.store.token(withSecret: issued.secret, at: expiry) == nil)
        try await test.store.revokeToken(id: issued.token.id)
        #expect(try await test.store.token(withSecret: issued.secret, at: testTime) == nil)
        await expectRefusal(.notFound) { try await test.store.revokeToken(id: issued.token.id) }
    }

    @Test func `use is noted at most once a minute`() async throws {
        let test = try TestStore()
        let issued = try await test.store.issueToken(name: "ci", scopes: [.read], expiresAt: nil, at: testTime)
        for (seconds, expected) in [(0.0, 0.0), (30, 0), (59.9, 0), (60, 60), (90, 60), (200, 200)] {
            _ = try await test.store.token(withSecret: issued.secret, at: testTime.addingTimeInterval(seconds))
            try await test.store.setSetting("barrier", "behind the note, on the same writer")
            let token = try #require(try await test.store.tokens().first)
            #expect(token.lastUsedAt == testTime.addingTimeInterval(expected))
        }
        let reopened = try test.directory.open()
        let token = try await reopened.token(withSecret: issued.secret, at: testTime.addingTimeInterval(210))
        #expect(token?.lastUsedAt == testTime.addingTimeInterval(200))
    }

    @Test func `a blocked writer does not hold up a request`() async throws {
        let test = try TestStore()
        let issued = try await test.store.issueToken(name: "ci", scopes: [.read], expiresAt: nil, at: testTime)
        let connection = try test.directory.connection()
        // The other connection holds the write lock while the request is answered.
        try await connection.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
        for seconds in [0.0, 100, 200] {
            let now = testTime.addingTimeInterval(seconds)
            #expect(try await test.store.token(withSecret: issued.secret, at: now)?.name == "ci")
        }
        #expect(try await test.store.tokens().first?.lastUsedAt == nil)
        try await connection.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
        try await test.store.setSetting("barrier", "")
        #expect(try await test.store.tokens().first?.lastUsedAt == testTime.addingTimeInterval(200))
    }

    @Test func `a token that is known already can be stored once`() async throws {
        let test = try TestStore()
        let secret = "dop_v1_" + String(repeating: "0a", count: 32)
        let token = try await test.store.insertToken(
            name: "admin", scopes: [.read, .write], expiresAt: nil, secret: secret, at: testTime)
        #expect(try await test.store.token(withSecret: secret, at: testTime)?.id == token.id)
        await expectRefusal(.conflict) {
            try await test.store.insertToken(
                name: "again", scopes: [.read], expiresAt: nil, secret: secret, at: testTime)
        }
    }

    @Test(arguments: [
        "", "dop_v1_", "dop_v1_" + String(repeating: "A", count: 64), String(repeating: "a", count: 71),
        "dop_v1_" + String(repeating: "a", count: 63),
    ])
    func `a malformed secret is refused`(secret: String) async throws {
        let test = try TestStore()
        await expectRefusal(.unprocessableEntity, "64 hexadecimal digits") {
            try await test.store.insertToken(name: "t", scopes: [.read], expiresAt: nil, secret: secret, at: testTime)
        }
    }

    @Test func `tokens without name, scope or future are refused`() async throws {
        let test = try TestStore()
        for name in ["", "a\u{0}b", String(repeating: "n", count: 256)] {
            await expectRefusal(.unprocessableEntity, "token name") {
                _ = try await test.store.issueToken(name: name, scopes: [.read], expiresAt: nil, at: testTime)
            }
        }
        await expectRefusal(.unprocessableEntity, "scope") {
            _ = try await test.store.issueToken(name: "t", scopes: [], expiresAt: nil, at: testTime)
        }
        await expectRefusal(.unprocessableEntity, "future") {
            _ = try await test.store.issueToken(name: "t", scopes: [.read], expiresAt: testTime, at: testTime)
        }
        #expect(try await test.store.tokens().isEmpty)
    }
}
