import PostgresWire

/// How a client has to prove who it is: the caller's answer to `ClientLoginEvent.startup`.
package struct AuthenticationPlan: Hashable, Sendable {
    /// Outcome of a check that only the shell can make.
    package enum Evidence: Hashable, Sendable {
        /// It is the user.
        case matches
        /// It is not, or there is no evidence; the reason is for the log.
        case refused(String)
    }

    /// The method, as in `auth_type` or a line of the HBA file.
    package enum Method: Hashable, Sendable {
        /// Whoever is known may come in.
        case trust
        /// Whoever it is may come in.
        case any
        /// The password itself.
        case plain
        /// md5, or SCRAM where that is what is stored.
        case md5
        /// SCRAM-SHA-256, with channel binding if there is something to bind to.
        case scram
        /// The names in the client's certificate, through the ident map.
        case certificate(Evidence)
        /// The user at the other end of a Unix socket, through the ident map.
        case peer(Evidence)
        /// Nobody.
        case reject
    }

    /// What is known of the user.
    package enum Account: Hashable, Sendable {
        case known(StoredSecret)
        /// There is no such user: passwords are asked for and fail.
        case unknown
        /// auth_query has to be asked: `ClientLoginEvent.needsSecret` follows.
        case lookUp

        var isKnown: Bool {
            if case .known = self { true } else { false }
        }
    }

    package var method: Method
    package var account: Account

    /// A plan.
    package init(_ method: Method, _ account: Account) {
        self.method = method
        self.account = account
    }
}

/// The caller's answer to `ClientLoginEvent.needsSecret`.
package enum SecretLookup: Hashable, Sendable {
    /// The user's name and secret, as the row has them.
    case found(user: String, StoredSecret)
    /// No row.
    case noSuchUser
    /// auth_query could not be asked.
    case failed(LoginFailure)
}
