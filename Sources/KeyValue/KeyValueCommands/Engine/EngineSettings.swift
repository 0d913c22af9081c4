package import Keyspace
package import RESP

/// Classes of keyspace events, as notify-keyspace-events names them.
package struct NotificationClasses: OptionSet, Sendable {
    /// One bit a class.
    package let rawValue: UInt32
    /// Classes from their bits.
    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let keyspace = NotificationClasses(rawValue: 1 << 0)  // K
    package static let keyEvent = NotificationClasses(rawValue: 1 << 1)  // E
    package static let generic = NotificationClasses(rawValue: 1 << 2)  // g
    package static let string = NotificationClasses(rawValue: 1 << 3)  // $
    package static let list = NotificationClasses(rawValue: 1 << 4)  // l
    package static let set = NotificationClasses(rawValue: 1 << 5)  // s
    package static let hash = NotificationClasses(rawValue: 1 << 6)  // h
    package static let sortedSet = NotificationClasses(rawValue: 1 << 7)  // z
    package static let expired = NotificationClasses(rawValue: 1 << 8)  // x
    package static let evicted = NotificationClasses(rawValue: 1 << 9)  // e
    package static let stream = NotificationClasses(rawValue: 1 << 10)  // t
    package static let keyMiss = NotificationClasses(rawValue: 1 << 11)  // m
    package static let module = NotificationClasses(rawValue: 1 << 12)  // d
    package static let new = NotificationClasses(rawValue: 1 << 13)  // n
    /// `A`: all but keyMiss and new.
    package static let all: NotificationClasses = [
        .generic, .string, .list, .set, .hash, .sortedSet, .expired, .evicted, .stream, .module,
    ]
}

/// maxmemory-policy.
package enum EvictionPolicy: UInt8, Sendable, CaseIterable {
    case noEviction, allKeysLRU, volatileLRU, allKeysLFU, volatileLFU, allKeysRandom, volatileRandom, volatileTTL

    /// Whether the access clock of records counts accesses instead of telling the time of the last.
    @inline(__always) package var usesFrequency: Bool { self == .allKeysLFU || self == .volatileLFU }
    /// Whether only keys with an expiry are evicted.
    package var isVolatileOnly: Bool {
        self == .volatileLRU || self == .volatileLFU || self == .volatileRandom || self == .volatileTTL
    }
}

/// The settings that the engine reads while it works, typed. CONFIG's table fills them; names are those of redis.conf in
/// full words.
package struct EngineSettings: Sendable {
    package var databaseCount = 16
    package var password = ""
    package var limits = RequestLimits()
    package var queryBufferByteCountMax = 1 << 30
    package var encoding = EncodingLimits()
    /// hll-sparse-max-bytes.
    package var hyperLogLogSparseByteCountMax = 3000
    /// rdb-version: of files and of DUMP payloads.
    package var rdbVersion = 10
    /// rdbcompression.
    package var compressesStrings = true
    /// sanitize-dump-payload, for clients: packed collections of payloads are searched for members that are there twice.
    package var sanitizesPayloads = false
    /// DEBUG SET-SKIP-CHECKSUM-VALIDATION: RESTORE takes payloads with any checksum.
    package var skipsChecksums = false
    package var notifications: NotificationClasses = []
    package var maxMemoryByteCount = 0
    package var maxMemoryPolicy = EvictionPolicy.noEviction
    package var maxMemorySampleCount = 5
    package var maxMemoryEvictionTenacity = 10
    /// maxmemory-clients: bytes, or per cent of maxmemory when negative; 0 for none.
    package var maxMemoryClients = 0
    package var lfuLogFactor = 10
    package var lfuDecayMinutes = 1
    package var activeExpireEffort = 1
    package var slowLogMicrosecondsMin = 10_000
    package var slowLogCountMax = 128
    package var latencyMonitorMillisecondsMin = 0
    package var tracksLatency = true
    package var latencyPercentiles: [Double] = [50, 99, 99.9]
    /// hotkeys-sample-ratio.
    package var hotKeySampleRatio = 100
    package var trackingTableKeyCountMax = 1_000_000
    /// enable-debug-command: no, yes, local.
    package var debugCommand = ProtectedAccess.no
    /// enable-protected-configs.
    package var protectedDirectives = ProtectedAccess.no
    package var moduleCommand = ProtectedAccess.no
    package var clientTimeoutSeconds = 0
    package var clientCountMax = 10_000
    package var hertz = 10
    /// lua-time-limit / busy-reply-threshold are kept by CONFIG only until scripting is built.
    package var outputLimits = OutputLimits()

    package init() {}
}

/// Who may use a command that is off by default.
package enum ProtectedAccess: Sendable { case no, yes, local }

/// client-output-buffer-limit of one class of clients.
package struct OutputLimit: Sendable, Equatable {
    /// Bytes at which the client is disconnected at once; 0 for none.
    package var hardByteCount: Int
    /// Bytes at which it is disconnected when it stays above them; 0 for none.
    package var softByteCount: Int
    package var softSeconds: Int

    package init(hardByteCount: Int, softByteCount: Int, softSeconds: Int) {
        self.hardByteCount = hardByteCount
        self.softByteCount = softByteCount
        self.softSeconds = softSeconds
    }
}

/// client-output-buffer-limit.
package struct OutputLimits: Sendable {
    package var normal = OutputLimit(hardByteCount: 0, softByteCount: 0, softSeconds: 0)
    package var replica = OutputLimit(hardByteCount: 256 << 20, softByteCount: 64 << 20, softSeconds: 60)
    package var pubSub = OutputLimit(hardByteCount: 32 << 20, softByteCount: 8 << 20, softSeconds: 60)
}
