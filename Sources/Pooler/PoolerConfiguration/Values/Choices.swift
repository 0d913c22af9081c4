/// When a server goes back to its pool.
package enum PoolMode: String, NamedChoice {
    /// When the client leaves.
    case session
    /// When the transaction ends.
    case transaction
    /// When the statement ends; transactions of several statements are refused.
    case statement
}

/// How clients prove who they are, for all of them alike.
package enum AuthenticationType: String, NamedChoice {
    /// They need not, and their names are ignored: every database has a user of its own.
    case any
    /// They need not; the name must be known.
    case trust
    case plain
    /// A known SCRAM secret makes it SCRAM.
    case md5
    /// By the name in their certificate.
    case cert
    /// As the rules of a file say.
    case hba
    case scramSHA256 = "scram-sha-256"
}

/// What TLS has to do, with PostgreSQL's names.
package enum TLSMode: String, NamedChoice, Comparable {
    case disable
    case allow
    case prefer
    case require
    case verifyAuthority = "verify-ca"
    case verifyFull = "verify-full"

    /// By what is demanded: the later case demands more.
    package static func < (one: TLSMode, other: TLSMode) -> Bool { one.strictness < other.strictness }

    private var strictness: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Which of several hosts a new connection goes to.
package enum HostBalancing: String, NamedChoice {
    /// The same as the last until a connection fails, then the next.
    case disable
    /// The next.
    case roundRobin = "round-robin"
}

/// The part of the system log.
package enum SyslogFacility: String, NamedChoice {
    case auth, authpriv, daemon, user, local0, local1, local2, local3, local4, local5, local6, local7
}
