// The harness: a whole Atoll of a test's own, and a cluster of it, driven by real clients.

import Foundation
import Synchronization

/// A whole Atoll of its own: a fresh data directory, ports that nobody else has, the real binary, real clients.
final class PlatformUnderTest: Sendable {
    /// Who runs `atoll up`.
    enum Runner: Sendable, CaseIterable {
        /// Whoever runs the tests; as root, each cluster gets an OS user of its own.
        case current
        /// An ordinary user (nobody); needs root to become it.
        case ordinaryUser
    }

    let directory: String
    let apiPort: Int
    let metricsPort: Int
    let postgresPort: Int
    let runner: Runner
    let extraArguments: [String]
    private let state = Mutex<Process?>(nil)

    static let isRoot = geteuid() == 0
    /// Tests that need another user than ours.
    static let nobody = (userID: 65_534, groupID: 65_534)

    /// The binary: `ATOLL_EXECUTABLE`, else the one that was built with these tests.
    static let executable: String = {
        if let named = ProcessInfo.processInfo.environment["ATOLL_EXECUTABLE"] { return named }
        let bundle = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return bundle.appendingPathComponent("atoll").path
    }()

    private static let nextSlot = Atomic<Int>(Int.random(in: 0..<200))

    /// - Parameter directory: an existing data directory's parent; a fresh one is made otherwise.
    init(runner: Runner = .current, extraArguments: [String] = [], directory: String? = nil) throws {
        self.runner = runner
        self.extraArguments = extraArguments
        // Below the ephemeral ports (32768 and up), in steps of sixty: three for us, the rest for clusters.
        // A slot that another run of these tests has is passed over.
        var base = 0
        for _ in 0..<200 {
            base = 20_000 + Self.nextSlot.add(1, ordering: .relaxed).newValue % 200 * 60
            if (base..<base + 3).allSatisfy(Self.isFree) { break }
        }
        (apiPort, metricsPort, postgresPort) = (base, base + 1, base + 2)
        let parent = directory ?? "/tmp/atoll-test-\(UUID().uuidString.prefix(8))"
        self.directory = parent + "/data"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        chmod(parent, 0o755)
        if runner == .ordinaryUser {
            chown(parent, uid_t(Self.nobody.userID), gid_t(Self.nobody.groupID))
            // The build directory may not be open to others.
            try FileManager.default.copyItem(atPath: Self.executable, toPath: parent + "/atoll")
            chmod(parent + "/atoll", 0o755)
        }
    }

