package import PostgresWire

/// What the pooler has to show to a server.
package enum ServerCredential: Hashable, Sendable {
    /// Nothing: for trust, peer and certificates.
    case none
    /// The password: for any method.
    case password(String)
    /// `md5` and 32 digits: for md5.
    case md5(String)
    /// Keys learnt from a client that proved to know the password: for SCRAM, if the server has the same verifier.
    case scramKeys(ScramKeys)
    /// A SCRAM verifier, whose keys no client has brought yet: for nothing.
    case scramVerifier

    /// The best that follows from what is stored alone.
    package init(stored secret: StoredSecret) {
        switch secret {
        case .unusable: self = .none
        case .plain(let password): self = .password(password)
        case .md5(let verifier): self = .md5(verifier)
        case .scram: self = .scramVerifier
        }
    }
}

extension ServerCredential: CustomStringConvertible, CustomDebugStringConvertible {
    /// Tells the form alone.
    package var description: String {
        switch self {
        case .none: "nothing"
        case .password: "password"
        case .md5: "md5 secret"
        case .scramKeys: "SCRAM keys"
        case .scramVerifier: "SCRAM secret"
        }
    }

    package var debugDescription: String { description }
}
