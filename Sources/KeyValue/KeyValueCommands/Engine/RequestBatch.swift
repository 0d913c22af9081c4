import CMemory
import RESP

/// Requests of one client that are understood before the first of them is executed. Used by the engine's thread, for one
/// client at a time; at a fixed address for the life of the engine.
struct RequestBatch {
    /// One request.
    struct Request: ~Copyable {
        var arguments = ArgumentVector(capacity: 16)
        /// The command of its name, if there is one.
        var command: UnsafeMutablePointer<Command>?
        /// The offset behind it.
        var end = 0
    }

    /// Enough for the waits for memory to overlap, few enough for what was fetched to stay in the first cache.
    static let countMax = 16
    static let hashCountMax = 128

    let requests: UnsafeMutablePointer<Request>
    /// Hashes of the requests' keys.
    let hashes: UnsafeMutablePointer<UInt64>

    init() {
        requests = .allocate(capacity: Self.countMax)
        for index in 0..<Self.countMax { (requests + index).initialize(to: Request()) }
        hashes = .allocate(capacity: Self.hashCountMax)
    }

    /// Gives memory back after uncommonly long requests among the first so many, and the one being read behind them.
    @inline(__always)
    func trim(_ count: Int) {
        for index in 0..<min(count + 1, Self.countMax) { requests[index].arguments.trim() }
    }
}
