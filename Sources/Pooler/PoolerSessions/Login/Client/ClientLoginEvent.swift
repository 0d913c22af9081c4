import PostgresWire

/// What follows from a client's bytes.
package enum ClientLoginEvent: Hashable, Sendable {
    /// More bytes are needed.
    case needsBytes
    /// Start TLS once everything in the output has been sent, then call `secured`. After an SSLRequest nothing is left
    /// over; a client that began with TLS has its first bytes in `takeLeftover`, which belong to the handshake.
    case needsTLS
    /// The client wants to cancel what another one does. Close the connection without an answer.
    case cancel(processID: UInt32, secret: [UInt8])
    /// Decide how this client has to prove who it is, then call `proceed(with:)` or `refuse`.
    case startup(StartupParameters)
    /// Ask auth_query about this user, then call `proceed(with:)` or `refuse`. Nothing that the client has sent may
    /// take effect there, its settings least of all (CVE-2025-12819).
    case needsSecret(user: String)
    /// Have these keys derived, then call `derived` or `refuse`.
    case needsKeys(KeyDerivation)
    /// The client is who it says. Send a `ClientWelcome`; `takeLeftover` has what the client sent beyond its login.
    case authenticated(ClientIdentity)
    /// The login is over. Send the output, close.
    case failed(LoginFailure)
}

/// Who has logged in.
package struct ClientIdentity: Hashable, Sendable {
    /// The user, by the name that auth_query gave if it was asked.
    package let user: String
    /// What can be shown to a server for this user, learnt keys included.
    package let credential: ServerCredential
    /// Whether the exchange was bound to the TLS channel.
    package let isChannelBound: Bool
}

/// What the shell knows of the TLS channel to a client.
package struct ClientChannel: Hashable, Sendable {
    /// Hash of our certificate (RFC 5929, section 4), to bind to; nil offers no channel binding.
    package var certificateHash: [UInt8]?
    /// Protocol that ALPN chose; a client that began with TLS must have asked for `postgresql`.
    package var applicationProtocol: String?
    /// Version and cipher, for the log.
    package var summary: String

    /// A channel.
    package init(certificateHash: [UInt8]? = nil, applicationProtocol: String? = nil, summary: String = "yes") {
        self.certificateHash = certificateHash
        self.applicationProtocol = applicationProtocol
        self.summary = summary
    }
}
