import Foundation
import Testing

// What the tests of faults and of the life cycle share: processes, leftovers, waiting.

extension PlatformTests {
    /// A platform for one test, removed afterwards whatever happens.
    static func withPlatform(
        runner: PlatformUnderTest.Runner = .current, extraArguments: [String] = [], directory: String? = nil,
        starting: Bool = true, _ body: (PlatformUnderTest) async throws -> Void
    ) async throws {
        let platform = try PlatformUnderTest(runner: runner, extraArguments: extraArguments, directory: directory)
        do {
            if starting { try await platform.start() }
            try await body(platform)
        } catch {
            print("log of the failed test:\n\(platform.upLog.suffix(6000))")
            try? await platform.tearDown()
            throw error
        }
        try await platform.tearDown()
    }

    /// Polls until the condition holds.
    static func until(
        _ what: @autoclosure () -> String, seconds: Double = 30, interval: Duration = .milliseconds(50),
        _ condition: () async throws -> Bool
    ) async throws {
        let deadline = Date().addingTimeInterval(seconds)
        while try await !condition() {
            guard Date() < deadline else { throw TestFailure("not within \(seconds) s: \(what())") }
            try await Task.sleep(for: interval)
        }
    }
}

/// What /proc says.
enum ProcessTable {
    static func isAlive(_ pid: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = status.lastIndex(of: ")")
        else { return false }
        return !status[end...].hasPrefix(") Z")
    }

    static func parent(of pid: Int32) throws -> Int32 {
        let status = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        guard let end = status.lastIndex(of: ")"), let field = status[end...].split(separator: " ").dropFirst(2).first,
            let parent = Int32(field)
        else { throw TestFailure("/proc/\(pid)/stat says \(status)") }
        return parent
    }