    /// Whether nobody has the port on the loopback address.
    static func isFree(port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // As servers bind: connections that are only lingering do not count.
        var enabled: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &enabled, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    var parent: String { String(directory.dropLast("/data".count)) }
    private var program: String { runner == .ordinaryUser ? parent + "/atoll" : Self.executable }
    var authorityFile: String { directory + "/ca/ca.crt" }
    var tokenFile: String { directory + "/admin.token" }
    var apiURL: String { "https://localhost:\(apiPort)" }

    func token() throws -> String {
        try String(contentsOfFile: tokenFile, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    var upArguments: [String] {
        [
            "up", "--data", directory, "--port", "\(apiPort)", "--metrics-port", "\(metricsPort)", "--postgres-port",
            "\(postgresPort)", "--requests-per-minute", "1000000", "--requests-per-hour", "10000000",
        ] + extraArguments
    }

    private func asRunner(_ arguments: [String]) -> (String, [String]) {
        switch runner {
        case .current: (program, arguments)
        case .ordinaryUser:
            (
                "/usr/bin/setpriv",
                [
                    "--reuid", "\(Self.nobody.userID)", "--regid", "\(Self.nobody.groupID)", "--clear-groups", program,
                ] + arguments
            )
        }
    }

    /// Starts the control process and returns when the API answers. Its output goes to `up.log` beside the data.
    func start(timeoutSeconds: Double = 60) async throws {
        let process = Process()
        let (program, arguments) = asRunner(upArguments)
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let log = parent + "/up.log"
        if !FileManager.default.fileExists(atPath: log) { try Data().write(to: URL(fileURLWithPath: log)) }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        try handle.seekToEnd()
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        state.withLock { $0 = process }
        let deadline = Date().addingTimeInterval(timeoutSeconds)
        while try await !answers() {
            guard process.isRunning, Date() < deadline else {
                throw TestFailure("atoll up did not come up:\n\(upLog)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    var upLog: String { (try? String(contentsOfFile: parent + "/up.log", encoding: .utf8)) ?? "" }

    /// The API of the process we started answers (not one of an earlier start).
    private func answers() async throws -> Bool {
        guard FileManager.default.fileExists(atPath: directory + "/run/control.json") else { return false }
        return try await Shell.run(
            "/usr/bin/curl",
            ["-s", "-o", "/dev/null", "--cacert", authorityFile, "-m", "2", apiURL + "/atoll/v1/health"]
        ).isSuccess
    }

    /// Process id of the running control process.
    var controlPID: Int32 { state.withLock { $0?.processIdentifier ?? 0 } }

    /// Signals the control process and waits for its end.
    @discardableResult
    func end(_ signal: Int32 = SIGTERM) async throws -> Int32 {
        guard let process = state.withLock({ $0 }) else { return 0 }
        if process.isRunning { kill(process.processIdentifier, signal) }
        let deadline = Date().addingTimeInterval(120)
        while process.isRunning {
            guard Date() < deadline else { throw TestFailure("atoll up does not end:\n\(upLog)") }
            try await Task.sleep(for: .milliseconds(20))
        }
        state.withLock { $0 = nil }
        if signal == SIGKILL { unlink(directory + "/run/control.json") }
        return process.terminationStatus
    }

    /// Ends everything, also clusters that a test left behind, and removes the files.
    func tearDown() async throws {
        var failure: (any Error)?
        if state.withLock({ $0?.isRunning == true }) {
            do {
                for name in try await clusterNames() { _ = try? await atoll("db", "delete", name, "--force") }
                // Deletion goes on after its answer; what it removes besides files is not removed below.
                let clusters = directory + "/clusters"
                for _ in 0..<200
                where (try? FileManager.default.contentsOfDirectory(atPath: clusters))?.isEmpty == false {
                    try await Task.sleep(for: .milliseconds(50))
                }
                try await end()
            } catch {
                failure = error
                _ = try? await end(SIGKILL)
            }
        }
        // What is still there was left by a failed test: shims stop their children on SIGTERM.
        _ = try await Shell.bash("pkill -TERM -f 'shim --run-directory \(directory)/' && sleep 1; true")
        for id in (try? FileManager.default.contentsOfDirectory(atPath: directory + "/clusters")) ?? [] {
            let digits = id.filter { $0 != "-" }.prefix(12)
            for user in ["atoll-pg-\(digits)", "atoll-kv-\(digits)", "atoll-pool-\(digits)"] where Self.isRoot {
                _ = try await Shell.bash("getent passwd \(user) >/dev/null && userdel \(user); true")
            }
        }
        try? FileManager.default.removeItem(atPath: parent)
        if let failure { throw failure }
    }

    // MARK: - Clients

    /// The command line, as a user types it.
    func atoll(
        _ arguments: String..., input: String = "", timeoutSeconds: Int = 120
    ) async throws -> CommandResult {
        try await atoll(arguments, input: input, timeoutSeconds: timeoutSeconds)
    }

    func atoll(_ arguments: [String], input: String = "", timeoutSeconds: Int = 120) async throws -> CommandResult {
        try await Shell.run(
            program, arguments, environment: ["ATOLL_DATA": directory], input: input, timeoutSeconds: timeoutSeconds)
    }

    /// One API request by curl. `body` is sent as it is; the answer's JSON is nil when there is none.
    func request(
        _ method: String, _ path: String, body: String? = nil, token: String? = nil, headers: [String] = []
    ) async throws -> APIAnswer {
        var arguments = [
            "-sS", "-g", "-m", "60", "--cacert", authorityFile, "-X", method, "-D", "/dev/stderr", "-H",
            "Authorization: Bearer \(try token ?? self.token())",
        ]
        if method == "HEAD" { arguments.append("-I") }
        for header in headers { arguments += ["-H", header] }
        if let body {
            if !headers.contains(where: { $0.lowercased().hasPrefix("content-type") }) {
                arguments += ["-H", "Content-Type: application/json"]
            }
            arguments += ["--data-binary", body]
        }
        let result = try await Shell.run("/usr/bin/curl", arguments + [apiURL + path])
        guard result.isSuccess else { throw TestFailure("curl: \(result)") }
        return APIAnswer(headText: result.errors, body: result.output)
    }

    func clusterNames() async throws -> [String] {
        let answer = try await request("GET", "/v2/databases")
        return (answer.object["databases"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String }
    }

    /// Creates a cluster by the command line and returns when it is online.
    @discardableResult
    func createCluster(_ name: String, arguments: [String] = []) async throws -> ClusterUnderTest {
        let result = try await atoll(["db", "create", name, "--format", "json"] + arguments)
        guard result.isSuccess else { throw TestFailure("create: \(result)") }
        return try await cluster(name)
    }

    /// The cluster as the API has it now.
    func cluster(_ name: String) async throws -> ClusterUnderTest {
        let answer = try await request("GET", "/v2/databases")
        let clusters = answer.object["databases"] as? [[String: Any]] ?? []
        guard let found = clusters.first(where: { $0["name"] as? String == name }),
            let cluster = ClusterUnderTest(found, platform: self)
        else { throw TestFailure("no cluster \(name) in \(answer.body)") }
        return cluster
    }

    /// Polls until the cluster has the status.
    func await(
        cluster name: String, status: String, timeoutSeconds: Double = 60
    ) async throws -> ClusterUnderTest {
        let deadline = Date().addingTimeInterval(timeoutSeconds)
        while true {
            let cluster = try await cluster(name)
            if cluster.status == status { return cluster }
            guard Date() < deadline else {
                throw TestFailure(
                    "cluster \(name) is \(cluster.status) (\(cluster.statusMessage ?? "")), not \(status)\n\(upLog)")
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// A cluster as the API described it at one moment, with the ways to use it.
struct ClusterUnderTest: Sendable {
    let platform: PlatformUnderTest
    let id: String
    let name: String
    let status: String
    let statusMessage: String?
    let host: String
    let port: Int
    let user: String
    let password: String

    init?(_ json: [String: Any], platform: PlatformUnderTest) {
        guard let id = json["id"] as? String, let name = json["name"] as? String,
            let status = json["status"] as? String, let connection = json["connection"] as? [String: Any],
            let host = connection["host"] as? String, let port = connection["port"] as? Int,
            let user = connection["user"] as? String, let password = connection["password"] as? String
        else { return nil }
        self.platform = platform
        self.id = id
        self.name = name
        self.status = status
        self.statusMessage = json["status_message"] as? String
        self.host = host
        self.port = port
        self.user = user
        self.password = password
    }

    var dataDirectory: String { "\(platform.directory)/clusters/\(id)/data" }

    /// A connection string that verifies the server's name and chain.
    func uri(user: String? = nil, password: String? = nil, database: String = "defaultdb") -> String {
        "postgresql://\(user ?? self.user):\(password ?? self.password)@\(host):\(port)/\(database)"
            + "?sslmode=verify-full&sslrootcert=\(platform.authorityFile)"
    }

    /// psql with the statements on standard input; stops at the first error.
    func psql(
        _ sql: String, user: String? = nil, password: String? = nil, database: String = "defaultdb",
        stopOnError: Bool = true, timeoutSeconds: Int = 60
    ) async throws -> CommandResult {
        try await Shell.run(
            "/usr/bin/psql",
            ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=\(stopOnError ? 1 : 0)"]
                + [uri(user: user, password: password, database: database)],
            input: sql, timeoutSeconds: timeoutSeconds)
    }

    /// The postmaster's process id, from the file that it keeps itself.
    func postmasterPID() throws -> Int32 {
        let text = try String(contentsOfFile: dataDirectory + "/postmaster.pid", encoding: .utf8)
        guard let line = text.split(separator: "\n").first, let pid = Int32(line) else {
            throw TestFailure("postmaster.pid says: \(text)")
        }
        return pid
    }
}

/// An answer of the API.
struct APIAnswer {
    let status: Int
    /// By lower-case name.
    let headers: [String: String]
    let body: String

    init(headText: String, body: String) {
        // After "100 Continue" there is a second head; the last one counts.
        let lines = headText.split(whereSeparator: \.isNewline).map(String.init)
        let start = lines.lastIndex { $0.hasPrefix("HTTP/") } ?? 0
        status = lines.indices.contains(start) ? Int(lines[start].split(separator: " ")[1]) ?? 0 : 0
        var headers: [String: String] = [:]
        for line in lines.dropFirst(start + 1) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...]
                .trimmingCharacters(in: .whitespaces)
        }
        self.headers = headers
        self.body = body
    }

    /// The body as a JSON object; empty if it is none.
    var object: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
