import PostgresWire

/// Every bound of a login, in one place. Sizes are in bytes.
package enum LoginLimits {
    /// Name of a user in a StartupMessage: PgBouncer's `MAX_USERNAME` - 1.
    package static var userNameByteCountMax: Int { 127 }
    /// Name of a database in a StartupMessage: PgBouncer's `MAX_DBNAME` - 1, PostgreSQL's `NAMEDATALEN` - 1.
    package static var databaseNameByteCountMax: Int { 63 }
    /// What may lie in a login's buffer: the longest message and as much again of what a hasty peer sends behind it.
    static var bufferedByteCountMax: Int { 2 * WireLimits.loginBodyByteCountMax }
    /// Body of an answer that is not a password: a SCRAM message with its mechanism's name.
    static var scramAnswerByteCountMax: Int { WireLimits.scramMessageByteCountMax + 64 }
    /// Rounds of PBKDF2 that a server may ask for, once for each salt: some 0.3 s of a thread beside the loop.
    package static var serverScramIterationsMax: Int { 1_000_000 }
    /// Server's share of a SCRAM nonce together with ours; PostgreSQL makes 48.
    static var nonceByteCountMax: Int { 1_024 }
    /// ParameterStatus messages of one login; PostgreSQL 18 sends 15.
    static var parameterCountMax: Int { 256 }
    /// Notices of one login that are kept.
    static var noticeCountMax: Int { 16 }
    /// Entries of the cache of derived keys. A full one is emptied: that costs time, never a login.
    static var cachedSecretCountMax: Int { 16_384 }
    /// Derivations that are under way at a time; others wait.
    static var derivationCountMax: Int { 2 }
    /// Number that a peer's identity may have: 14 bits, as in PgBouncer.
    package static var peerIDMax: UInt16 { 16_383 }
}
