import COpenSSL

/// What outgoing connections need to speak TLS.
package final class TLSClientContext {
    let context: OpaquePointer
    let verification: TLSServerVerification
    /// The newest session of each server, for resumption; this object owns a reference to each.
    private var sessions: [String: OpaquePointer] = [:]

    /// Servers that sessions are kept of; beyond that, any one is dropped.
    private static let sessionsMax = 1000

    /// Reads the files.
    package init(_ settings: TLSClientSettings) throws(TLSError) {
        verification = settings.verification
        let protocols = try ContextConstruction.wire(settings.applicationProtocols)
        context = try ContextConstruction.make(
            versions: settings.versions, ciphers: settings.ciphers, cipherSuites: settings.cipherSuites)
        if let identity = settings.identity { try ContextConstruction.install(identity, context) }
        if settings.authorities.isEmpty {
            guard SSL_CTX_set_default_verify_paths(context) == 1 else { throw TLSError(.authorities, "system") }
        } else {
            try ContextConstruction.install(settings.authorities, context)
        }
        SSL_CTX_set_verify(context, verification == .none ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nil)
        // 0 is success for this one.
        if !protocols.isEmpty, SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count)) != 0 {
            throw TLSError(.protocols, settings.applicationProtocols.joined(separator: " "))
        }
        atoll_tls_set_client_session_cache(context)
        SSL_CTX_sess_set_new_cb(context) { session, ticket in
            guard let session, let ticket, let pipe = TLSPipe.of(session), let context = pipe.pointee.clientContext
            else { return 0 }
            context.keep(ticket, server: pipe.pointee.serverName)
            // 1 says that the reference is taken over.
            return 1
        }
    }

    deinit {
        for session in sessions.values { SSL_SESSION_free(session) }
        SSL_CTX_free(context)
    }

    private func keep(_ session: OpaquePointer, server: String) {
        if sessions.count >= Self.sessionsMax, sessions[server] == nil, let dropped = sessions.popFirst() {
            SSL_SESSION_free(dropped.value)
        }
        if let old = sessions.updateValue(session, forKey: server) { SSL_SESSION_free(old) }
    }

    /// A session to take up; the caller owns the reference. TLS 1.3 wants each used once, and gives a new one.
    func takeSession(server: String) -> OpaquePointer? {
        guard let session = sessions[server] else { return nil }
        if SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION {
            sessions[server] = nil
        } else {
            SSL_SESSION_up_ref(session)
        }
        return session
    }
}
