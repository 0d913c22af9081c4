import COpenSSL
import Glibc

/// What a listener needs to speak TLS: certificate, key, and whom to trust. Immutable but for the choice by server
/// name; a reload makes a new one.
package final class TLSServerContext {
    let context: OpaquePointer
    let verifyMode: Int32
    private let applicationProtocols: [UInt8]

    /// Another context for the name that a client asks for; nil keeps this one. Called in the handshake.
    package var contextForServerName: ((String) -> TLSServerContext?)?

    /// Reads the files. With `previous`, sessions that it gave out can be resumed.
    package init(_ settings: TLSServerSettings, previous: TLSServerContext? = nil) throws(TLSError) {
        applicationProtocols = try ContextConstruction.wire(settings.applicationProtocols)
        verifyMode =
            switch settings.clientVerification {
            case .none: SSL_VERIFY_NONE
            case .optional: SSL_VERIFY_PEER
            case .required: SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
            }
        context = try ContextConstruction.make(
            versions: settings.versions, ciphers: settings.ciphers, cipherSuites: settings.cipherSuites)
        // From here on deinit frees the context also when this throws.
        try ContextConstruction.install(settings.identity, context)
        try ContextConstruction.install(settings.authorities, context)
        try installVerification(settings)
        try installParameters(settings)
        installCallbacks()
        if let previous { atoll_tls_copy_ticket_keys(previous.context, context) }
    }

    deinit { SSL_CTX_free(context) }

    private func installVerification(_ settings: TLSServerSettings) throws(TLSError) {
        SSL_CTX_set_verify(context, verifyMode, nil)
        guard settings.clientVerification != .none, let file = settings.authorities.file else { return }
        // Tells clients whose certificates are welcome.
        guard let names = SSL_load_client_CA_file(file) else { throw TLSError(.authorities, file) }
        SSL_CTX_set_client_CA_list(context, names)
    }

    private func installParameters(_ settings: TLSServerSettings) throws(TLSError) {
        if settings.prefersServerCiphers { SSL_CTX_set_options(context, atoll_tls_prefer_server_ciphers) }
        let mode = settings.cachesSessions ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF
        atoll_tls_set_session_cache(
            context, Int(mode), settings.sessionCacheSize, settings.sessionTimeoutSeconds)
        SSL_CTX_set_session_id_context(context, "atoll", 5)
        if let groups = settings.groups, atoll_tls_set_groups(context, groups) != 1 {
            throw TLSError(.groups, groups)
        }
        guard settings.hasFiniteFieldExchange else { return }
        guard let file = settings.dhParametersFile else { return atoll_tls_set_automatic_dh(context) }
        guard let key = atoll_tls_read_dh_parameters(file) else { throw TLSError(.dhParameters, file) }
        guard SSL_CTX_set0_tmp_dh_pkey(context, key) == 1 else {
            EVP_PKEY_free(key)
            throw TLSError(.dhParameters, file)
        }
    }

    private func installCallbacks() {
        let me = Unmanaged.passUnretained(self).toOpaque()
        atoll_tls_set_server_name_callback(
            context,
            { session, _, argument in
                guard let session, let argument else { return SSL_TLSEXT_ERR_NOACK }
                let context = Unmanaged<TLSServerContext>.fromOpaque(argument).takeUnretainedValue()
                return context.chooseByName(session)
            }, me)
        guard !applicationProtocols.isEmpty else { return }
        SSL_CTX_set_alpn_select_cb(
            context,
            { _, chosen, chosenCount, offered, offeredCount, argument in
                guard let argument, let offered, let chosen, let chosenCount else { return SSL_TLSEXT_ERR_ALERT_FATAL }
                let context = Unmanaged<TLSServerContext>.fromOpaque(argument).takeUnretainedValue()
                return context.chooseProtocol(chosen, chosenCount, offered, offeredCount)
            }, me)
    }

    private func chooseByName(_ session: OpaquePointer) -> Int32 {
        guard let choose = contextForServerName,
            let name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name)
        else { return SSL_TLSEXT_ERR_NOACK }
        guard let other = choose(String(cString: name)), other !== self else { return SSL_TLSEXT_ERR_OK }
        SSL_set_SSL_CTX(session, other.context)
        SSL_set_verify(session, other.verifyMode, nil)
        // The session keeps it alive: call-backs of the other context point to it.
        if let pipe = TLSPipe.of(session) { pipe.pointee.chosenContext = other }
        return SSL_TLSEXT_ERR_OK
    }

    private func chooseProtocol(
        _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>, _ chosenCount: UnsafeMutablePointer<UInt8>,
        _ offered: UnsafePointer<UInt8>, _ offeredCount: UInt32
    ) -> Int32 {
        // Ours in order of preference; the result points into what the client offered, which outlives the call.
        var mine = 0
        while mine < applicationProtocols.count {
            let count = Int(applicationProtocols[mine])
            let name = applicationProtocols[(mine + 1)..<(mine + 1 + count)]
            var place = 0
            while place < Int(offeredCount) {
                let offeredLength = Int(offered[place])
                guard place + 1 + offeredLength <= Int(offeredCount) else { break }
                let candidate = UnsafeBufferPointer(start: offered + place + 1, count: offeredLength)
                if candidate.elementsEqual(name) {
                    chosen.pointee = offered + place + 1
                    chosenCount.pointee = UInt8(offeredLength)
                    return SSL_TLSEXT_ERR_OK
                }
                place += 1 + offeredLength
            }
            mine += 1 + count
        }
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
}
