import ControlModel
import Settings
import Testing

@testable import ControlReconciler

extension Cluster {
    /// A key-value cluster.
    static func keyValueSample(
        _ engine: DatabaseEngine = .valkey, sizeSlug: String = "db-s-1vcpu-1gb",
        configuration: [String: JSONValue] = [:]
    ) -> Cluster {
        var cluster = Cluster.sample(sizeSlug: sizeSlug, configuration: configuration)
        (cluster.engine, cluster.name, cluster.port, cluster.poolPort) = (engine, "cache", 25_100, 25_101)
        return cluster
    }
}

@Suite("Advanced configuration of key-value clusters")
struct KeyValueSettingsTests {
    /// Names without prefix: DigitalOcean's, a value that is not the default, and values that are refused.
    static let keys: [(name: String, value: JSONValue, refused: [JSONValue])] = [
        ("maxmemory_policy", .string("volatile-ttl"), [.string("lru"), .integer(1)]),
        ("pubsub_client_output_buffer_limit", .integer(64), [.integer(31), .integer(513), .string("64")]),
        ("number_of_databases", .integer(128), [.integer(0), .integer(129)]),
        ("io_threads", .integer(32), [.integer(0), .integer(33)]),
        ("lfu_log_factor", .integer(0), [.integer(-1), .integer(101)]),
        ("lfu_decay_time", .integer(120), [.integer(0), .integer(121)]),
        ("ssl", .boolean(false), [.string("yes"), .integer(0)]),
        ("timeout", .integer(31_536_000), [.integer(-1), .integer(31_536_001)]),
        ("notify_keyspace_events", .string("KEg$"), [.string("g"), .string("Kq"), .integer(1)]),
        ("persistence", .string("off"), [.string("both"), .boolean(true)]),
        ("acl_channels_default", .string("resetchannels"), [.string("none")]),
        ("save", .string("900 1 300 10 60 10000"), [.string("900"), .string("0 1"), .string("a b"), .string("9  1")]),
        ("dbfilename", .string("nextfile.rdb"), [.string("../x.rdb"), .string("x"), .string(".rdb"), .string("")]),
        ("appendfsync", .string("always"), [.string("sometimes")]),
    ]

    @Test(
        "Every key is taken in both spellings by both engines, and shown in the engine's own", arguments: keys.indices)
    func spelling(_ index: Int) throws {
        let (name, value, refused) = Self.keys[index]
        for engine in [DatabaseEngine.redis, .valkey] {
            for prefix in ["redis_", "valkey_"] {
                var settings = KeyValueSettings(.keyValueSample(engine))
                try settings.apply([prefix + name: value])
                let expected = engine == .valkey && name == "maxmemory_policy" ? .string("volatile_ttl") : value
                #expect(settings.shown["\(engine.rawValue)_\(name)"] == expected)
                #expect(settings.stored == ["\(engine.rawValue)_\(name)": expected])
                #expect(KeyValueSettings(.keyValueSample(engine, configuration: settings.stored)) == settings)
                for wrong in refused {
                    expectRefusal(.unprocessableEntity, "\(prefix)\(name) must be") {
                        try settings.apply([prefix + name: wrong])
                    }
                }
                try settings.apply([prefix + name: .null])
                #expect(settings.stored.isEmpty)
            }
        }
    }

    @Test("Two keys are Valkey's alone, one of them without a prefix")
    func valkeyOnly() throws {
        var valkey = KeyValueSettings(.keyValueSample(.valkey))
        let changes: [String: JSONValue] = [
            "frequent_snapshots": .boolean(false), "valkey_active_expire_effort": .integer(10),
        ]
        try valkey.apply(changes)
        #expect(valkey.stored == changes)
        var redis = KeyValueSettings(.keyValueSample(.redis))
        try redis.apply(changes)
        #expect(redis.stored.isEmpty)
        #expect(redis.shown.keys.allSatisfy { $0.hasPrefix("redis_") })
    }

    @Test("Defaults are DigitalOcean's where it names them, and Redis's else")
    func defaults() {
        #expect(
            KeyValueSettings(.keyValueSample(.redis)).shown == [
                "redis_maxmemory_policy": .string("noeviction"),
                "redis_pubsub_client_output_buffer_limit": .integer(32), "redis_number_of_databases": .integer(16),
                "redis_io_threads": .integer(1), "redis_lfu_log_factor": .integer(10),
                "redis_lfu_decay_time": .integer(1), "redis_ssl": .boolean(true), "redis_timeout": .integer(300),
                "redis_notify_keyspace_events": .string(""), "redis_persistence": .string("rdb"),
                "redis_acl_channels_default": .string("allchannels"), "redis_save": .string(""),
                "redis_dbfilename": .string("dump.rdb"), "redis_appendfsync": .string("everysec"),
            ])
    }

    @Test("All changes are taken or none; unknown keys are ignored; one key in two spellings is refused")
    func together() throws {
        var settings = KeyValueSettings(.keyValueSample())
        expectRefusal(.unprocessableEntity) {
            try settings.apply(["valkey_timeout": .integer(1), "valkey_lfu_log_factor": .integer(101)])
        }
        expectRefusal(.unprocessableEntity, "twice") {
            try settings.apply(["valkey_timeout": .integer(1), "redis_timeout": .integer(2)])
        }
        #expect(settings.stored.isEmpty)
        try settings.apply(["work_mem": .integer(5), "timeout": .integer(5), "valkey_nothing": .null])
        #expect(settings.stored.isEmpty)
        expectRefusal(.unprocessableEntity, "must be true or false") {
            try settings.apply(["valkey_ssl": .object([:])])
        }
    }

    @Test("A policy is one setting, whichever way it is changed", arguments: EvictionPolicy.allCases)
    func policy(_ policy: EvictionPolicy) throws {
        for engine in [DatabaseEngine.redis, .valkey] {
            var settings = KeyValueSettings(.keyValueSample(engine))
            try settings.apply(KeyValueSettings.change(to: policy))
            #expect(settings.evictionPolicy == policy)
            #expect(
                settings.shown["\(engine.rawValue)_maxmemory_policy"]
                    == .string(engine == .redis ? policy.rawValue.replacing("_", with: "-") : policy.rawValue))
        }
    }

    @Test("Usable memory is what is documented for each plan, and every size has one")
    func memory() {
        let gibibytes = DatabaseSize.keyValue.map {
            (Double(KeyValueSettings.usableMemoryMiB(sizeSlug: $0.slug)) / 102.4).rounded() / 10
        }
        #expect(gibibytes == [0.5, 1.2, 2.5, 5.2, 11.5, 21.7, 43.7])
    }
}

