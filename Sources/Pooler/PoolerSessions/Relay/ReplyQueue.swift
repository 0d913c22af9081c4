import CMemory

/// The replies that a server owes, in order: a ring that grows.
struct ReplyQueue: ~Copyable {
    private var base: UnsafeMutablePointer<ExpectedReply>?
    private var head = 0
    private(set) var count = 0
    private var mask = -1

    private static var initialCapacity: Int { 16 }

    deinit {
        if let base { atoll_memory_give(base) }
    }

    @inline(__always) var isEmpty: Bool { count == 0 }

    /// The reply that comes next; the queue must not be empty.
    @inline(__always)
    var first: ExpectedReply {
        get { base.unsafelyUnwrapped[head] }
        nonmutating set { base.unsafelyUnwrapped[head] = newValue }
    }

    /// The kind of the reply that comes next, without a copy of the rest.
    @inline(__always)
    var firstKind: ExpectedReply.Kind? {
        count == 0 ? nil : base.unsafelyUnwrapped[head].kind
    }

    @inline(__always)
    var firstFlags: ExpectedReply.Flags {
        count == 0 ? [] : base.unsafelyUnwrapped[head].flags
    }

    /// What the reply that comes next stands for does to the session.
    @inline(__always)
    var firstPlan: Unmanaged<SharedPlan>? {
        count == 0 ? nil : base.unsafelyUnwrapped[head].plan
    }

    /// The entry at a distance from the first.
    subscript(_ distance: Int) -> ExpectedReply {
        get { base.unsafelyUnwrapped[(head &+ distance) & mask] }
        nonmutating set { base.unsafelyUnwrapped[(head &+ distance) & mask] = newValue }
    }

    @inline(__always)
    mutating func append(_ reply: ExpectedReply) {
        if count > mask { grow() }
        base.unsafelyUnwrapped[(head &+ count) & mask] = reply
        count &+= 1
    }

    @inline(__always)
    mutating func removeFirst() {
        head = (head &+ 1) & mask
        count &-= 1
    }

    /// Takes out the entry at a distance from the first; those behind it move up.
    mutating func remove(at distance: Int) {
        guard let base else { return }
        for index in distance..<(count - 1) {
            base[(head + index) & mask] = base[(head + index + 1) & mask]
        }
        count -= 1
    }

    @inline(never)
    private mutating func grow() {
        let capacity = mask < 0 ? Self.initialCapacity : (mask + 1) * 2
        let byteCount = capacity * MemoryLayout<ExpectedReply>.stride
        let memory = atoll_memory_take(byteCount).unsafelyUnwrapped
            .bindMemory(to: ExpectedReply.self, capacity: capacity)
        for index in 0..<count { (memory + index).initialize(to: base.unsafelyUnwrapped[(head + index) & mask]) }
        if let base { atoll_memory_give(base) }
        base = memory
        head = 0
        mask = capacity - 1
    }
}
