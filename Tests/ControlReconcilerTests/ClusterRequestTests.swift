import ControlModel
import Testing

@testable import ControlReconciler

@Suite("What may be asked of a cluster")
struct ClusterRequestRulesTests {
    private static let valid = ClusterRequest(
        name: "shop", engine: "pg", version: "15", sizeSlug: "db-s-1vcpu-2gb", regionSlug: "nyc3")

    private func changed(_ change: (inout ClusterRequest) -> Void) -> ClusterRequest {
        var request = Self.valid
        change(&request)
        return request
    }

    @Test("A request within the rules gets its size")
    func taken() throws {
        #expect(try ClusterRequestRules.check(Self.valid).1.slug == "db-s-1vcpu-2gb")
        #expect(try ClusterRequestRules.check(changed { $0.version = nil }).1.memoryMiB == 2048)
        #expect(try ClusterRequestRules.check(changed { $0.version = "" }).1.memoryMiB == 2048)
    }

    @Test("Every region and size on offer is taken", arguments: Region.all.map(\.slug), DatabaseSize.all.map(\.slug))
    func offered(region: String, size: String) throws {
        let request = changed { ($0.regionSlug, $0.sizeSlug) = (region, size) }
        #expect(try ClusterRequestRules.check(request).1.slug == size)
    }

    static let refused: [(String, @Sendable (inout ClusterRequest) -> Void, ServiceError.Code, String)] = [
        ("name", { $0.name = "Shop" }, .unprocessableEntity, "Cluster name"),
        ("engine", { $0.engine = "oracle" }, .unprocessableEntity, "\"oracle\" is not known"),
        ("engine", { $0.engine = "" }, .unprocessableEntity, "is not known"),
        ("engine", { $0.engine = "PG" }, .unprocessableEntity, "is not known"),
        ("version", { $0.version = "16" }, .unprocessableEntity, "PostgreSQL 16 is not available"),
        ("version", { $0.version = "15.2" }, .unprocessableEntity, "this machine has 15"),
        ("size", { $0.sizeSlug = "db-s-1vcpu-3gb" }, .unprocessableEntity, "choose one of db-s-1vcpu-1gb"),
        ("region", { $0.regionSlug = "mars1" }, .unprocessableEntity, "Region \"mars1\""),
        ("nodes", { $0.nodeCount = 0 }, .unprocessableEntity, "num_nodes must be from 1 to 3"),
        ("nodes", { $0.nodeCount = 4 }, .unprocessableEntity, "num_nodes must be from 1 to 3"),
        ("nodes", { $0.nodeCount = -1 }, .unprocessableEntity, "num_nodes must be from 1 to 3"),
        ("nodes", { $0.nodeCount = 2 }, .notImplemented, "Standby nodes"),
        ("nodes", { $0.nodeCount = 3 }, .notImplemented, "Standby nodes"),
        ("storage", { $0.storageMiB = 30_719 }, .unprocessableEntity, "from 30720 to 61440 for db-s-1vcpu-2gb"),
        ("storage", { $0.storageMiB = 61_441 }, .unprocessableEntity, "from 30720 to 61440"),
        ("storage", { $0.storageMiB = .max }, .unprocessableEntity, "storage_size_mib"),
    ]

    @Test("Each rule that is broken is named", arguments: refused.indices)
    func refusal(_ index: Int) {
        let (_, change, code, text) = Self.refused[index]
        expectRefusal(code, text) { _ = try ClusterRequestRules.check(changed(change)) }
    }

    @Test(
        "Engines of DigitalOcean that are not built are 501",
        arguments: ["mysql", "mongodb", "kafka", "opensearch", "advanced_pg", "advanced_mysql"])
    func engines(_ engine: String) {
        expectRefusal(.notImplemented, "Engine \(engine) is not built yet") {
            _ = try ClusterRequestRules.check(changed { $0.engine = engine })
        }
    }

    @Test(
        "Key-value engines are taken with their own versions and sizes",
        arguments: [("redis", "7", "db-s-1vcpu-1gb"), ("valkey", "8", "m-8vcpu-64gb"), ("valkey", "", "m-4vcpu-32gb")])
    func keyValue(engine: String, version: String, size: String) throws {
        let request = changed { ($0.engine, $0.version, $0.sizeSlug) = (engine, version, size) }
        let (row, found) = try ClusterRequestRules.check(request)
        #expect(row.engine.rawValue == engine && found.slug == size && row.administratorName == "default")
        expectRefusal(.unprocessableEntity, "is not available; this machine has") {
            _ = try ClusterRequestRules.check(changed { ($0.engine, $0.version) = (engine, "15") })
        }
        expectRefusal(.unprocessableEntity, "Size \"m-4vcpu-32gb\"") {
            _ = try ClusterRequestRules.check(changed { $0.sizeSlug = "m-4vcpu-32gb" })
        }
    }

