import ControlModel
import PostgresCluster
import Testing

@testable import ControlReconciler

@Suite("Files of a pooler")
struct PoolerTextsTests {
    private static let web = ConnectionPool(
        name: "web", mode: .transaction, size: 20, databaseName: "orders", userName: "app")
    private static let shared = ConnectionPool(
        name: "shared", mode: .session, size: 7, databaseName: "it's", userName: nil)

    private static func texts(
        _ pools: [ConnectionPool] = [web, shared], networks: [String] = [], cluster: Cluster = .sample(),
        listenAddress: String = "127.0.0.1"
    ) -> PoolerTexts {
        PoolerTexts(
            cluster: cluster, pools: pools,
            logins: [
                LoginVerifier(name: "doadmin", verifier: "SCRAM-SHA-256$4096:c2FsdA==$a=:b="),
                LoginVerifier(name: #"o"dd"#, verifier: "SCRAM-SHA-256$4096:c2FsdA==$c=:d="),
            ],
            trustedNetworks: networks, certificate: "PEM",
            place: PoolerTexts.Place(
                listenAddress: listenAddress, socketDirectory: "/d/sock/25060", directory: "/d/clusters/x/pooler",
                metricsSocket: "/d/sock/25060-pool/metrics"))
    }

    private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

    @Test("A pool with a user logs in as that; one without keeps its size over all users")
    func databases() {
        let lines = Self.lines(Self.texts().configuration)
        let server = "host='/d/sock/25060' port=25060"
        #expect(lines.contains("web = \(server) dbname='orders' user='app' pool_size=20 pool_mode=transaction"))
        #expect(
            lines.contains("shared = \(server) dbname='it''s' max_db_connections=7 pool_size=7 pool_mode=session"))
        for line in ["listen_port = 25061", "client_tls_sslmode = require", "unix_socket_dir =", "auth_type = hba"] {
            #expect(lines.contains(line), "\(line)")
        }
        #expect(!lines.contains { $0.hasPrefix("* ") })
    }

    @Test("A pool of one user lets that user in and nobody else, from trusted networks only")
    func access() {
        let networks = ["10.0.0.0/8", "2001:db8::/32"]
        #expect(
            Self.lines(Self.texts(networks: networks).access).dropFirst() == [
                #"hostssl "web" "app" 10.0.0.0/8 scram-sha-256"#, #"hostssl "web" "app" 2001:db8::/32 scram-sha-256"#,
                #"host "web" all 0.0.0.0/0 reject"#, #"host "web" all ::/0 reject"#,
                #"hostssl "shared" all 10.0.0.0/8 scram-sha-256"#,
                #"hostssl "shared" all 2001:db8::/32 scram-sha-256"#,
                #"host "shared" all 0.0.0.0/0 reject"#, #"host "shared" all ::/0 reject"#,
            ])
        let open = Self.lines(Self.texts([Self.web]).access)
        #expect(open.filter { $0.hasSuffix("scram-sha-256") }.count == 2)
        #expect(open.dropFirst().allSatisfy { $0.hasPrefix("hostssl") || $0.hasSuffix("reject") })
    }

    @Test("Names with quotes stay one name")
    func users() {
        #expect(
            Self.texts().users == """
                "doadmin" "SCRAM-SHA-256$4096:c2FsdA==$a=:b="
                "o""dd" "SCRAM-SHA-256$4096:c2FsdA==$c=:d="

                """)
        let odd = ConnectionPool(name: "odd", mode: .statement, size: 1, databaseName: "d", userName: #"o"d'd"#)
        #expect(Self.texts([odd]).configuration.contains(#"user='o"d''d'"#))
        #expect(Self.texts([odd]).access.contains(#"hostssl "odd" "o""d'd" 0.0.0.0/0"#))
    }

    @Test("The cluster's keys reach the pooler")
    func settings() {
        let cluster = Cluster.sample(configuration: [
            "pgbouncer": .object([
                "server_lifetime": .integer(600), "server_reset_query_always": .boolean(true),
                "ignore_startup_parameters": .array([.string("extra_float_digits"), .string("search_path")]),
                "autodb_pool_size": .integer(3), "autodb_pool_mode": .string("session"),
                "autodb_max_db_connections": .integer(9),
            ])
        ])
        let texts = Self.texts([Self.web], cluster: cluster)
        for line in [
            "server_lifetime = 600", "server_reset_query_always = 1", "server_idle_timeout = 600", "min_pool_size = 0",
            "ignore_startup_parameters = extra_float_digits,search_path",
            "* = host='/d/sock/25060' port=25060 pool_size=3 pool_mode=session max_db_connections=9",
        ] {
            #expect(Self.lines(texts.configuration).contains(line), "\(line)")
        }
        // Every database is open to everybody, a pool of one user still is not.
        let access = Self.lines(texts.access)
        #expect(access.last == "hostssl all all ::/0 scram-sha-256")
        #expect(access.contains(#"host "web" all 0.0.0.0/0 reject"#))
    }
}

