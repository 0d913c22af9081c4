import CIOLoop
package import KeyValuePersistence

/// What the engine knows of its files: the snapshot under way, the last one, and when the next is due.
package final class Persistence {
    /// What a snapshot is taken for.
    package enum Purpose: Sendable {
        /// BGSAVE, or a save point.
        case save
        /// BGREWRITEAOF.
        case rewrite
    }

    /// A snapshot that is being written in the background.
    package struct Running {
        package let snapshot: Snapshot
        package let purpose: Purpose
        /// Milliseconds since 1970.
        let startedAt: Int64
        /// Changes at the cut that were not saved.
        let dirty: Int
        /// Whether all has been handed to the output.
        var isHandedOver = false
        /// Microseconds that each key is to take (rdb-key-save-delay); 0 for as fast as it goes.
        var keyDelay = 0
        var pace: SnapshotPace

        /// How many keys may have been taken by then.
        func keyCountMax(now: Int64) -> Int { Int(clamping: max(now - startedAt, 0)) &* 1000 / max(keyDelay, 1) }
    }

    /// Data that is being loaded while the server answers already.
    struct Loading {
        /// Milliseconds since 1970.
        let startedAt: Int64
        /// Of the file that is being loaded.
        var byteCount = 0
        var loadedByteCount = 0
        /// Serves who comes meanwhile; false ends the loading.
        let serve: () -> Bool
    }

    /// The directory of the files; nil while there is none, as in tests: nothing is saved then.
    package var directory: String?
    /// Called, by any thread, when the loop is to look after a snapshot's end.
    package var wake: @Sendable () -> Void = {}
    /// What a thread that writes a snapshot does first: it may run on processors of its own.
    package var prepareThread: @Sendable (Purpose) -> Void = { _ in }
    package internal(set) var running: Running?
    /// Seconds since 1970. What a server starts with counts as saved then.
    package internal(set) var lastSave = atoll_wall_microseconds() / 1_000_000
    /// The same for the last attempt.
    var lastTry: Int64 = 0
    package internal(set) var lastSaveSucceeded = true
    /// How long the last background save took, in seconds.
    var lastDuration = -1
    /// Files saved since the start.
    var saveCount = 0
    /// Memory that the last snapshot held at most, in bytes.
    var lastHeldByteCount = 0
    var heldByteCountPeak = 0
    package let rewrite = AppendOnlyRewrite()
    /// What clients that write are told while the append-only file cannot be written.
    package internal(set) var journalFailure: String?
    /// BGSAVE was asked for while something else ran.
    package internal(set) var isSaveScheduled = false
    /// Sources of libraries of functions that a file had: kept, and written back.
    package var functions: [[UInt8]] = []
    /// The loading under way, if clients are served meanwhile.
    var loading: Loading?
    package internal(set) var loadedKeyCount = 0
    package internal(set) var loadedExpiredKeyCount = 0

    init() {}

    /// A condition of `save`: a snapshot is due so many seconds after the last one if so many changes were made.
    package struct SavePoint: Sendable, Equatable {
        package let seconds: Int64
        package let changes: Int
    }

    /// How long a failed save is left alone, in seconds (Redis's CONFIG_BGSAVE_RETRY_DELAY).
    static let retrySeconds: Int64 = 5
}

extension Configuration {
    /// The conditions of `save`.
    package var savePoints: [Persistence.SavePoint] {
        let numbers = words("save").compactMap { Int($0) }
        return stride(from: 0, to: numbers.count - 1, by: 2).map {
            Persistence.SavePoint(seconds: Int64(numbers[$0]), changes: numbers[$0 + 1])
        }
    }
}
