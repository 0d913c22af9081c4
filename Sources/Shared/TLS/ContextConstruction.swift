import COpenSSL
import Glibc

/// What contexts of servers and clients have in common.
enum ContextConstruction {
    static func make(
        versions: Set<TLSVersion>, ciphers: String?, cipherSuites: String?
    ) throws(TLSError) -> OpaquePointer {
        guard let context = SSL_CTX_new(TLS_method()) else { throw TLSError(.context, "SSL_CTX_new") }
        do throws(TLSError) {
            try restrict(context, to: versions)
            if let ciphers, SSL_CTX_set_cipher_list(context, ciphers) != 1 { throw TLSError(.ciphers, ciphers) }
            if let cipherSuites, SSL_CTX_set_ciphersuites(context, cipherSuites) != 1 {
                throw TLSError(.cipherSuites, cipherSuites)
            }
        } catch {
            SSL_CTX_free(context)
            throw error
        }
        atoll_tls_set_modes(context)
        SSL_CTX_set_options(context, atoll_tls_no_compression | atoll_tls_no_renegotiation)
        return context
    }

    private static func restrict(_ context: OpaquePointer, to versions: Set<TLSVersion>) throws(TLSError) {
        guard !versions.isEmpty else { throw TLSError(.versions, "none") }
        var options = atoll_tls_no_ssl3
        let bits: [(TLSVersion, UInt64)] = [
            (.tls10, atoll_tls_no_tls10), (.tls11, atoll_tls_no_tls11), (.tls12, atoll_tls_no_tls12),
            (.tls13, atoll_tls_no_tls13),
        ]
        for (version, bit) in bits where !versions.contains(version) { options |= bit }
        SSL_CTX_set_options(context, options)
    }

    static func install(_ identity: TLSIdentity, _ context: OpaquePointer) throws(TLSError) {
        guard SSL_CTX_use_certificate_chain_file(context, identity.certificateFile) == 1 else {
            throw TLSError(.certificate, identity.certificateFile)
        }
        // Without a call-back of ours OpenSSL would ask at the terminal.
        SSL_CTX_set_default_passwd_cb(context) { target, capacity, _, password in
            guard let password, let target else { return 0 }
            let text = password.assumingMemoryBound(to: CChar.self)
            let count = min(strlen(text), Int(max(0, capacity)))
            memcpy(target, text, count)
            return Int32(count)
        }
        let loaded = (identity.keyPassword ?? "").withCString { password in
            let hasPassword = identity.keyPassword != nil
            SSL_CTX_set_default_passwd_cb_userdata(
                context, hasPassword ? UnsafeMutableRawPointer(mutating: password) : nil)
            defer { SSL_CTX_set_default_passwd_cb_userdata(context, nil) }
            return SSL_CTX_use_PrivateKey_file(context, identity.keyFile, SSL_FILETYPE_PEM) == 1
        }
        guard loaded, SSL_CTX_check_private_key(context) == 1 else { throw TLSError(.key, identity.keyFile) }
    }

    static func install(_ authorities: TLSAuthorities, _ context: OpaquePointer) throws(TLSError) {
        guard !authorities.isEmpty else { return }
        guard SSL_CTX_load_verify_locations(context, authorities.file, authorities.directory) == 1 else {
            throw TLSError(.authorities, authorities.file ?? authorities.directory ?? "")
        }
    }

    /// Protocols as they go over the wire: each with its length before it (RFC 7301, 3.1).
    static func wire(_ protocols: [String]) throws(TLSError) -> [UInt8] {
        var bytes: [UInt8] = []
        for name in protocols {
            let text = Array(name.utf8)
            guard (1...255).contains(text.count) else { throw TLSError(.protocols, name) }
            bytes.append(UInt8(text.count))
            bytes.append(contentsOf: text)
        }
        return bytes
    }
}