    /// Processes with the text in their command line, as "pid command line".
    static func with(_ text: String) -> [String] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { entry in
            guard let pid = Int32(entry), pid != getpid(),
                let data = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline"), !data.isEmpty
            else { return nil }
            let line = String(decoding: data, as: UTF8.self).replacingOccurrences(of: "\0", with: " ")
            return line.contains(text) ? "\(pid) \(line)" : nil
        }
    }

    static func residentMiB(_ pid: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kib = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
        else { throw TestFailure("no VmRSS for \(pid)") }
        return kib / 1024
    }

    /// User and system time.
    static func processorSeconds(_ pid: Int32) throws -> Double {
        let status = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        guard let end = status.lastIndex(of: ")") else { throw TestFailure("/proc/\(pid)/stat says \(status)") }
        let fields = status[end...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw TestFailure("/proc/\(pid)/stat says \(status)")
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

extension PlatformUnderTest {
    static func createBody(_ name: String) -> String {
        #"{"name":"\#(name)","engine":"pg","size":"db-s-1vcpu-1gb","region":"nyc1","num_nodes":1}"#
    }

    /// Asks for a cluster and does not wait for it. Returns its id.
    func requestCluster(_ name: String) async throws -> String {
        let answer = try await request("POST", "/v2/databases", body: Self.createBody(name))
        guard answer.status == 201, let database = answer.object["database"] as? [String: Any],
            let id = database["id"] as? String
        else { throw TestFailure("create \(name): \(answer.status) \(answer.body)") }
        return id
    }

    /// Status and reason of a cluster; nil when the API has none of that id.
    func state(ofCluster id: String) async throws -> (status: String, message: String)? {
        let answer = try await request("GET", "/v2/databases/\(id)")
        guard answer.status != 404 else { return nil }
        guard answer.status == 200, let database = answer.object["database"] as? [String: Any],
            let status = database["status"] as? String
        else { throw TestFailure("get \(id): \(answer.status) \(answer.body)") }
        return (status, database["status_message"] as? String ?? "")
    }

    /// Polls until the cluster has the status, and the message contains the text.
    func awaitState(
        ofCluster id: String, _ status: String, message: String = "", seconds: Double = 60
    ) async throws {
        var last = "nothing"
        try await PlatformTests.until("\(status) with \"\(message)\"; it is \(last)\n\(upLog)", seconds: seconds) {
            guard let state = try await state(ofCluster: id) else { return false }
            last = "\(state.status): \(state.message)"
            return state.status == status && (message.isEmpty || state.message.contains(message))
        }
    }

    func userName(ofCluster id: String) -> String { "atoll-pg-\(id.filter { $0 != "-" }.prefix(12))" }

    /// Everything that this machine still has of a cluster.
    func remains(ofCluster id: String, port: Int?, userID: uid_t?) async throws -> [String] {
        let short = String(id.filter { $0 != "-" }.prefix(12))
        var remains = ProcessTable.with(id) + ProcessTable.with("/run/\(short)")
        for path in ["\(directory)/clusters/\(id)", "\(directory)/run/\(short)"]
        where FileManager.default.fileExists(atPath: path) {
            remains.append("file \(path)")
        }
        if let port, !Self.isFree(port: port) { remains.append("port \(port)") }
        if getpwnam(userName(ofCluster: id)) != nil { remains.append("user \(userName(ofCluster: id))") }
        // A number that somebody else's user has got meanwhile says nothing.
        let isOurs = { (number: uid_t) in
            getpwuid(number).map { String(cString: $0.pointee.pw_name) == self.userName(ofCluster: id) } ?? true
        }
        if let userID, isOurs(userID) {
            for name in try FileManager.default.contentsOfDirectory(atPath: "/dev/shm") {
                var status = stat()
                if lstat("/dev/shm/\(name)", &status) == 0, status.st_uid == userID {
                    remains.append("/dev/shm/\(name)")
                }
            }
            let segments = try await Shell.run("/usr/bin/ipcs", ["-m"])
            for line in segments.output.split(separator: "\n")
            where line.split(separator: " ").contains("\(userID)") || line.contains(userName(ofCluster: id)) {
                remains.append("shared memory \(line)")
            }
        }
        return remains + (try await stateRows(ofCluster: id))
    }

    /// Rows of the state database that name the cluster.
    func stateRows(ofCluster id: String) async throws -> [String] {
        let columns = """
            SELECT 'SELECT ''' || m.name || ''', count(*) FROM ' || m.name || ' WHERE ' || p.name
              || ' LIKE ''%\(id)%'';'
            FROM sqlite_master m JOIN pragma_table_info(m.name) p
            WHERE m.type = 'table' AND p.type = 'TEXT';
            """
        let database = "file:\(directory)/state.db?mode=ro"
        let queries = try await Shell.run("/usr/bin/sqlite3", [database], input: columns)
        let counts = try await Shell.run("/usr/bin/sqlite3", [database], input: queries.output)
        guard counts.isSuccess, !counts.output.isEmpty else { throw TestFailure("sqlite3: \(queries)\n\(counts)") }
        return counts.output.split(separator: "\n").filter { !$0.hasSuffix("|0") }.map { "state row \($0)" }
    }

    func userID(ofCluster id: String) -> uid_t? { getpwnam(userName(ofCluster: id))?.pointee.pw_uid }

    /// The shim above a postmaster.
    func shimPID(_ cluster: ClusterUnderTest) throws -> Int32 {
        try ProcessTable.parent(of: try cluster.postmasterPID())
    }

    func postgresLog(_ cluster: ClusterUnderTest) -> String {
        (try? String(contentsOfFile: "\(directory)/clusters/\(cluster.id)/log/postgres.log", encoding: .utf8)) ?? ""
    }

    /// Starts a further control process on the same directory, with its output in a file; does not wait.
    func launchAnother(_ arguments: [String]? = nil, log: String) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.executable)
        process.arguments = arguments ?? upArguments
        try Data().write(to: URL(fileURLWithPath: log))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }
}

/// Somebody else's listener on a port.
struct PortHolder {
    private let process: Process

    init(port: Int) async throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c",
            """
            import socket, time
            s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", \(port))); s.listen(); time.sleep(300)
            """,
        ]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        try await PlatformTests.until("somebody holds \(port)") { !PlatformUnderTest.isFree(port: port) }
    }

    func release() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
