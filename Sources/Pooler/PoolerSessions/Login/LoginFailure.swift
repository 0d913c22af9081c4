package import PostgresWire

/// Why a client's login ends.
///
/// The client gets the code and the message, which are generic where they must not tell too much; the log gets both
/// the message, after "closing because: ", and the detail.
package struct LoginFailure: Error, Hashable, Sendable {
    /// SQLSTATE for the client.
    package var code: SQLState
    /// The reason, in the words that the client may know.
    package var message: String
    /// What only the log may know.
    package var detail: String?
    /// Whether the client is sent an ErrorResponse: not when it has gone, or speaks something else.
    package var isTold: Bool

    /// A failure that the client is told.
    package init(_ code: SQLState, _ message: String, detail: String? = nil) {
        self.code = code
        self.message = message
        self.detail = detail
        self.isTold = true
    }

    /// A failure that only the log is told.
    package static func silent(_ message: String) -> LoginFailure {
        var failure = LoginFailure(.protocolViolation, message)
        failure.isTold = false
        return failure
    }

    /// As the client is told it.
    package var serverError: PostgresServerError {
        PostgresServerError(severity: .fatal, code: code, message: message)
    }

    func with(detail: String) -> LoginFailure {
        var failure = self
        failure.detail = detail
        return failure
    }
}

// The words are PgBouncer's where its clients and its suite look for them; the codes are PostgreSQL's.
extension LoginFailure {
    static let passwordFailed = LoginFailure(.invalidPassword, "password authentication failed")
    static let saslFailed = LoginFailure(.invalidPassword, "SASL authentication failed")
    static let emptyPassword = LoginFailure(.invalidPassword, "empty password returned by client")
    static let trustFailed = LoginFailure(.invalidAuthorization, "\"trust\" authentication failed")
    static let certificateFailed = LoginFailure(.invalidAuthorization, "certificate authentication failed")
    static let peerFailed = LoginFailure(.invalidAuthorization, "unix socket login rejected")
    static let rejected = LoginFailure(.invalidAuthorization, "login rejected")
    /// No line of the HBA file fits.
    static let noRule = LoginFailure(.invalidAuthorization, "no authentication method is found")
    /// What auth_query without a row means. It tells that the user does not exist, as PgBouncer does.
    static let noSuchUser = LoginFailure(.invalidAuthorization, "no such user")

    static let userMissing = LoginFailure(.invalidAuthorization, "no username supplied")
    static let userTooLong = LoginFailure(.invalidAuthorization, "username too long")
    static let tlsRequired = LoginFailure(.invalidAuthorization, "SSL required")
    static let bytesBehindTLSRequest = LoginFailure(
        .protocolViolation, "received unencrypted data after SSL request")
    static let bytesBehindGSSRequest = LoginFailure(
        .protocolViolation, "received unencrypted data after GSSAPI encryption request")
    static let repeatedTLSRequest = LoginFailure(.protocolViolation, "SSL request at the wrong time")
    static let repeatedGSSRequest = LoginFailure(.protocolViolation, "GSSAPI encryption request at the wrong time")
    static let malformedOptions = LoginFailure(
        .protocolViolation,
        "unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed")
    static let invalidMechanism = LoginFailure(
        .protocolViolation, "client selected an invalid SASL authentication mechanism")
    static let tooManyBytes = LoginFailure(.protocolViolation, "too many bytes before the end of the login")

    /// For a client whose user is in the auth file no more.
    static func userGone(_ name: String) -> LoginFailure {
        LoginFailure(.invalidAuthorization, "no such user", detail: "\(name) is in the auth file no more")
    }

    static func databaseTooLong(_ name: String) -> LoginFailure {
        LoginFailure(.unknownDatabase, "no such database: \(name)", detail: "database name too long")
    }

    static func unsupportedParameter(_ name: String) -> LoginFailure {
        LoginFailure(.featureNotSupported, "unsupported startup parameter: \(name)")
    }

    static func unsupportedOption(_ name: String) -> LoginFailure {
        LoginFailure(.featureNotSupported, "unsupported startup parameter in options: \(name)")
    }

    static func invalidReplication(_ value: String) -> LoginFailure {
        LoginFailure(.invalidParameterValue, "invalid value for parameter \"replication\": \"\(value)\"")
    }

    static func malformedStartup(_ error: WireError) -> LoginFailure {
        LoginFailure(.protocolViolation, "invalid startup packet layout: \(error)")
    }

    static func malformedMessage(_ error: WireError) -> LoginFailure {
        LoginFailure(.protocolViolation, "invalid message during authentication: \(error)")
    }

    static func unexpectedMessage(_ type: UInt8) -> LoginFailure {
        LoginFailure(.protocolViolation, "expected password response, got message type \(type)")
    }
}
