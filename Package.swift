// swift-tools-version: 6.3
import PackageDescription

// Every target of ours: Swift 6 language mode, the upcoming features that make dependencies and copies visible,
// and warnings that end the build.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

// Codecs on a hot path: lifetimes for spans, and every unsafe use marked.
let hotPath = strict + [.enableExperimentalFeature("Lifetimes"), .strictMemorySafety()]

// One self-contained binary in release: the Swift runtime and Foundation are linked in, Debian's libraries are not.
let staticRuntime: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-stdlib", "-lCoreFoundation", "-l_FoundationCShims", "-l_FoundationCollections",
            "-l_FoundationICU", "-lstdc++",
        ], .when(configuration: .release))
]

// Engines: the same, with spans' lifetimes. Their memory is managed by hand throughout, so marking each use as unsafe
// would say nothing (docs/decisions/0013-keyvalue-memory.md).
let engine = strict + [.enableExperimentalFeature("Lifetimes")]

func tests(_ target: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .testTarget(
        name: "\(target)Tests", dependencies: [.byName(name: target)] + dependencies, resources: resources,
        swiftSettings: strict)
}

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let swiftASN1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "atoll",
    products: [.executable(name: "atoll", targets: ["atoll"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        // Traits named one by one: with the default set, unchanged builds recompile Hummingbird at random.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Shared
        .target(name: "CAtoll", path: "Sources/Shared/CAtoll"),
        .target(
            name: "Supervision", dependencies: ["CAtoll"], path: "Sources/Shared/Supervision", swiftSettings: strict),
        .target(
            name: "Certificates", dependencies: [x509, swiftASN1, crypto], path: "Sources/Shared/Certificates",
            swiftSettings: strict),
        .target(name: "Settings", path: "Sources/Shared/Settings", swiftSettings: strict),
        .target(name: "MetricText", path: "Sources/Shared/MetricText", swiftSettings: strict),
        .target(name: "Telemetry", dependencies: [logging], path: "Sources/Shared/Telemetry", swiftSettings: strict),

        .target(
            name: "CMemory", path: "Sources/Shared/CMemory", linkerSettings: [.linkedLibrary("mimalloc")]),
        // For tests and simulations alone.
        .target(name: "CAllocationCount", path: "Sources/Shared/CAllocationCount"),
        .target(name: "SeededRandom", path: "Sources/Shared/SeededRandom", swiftSettings: strict),
        .target(name: "CNumberText", path: "Sources/Shared/CNumberText"),
        .target(name: "CIOLoop", path: "Sources/Shared/CIOLoop", linkerSettings: [.linkedLibrary("uring")]),
        .systemLibrary(name: "COpenSSL", path: "Sources/Shared/COpenSSL", pkgConfig: "openssl"),
        .target(name: "Threads", path: "Sources/Shared/Threads", swiftSettings: strict),
        .target(
            name: "Bytes", dependencies: ["CMemory", "CNumberText"], path: "Sources/Shared/Bytes",
            swiftSettings: engine),
        .target(
            name: "IOLoop", dependencies: ["Bytes", "CIOLoop", "SeededRandom", "TLS", "Threads"],
            path: "Sources/Shared/IOLoop",
            swiftSettings: engine),
        .target(name: "TLS", dependencies: ["Bytes", "COpenSSL"], path: "Sources/Shared/TLS", swiftSettings: engine),

        // KeyValue
        .target(
            name: "RESP", dependencies: ["Bytes", "CMemory"], path: "Sources/KeyValue/RESP", swiftSettings: engine),
        .target(
            name: "Keyspace", dependencies: ["Bytes", "CMemory", "Threads"], path: "Sources/KeyValue/Keyspace",
            swiftSettings: engine),
        .target(
            name: "KeyValuePersistence", dependencies: ["Bytes", "CIOLoop", "CMemory", "Keyspace", "RESP", "Threads"],
            path: "Sources/KeyValue/KeyValuePersistence", swiftSettings: engine),
        .target(
            name: "KeyValueCommands",
            dependencies: ["Bytes", "CIOLoop", "CMemory", "Keyspace", "KeyValuePersistence", "RESP"],
            path: "Sources/KeyValue/KeyValueCommands", swiftSettings: engine),
        .target(
            name: "KeyValueServer",
            dependencies: [
                "Bytes", "CAtoll", "CIOLoop", "CMemory", "IOLoop", "Keyspace", "KeyValueCommands",
                "KeyValuePersistence", "RESP", "TLS", "Threads",
            ],
            path: "Sources/KeyValue/KeyValueServer", swiftSettings: engine),

        // Postgres
        .target(
            name: "PostgresWire", dependencies: [crypto, cryptoExtras], path: "Sources/Postgres/PostgresWire",
            swiftSettings: hotPath),
        .target(
            name: "PostgresCluster",
            dependencies: ["PostgresWire", "Settings", nioCore, nioPosix, nioSSL],
            path: "Sources/Postgres/PostgresCluster", swiftSettings: strict),

        // Pooler
        .target(
            name: "PoolerConfiguration", path: "Sources/Pooler/PoolerConfiguration", swiftSettings: engine),
        .target(
            name: "SessionStatements", path: "Sources/Pooler/SessionStatements", swiftSettings: engine),
        .target(
            name: "PoolerSessions",
            dependencies: [
                "Bytes", "CMemory", "MetricText", "PoolerConfiguration", "PostgresWire", "SessionStatements",
            ],
            path: "Sources/Pooler/PoolerSessions", swiftSettings: engine),
        .target(
            name: "PoolerServer",
            dependencies: [
                "Bytes", "CAtoll", "CIOLoop", "CMemory", "IOLoop", "MetricText", "PoolerConfiguration",
                "PoolerSessions", "PostgresWire", "TLS", "Threads",
            ],
            path: "Sources/Pooler/PoolerServer", swiftSettings: engine),

        // Control
        .target(name: "ControlModel", path: "Sources/Control/ControlModel", swiftSettings: strict),
        .target(
            name: "ControlStore",
            dependencies: ["ControlModel", crypto, .product(name: "GRDB", package: "GRDB.swift")],
            path: "Sources/Control/ControlStore", swiftSettings: strict),
        .target(
            name: "ControlReconciler",
            dependencies: [
                "ControlModel", "ControlStore", "MetricText", "PostgresCluster", "PostgresWire", "Settings",
                "Supervision", "Certificates", "Telemetry", logging, nioCore, nioPosix, nioSSL,
            ],
            path: "Sources/Control/ControlReconciler", swiftSettings: strict),
        .target(
            name: "ControlAPI",
            dependencies: [
                "ControlModel", hummingbird, .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"), httpTypes, nioCore, nioSSL, logging,
            ],
            path: "Sources/Control/ControlAPI", swiftSettings: strict),

        // CLI
        .target(
            name: "CLICommands",
            dependencies: [
                "ControlModel", "ControlStore", "ControlReconciler", "ControlAPI", "KeyValueServer", "MetricText",
                "PoolerServer", "PostgresCluster", "Supervision", "Certificates", "Telemetry", argumentParser, logging,
                crypto, hummingbird,
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"), nioCore, nioSSL,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Sources/CLI/CLICommands", swiftSettings: strict),
        .executableTarget(
            name: "atoll", dependencies: ["CLICommands", "KeyValueServer", "PoolerServer", "Supervision"],
            path: "Sources/CLI/atoll",
            swiftSettings: strict,
            linkerSettings: staticRuntime),

        // Tests
        tests("Supervision", ["CAtoll", "atoll"]),
        tests("Certificates", [x509, swiftASN1]),
        tests("Settings"),
        tests("MetricText", ["SeededRandom"]),
        tests("Telemetry", [logging]),
        tests("Threads"),
        tests("Bytes", ["SeededRandom"]),
        tests("IOLoop", ["Bytes", "SeededRandom", "TLS", "Threads"]),
        tests("TLS", ["Bytes", "SeededRandom"]),
        tests("RESP", ["Bytes"]),
        tests("Keyspace", ["Bytes", "SeededRandom"]),
        tests("KeyValuePersistence", ["Bytes", "CMemory", "Keyspace", "RESP", "SeededRandom"]),
        tests(
            "KeyValueCommands",
            ["Bytes", "CAllocationCount", "Keyspace", "KeyValuePersistence", "RESP", "SeededRandom"]),
        .testTarget(
            name: "KeyValueServerTests", dependencies: ["atoll", "KeyValueServer"], exclude: ["Scripts"],
            swiftSettings: strict),
        tests("PostgresWire", ["SeededRandom"]),
        tests("PostgresCluster", ["Settings"]),
        tests("PoolerConfiguration", ["SeededRandom"]),
        tests("SessionStatements", ["SeededRandom"]),
        tests(
            "PoolerSessions",
            ["Bytes", "MetricText", "PoolerConfiguration", "PostgresWire", "SeededRandom", "SessionStatements"]),
        tests("PoolerServer", ["Bytes", "IOLoop", "PoolerConfiguration", "PoolerSessions", "TLS"]),
        tests("ControlStore", ["ControlModel", .product(name: "GRDB", package: "GRDB.swift")]),
        tests(
            "ControlReconciler",
            [
                "ControlModel", "ControlStore", "MetricText", "PostgresCluster", "SeededRandom", "Settings",
                "Telemetry",
            ]),
        tests(
            "ControlAPI",
            [
                "ControlModel", hummingbird, .product(name: "HummingbirdTesting", package: "hummingbird"), httpTypes,
                nioCore, logging, "SeededRandom",
            ]),
        tests(
            "CLICommands",
            ["ControlModel", "ControlStore", "ControlReconciler", "Certificates", "Supervision", argumentParser]),
        .testTarget(name: "TidyTests", swiftSettings: strict),
        .testTarget(
            // The program as its users have it: built first, and used from outside only.
            name: "PlatformTests", dependencies: ["atoll", "SeededRandom"], exclude: ["Scripts"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
