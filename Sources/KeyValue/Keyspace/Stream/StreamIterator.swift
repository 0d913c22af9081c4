/// Walks the entries of a stream whose ids lie in a range, either way. Void once the stream changes.
///
/// ```
/// while iterator.next() {
///     // iterator.id, iterator.fieldCount
///     while iterator.nextField() { /* iterator.name, iterator.value */ }
/// }
/// ```
package struct StreamIterator {
    private let nodes: Stream.Nodes
    private let start: StreamID
    private let end: StreamID
    private let isReversed: Bool
    /// Whether entries are left out that are marked as deleted.
    package var skipsDeleted = true

    private var node: Stream.Nodes.Position?
    private var isInNode = false
    private var list = StreamNode(UnsafeMutableRawPointer(bitPattern: 8).unsafelyUnwrapped)
    private var nodeID = StreamID.zero
    private var masterFieldCount: Int64 = 0
    private var masterFieldsStart = 0
    private var entry = StreamNode.Entry(start: 0, flags: 0, id: .zero, fieldCount: 0, content: 0)
    private var hasEntry = false
    private var remainingFields: Int64 = 0
    /// The next name or value of the current entry, where it has names of its own.
    private var fieldPosition = 0
    /// The next of the names that entries share.
    private var masterPosition = 0
    /// Where the next entry begins, or ends if the walk is reversed, when there is no current one.
    private var position = 0

    /// The field's name after `nextField`: valid until the stream changes.
    package private(set) var name = ListPackValue(start: nil, number: 0)
    /// The field's value after `nextField`: valid until the stream changes.
    package private(set) var value = ListPackValue(start: nil, number: 0)

    /// - Parameters:
    ///   - start: the lowest id.
    ///   - end: the highest id.
    package init(_ stream: Stream, from start: StreamID = .zero, to end: StreamID = .max, isReversed: Bool = false) {
        nodes = stream.header.pointee.nodes
        self.start = start
        self.end = end
        self.isReversed = isReversed
        node = isReversed ? nodes.floor(end) : nodes.floor(start) ?? nodes.firstPosition
    }

    /// The entry's id.
    package var id: StreamID { entry.id }
    /// The number of the entry's fields.
    package var fieldCount: Int { Int(entry.fieldCount) }
    /// Whether the entry is marked as deleted.
    package var isDeleted: Bool { entry.isDeleted }

    /// The node and the entry, for deletion.
    var current: (node: Stream.Nodes.Position, entry: StreamNode.Entry)? { node.map { ($0, entry) } }

    /// Moves on to the next entry; false at the end of the range.
    package mutating func next() -> Bool {
        while true {
            if !isInNode {
                guard let here = node else { return false }
                enter(here)
            }
            while advance() {
                if isReversed ? entry.id > end : entry.id < start { continue }
                if skipsDeleted && entry.isDeleted { continue }
                if isReversed ? entry.id < start : entry.id > end { return false }
                return true
            }
            isInNode = false
            node = node.flatMap { isReversed ? nodes.previous($0) : nodes.next($0) }
        }
    }

    private mutating func enter(_ here: Stream.Nodes.Position) {
        let slot = nodes.slot(here)
        nodeID = slot.pointee.id
        list = slot.pointee.value.node
        let header = list.header
        masterFieldCount = header.fieldCount
        masterFieldsStart = header.fieldsStart
        position = isReversed ? list.list.endPosition : list.entriesStart(header)
        hasEntry = false
        isInNode = true
    }

    /// Reads the next entry of the node, whatever it is; false at the node's end.
    @inline(__always)
    private mutating func advance() -> Bool {
        if isReversed {
            guard let before = list.entryStart(endingAt: position) else { return false }
            position = before
        } else if hasEntry {
            // The fields that nobody asked for, and the count that closes the entry.
            let rest = entry.hasSameFields ? remainingFields : remainingFields &* 2
            position = list.skip(rest + 1, from: fieldPosition)
        }
        guard !list.list.isEnd(position) else { return false }
        entry = list.entry(at: position, nodeID: nodeID, masterFieldCount: masterFieldCount)
        hasEntry = true
        remainingFields = entry.fieldCount
        fieldPosition = entry.content
        masterPosition = masterFieldsStart
        return true
    }

    /// Moves on to the entry's next field; false behind the last.
    @inline(__always)
    package mutating func nextField() -> Bool {
        guard remainingFields > 0 else { return false }
        remainingFields -= 1
        if entry.hasSameFields {
            name = list.list.value(at: masterPosition)
            masterPosition = list.after(masterPosition)
        } else {
            name = list.list.value(at: fieldPosition)
            fieldPosition = list.after(fieldPosition)
        }
        value = list.list.value(at: fieldPosition)
        fieldPosition = list.after(fieldPosition)
        return true
    }
}