@Suite("The file of a key-value server")
struct KeyValueDirectivesTests {
    private func directives(
        _ configuration: [String: JSONValue] = [:], disk: (log: Bool, dump: Bool) = (false, false),
        trusted: [String] = [], directory: String = "/d/data"
    ) -> KeyValueDirectives {
        let settings = KeyValueSettings(.keyValueSample(configuration: configuration))
        let persistence = KeyValuePersistence(
            settings, disk: KeyValuePersistence.Disk(hasAppendLog: disk.log, hasDump: disk.dump))
        let place = KeyValueDirectives.Place(
            listenAddress: "127.0.0.1", plainPort: 25_100, tlsPort: 25_101, dataDirectory: directory,
            certificateFile: "/d/conf/server.crt", keyFile: "/d/conf/server.key")
        return KeyValueDirectives(
            settings, persistence: persistence, place: place, sizeSlug: "db-s-1vcpu-1gb", password: "AVNS_x",
            trustedNetworks: trusted)
    }

    private func value(_ name: String, _ directives: KeyValueDirectives) -> String? {
        KeyValueDirectives.value(of: name, in: directives.text)
    }

    @Test("A new cluster's file")
    func usual() {
        #expect(
            directives(trusted: ["10.0.0.0/8", "::1/128"]).text == """
                # Written by Atoll; changes are overwritten. Settings: atoll db config --help
                dir "/d/data"
                managed "yes"
                set-proc-title "no"
                unixsocket "control.sock"
                unixsocketperm "700"
                pidfile "/d/data/kv.pid"
                bind "127.0.0.1"
                port "0"
                tls-cert-file "/d/conf/server.crt"
                tls-key-file "/d/conf/server.key"
                tls-auth-clients "no"
                tls-port "25101"
                requirepass "AVNS_x"
                trusted-networks "10.0.0.0/8 ::1/128"
                maxmemory "536870912"
                maxmemory-policy "noeviction"
                client-output-buffer-limit "pubsub 33554432 8388608 60"
                databases "16"
                io-threads "1"
                lfu-log-factor "10"
                lfu-decay-time "1"
                timeout "300"
                notify-keyspace-events ""
                active-expire-effort "1"
                dbfilename "dump.rdb"
                appendfsync "everysec"
                save "600 1"
                appendonly "no"
                shutdown-on-sigterm "save"

                """)
    }

    @Test("The plain port is there only without the demand for TLS")
    func plainPort() { #expect(value("port", directives(["valkey_ssl": .boolean(false)])) == "25100") }

    static let methods: [(JSONValue, log: Bool, dump: Bool, starts: Bool, switches: Bool)] = [
        (.string("rdb"), false, false, false, false), (.string("rdb"), false, true, false, false),
        // The data is in the log until a dump is written.
        (.string("rdb"), true, true, true, true), (.string("off"), true, false, true, true),
        (.string("off"), false, true, false, false), (.string("aof"), false, false, true, false),
        (.string("aof"), true, true, true, false),
        // A server that started with an empty log would not look at the dump.
        (.string("aof"), false, true, false, true),
    ]

    @Test("A start always finds the data in the form in which it lies", arguments: methods.indices)
    func startingMethod(_ index: Int) {
        let row = Self.methods[index]
        let directives = directives(["valkey_persistence": row.0], disk: (row.log, row.dump))
        #expect(value("appendonly", directives) == (row.starts ? "yes" : "no"))
        #expect(directives.persistence.needsSwitch == row.switches)
    }

    static let savePoints: [(String, JSONValue?, Bool, String)] = [
        ("rdb", nil, true, "600 1"), ("rdb", nil, false, ""), ("rdb", .string("900 1"), true, "900 1"),
        ("rdb", .string("900 1"), false, "900 1"), ("aof", nil, true, ""), ("aof", .string("60 1"), true, "60 1"),
        ("off", .string("60 1"), true, ""),
    ]

    @Test("Save points follow from the method and from what is asked", arguments: savePoints.indices)
    func dumpTimes(_ index: Int) {
        let (method, save, frequent, expected) = Self.savePoints[index]
        var configuration: [String: JSONValue] = [
            "valkey_persistence": .string(method), "frequent_snapshots": .boolean(frequent),
        ]
        configuration["valkey_save"] = save
        #expect(value("save", directives(configuration)) == expected)
    }

    @Test("What only a start changes is told apart")
    func restarted() {
        let directives = directives()
        #expect(directives.restarted.map(\.name) == ["databases", "io-threads", "dbfilename"])
        #expect(directives.live.allSatisfy { !$0.needsRestart })
        #expect(directives.live.count + 3 == directives.changeable.count)
    }

    @Test("Quotes and backslashes of a path come back as they were", arguments: [#"/a "b" \c"#, #"/\\"#, "/x y"])
    func quoting(_ path: String) { #expect(value("dir", directives(directory: path)) == path) }
}
