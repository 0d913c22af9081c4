import ControlModel
import ControlStore
import Foundation
import Glibc
import Logging
import Supervision

/// A Redis or Valkey cluster: one `atoll kv`, configured by its file and, while it runs, through its Unix socket.
actor KeyValueDriver: ClusterDriver {
    nonisolated let files: ClusterFiles
    private let store: ControlStore
    private let logger: Logger
    private let clusterID: String

    /// The process that has answered; a server that has once served goes on until it ends.
    private var answeringPID: Int32?
    /// The last wanted directives ask for a change of the persistence, which only a running server can make.
    private var needsSwitch = false

    private static let pingSecondsMax = 2
    /// A switch of the persistence writes all data; this long the change waits for it before it is tried again.
    private static let switchSecondsMax = 300

    init(files: ClusterFiles, store: ControlStore, logger: Logger) {
        self.files = files
        self.store = store
        self.logger = logger
        clusterID = files.clusterID
    }

    // MARK: - Data

    private nonisolated var dataDirectory: String { files.layout.dataDirectory }
    private nonisolated var markFile: String { "\(dataDirectory)/ATOLL_VERSION" }
    private nonisolated var appendLogDirectory: String { "\(dataDirectory)/appendonlydir" }
    private nonisolated var configurationFile: String {
        "\(files.layout.configurationDirectory)/\(Self.configurationFileName)"
    }
    private static let configurationFileName = "keyvalue.conf"

    /// An empty data directory would do for a start; the mark tells a new one from a lost disk.
    nonisolated var hasData: Bool { DurableFile.exists(markFile) }

    func initialize() async throws {
        try DurableFile.makeDirectory(dataDirectory, mode: 0o700, owner: try files.requiredOwner())
        try DurableFile.write("1\n", to: markFile, mode: 0o644, owner: nil)
    }

    private func disk(_ settings: KeyValueSettings) -> KeyValuePersistence.Disk {
        KeyValuePersistence.Disk(
            hasAppendLog: DurableFile.exists("\(appendLogDirectory)/appendonly.aof.manifest"),
            hasDump: DurableFile.exists("\(dataDirectory)/\(settings.text("dbfilename"))"))
    }

    // MARK: - Configuration

    func wantedTexts(_ cluster: Cluster) async throws -> ClusterConfigurationTexts {
        let directives = try await directives(cluster)
        needsSwitch = directives.persistence.needsSwitch
        return ClusterConfigurationTexts(
            files: [ClusterConfigurationTexts.File(name: Self.configurationFileName, text: directives.text)],
            trustedNetworks: TrustedSources.networks(of: try await store.firewallRules(clusterID: clusterID)),
            certificate: DurableFile.read(files.layout.serverCertificate) ?? "")
    }

    private func directives(_ cluster: Cluster) async throws -> KeyValueDirectives {
        guard let user = try await store.user(clusterID: clusterID, name: EngineRow.keyValueUserName) else {
            throw ServiceError(.serverError, "The cluster has no user in the state database.")
        }
        let settings = KeyValueSettings(cluster)
        let place = KeyValueDirectives.Place(
            listenAddress: files.environment.listenAddress, plainPort: cluster.port, tlsPort: cluster.poolPort,
            dataDirectory: dataDirectory, certificateFile: files.layout.serverCertificate,
            keyFile: files.layout.serverKey)
        return KeyValueDirectives(
            settings, persistence: KeyValuePersistence(settings, disk: disk(settings)), place: place,
            sizeSlug: cluster.sizeSlug, password: user.password,
            trustedNetworks: TrustedSources.networks(of: try await store.firewallRules(clusterID: clusterID)))
    }

    var hasPendingWork: Bool { needsSwitch }

    /// While a server runs its file stays as it is: it ends with what it has, and the next one starts with that.
    ///
    /// A dump goes over to its new name here, between two servers.
    func write(_ texts: ClusterConfigurationTexts, serverRuns: Bool) async throws -> Bool {
        guard !serverRuns else { return false }
        let old = DurableFile.read(configurationFile).flatMap { KeyValueDirectives.value(of: "dbfilename", in: $0) }
        let new = texts.files.first.flatMap { KeyValueDirectives.value(of: "dbfilename", in: $0.text) }
        if let old, let new, old != new, DurableFile.exists("\(dataDirectory)/\(old)") {
            try DurableFile.rename("\(dataDirectory)/\(old)", to: "\(dataDirectory)/\(new)")
        }
        try files.write(texts)
        return true
    }

    func applyConfiguration(_ cluster: Cluster) async throws -> ConfigurationOutcome {
        let wanted = try await directives(cluster)
        let pending = try await session { session in
            let names = wanted.restarted.map(\.name)
            let current = try await session.directives(names)
            let pending = wanted.restarted.filter { current[$0.name] != $0.value }.map(\.name)
            guard pending.isEmpty else { return pending }
            try await session.command(Self.change(wanted.live))
            return []
        }
        guard pending.isEmpty else { return ConfigurationOutcome(written: nil, pendingRestart: pending) }
        try await applyPersistence(wanted.persistence, settings: KeyValueSettings(cluster))
        let texts = try await wantedTexts(cluster)
        try files.write(texts)
        return ConfigurationOutcome(written: texts, pendingRestart: [])
    }

    private static func change(_ directives: [KeyValueDirective]) -> [String] {
        ["CONFIG", "SET"] + directives.flatMap { [$0.name, $0.value] }
    }

    /// Tells the server how to keep its data, and waits until what it kept before is there in the new form.
    private func applyPersistence(_ persistence: KeyValuePersistence, settings: KeyValueSettings) async throws {
        let dump = "\(dataDirectory)/\(settings.text("dbfilename"))"
        let withAppendLog = Self.change(persistence.directives(appendLog: true))
        let withoutAppendLog = Self.change(persistence.directives(appendLog: false))
        guard persistence.needsSwitch else {
            let keepsLog = persistence.method == .appendLog
            return try await session(secondsMax: Self.switchSecondsMax) { session in
                let hasLog = try await session.directives(["appendonly"])["appendonly"] == "yes"
                try await session.command(keepsLog ? withAppendLog : withoutAppendLog)
                if keepsLog, !hasLog { try await session.awaitAppendLog() }
            }
        }
        logger.info("persistence changes", metadata: ["to": "\(persistence.method.rawValue)"])
        switch persistence.method {
        case .appendLog:
            try await session(secondsMax: Self.switchSecondsMax) { session in
                try await session.command(withAppendLog)
                try await session.awaitAppendLog()
            }
        case .dump:
            try await session(secondsMax: Self.switchSecondsMax) { session in
                try await session.command(withAppendLog)
                try await session.saveInBackground()
                try await session.command(withoutAppendLog)
            }
            try DurableFile.removeFlatDirectory(appendLogDirectory)
        case .off:
            try await session { try await $0.command(withoutAppendLog) }
            try DurableFile.removeFlatDirectory(appendLogDirectory)
            // An old dump would come back at the next start as if it were the data.
            unlink(dump)
        }
    }

    // MARK: - The server process

    nonisolated func specification(_ cluster: Cluster) throws -> ChildSpecification {
        let program = OwnProgram(executable: files.environment.executable)
        return try files.specification(
            name: "kv-\(cluster.name)", executable: program.path, arguments: ["kv", configurationFile],
            readPaths: program.readPaths,
            // It saves what it has before it ends, which may be tens of gigabytes.
            stopSteps: [ChildSpecification.StopStep(signal: SIGTERM, graceSeconds: 600)], signalOnShimDeath: SIGTERM)
    }

    func observe(child: ChildHandle?) async -> ClusterObservation.Server {
        guard let child else { return isUnwatched ? .unwatched : .stopped }
        guard child.exit == nil else {
            answeringPID = nil
            return .stopped
        }
        if answeringPID == child.pid { return .ready }
        let answering = try? await session(secondsMax: Self.pingSecondsMax) { session in
            // Refused while the data is being loaded.
            try await session.command(["PING"])
            return try await session.information(["server"]).number("process_id")
        }
        guard let answering, Int32(exactly: answering) == child.pid else { return .starting }
        answeringPID = child.pid
        return .ready
    }

    /// A server of this cluster that no shim of ours watches.
    private var isUnwatched: Bool {
        guard let text = DurableFile.read("\(dataDirectory)/\(KeyValueDirectives.pidFileName)", followsLinks: false),
            let pid = Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)), pid > 0,
            kill(pid, 0) == 0 || errno == EPERM
        else { return false }
        let commandLine = DurableFile.read("/proc/\(pid)/cmdline") ?? ""
        return commandLine.split(separator: "\0").contains { $0 == configurationFile }
    }

    nonisolated func cause(of exit: ChildExit, logTail: String) -> String? {
        KeyValueLog.cause(of: exit, in: logTail)
    }

    func figures(_ cluster: Cluster) async throws -> ServerFigures {
        .keyValue(
            try await session(secondsMax: MetricsCollector.sessionSecondsMax) { session in
                try await session.information(["everything"])
            })
    }

    /// Databases that hold keys, by number; nil while the server does not serve.
    func databasesInUse() async -> [Int]? {
        guard answeringPID != nil else { return nil }
        return try? await session { try await $0.information(["keyspace"]).databases.map(\.number) }
    }

    @discardableResult
    private func session<Result: Sendable>(
        secondsMax: Int = KeyValueSession.secondsMax,
        _ body: @escaping @Sendable (inout KeyValueSession) async throws -> Result
    ) async throws -> Result {
        try await KeyValueSession.run(
            inDirectory: dataDirectory, socketName: KeyValueDirectives.socketName, secondsMax: secondsMax, body)
    }
}

