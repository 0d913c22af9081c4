import Certificates
import ControlModel
import ControlStore
import Foundation
import Logging
import MetricText
import PostgresCluster
import PostgresWire
import Supervision

/// A PostgreSQL cluster: initdb, sessions of the superuser, reloads.
actor PostgresDriver: ClusterDriver {
    nonisolated let clusterID: String
    nonisolated let files: ClusterFiles
    let store: ControlStore
    private let logger: Logger

    private var cachedEndpoint: AdminEndpoint?
    /// The last of the password changes under way; each waits for the one before it (`+Passwords`).
    var passwordTurn: Task<Void, any Error>?
    /// The state database may name passwords that the server lacks: unknown in a new control process.
    var mayHavePendingPasswords = true
    /// Until then sessions from outside the trusted sources may still appear.
    private var foreignSessionsUntil: ContinuousClock.Instant?

    private static let initializationSecondsMax = 300
    private static let foreignSessionsInterval: Duration = .seconds(1)

    /// The pooler of the cluster, from the start of its controller on.
    private var pooler: PoolerController?

    init(files: ClusterFiles, store: ControlStore, logger: Logger) {
        self.clusterID = files.clusterID
        self.files = files
        self.store = store
        self.logger = logger
    }

    nonisolated var hasData: Bool { DurableFile.exists(files.layout.versionFile) }

    var hasPendingWork: Bool { mayHavePendingPasswords }

    func prepare() async throws {
        try await files.prepareAdministrator(store: store)
        if let cluster = try await store.cluster(id: clusterID) {
            try PoolerFiles(cluster: files, port: cluster.port).prepareSocketDirectory()
        }
        try files.prepareExtensionScripts()
    }

    // MARK: - A new cluster

    /// Runs initdb into a directory of this try's own, and makes that the data directory.
    ///
    /// An initdb that a killed control process left running is ended, or goes on in its own directory and harms nobody;
    /// what it left is thrown away: nobody has used it.
    func initialize() async throws {
        let layout = files.layout
        let owner = try files.requiredOwner()
        try ClusterFiles.removeTree(layout.dataDirectory)
        try ClusterFiles.removeTree(layout.initializationDirectory)
        try DurableFile.makeDirectory(layout.initializationDirectory, mode: 0o711)
        let directory = "\(layout.initializationDirectory)/\(UUID().uuidString)"
        try DurableFile.makeDirectory(directory, mode: 0o700, owner: owner)
        try await runInitialization(into: directory, owner: owner)
        // A data directory gets its name when initdb is done, so one that is there is whole, whatever the row says.
        try DurableFile.rename(directory, to: layout.dataDirectory)
        try ClusterFiles.removeTree(layout.initializationDirectory)
    }

    private func runInitialization(into directory: String, owner: DurableFile.Owner?) async throws {
        let result = try await ShortCommand.run(
            "\(Initialization.programDirectory)/initdb",
            Initialization.arguments(dataDirectory: directory),
            environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"],
            workingDirectory: directory, userID: owner?.userID, groupID: owner?.groupID,
            noNewPrivileges: true, timeout: .seconds(Self.initializationSecondsMax))
        guard result.isSuccess else {
            try? ClusterFiles.removeTree(directory)
            throw ServiceError(.serviceUnavailable, "initdb failed: \(Initialization.failure(in: result.errorText))")
        }
    }

    /// Roles, grants and the first database of a new cluster.
    func bootstrap(_ cluster: Cluster) async throws {
        guard let administrator = try await store.user(clusterID: clusterID, name: Bootstrap.administratorName) else {
            throw ServiceError(.serverError, "The cluster has no doadmin in the state database.")
        }
        let verifier = try ScramVerifier.random(password: administrator.password).text
        let endpoint = try await endpoint(port: cluster.port)
        try await AdminSession.run(endpoint, database: "template1") { session in
            for statement in Bootstrap.template1Statements { try await session.query(statement) }
        }
        try await AdminSession.run(endpoint) { session in _ = try await session.query(Bootstrap.openTemplate0) }
        try await AdminSession.run(endpoint, database: "template0") { session in
            for statement in Bootstrap.template0Statements { try await session.query(statement) }
        }
        try await AdminSession.run(endpoint) { session in
            try await session.query(Bootstrap.closeTemplate0)
            for statement in Bootstrap.statements(administratorVerifier: verifier) {
                try await session.query(statement)
            }
            if try await session.query(Bootstrap.defaultDatabaseExists).first?.first != "t" {
                try await session.query(Bootstrap.createDefaultDatabase)
            }
        }
        mayHavePendingPasswords = false
    }

    // MARK: - Configuration

    func wantedTexts(_ cluster: Cluster) async throws -> ClusterConfigurationTexts {
        let layout = files.layout
        let networks = TrustedSources.networks(of: try await store.firewallRules(clusterID: clusterID))
        let parameters = ConfigurationFile(
            clusterName: cluster.name, dataDirectory: layout.dataDirectory,
            configurationDirectory: layout.configurationDirectory, listenAddress: files.environment.listenAddress,
            socketDirectory: files.environment.layout.socketDirectory(port: cluster.port), port: cluster.port,
            configuration: PostgresSettings.make(for: cluster))
        return ClusterConfigurationTexts(
            files: [
                ClusterConfigurationTexts.File(name: "postgresql.conf", text: parameters.text),
                ClusterConfigurationTexts.File(
                    name: "pg_hba.conf", text: HostBasedAuthentication.text(trustedNetworks: networks)),
                ClusterConfigurationTexts.File(name: "pg_ident.conf", text: ""),
            ], trustedNetworks: networks, certificate: DurableFile.read(layout.serverCertificate) ?? "")
    }

    /// A running server reads its files only when it is told to.
    func write(_ texts: ClusterConfigurationTexts, serverRuns: Bool) async throws -> Bool {
        try files.write(texts)
        return true
    }

    func applyConfiguration(_ cluster: Cluster) async throws -> ConfigurationOutcome {
        let texts = try await wantedTexts(cluster)
        try files.write(texts)
        let endpoint = try await endpoint(port: cluster.port)
        let before = try await AdminSession.run(endpoint) { session in
            let time = try await session.configurationLoadTime()
            try await session.reloadConfiguration()
            return time
        }
        let pending = try await awaitReload(endpoint, after: before)
        if !texts.trustedNetworks.isEmpty {
            try await endForeignSessions(endpoint, networks: texts.trustedNetworks)
            // A login that began under the old rules counts as a session only when it is through, which may take the
            // server's time for the first packet and again for the password.
            foreignSessionsUntil = .now + .seconds(2 * ConfigurationFile.authenticationSecondsMax + 5)
        }
        try await replayPendingPasswords(endpoint)
        return ConfigurationOutcome(written: texts, pendingRestart: pending)
    }

    /// The postmaster has read its files once a *new* session reports a later load time.
    ///
    /// - Returns: parameters that wait for a restart.
    private func awaitReload(_ endpoint: AdminEndpoint, after before: Double) async throws -> [String] {
        for _ in 0..<100 {
            let pending: [String]? = try await AdminSession.run(endpoint) { session in
                guard try await session.configurationLoadTime() != before else { return nil }
                let errors = try await session.configurationErrors()
                guard errors.isEmpty else {
                    throw ServiceError(.serverError, "PostgreSQL refused its configuration: \(errors[0])")
                }
                return try await session.parametersPendingRestart()
            }
            if let pending { return pending }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw ServiceError(.serviceUnavailable, "PostgreSQL did not reload its configuration.")
    }

    // MARK: - Trusted sources

    /// After a change of the trusted sources it looks for latecomers.
    func keepWatch(_ cluster: Cluster) async throws -> Duration? {
        guard let until = foreignSessionsUntil else { return nil }
        guard ContinuousClock.now < until else {
            foreignSessionsUntil = nil
            return nil
        }
        try await endForeignSessions(cluster)
        return Self.foreignSessionsInterval
    }

    /// Ends the sessions that the trusted sources of now do not let in.
    private func endForeignSessions(_ cluster: Cluster) async throws {
        let networks = try await wantedTexts(cluster).trustedNetworks
        guard !networks.isEmpty else { return }
        try await AdminSession.run(try await endpoint(port: cluster.port)) { session in
            try await session.terminateSessions(outside: networks)
        }
    }

    /// A session that was logging in while the rules changed is mostly caught by the second look.
    private func endForeignSessions(_ endpoint: AdminEndpoint, networks: [String]) async throws {
        for delay in [Duration.zero, .milliseconds(300)] {
            try await Task.sleep(for: delay)
            try await AdminSession.run(endpoint) { session in
                try await session.terminateSessions(outside: networks)
            }
        }
    }

    // MARK: - The server process

    nonisolated func specification(_ cluster: Cluster) throws -> ChildSpecification {
        let layout = files.layout
        return try files.specification(
            name: "postgres-\(cluster.name)", executable: "\(Initialization.programDirectory)/postgres",
            arguments: [
                "-D", layout.dataDirectory, "-c", "config_file=\(layout.configurationDirectory)/postgresql.conf",
            ],
            writePaths: ["/dev/shm", files.environment.layout.socketDirectory(port: cluster.port)],
            // Fast shutdown; then immediate. Never SIGKILL first: it leaves shared memory behind.
            stopSteps: [
                ChildSpecification.StopStep(signal: SIGINT, graceSeconds: 60),
                ChildSpecification.StopStep(signal: SIGQUIT, graceSeconds: 15),
            ], signalOnShimDeath: SIGINT)
    }

    func observe(child: ChildHandle?) -> ClusterObservation.Server {
        let layout = files.layout
        let file = DurableFile.read(layout.postmasterFile, followsLinks: false).flatMap(PostmasterFile.init(text:))
        guard let child else {
            return file?.isAlive(dataDirectory: layout.dataDirectory) == true ? .unwatched : .stopped
        }
        if child.exit != nil { return .stopped }
        return file?.pid == child.pid && file?.isReady == true ? .ready : .starting
    }

    nonisolated func cause(of exit: ChildExit, logTail: String) -> String? { PostgresLog.lastFailure(in: logTail) }

    func figures(_ cluster: Cluster) async throws -> ServerFigures {
        let statistics = try await AdminSession.run(
            try await endpoint(port: cluster.port), timeoutSeconds: MetricsCollector.sessionSecondsMax
        ) { session in try await session.statistics() }
        return .postgres(statistics)
    }

    func endpoint(port: Int) async throws -> AdminEndpoint {
        if let cachedEndpoint, cachedEndpoint.port == port { return cachedEndpoint }
        let made = try await files.adminEndpoint(port: port, store: store)
        cachedEndpoint = made
        return made
    }

    // MARK: - The pooler

    func startCompanions() async {
        guard pooler == nil else { return }
        let made = PoolerController(files: files, store: store, logger: logger) { [weak self] port in
            guard let self else { throw CancellationError() }
            return try await self.endpoint(port: port)
        }
        pooler = made
        await made.start()
    }

    func detachCompanions() async { await pooler?.detach() }

    func shutDownCompanions() async { await pooler?.shutDown() }

    func settleCompanions() async throws { try await pooler?.settle() }

    func companionFamilies() async -> [MetricFamily]? { await pooler?.metricsIfWanted() }

    /// What the pooler has counted.
    func poolerMetrics() async throws -> [MetricFamily] { try await pooler?.metrics() ?? [] }

    /// What the pooler is doing; nil before the controller's start.
    var poolerState: PoolerController.State? {
        get async { await pooler?.state }
    }

    // MARK: - The end

    func removeOutsideRemains() async throws {
        try await pooler?.remove()
        files.removeSharedMemory()
    }

    func removeRecords() async throws { try await store.setSetting(Self.pendingPasswordsKey(clusterID), nil) }
}