@Suite("Pooler planner")
struct PoolerPlannerTests {
    private static func texts(_ configuration: String) -> PoolerTexts {
        var texts = PoolerTexts(
            cluster: .sample(), pools: [], logins: [], trustedNetworks: [], certificate: "",
            place: PoolerTexts.Place(listenAddress: "::", socketDirectory: "/s", directory: "/d", metricsSocket: "/m"))
        texts.configuration = configuration
        return texts
    }

    private static let old = texts("listen_port = 1\na = 1\n")
    private static let new = texts("listen_port = 1\na = 2\n")
    private static let moved = texts("listen_port = 2\na = 2\n")

    private static func seen(
        running: Bool = true, written: PoolerTexts? = old, loaded: PoolerTexts? = old, disk: PoolerTexts? = old,
        due: Bool = false
    ) -> PoolerObservation {
        PoolerObservation(
            isRunning: running, written: written, loaded: loaded, startLines: disk?.restartLines.map(String.init),
            isPreparationDue: due)
    }

    @Test(arguments: [
        (nil, seen(), PoolerStep.stop),
        (nil, seen(running: false), .rest),
        (nil, seen(running: false, due: true), .rest),
        (old, seen(due: true), .prepare),
        (old, seen(), .rest),
        (old, seen(running: false), .start),
        (old, seen(running: false, written: nil, loaded: nil, disk: nil), .write),
        (new, seen(), .write),
        (new, seen(written: new, disk: new), .reload),
        (new, seen(written: new, loaded: new, disk: new), .rest),
        // After an adoption nothing is known: the files are written and read again.
        (old, seen(written: nil, loaded: nil), .write),
        (old, seen(loaded: nil), .reload),
        // Another port needs another process, and the old file says what the old one listens on.
        (moved, seen(), .stop),
        (moved, seen(running: false), .write),
        (moved, seen(running: false, written: moved, disk: moved), .start),
    ])
    func step(_ wanted: PoolerTexts?, _ seen: PoolerObservation, _ expected: PoolerStep) {
        #expect(PoolerPlanner.nextStep(wanted: wanted, observed: seen) == expected)
    }

    @Test("From any state, ever taking the next step, the pooler comes to rest as wanted")
    func walks() {
        for wanted in [nil, Self.old, Self.new, Self.moved] {
            for written in [nil, Self.old, Self.new] {
                for loaded in [nil, Self.old, Self.new] {
                    for isRunning in [true, false] {
                        var state = Self.seen(running: isRunning, written: written, loaded: loaded, due: true)
                        let steps = walk(to: wanted, &state)
                        #expect(steps <= 6)
                        #expect(state.isRunning == (wanted != nil))
                        if wanted != nil { #expect(state.loaded == wanted) }
                    }
                }
            }
        }
    }

    /// Takes steps as the controller does; how many until rest.
    private func walk(to wanted: PoolerTexts?, _ state: inout PoolerObservation) -> Int {
        for count in 0..<20 {
            switch PoolerPlanner.nextStep(wanted: wanted, observed: state) {
            case .prepare: state.isPreparationDue = false
            case .write:
                state.written = wanted
                state.startLines = wanted?.restartLines.map(String.init)
            case .start:
                state.isRunning = true
                state.loaded = state.written
            case .reload: state.loaded = wanted
            case .stop:
                state.isRunning = false
                state.loaded = nil
                state.written = nil
            case .rest: return count
            }
        }
        return 20
    }
}
