import Foundation
import Glibc
import Settings
import Testing

@testable import PostgresCluster

/// One call of a program, ended when it takes too long. As root it runs as the OS user `postgres`, since PostgreSQL's
/// programs refuse root.
struct ServerProgram {
    var name: String
    var arguments: [String]
    var secondsMax = 60.0

    static let directory = Initialization.programDirectory
    static let isInstalled = FileManager.default.isExecutableFile(atPath: "\(directory)/postgres")

    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    func run(in directory: String) throws -> Result {
        let process = Process()
        var words = ["\(Self.directory)/\(name)"] + arguments
        if geteuid() == 0, let user = getpwnam("postgres") {
            let identity = ["--reuid=\(user.pointee.pw_uid)", "--regid=\(user.pointee.pw_gid)", "--clear-groups"]
            words = ["/usr/bin/setpriv"] + identity + words
        }
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.environment = ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"]
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        // Files rather than pipes: nothing can fill up and block the program.
        let files = ["out", "err"].map { "\(directory)/\(UUID().uuidString).\($0)" }
        for file in files { try Data().write(to: URL(fileURLWithPath: file)) }
        defer { for file in files { try? FileManager.default.removeItem(atPath: file) } }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: files[0])
        process.standardError = FileHandle(forWritingAtPath: files[1])
        try process.run()
        let deadline = Date().addingTimeInterval(secondsMax)
        while process.isRunning && Date() < deadline { usleep(2000) }
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        let texts = files.map { String(decoding: FileManager.default.contents(atPath: $0) ?? Data(), as: UTF8.self) }
        return Result(status: process.terminationStatus, output: texts[0], errors: texts[1])
    }
}

/// A directory with an initialised cluster, for one test.
final class ServerDirectory {
    let path: String
    var dataDirectory: String { path + "/data" }

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/postgres-cluster-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try FileManager.default.createDirectory(
            atPath: dataDirectory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        if geteuid() == 0, let user = getpwnam("postgres") {
            chown(dataDirectory, user.pointee.pw_uid, user.pointee.pw_gid)
        }
        let arguments = Initialization.arguments(dataDirectory: dataDirectory) + ["--no-sync"]
        let result = try ServerProgram(name: "initdb", arguments: arguments).run(in: path)
        try #require(result.status == 0, "\(result.errors)")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// What the server reads as the value of a parameter; it has to take the whole file for that.
    func value(_ parameter: String, in text: String) throws -> ServerProgram.Result {
        let file = path + "/postgresql.conf"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        chmod(file, 0o644)
        return try ServerProgram(
            name: "postgres", arguments: ["-C", parameter, "-D", dataDirectory, "-c", "config_file=\(file)"]
        ).run(in: path)
    }
}

@Suite("PostgreSQL's own reading", .enabled(if: ServerProgram.isInstalled, "PostgreSQL 15 is not installed"))
struct ServerParserTests {
    private static func text(_ plan: ClusterPlan, _ values: [String: SettingValue], _ directory: ServerDirectory)
        -> String
    {
        ConfigurationFile(
            clusterName: "shop", dataDirectory: directory.dataDirectory, configurationDirectory: directory.path,
            listenAddress: "::", socketDirectory: "/d/sock, a/25060", port: 25_060,
            configuration: Configuration(plan: plan, values: values)
        ).text
    }

    /// Values at one end of every key's limits.
    private static func ends(_ lower: Bool) -> [String: SettingValue] {
        var values: [String: SettingValue] = [:]
        for key in ConfigurationTable.keys {
            switch key.kind {
            case .boolean: values[key.name] = .boolean(lower)
            case .integer(let range): values[key.name] = .integer(lower ? range.lowerBound : range.upperBound)
            case .number(let range): values[key.name] = .number(lower ? range.lowerBound : range.upperBound)
            case .choice(let choices): values[key.name] = (lower ? choices.first : choices.last).map { .string($0) }
            case .text, .choices: break
            }
        }
        return values
    }

