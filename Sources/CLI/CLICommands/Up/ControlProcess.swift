import Certificates
import ControlAPI
import ControlModel
import ControlReconciler
import ControlStore
import Foundation
import Glibc
import Hummingbird
import HummingbirdCore
import KeyValueServer
import Logging
import PostgresCluster
import ServiceLifecycle
import Supervision
import UnixSignals

/// The control process: state, reconciler, API and metrics endpoint of one data directory, from start to end.
struct ControlProcess {
    let options: UpOptions
    let installation: Installation
    let store: ControlStore
    let platform: DatabasePlatform
    let certificate: ServedCertificate
    let logger: Logger

    /// How the process ends.
    private enum Ending: Sendable {
        /// SIGTERM, SIGINT: the children are stopped too.
        case shutDown
        /// SIGUSR1: the children go on; the next control process adopts them.
        case detach
    }

    init(options: UpOptions, installation: Installation, logger: Logger) async throws {
        self.options = options
        self.installation = installation
        self.logger = logger
        let authority = try installation.authority()
        try installation.controlCertificate(authority)
        certificate = try ServedCertificate(installation: installation, authority: authority, logger: logger)
        store = try installation.store()
        let environment = PlatformEnvironment(
            layout: installation.layout, listenAddress: options.listen, hostname: options.shownHostname,
            certificateNames: installation.certificateNames(), authority: authority,
            executable: try Self.executable(), isRoot: geteuid() == 0,
            ports: PortPairs(base: options.postgresPort), metricsPort: options.metricsPort,
            postgresVersion: try await Self.postgresVersion(), keyValueVersion: KeyValueProgram.compatibleVersion)
        platform = DatabasePlatform(store: store, environment: environment, logger: logger)
    }

    /// Our own program by its real path: shims are started from it, also after the name on disk was replaced.
    static func executable() throws -> String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        guard count > 0 else { throw CommandError("The path of this program cannot be read from /proc/self/exe.") }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func postgresVersion() async throws -> String {
        let program = "\(Initialization.programDirectory)/postgres"
        guard access(program, X_OK) == 0 else {
            throw CommandError(
                "PostgreSQL \(Initialization.majorVersion) is not installed: there is no \(program).",
                advice: "apt-get install postgresql-15 postgresql-15-pgextwlist, or start Atoll with `make run`.")
        }
        guard access(Initialization.extensionListLibrary, R_OK) == 0 else {
            throw CommandError(
                "PostgreSQL's extension list is not installed: there is no \(Initialization.extensionListLibrary).",
                advice: "apt-get install postgresql-15-pgextwlist, or start Atoll with `make run`.")
        }
        let result = try await ShortCommand.run(program, ["--version"], timeout: .seconds(10))
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        let words = result.outputText.split(separator: " ")
        return words.count > 2 ? String(words[2]) : Initialization.majorVersion
    }

    /// Serves until a signal comes.
    ///
    /// - Parameter onReady: called once the API takes connections.
    func run(onReady: @escaping @Sendable () async -> Void) async throws {
        let layout = installation.layout
        let tls = try certificate.configuration()
        // Heard from here on: a signal during the start must not leave databases that nobody stops.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sigusr1)
        try await platform.start()
        let collector = MetricsCollector(
            platform: platform, store: store, dataDirectory: layout.root, logger: logger)
        let record = ControlRecord(
            apiURL: "https://\(options.localHost):\(options.port)", caFile: layout.authorityCertificate,
            tokenFile: layout.adminTokenFile,
            metricsURL: "https://\(options.localHost):\(options.metricsPort)/metrics")
        let api = try makeApplication(
            accounts: store, databases: platform,
            configuration: APIConfiguration(
                version: AtollVersion.current, requestsPerHourMax: options.requestsPerHour,
                requestsPerMinuteMax: options.requestsPerMinute),
            tls: tls, address: .hostname(options.listen, port: options.port), logger: logger,
            onServerRunning: { _ in
                do {
                    try record.write(inDataDirectory: layout.root)
                } catch {
                    logger.error("control record not written", metadata: ["reason": "\(error)"])
                }
                await onReady()
            })
        let metrics = try MetricsServer.make(
            collector: collector, accounts: store, tls: tls,
            address: .hostname(options.listen, port: options.metricsPort), logger: logger)
        do {
            let ending = try await serve(api: api, metrics: metrics, collector: collector, signals: signals)
            unlink(layout.controlEndpoint)
            await end(ending)
        } catch {
            unlink(layout.controlEndpoint)
            await end(.detach)
            throw error
        }
    }

    private func serve(
        api: some ApplicationProtocol, metrics: some ApplicationProtocol, collector: MetricsCollector,
        signals: UnixSignalsSequence
    ) async throws -> Ending {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: CollectorService(collector: collector)), .init(service: certificate),
                    .init(service: metrics), .init(service: api),
                ] as [ServiceGroupConfiguration.ServiceConfiguration], logger: logger))
        return try await withThrowingTaskGroup(of: Ending?.self) { tasks in
            tasks.addTask {
                try await group.run()
                return nil
            }
            tasks.addTask {
                for await signal in signals {
                    await group.triggerGracefulShutdown()
                    return signal == .sigusr1 ? .detach : .shutDown
                }
                return nil
            }
            defer { tasks.cancelAll() }
            var ending: Ending?
            for try await result in tasks {
                ending = ending ?? result
                // The group has ended by itself only if a service failed, which throws.
                if ending == nil { break }
            }
            return ending ?? .shutDown
        }
    }

    private func end(_ ending: Ending) async {
        switch ending {
        case .shutDown:
            logger.info("stopping the databases")
            await platform.shutDown()
        case .detach:
            logger.info("leaving the databases running")
            await platform.detach()
        }
        do {
            try store.close()
        } catch {
            logger.error("state database not closed", metadata: ["reason": "\(error)"])
        }
        logger.info("ended")
    }
}

/// The collector as a service: ends on graceful shutdown.
private struct CollectorService: Service {
    let collector: MetricsCollector

    func run() async throws {
        await cancelWhenGracefulShutdown { await collector.run() }
    }
}
