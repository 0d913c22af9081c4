/// What a command does to the data set, and in which states of the server and the client it may run.
package struct CommandFlags: OptionSet, Sendable {
    /// One bit a member.
    package let rawValue: UInt64

    /// Flags from their bits.
    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// May change keys.
    package static let write = CommandFlags(rawValue: 1 << 0)
    /// Reads keys and never changes one.
    package static let readOnly = CommandFlags(rawValue: 1 << 1)
    /// May need memory, so it is refused when `maxmemory` is passed.
    package static let denyOutOfMemory = CommandFlags(rawValue: 1 << 2)
    /// For administrators.
    package static let admin = CommandFlags(rawValue: 1 << 3)
    /// About channels, so it is allowed to subscribers of protocol 2.
    package static let pubSub = CommandFlags(rawValue: 1 << 4)
    /// Not for scripts.
    package static let noScript = CommandFlags(rawValue: 1 << 5)
    /// May make the client wait.
    package static let blocking = CommandFlags(rawValue: 1 << 6)
    /// Allowed while the data set is being loaded.
    package static let loading = CommandFlags(rawValue: 1 << 7)
    /// Allowed on a replica that lost its primary.
    package static let stale = CommandFlags(rawValue: 1 << 8)
    /// Not shown to MONITOR.
    package static let skipMonitor = CommandFlags(rawValue: 1 << 9)
    /// Not written to the slow log.
    package static let skipSlowLog = CommandFlags(rawValue: 1 << 10)
    /// Allowed in cluster mode for a slot that is being imported.
    package static let asking = CommandFlags(rawValue: 1 << 11)
    /// Constant or logarithmic time.
    package static let fast = CommandFlags(rawValue: 1 << 12)
    /// Allowed before authentication.
    package static let noAuthentication = CommandFlags(rawValue: 1 << 13)
    /// Reaches replicas though it changes no key.
    package static let mayReplicate = CommandFlags(rawValue: 1 << 14)
    /// Exists in sentinel mode too.
    package static let sentinel = CommandFlags(rawValue: 1 << 15)
    /// Exists in sentinel mode only.
    package static let onlySentinel = CommandFlags(rawValue: 1 << 16)
    /// Has key arguments that may all be absent.
    package static let noMandatoryKeys = CommandFlags(rawValue: 1 << 17)
    /// Behind one of the `enable-…-command` settings.
    package static let protected = CommandFlags(rawValue: 1 << 18)
    /// Not allowed while a replica loads its primary's data set beside the old one.
    package static let noAsyncLoading = CommandFlags(rawValue: 1 << 19)
    /// Not allowed in a transaction.
    package static let noMulti = CommandFlags(rawValue: 1 << 20)
    /// Has keys that first, last and step do not find.
    package static let movableKeys = CommandFlags(rawValue: 1 << 21)
    /// Allowed while a script overstays its time.
    package static let allowBusy = CommandFlags(rawValue: 1 << 22)
    /// Touches keys that its arguments do not name.
    package static let touchesArbitraryKeys = CommandFlags(rawValue: 1 << 23)

    /// What makes admission depend on settings or on the client. By name: a literal where it is used would be an array
    /// in debug builds.
    static let conditional: CommandFlags = [.protected, .noMulti]

    /// The names that COMMAND INFO shows, in its order; the other flags stay hidden.
    static let shownNames: [(flag: CommandFlags, name: StaticString)] = [
        (.write, "write"), (.readOnly, "readonly"), (.denyOutOfMemory, "denyoom"), (.admin, "admin"),
        (.pubSub, "pubsub"), (.noScript, "noscript"), (.blocking, "blocking"), (.loading, "loading"),
        (.stale, "stale"), (.skipMonitor, "skip_monitor"), (.skipSlowLog, "skip_slowlog"), (.asking, "asking"),
        (.fast, "fast"), (.noAuthentication, "no_auth"), (.noMandatoryKeys, "no_mandatory_keys"),
        (.noAsyncLoading, "no_async_loading"), (.noMulti, "no_multi"), (.movableKeys, "movablekeys"),
        (.allowBusy, "allow_busy"),
    ]
}
