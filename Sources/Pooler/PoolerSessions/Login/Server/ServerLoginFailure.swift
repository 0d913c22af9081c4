package import PostgresWire

/// Why a login to a server has failed, and what that means for the clients who wait.
package struct ServerLoginFailure: Error, Hashable, Sendable {
    /// What to do about it.
    package enum Kind: Hashable, Sendable {
        /// No connection slot is free (53300). Clients wait; try again when something has been released, or soon.
        case noSlot
        /// The server starts, recovers or stops (57P03, 57P01, 57P02). Clients wait; try again soon.
        case notAccepting
        /// Nobody can log in this way: wrong password, no such role or database, no permission (28xxx, 3D000, 42501).
        /// Clients are told.
        case refused
        /// The pooler lacks what the server wants: an operator has to act. Clients are told.
        case credential
        /// The server speaks no TLS, or another protocol. Clients wait, with back-off.
        case connection
        /// Any other error of the server. Clients are told.
        case other
    }

    package let kind: Kind
    /// The server's own error, if there is one; it may have no SQLSTATE (CVE-2026-6666).
    package let serverError: PostgresServerError?
    /// For the log.
    package let reason: String
    /// What the clients are told; nil if they wait.
    package let clientFailure: LoginFailure?

    /// Whether clients go on waiting.
    package var clientsWait: Bool { clientFailure == nil }

    private init(_ kind: Kind, serverError: PostgresServerError?, reason: String, clientFailure: LoginFailure?) {
        self.kind = kind
        self.serverError = serverError
        self.reason = reason
        self.clientFailure = clientFailure
    }

    /// From an ErrorResponse.
    package init(_ error: PostgresServerError) {
        let kind = Kind(error.code)
        let level = error[.localizedSeverity] ?? error[.severity]
        let isTold = kind != .noSlot && kind != .notAccepting
        self.init(
            kind, serverError: error,
            reason: level == nil || error[.message] == nil
                ? "server login failed" : "server login failed: \(level ?? "") \(error.message)",
            clientFailure: isTold
                ? LoginFailure(
                    error.code ?? .serverRejectedConnection, error[.message] ?? "server login failed") : nil)
    }

    /// A failure of the connection, or of the server to keep to the protocol.
    package static func connection(_ reason: String) -> ServerLoginFailure {
        ServerLoginFailure(.connection, serverError: nil, reason: reason, clientFailure: nil)
    }

    /// A failure of ours to answer.
    ///
    /// - Parameters:
    ///   - told: what the clients are told, behind "server login failed: ".
    static func credential(_ reason: String, told: String = "wrong password type") -> ServerLoginFailure {
        ServerLoginFailure(
            .credential, serverError: nil, reason: reason,
            clientFailure: LoginFailure(.serverRejectedConnection, "server login failed: \(told)"))
    }
}

extension ServerLoginFailure.Kind {
    init(_ code: SQLState?) {
        switch code {
        case .tooManyConnections?: self = .noSlot
        case .cannotConnectNow?, .adminShutdown?, .crashShutdown?: self = .notAccepting
        case .unknownDatabase?, .insufficientPrivilege?: self = .refused
        case let code? where code.classCode == "28": self = .refused
        default: self = .other
        }
    }
}
