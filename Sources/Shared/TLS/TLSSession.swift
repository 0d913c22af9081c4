package import Bytes
import COpenSSL
import Glibc

/// One side of a TLS connection as a machine: ciphertext in and plaintext out, plaintext in and ciphertext out. It
/// knows no socket and no clock of its own.
package struct TLSSession: ~Copyable {
    private let session: OpaquePointer
    private let pipe: UnsafeMutablePointer<TLSPipe>
    /// Whether the handshake is done: only then is plaintext taken.
    package private(set) var isEstablished = false
    private var hasClosed = false

    /// What `read` found.
    package enum ReadResult {
        /// That many bytes of plaintext.
        case bytes(Int)
        /// The handshake is done; read again.
        case established
        /// All that was fed is used up.
        case needsMore
        /// The peer has closed its direction in due form.
        case ended
        /// The connection is broken; `outgoing` may hold an alert for the peer.
        case failed(String)
    }

    /// The least room for `read`: a record's plaintext.
    package static let recordByteCountMax = 16 << 10

    /// The accepting side.
    package init(server context: TLSServerContext) {
        (session, pipe) = Self.make(context.context)
        pipe.pointee.serverContext = context
        SSL_set_accept_state(session)
    }

    /// The connecting side. The server's certificate must be for the name, which may be an address, if the context
    /// demands that. `outgoing` then holds the first message.
    package init(client context: TLSClientContext, serverName: String) throws(TLSError) {
        (session, pipe) = Self.make(context.context)
        pipe.pointee.clientContext = context
        pipe.pointee.serverName = serverName
        SSL_set_connect_state(session)
        try Self.expect(serverName, session, context.verification)
        if let known = context.takeSession(server: serverName) {
            SSL_set_session(session, known)
            SSL_SESSION_free(known)
        }
        SSL_do_handshake(session)
    }

    /// Names the server that is wanted, and has its certificate checked for that name if it is to be.
    private static func expect(
        _ serverName: String, _ session: OpaquePointer, _ verification: TLSServerVerification
    ) throws(TLSError) {
        let parameters = SSL_get0_param(session)
        if X509_VERIFY_PARAM_set1_ip_asc(parameters, serverName) == 1 {
            // An address: no name is sent (RFC 6066, 3), and the certificate must have the address.
            if verification != .full { X509_VERIFY_PARAM_set1_ip(parameters, nil, 0) }
            ERR_clear_error()
            return
        }
        ERR_clear_error()
        guard !serverName.isEmpty, verification != .full || SSL_set1_host(session, serverName) == 1,
            atoll_tls_set_server_name(session, serverName) == 1
        else { throw TLSError(.serverName, serverName) }
    }

    private static func make(_ context: OpaquePointer) -> (OpaquePointer, UnsafeMutablePointer<TLSPipe>) {
        guard let session = SSL_new(context), let method = TLSPipe.method, let bio = BIO_new(method) else {
            preconditionFailure("OpenSSL has no memory")
        }
        let pipe = UnsafeMutablePointer<TLSPipe>.allocate(capacity: 1)
        let output = UnsafeMutablePointer<OutputBuffer>.allocate(capacity: 1)
        output.initialize(to: OutputBuffer())
        pipe.initialize(to: TLSPipe(output: output))
        BIO_set_data(bio, pipe)
        SSL_set_bio(session, bio, bio)
        SSL_set_ex_data(session, 0, pipe)
        return (session, pipe)
    }

    deinit {
        // Without this, freeing a session that was not shut down on both sides makes it unfit for resumption.
        SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        SSL_free(session)
        pipe.pointee.output.deinitialize(count: 1)
        pipe.pointee.output.deallocate()
        pipe.deinitialize(count: 1)
        pipe.deallocate()
    }

    /// Ciphertext for the peer: the owner takes it from the front.
    package var outgoing: OutputBuffer {
        @inline(__always) _read { yield pipe.pointee.output.pointee }
        @inline(__always) nonmutating _modify { yield &pipe.pointee.output.pointee }
    }

    // MARK: - In

    /// Gives ciphertext that came. It is borrowed: call `read` until it needs more, or `takeUnread`.
    package mutating func feed(_ ciphertext: ByteSlice) {
        precondition(pipe.pointee.input.isEmpty, "what was fed before has not been read")
        pipe.pointee.input = ciphertext
    }

    /// What was fed and not read, which the session then forgets.
    package mutating func takeUnread() -> ByteSlice {
        let rest = pipe.pointee.input
        pipe.pointee.input = ByteSlice(start: nil, count: 0)
        return rest
    }

    /// Plaintext of the next record, into at least `recordByteCountMax` bytes.
    package mutating func read(into target: UnsafeMutableRawPointer, capacity: Int) -> ReadResult {
        ERR_clear_error()
        if !isEstablished {
            let result = SSL_do_handshake(session)
            guard result != 1 else {
                isEstablished = true
                return .established
            }
            return explain(result)
        }
        var count = 0
        let result = SSL_read_ex(session, target, capacity, &count)
        return result == 1 ? .bytes(count) : explain(result)
    }

    private mutating func explain(_ result: Int32) -> ReadResult {
        switch SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .needsMore
        case SSL_ERROR_ZERO_RETURN: return .ended
        default:
            hasClosed = true
            let verification = SSL_get_verify_result(session)
            let text = OpenSSLQueue.takeText()
            guard verification != X509_V_OK, let reason = X509_verify_cert_error_string(verification) else {
                return .failed(text)
            }
            return .failed("\(text) (\(String(cString: reason)))")
        }
    }

    // MARK: - Out

    /// Encrypts into `outgoing` and returns how many bytes were taken: none before the handshake is done.
    package mutating func write(_ plaintext: ByteSlice) -> Int {
        guard isEstablished, !hasClosed, !plaintext.isEmpty else { return 0 }
        ERR_clear_error()
        var count = 0
        // One record a call, so that `outgoing` grows by what was asked for and a little more.
        let size = min(plaintext.count, Self.recordByteCountMax)
        return SSL_write_ex(session, plaintext.baseAddress, size, &count) == 1 ? count : 0
    }

    /// Tells the peer in due form that no more comes. True if `outgoing` grew by it.
    package mutating func close() -> Bool {
        guard isEstablished, !hasClosed else { return false }
        hasClosed = true
        ERR_clear_error()
        SSL_shutdown(session)
        return true
    }

    // MARK: - What was agreed on

    /// The protocol chosen by ALPN.
    package var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var count: UInt32 = 0
        SSL_get0_alpn_selected(session, &name, &count)
        guard let name, count > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(count)), as: UTF8.self)
    }

    /// The name that the client asked for.
    package var serverName: String? {
        SSL_get_servername(session, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    }

    /// Whether a former session was taken up instead of a whole handshake.
    package var isResumed: Bool { SSL_session_reused(session) == 1 }

    /// "TLSv1.3".
    package var versionName: String { SSL_get_version(session).map { String(cString: $0) } ?? "" }

    /// The cipher's name as OpenSSL has it.
    package var cipherName: String {
        SSL_CIPHER_get_name(SSL_get_current_cipher(session)).map { String(cString: $0) } ?? ""
    }

    /// The group that keys were exchanged in, as OpenSSL has it; empty for none.
    package var groupName: String { String(cString: atoll_tls_group_name(session)) }

    /// The common name in the peer's verified certificate.
    package var peerCommonName: String? {
        guard let certificate = SSL_get1_peer_certificate(session) else { return nil }
        defer { X509_free(certificate) }
        guard let name = X509_get_subject_name(certificate) else { return nil }
        let index = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
        guard index >= 0, let entry = X509_NAME_get_entry(name, index), let data = X509_NAME_ENTRY_get_data(entry)
        else { return nil }
        var text: UnsafeMutablePointer<UInt8>?
        let count = ASN1_STRING_to_UTF8(&text, data)
        guard count >= 0, let text else { return nil }
        defer { CRYPTO_free(text, #file, #line) }
        return String(decoding: UnsafeBufferPointer(start: text, count: Int(count)), as: UTF8.self)
    }

    /// The peer's certificate in PEM form.
    package var peerCertificatePEM: String? {
        guard let certificate = SSL_get1_peer_certificate(session) else { return nil }
        defer { X509_free(certificate) }
        guard let memory = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(memory) }
        guard PEM_write_bio_X509(memory, certificate) == 1 else { return nil }
        var bytes = [UInt8](repeating: 0, count: BIO_ctrl_pending(memory))
        let count = BIO_read(memory, &bytes, Int32(bytes.count))
        return count > 0 ? String(decoding: bytes.prefix(Int(count)), as: UTF8.self) : nil
    }
}
