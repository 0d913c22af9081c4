/// Every bound of the codec, in one place. Sizes are in bytes.
package enum WireLimits {
    /// Whole startup-phase packet with its length word: PostgreSQL's `MAX_STARTUP_PACKET_LENGTH`.
    package static var startupPacketByteCountMax: Int { 10_000 }
    /// Smallest startup-phase packet: length word and code.
    package static var startupPacketByteCountMin: Int { 8 }
    /// Body of any message: PostgreSQL's `PQ_LARGE_MESSAGE_LIMIT` (largest palloc, 1 GiB - 1, less one).
    package static var bodyByteCountMax: Int { 0x3fff_fffe }
    /// Body of a message that carries no user data, such as Sync or Describe: `PQ_SMALL_MESSAGE_LIMIT`.
    package static var smallBodyByteCountMax: Int { 10_000 }
    /// Body of any message before the login is complete: `PG_MAX_AUTH_TOKEN_LENGTH`.
    package static var loginBodyByteCountMax: Int { 65_535 }
    /// Body of any message to a `ClientSession` after the login, since it keeps each one whole: 64 MiB.
    package static var sessionBodyByteCountMax: Int { 0x400_0000 }
    /// Secret part of a cancel key from protocol 3.2 on.
    package static var cancelSecretByteCountMax: Int { 256 }
    /// Secret part of a cancel key up to protocol 3.1, and the least that 3.2 allows.
    package static var cancelSecretByteCountMin: Int { 4 }
    /// Identifier, `NAMEDATALEN` - 1. The server cuts longer ones silently, so two names could become one.
    package static var identifierByteCountMax: Int { 63 }
    /// Column or parameter count: an unsigned 16-bit word on the wire.
    package static var listCountMax: Int { 65_535 }
    /// Password: what fits into a message of a login with its zero byte. Tokens of identity providers are long.
    package static var passwordByteCountMax: Int { 65_530 }
    /// One message of a SCRAM exchange.
    package static var scramMessageByteCountMax: Int { 4_096 }
    /// Salt after base64 decoding. PostgreSQL makes 16.
    package static var scramSaltByteCountMax: Int { 1_024 }
    /// PBKDF2 rounds. A peer that asks for more wants our processor time, not safety: 10 million take seconds.
    package static var scramIterationsMax: Int { 10_000_000 }
}
