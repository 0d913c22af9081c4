import ControlModel
import ControlStore
import Foundation
import PostgresCluster
import PostgresWire

// Passwords that are in the state database and perhaps not yet in the server.

extension PostgresDriver {
    static func pendingPasswordsKey(_ clusterID: String) -> String { "pending-passwords/\(clusterID)" }

    /// Sets a new password: in the state database first, with a note that the server lacks it, then in the server.
    /// A control process that is killed in between makes good for it at its next start.
    func setPassword(_ password: String, ofUser name: String, port: Int) async throws {
        try await inPasswordTurn { driver in
            let key = Self.pendingPasswordsKey(driver.clusterID)
            driver.mayHavePendingPasswords = true
            let pending = try await driver.pendingPasswordNames()
            let note = try JSONEncoder().encode(pending + [name])
            try await driver.store.setSetting(key, String(decoding: note, as: UTF8.self))
            try await driver.store.setUserPassword(
                clusterID: driver.clusterID, name: name, password: password)
            try await driver.setPendingPasswords(try await driver.endpoint(port: port))
        }
    }

    func replayPendingPasswords(_ endpoint: AdminEndpoint) async throws {
        try await inPasswordTurn { try await $0.setPendingPasswords(endpoint) }
    }

    /// The note of pending passwords is read, changed and cleared: one change at a time.
    private func inPasswordTurn(
        _ body: @escaping @Sendable (isolated PostgresDriver) async throws -> Void
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
