import Keyspace
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

    /// A request that names a member of a set or a field of a hash, and where that is looked for if the value is large.
    struct MemberRequest {
        let requestIndex: Int
        let keyHash: UInt64
        var table: UnsafeMutablePointer<HashTable>?
        var memberHash: UInt64 = 0
    }

    let requests: UnsafeMutablePointer<Request>
    /// Those of the requests that name a member.
    let memberRequests: UnsafeMutablePointer<MemberRequest>
    /// Hashes of the requests' keys.
    let hashes: UnsafeMutablePointer<UInt64>

    init() {
        requests = .allocate(capacity: Self.countMax)
        for index in 0..<Self.countMax { (requests + index).initialize(to: Request()) }
        memberRequests = .allocate(capacity: Self.countMax)
        hashes = .allocate(capacity: Self.hashCountMax)
    }

    /// Gives memory back after uncommonly long requests among the first so many, and the one being read behind them.
    @inline(__always)
    func trim(_ count: Int) {
        for index in 0..<min(count + 1, Self.countMax) { requests[index].arguments.trim() }
    }
}