    private static let settings: [(String, [String: SettingValue])] = [
        ("defaults", [:]),
        ("every lower limit", ends(true)),
        ("every upper limit", ends(false)),
        (
            "odd numbers",
            [
                "bgwriter_flush_after": .integer(3), "max_stack_depth": .integer(2_097_153),
                "autovacuum_vacuum_scale_factor": .number(.leastNonzeroMagnitude),
                "autovacuum_analyze_scale_factor": .number(1e-7),
                "bgwriter_lru_multiplier": .number(2.5), "shared_buffers_percentage": .number(33.333),
            ]
        ),
        (
            "texts",
            [
                "timezone": .string("Europe/Helsinki"),
                "log_line_prefix": .string("%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h"),
                "log_error_verbosity": .string("VERBOSE"), "default_toast_compression": .string("pglz"),
            ]
        ),
    ]

    @Test("The server takes the whole file, for every size and at the limits of every key", .timeLimit(.minutes(3)))
    func takesTheFile() throws {
        let directory = try ServerDirectory()
        for plan in Plans.all {
            for (what, values) in Self.settings {
                let text = Self.text(plan, values, directory)
                let expected = values["max_connections"] ?? .integer(plan.connectionsMax)
                let result = try directory.value("max_connections", in: text)
                #expect(result.status == 0, "\(plan.memoryMiB) MiB, \(what): \(result.errors)")
                #expect(.integer(Int(result.output.dropLast()) ?? 0) == expected, "\(what)")
            }
        }
    }

    /// Parameter and what `-C` prints for it, in PostgreSQL's own units.
    private static let readings: [(String, String)] = [
        ("shared_buffers", "32768"), ("work_mem", "10240"), ("effective_cache_size", "98304"),
        ("maintenance_work_mem", "65536"), ("max_wal_size", "1024"), ("min_wal_size", "256"),
        ("listen_addresses", "0.0.0.0,::"), ("unix_socket_directories", #""/d/sock, a/25060""#), ("port", "25060"),
        ("ssl", "on"),
        ("autovacuum_naptime", "60"), ("bgwriter_flush_after", "64"), ("max_stack_depth", "2048"),
        ("temp_file_limit", "-1"), ("log_line_prefix", "%m [%p] %q[user=%u,db=%d,app=%a]"),
        ("log_min_duration_statement", "1000"), ("track_activity_query_size", "1024"),
        ("superuser_reserved_connections", "3"), ("max_slot_wal_keep_size", "3072"), ("wal_level", "logical"),
    ]

    @Test("The server reads the values that were meant", .timeLimit(.minutes(3)))
    func readsTheValues() throws {
        let directory = try ServerDirectory()
        let text = Self.text(Plans.smallest, [:], directory)
        for (parameter, expected) in Self.readings {
            let result = try directory.value(parameter, in: text)
            #expect(result.output == expected + "\n", "\(parameter): \(result.errors)")
        }
    }

    @Test(
        "A value with quotes and backslashes arrives as it was, and a broken line is noticed", .timeLimit(.minutes(3)))
    func quoting() throws {
        let directory = try ServerDirectory()
        for value in ["it's", #"a\b"#, #"\'"#, "# no comment", "''"] {
            let result = try directory.value("cluster_name", in: ServerParameter("cluster_name", value).line + "\n")
            #expect(result.output == value + "\n", "\(result.errors)")
        }
        #expect(try directory.value("cluster_name", in: "cluster_name = 'it's'\n").status != 0)
    }

    /// Parameters that `postgres --describe-config` knows, and whether they are read at start only.
    private func isReadAtStartOnly() throws -> [String: Bool] {
        let program = ServerProgram(name: "postgres", arguments: ["--describe-config"])
        let result = try program.run(in: FileManager.default.temporaryDirectory.path)
        try #require(result.status == 0, "\(result.errors)")
        // Name, context, group, type, default, minimum, maximum, descriptions.
        let rows = result.output.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false)
        }
        return Dictionary(
            rows.filter { $0.count > 1 }.map { ($0[0].lowercased(), $0[1] == "postmaster") },
            uniquingKeysWith: { first, _ in first })
    }

    @Test("Which keys need a restart is as the server has it", .timeLimit(.minutes(1)))
    func restarts() throws {
        let readAtStart = try isReadAtStartOnly()
        var compared = 0
        for key in ConfigurationTable.keys {
            guard case .parameter(let name, _, _) = key.destination, let expected = readAtStart[name] else { continue }
            compared += 1
            #expect(key.needsRestart == expected, "\(name)")
        }
        // All but pg_stat_statements.track, which its library defines.
        #expect(compared == 45)
    }
}