    @Test("Storage is taken from the size's own to its most", arguments: [30_720, 40_000, 61_440])
    func storage(_ storage: Int) throws {
        _ = try ClusterRequestRules.check(changed { $0.storageMiB = storage })
    }

    static let hours: [(String, String)] = [
        ("14", "14:00:00"), ("14:00", "14:00:00"), ("14:00:00", "14:00:00"), ("4", "04:00:00"), ("0", "00:00:00"),
        ("23:59:59", "23:59:59"), ("1:2:3", "01:02:03"), ("00:30", "00:30:00"),
    ]

    @Test("Hours in three forms become one", arguments: hours)
    func hour(text: String, expected: String) throws {
        #expect(try ClusterRequestRules.hour(text) == expected)
    }

    @Test(
        "What is no time of day is refused",
        arguments: [
            "", ":", "24", "24:00", "14:60", "14:00:60", "14:", ":00", "14:00:00:00", "2pm", "-1", "+1", "014", "1 4",
            "14:00Z", "١٤", "14:00:00.5",
        ])
    func badHour(_ text: String) {
        expectRefusal(.unprocessableEntity, "time of day") { _ = try ClusterRequestRules.hour(text) }
    }

    @Test("Days are taken in any case and stored in lower case", arguments: ["monday", "Tuesday", "SUNDAY"])
    func day(_ text: String) throws {
        #expect(try ClusterRequestRules.day(text) == text.lowercased())
    }

    @Test("What is no day is refused", arguments: ["", "mon", "montag", "monday ", "any"])
    func badDay(_ text: String) {
        expectRefusal(.unprocessableEntity, "day must be one of monday, tuesday") {
            _ = try ClusterRequestRules.day(text)
        }
    }

    @Test("A window that nobody chose is valid, and they are spread over the week")
    func defaultWindow() throws {
        var seen: Set<String> = []
        for _ in 0..<1000 {
            let window = ClusterRequestRules.defaultWindow()
            #expect(try ClusterRequestRules.day(window.day) == window.day)
            #expect(try ClusterRequestRules.hour(window.hour) == window.hour)
            #expect(!window.isPending && window.descriptions.isEmpty)
            seen.insert("\(window.day) \(window.hour)")
        }
        #expect(seen.count > 140)
    }
}

@Suite("Connection details")
struct ConnectionDetailsTests {
    @Test("A key-value cluster's address has the scheme of its port, and no database")
    func keyValue() {
        var cluster = Cluster.keyValueSample()
        let user = DatabaseUser(name: "default", role: .primary, password: "a/b")
        let secure = EngineRow.valkey.connection(cluster, "::1", user)
        #expect(secure.uri == "rediss://default:a%2Fb@[::1]:25101" && secure.port == 25_101 && secure.requiresTLS)
        #expect(secure.database.isEmpty && secure.password == "a/b")
        #expect(EngineRow.valkey.serverPorts(cluster) == [25_101])
        cluster.configuration = ["valkey_ssl": .boolean(false)]
        let plain = EngineRow.valkey.connection(cluster, "h", user)
        #expect(plain.uri == "redis://default:a%2Fb@h:25100" && plain.port == 25_100 && !plain.requiresTLS)
        #expect(EngineRow.valkey.serverPorts(cluster) == [25_100, 25_101])
    }

    static let uris: [(host: String, user: String, password: String, database: String, uri: String)] = [
        (
            "localhost", "doadmin", "AVNS_a-b_9", "defaultdb",
            "postgresql://doadmin:AVNS_a-b_9@localhost:25060/defaultdb?sslmode=require"
        ),
        ("2001:db8::5", "u", "p", "d", "postgresql://u:p@[2001:db8::5]:25060/d?sslmode=require"),
        ("h", "a.b-c_d~e", "", "d", "postgresql://a.b-c_d~e:@h:25060/d?sslmode=require"),
        ("h", "a@b", "p:/?#[]@", "a/b", "postgresql://a%40b:p%3A%2F%3F%23%5B%5D%40@h:25060/a%2Fb?sslmode=require"),
        ("h", "é", "100% +", "a b", "postgresql://%C3%A9:100%25%20%2B@h:25060/a%20b?sslmode=require"),
        ("h", "u", "'\"\\\n", "d&x=y", "postgresql://u:%27%22%5C%0A@h:25060/d%26x%3Dy?sslmode=require"),
    ]

    @Test("The URI escapes all that is not unreserved, and puts IPv6 into brackets", arguments: uris.indices)
    func uri(_ index: Int) {
        let row = Self.uris[index]
        let details = ConnectionDetails.postgres(
            host: row.host, port: 25_060, user: row.user, password: row.password, database: row.database)
        #expect(details.uri == row.uri)
        #expect(details.host == row.host && details.port == 25_060 && details.user == row.user)
        #expect(details.password == row.password && details.database == row.database && details.requiresTLS)
    }
}
