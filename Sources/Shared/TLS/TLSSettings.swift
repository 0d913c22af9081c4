/// A version of the protocol, by the names that configuration files use.
package enum TLSVersion: String, CaseIterable, Sendable {
    case tls10 = "TLSv1"
    case tls11 = "TLSv1.1"
    case tls12 = "TLSv1.2"
    case tls13 = "TLSv1.3"

    /// What is spoken unless something else is asked for.
    package static let defaults: Set<TLSVersion> = [.tls12, .tls13]

    /// The versions in a list with spaces between, in any case; nil when one is unknown or there is none.
    package static func parse(_ text: String) -> Set<TLSVersion>? {
        var versions: Set<TLSVersion> = []
        for word in text.split(separator: " ") {
            guard let version = allCases.first(where: { $0.rawValue.lowercased() == word.lowercased() }) else {
                return nil
            }
            versions.insert(version)
        }
        return versions.isEmpty ? nil : versions
    }
}

/// Whether clients must show a certificate.
package enum TLSClientVerification: Sendable {
    /// None is asked for.
    case none
    /// One is asked for, and checked if it is shown.
    case optional
    /// No connection without one.
    case required
}

/// Certificate, private key and those whom to trust, as files in PEM form.
package struct TLSIdentity: Sendable {
    /// The certificate, followed by those between it and the root.
    package var certificateFile: String
    package var keyFile: String
    /// For an encrypted key.
    package var keyPassword: String?

    package init(certificateFile: String, keyFile: String, keyPassword: String? = nil) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.keyPassword = keyPassword
    }
}

/// Whose signatures count.
package struct TLSAuthorities: Sendable {
    /// A file of certificates.
    package var file: String?
    /// A directory of them, named by hash.
    package var directory: String?

    package init(file: String? = nil, directory: String? = nil) {
        self.file = file
        self.directory = directory
    }

    var isEmpty: Bool { file == nil && directory == nil }
}

/// What a server says and asks for.
package struct TLSServerSettings: Sendable {
    package var identity: TLSIdentity
    package var authorities = TLSAuthorities()
    package var clientVerification = TLSClientVerification.none
    package var versions = TLSVersion.defaults
    /// For TLS 1.2 and older, in OpenSSL's notation; nil for its default.
    package var ciphers: String?
    /// For TLS 1.3.
    package var cipherSuites: String?
    package var prefersServerCiphers = false
    package var cachesSessions = true
    package var sessionCacheSize = 20 * 1024
    package var sessionTimeoutSeconds = 300
    /// Parameters for Diffie-Hellman in TLS 1.2; nil for those that fit the key.
    package var dhParametersFile: String?
    /// Whether there is Diffie-Hellman in TLS 1.2 beside that of curves.
    package var hasFiniteFieldExchange = true
    /// Groups for key exchange, in OpenSSL's notation; nil for its default.
    package var groups: String?
    /// Protocols for ALPN, the best first. A client that offers only others is refused; one that offers none is not.
    package var applicationProtocols: [String] = []

    package init(identity: TLSIdentity) { self.identity = identity }
}

/// What a client demands of a server's certificate.
package enum TLSServerVerification: Sendable {
    /// Nothing: the connection is encrypted, to whomever.
    case none
    /// A signature that counts.
    case authority
    /// The same, and the name that was asked for.
    case full
}

/// What a client says and asks for. Unless something else is asked for, servers are verified in full.
package struct TLSClientSettings: Sendable {
    /// Empty for those that the system trusts.
    package var authorities = TLSAuthorities()
    package var verification = TLSServerVerification.full
    /// Shown to servers that ask.
    package var identity: TLSIdentity?
    package var versions = TLSVersion.defaults
    package var ciphers: String?
    package var cipherSuites: String?
    /// Protocols for ALPN, the best first.
    package var applicationProtocols: [String] = []

    package init() {}
}
