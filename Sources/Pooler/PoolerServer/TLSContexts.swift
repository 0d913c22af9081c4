import PoolerConfiguration
import TLS

/// What TLS is begun with, as the configuration says.
enum TLSContexts {
    /// For clients; nil where none is spoken.
    static func server(
        _ settings: ConnectionTLSSettings, previous: TLSServerContext?
    ) throws(TLSError) -> TLSServerContext? {
        guard settings.mode != .disable, let certificate = settings.certificateFile, let key = settings.keyFile else {
            return nil
        }
        var wanted = TLSServerSettings(identity: TLSIdentity(certificateFile: certificate, keyFile: key))
        wanted.authorities = TLSAuthorities(file: settings.authorityFile)
        wanted.clientVerification =
            switch settings.mode {
            case .verifyAuthority: .optional
            case .verifyFull: .required
            case .disable, .allow, .prefer, .require: .none
            }
        wanted.versions = versions(settings)
        wanted.ciphers = settings.opensslCiphers
        wanted.cipherSuites = settings.cipherSuites
        wanted.applicationProtocols = ["postgresql"]
        return try TLSServerContext(wanted, previous: previous)
    }

    /// For servers; nil where none is spoken.
    static func client(_ settings: ConnectionTLSSettings) throws(TLSError) -> TLSClientContext? {
        guard settings.mode != .disable else { return nil }
        var wanted = TLSClientSettings()
        wanted.authorities = TLSAuthorities(file: settings.authorityFile)
        wanted.verification =
            switch settings.mode {
            case .verifyAuthority: .authority
            case .verifyFull: .full
            case .disable, .allow, .prefer, .require: .none
            }
        if let certificate = settings.certificateFile, let key = settings.keyFile {
            wanted.identity = TLSIdentity(certificateFile: certificate, keyFile: key)
        }
        wanted.versions = versions(settings)
        wanted.ciphers = settings.opensslCiphers
        wanted.cipherSuites = settings.cipherSuites
        return try TLSClientContext(wanted)
    }

    private static func versions(_ settings: ConnectionTLSSettings) -> Set<TLSVersion> {
        Set(
            settings.versions.versions.map { name in
                switch name {
                case .tls10: .tls10
                case .tls11: .tls11
                case .tls12: .tls12
                case .tls13: .tls13
                }
            })
    }
}
