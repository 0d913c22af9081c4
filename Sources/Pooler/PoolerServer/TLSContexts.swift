import PoolerConfiguration
import TLS

/// What TLS is begun with, as the configuration says.
enum TLSContexts {
    /// For clients; nil where none is spoken.
    static func server(
        _ settings: ConnectionTLSSettings, previous: TLSServerContext?
    ) throws(TLSError) -> TLSServerContext? {
        guard let wanted = serverSettings(settings) else { return nil }
        return try TLSServerContext(wanted, previous: previous)
    }

    static func serverSettings(_ settings: ConnectionTLSSettings) -> TLSServerSettings? {
        guard settings.mode != .disable, let certificate = settings.certificateFile, let key = settings.keyFile else {
            return nil
        }
        var wanted = TLSServerSettings(identity: TLSIdentity(certificateFile: certificate, keyFile: key))
        wanted.authorities = TLSAuthorities(file: settings.authorityFile)
        wanted.clientVerification =
            switch settings.mode {
            case .verifyAuthority, .verifyFull: .required
            // A rule of the HBA file may ask for one.
            case .disable, .allow, .prefer, .require: settings.authorityFile == nil ? .none : .optional
            }
        wanted.versions = versions(settings)
        wanted.ciphers = settings.opensslCiphers
        wanted.cipherSuites = settings.cipherSuites
        wanted.applicationProtocols = ["postgresql"]
        wanted.hasFiniteFieldExchange = settings.diffieHellman != .none
        wanted.groups = groups(settings.curve)
        return wanted
    }

    /// For servers; nil where none is spoken.
    static func client(_ settings: ConnectionTLSSettings) throws(TLSError) -> TLSClientContext? {
        guard let wanted = clientSettings(settings) else { return nil }
        return try TLSClientContext(wanted)
    }

    static func clientSettings(_ settings: ConnectionTLSSettings) -> TLSClientSettings? {
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
        return wanted
    }

    /// Groups for key exchange; nil for OpenSSL's default. Without curves, TLS 1.3 has those of finite fields.
    private static func groups(_ curve: String) -> String? {
        switch curve.lowercased() {
        case "auto", "": nil
        case "none": "ffdhe2048:ffdhe3072:ffdhe4096"
        default: curve
        }
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
