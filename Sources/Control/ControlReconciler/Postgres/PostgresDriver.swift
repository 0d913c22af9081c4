import Certificates
import ControlModel
import ControlStore
import Foundation
import Logging
import PostgresCluster
import PostgresWire
import Supervision

/// What needs the server's programs or a session: initialisation, bootstrap, configuration.
extension ClusterController {
    static let initializationSecondsMax = 300

    /// Runs initdb into a directory of this try's own, and makes that the data directory.
    ///
    /// An initdb that a killed control process left running is ended, or goes on in its own directory and harms nobody;
    /// what it left is thrown away: nobody has used it.
    func initialize() async throws {
        let layout = files.layout
        // A data directory gets its name when initdb is done, so one that is there is whole, whatever the row says.
        guard !DurableFile.exists(layout.versionFile) else {
            return try await store.markInitialized(clusterID: clusterID)
        }
        try await files.endStrays()
        let owner = try files.requiredOwner()
        try ClusterFiles.removeTree(layout.dataDirectory)
        try ClusterFiles.removeTree(layout.initializationDirectory)
        try DurableFile.makeDirectory(layout.initializationDirectory, mode: 0o711)
        let directory = "\(layout.initializationDirectory)/\(UUID().uuidString)"
        try DurableFile.makeDirectory(directory, mode: 0o700, owner: owner)
        try await runInitialization(into: directory, owner: owner)
        try DurableFile.rename(directory, to: layout.dataDirectory)
        try ClusterFiles.removeTree(layout.initializationDirectory)
        // initdb has synced its files, and the name is on disk; the row may now say that they are there.
        try await store.markInitialized(clusterID: clusterID)
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

    /// Brings the running server to the wanted configuration, and sends away clients that it does not trust now.
    func applyConfiguration(_ cluster: Cluster) async throws {
        let texts = try await wantedTexts(cluster)
        try files.write(texts)
        writtenTexts = texts
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
        loadedTexts = texts
        needsRestart = !pending.isEmpty
        if needsRestart {
            logger.info("server restarts for parameters", metadata: ["parameters": "\(pending.joined(separator: ","))"])
        }
        try await replayPendingPasswords(endpoint)
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

    /// Ends the sessions that the trusted sources of now do not let in.
    func endForeignSessions(_ cluster: Cluster) async throws {
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

    static func pendingPasswordsKey(_ clusterID: String) -> String { "pending-passwords/\(clusterID)" }

    /// Sets a new password: in the state database first, with a note that the server lacks it, then in the server.
    /// A control process that is killed in between makes good for it at its next start.
    func setPassword(_ password: String, ofUser name: String, port: Int) async throws {
        try await inPasswordTurn { controller in
            let key = Self.pendingPasswordsKey(controller.clusterID)
            controller.mayHavePendingPasswords = true
            let pending = try await controller.pendingPasswordNames()
            let note = try JSONEncoder().encode(pending + [name])
            try await controller.store.setSetting(key, String(decoding: note, as: UTF8.self))
            try await controller.store.setUserPassword(
                clusterID: controller.clusterID, name: name, password: password)
            try await controller.setPendingPasswords(try await controller.endpoint(port: port))
        }
    }

    func replayPendingPasswords(_ endpoint: AdminEndpoint) async throws {
        try await inPasswordTurn { try await $0.setPendingPasswords(endpoint) }
    }

    /// The note of pending passwords is read, changed and cleared: one change at a time.
    private func inPasswordTurn(
        _ body: @escaping @Sendable (isolated ClusterController) async throws -> Void
    ) async throws {
        let previous = passwordTurn
        let turn = Task {
            _ = await previous?.result
            try await body(self)
        }
        passwordTurn = turn
        try await turn.value
    }

    private func setPendingPasswords(_ endpoint: AdminEndpoint) async throws {
        for name in Set(try await pendingPasswordNames()) {
            guard let user = try await store.user(clusterID: clusterID, name: name) else { continue }
            let verifier = try ScramVerifier.random(password: user.password).text
            do {
                try await AdminSession.run(endpoint) { session in
                    try await session.setPassword(ofRole: name, verifier: verifier)
                }
            } catch let error as AdminError where error.sqlState == .undefinedObject {
                // Dropped by SQL meanwhile: nothing to set.
            }
        }
        try await store.setSetting(Self.pendingPasswordsKey(clusterID), nil)
        mayHavePendingPasswords = false
    }

    /// Users whose password in the state database has not reached the server.
    private func pendingPasswordNames() async throws -> [String] {
        guard let note = try await store.setting(Self.pendingPasswordsKey(clusterID)), !note.isEmpty else { return [] }
        return try JSONDecoder().decode([String].self, from: Data(note.utf8))
    }
}