extension KeyValueSession {
    private static let pollInterval: Duration = .milliseconds(50)
    /// So often in a row a server that has a dump to write is seen writing nothing before it counts as failed.
    private static let idleLooksMax = 40

    /// Waits until the append log holds all data.
    fileprivate mutating func awaitAppendLog() async throws {
        while true {
            let state = try await information(["persistence"])
            if state.fields["aof_rewrite_in_progress"] == "0", state.fields["aof_rewrite_scheduled"] == "0" {
                guard state.fields["aof_enabled"] == "1", state.fields["aof_last_bgrewrite_status"] == "ok" else {
                    throw KeyValueSessionError.refused("the append log could not be written")
                }
                return
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Writes a dump of all data and waits for it. It may have to wait for a rewrite of the append log first.
    fileprivate mutating func saveInBackground() async throws {
        let before = try await information(["persistence"]).number("rdb_saves") ?? 0
        try await command(["BGSAVE", "SCHEDULE"])
        var idleLooks = 0
        while idleLooks < Self.idleLooksMax {
            try await Task.sleep(for: Self.pollInterval)
            let state = try await information(["persistence"])
            if let saves = state.number("rdb_saves"), saves > before { return }
            let isIdle = ["rdb_bgsave_in_progress", "aof_rewrite_in_progress"].allSatisfy { state.fields[$0] == "0" }
            idleLooks = isIdle ? idleLooks + 1 : 0
        }
        throw KeyValueSessionError.refused("the dump could not be written; its log says why")
    }
}
