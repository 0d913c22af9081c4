import CMemory

/// The statements that a server connection has prepared, the least recently used one last. Empty, it takes no memory.
struct ServerStatements: ~Copyable {
    private struct Node {
        let statement: PreparedStatementPointer
        var nextInBucket: UnsafeMutablePointer<Node>?
        var newer: UnsafeMutablePointer<Node>?
        var older: UnsafeMutablePointer<Node>?
    }

    private typealias NodePointer = UnsafeMutablePointer<Node>

    private var buckets: UnsafeMutablePointer<NodePointer?>?
    private var mask = -1
    private var newest: NodePointer?
    private var oldest: NodePointer?
    private(set) var count = 0

    private static var initialBucketCount: Int { 16 }

    deinit {
        precondition(count == 0, "statements are released before their cache goes")
        buckets?.deallocate()
    }

    @inline(__always)
    private func slot(_ statement: PreparedStatementPointer) -> Int {
        Int(truncatingIfNeeded: statement.pointee.id) & mask
    }

    @inline(__always)
    private func node(_ statement: PreparedStatementPointer) -> NodePointer? {
        guard let buckets else { return nil }
        var next = buckets[slot(statement)]
        while let node = next {
            if node.pointee.statement == statement { return node }
            next = node.pointee.nextInBucket
        }
        return nil
    }

    /// Whether the statement is prepared; if so it becomes the newest.
    @inline(__always)
    mutating func use(_ statement: PreparedStatementPointer) -> Bool {
        // Most servers run the same statement again and again.
        if let newest, newest.pointee.statement == statement { return true }
        guard let node = node(statement) else { return false }
        unlink(node)
        linkNewest(node)
        return true
    }

    /// Whether the statement is prepared.
    func contains(_ statement: PreparedStatementPointer) -> Bool { node(statement) != nil }

    /// Adds a statement that is not there; the reference becomes the cache's.
    mutating func insert(_ statement: PreparedStatementPointer) {
        if count > mask { grow() }
        guard let buckets else { return }
        let node = atoll_memory_take(MemoryLayout<Node>.stride).unsafelyUnwrapped
            .bindMemory(to: Node.self, capacity: 1)
        node.initialize(
            to: Node(statement: statement, nextInBucket: buckets[slot(statement)], newer: nil, older: nil))
        buckets[slot(statement)] = node
        linkNewest(node)
        count += 1
    }

    /// Takes a statement out; true if it was there, and then its reference is the caller's.
    mutating func remove(_ statement: PreparedStatementPointer) -> Bool {
        guard let node = node(statement), let buckets else { return false }
        let slot = slot(statement)
        if buckets[slot] == node {
            buckets[slot] = node.pointee.nextInBucket
        } else {
            var previous = buckets[slot]
            while let candidate = previous, candidate.pointee.nextInBucket != node {
                previous = candidate.pointee.nextInBucket
            }
            previous?.pointee.nextInBucket = node.pointee.nextInBucket
        }
        unlink(node)
        atoll_memory_give(node)
        count -= 1
        return true
    }

    /// The least recently used one.
    var oldestStatement: PreparedStatementPointer? { oldest?.pointee.statement }

    /// Takes out the least recently used one: its reference is the caller's.
    mutating func popOldest() -> PreparedStatementPointer? {
        guard let statement = oldest?.pointee.statement else { return nil }
        _ = remove(statement)
        return statement
    }

    private mutating func linkNewest(_ node: NodePointer) {
        node.pointee.newer = nil
        node.pointee.older = newest
        if let newest { newest.pointee.newer = node } else { oldest = node }
        newest = node
    }

    private mutating func unlink(_ node: NodePointer) {
        let newer = node.pointee.newer
        let older = node.pointee.older
        if let newer { newer.pointee.older = older } else { newest = older }
        if let older { older.pointee.newer = newer } else { oldest = newer }
    }

    private mutating func grow() {
        let wider = mask < 0 ? Self.initialBucketCount - 1 : (mask + 1) * 2 - 1
        let target = UnsafeMutablePointer<NodePointer?>.allocate(capacity: wider + 1)
        target.initialize(repeating: nil, count: wider + 1)
        buckets?.deallocate()
        buckets = target
        mask = wider
        var next = oldest
        while let node = next {
            next = node.pointee.newer
            let slot = slot(node.pointee.statement)
            node.pointee.nextInBucket = target[slot]
            target[slot] = node
        }
    }
}
