import Keyspace

/// The best keys to evict among those that were looked at lately, the best last.
///
/// A key is named by its hash: nothing has to be copied or kept up to date, and a key that is gone is not found.
struct EvictionPool: ~Copyable {
    struct Candidate {
        /// The larger, the better to evict.
        var score: UInt64
        var hash: UInt64
        var databaseIndex: Int
    }

    static let capacity = 16
    private let places: UnsafeMutablePointer<Candidate>
    private(set) var count = 0

    init() {
        places = .allocate(capacity: Self.capacity)
    }

    deinit { places.deallocate() }

    mutating func removeAll() { count = 0 }

    /// Adds a key unless there are enough better ones.
    mutating func offer(_ candidate: Candidate) {
        var index = 0
        while index < count, places[index].score < candidate.score { index += 1 }
        for other in 0..<count where places[other].hash == candidate.hash { return }
        if count < Self.capacity {
            for move in stride(from: count, to: index, by: -1) { places[move] = places[move - 1] }
            places[index] = candidate
            count += 1
            return
        }
        guard index > 0 else { return }
        for move in 0..<(index - 1) { places[move] = places[move + 1] }
        places[index - 1] = candidate
    }

    mutating func popBest() -> Candidate? {
        guard count > 0 else { return nil }
        count -= 1
        return places[count]
    }
}

/// What eviction remembers from one time to the next.
struct Eviction: ~Copyable {
    var pool = EvictionPool()
    /// The policy for which the pool was filled.
    var poolPolicy = EvictionPolicy.noEviction
    /// Where the random policies go on.
    var databaseIndex = 0
    /// Whether the last eviction ran out of time and is to be gone on with.
    var isUnfinished = false
    /// Milliseconds since 1970 since when memory has been above maxmemory; 0 when it is not.
    var exceededSince: Int64 = 0
    /// Memory of clients that are about to be closed for it.
    var closingByteCount = 0
}
