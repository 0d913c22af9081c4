/// Counters of the engine since the start or CONFIG RESETSTAT. Loop only.
package struct Statistics {
    package var commandCount = 0
    package var connectionCount = 0
    package var rejectedConnectionCount = 0
    package var keyspaceHitCount = 0
    package var keyspaceMissCount = 0
    package var expiredKeyCount = 0
    /// About which share of the keys is due and has not been removed yet: expired_stale_perc.
    package var expiredStaleShare = 0.0
    /// Slices of the sweep for due keys that could not do all that there was to do.
    package var expiredTimeCapReachedCount = 0
    package var expireCycleMicroseconds = 0
    package var evictedKeyCount = 0
    /// The most memory in use, in bytes, and what the engine took before it had any data.
    package var peakMemoryByteCount = 0
    package var startMemoryByteCount = 0
    package var evictedClientCount = 0
    /// How long memory has been above maxmemory, but for the time that it still is.
    package var evictionExceededMilliseconds: Int64 = 0
    /// AUTH and HELLO with a wrong name or password.
    package var deniedAuthenticationCount = 0
    package var inputByteCount = 0
    /// Times that bytes came from a client, and that a client had output to be sent.
    package var readCount = 0
    package var writeCount = 0
    package var outputByteCount = 0
    package var errorReplyCount = 0
    package var unexpectedErrorCount = 0
    package var queryLimitDisconnectionCount = 0
    package var outputLimitDisconnectionCount = 0
    /// Errors by code, for section errorstats.
    package var errorsByCode: [String: Int] = [:]
    /// Codes counted at most; the rest are added up in the total only (Redis's limit).
    package static let errorCodesMax = 128

    package init() {}
}
