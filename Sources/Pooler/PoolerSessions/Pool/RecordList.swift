/// A record that has neighbours in one list at a time.
protocol ListedRecord: ~Copyable {
    var nextInList: UnsafeMutablePointer<Self>? { get set }
    var previousInList: UnsafeMutablePointer<Self>? { get set }
}

/// A list through the records themselves: joining and leaving take no memory. All operations are O(1).
struct RecordList<Record: ListedRecord & ~Copyable> {
    private(set) var first: UnsafeMutablePointer<Record>?
    private(set) var last: UnsafeMutablePointer<Record>?
    private(set) var count = 0

    @inline(__always) var isEmpty: Bool { first == nil }

    @inline(__always)
    mutating func prepend(_ record: UnsafeMutablePointer<Record>) {
        record.pointee.previousInList = nil
        record.pointee.nextInList = first
        if let first { first.pointee.previousInList = record } else { last = record }
        first = record
        count &+= 1
    }

    @inline(__always)
    mutating func append(_ record: UnsafeMutablePointer<Record>) {
        record.pointee.nextInList = nil
        record.pointee.previousInList = last
        if let last { last.pointee.nextInList = record } else { first = record }
        last = record
        count &+= 1
    }

    @inline(__always)
    mutating func remove(_ record: UnsafeMutablePointer<Record>) {
        let next = record.pointee.nextInList
        let previous = record.pointee.previousInList
        if let next { next.pointee.previousInList = previous } else { last = previous }
        if let previous { previous.pointee.nextInList = next } else { first = next }
        record.pointee.nextInList = nil
        record.pointee.previousInList = nil
        count &-= 1
    }

    /// Calls the body for each record, which may leave the list meanwhile.
    func forEach(_ body: (UnsafeMutablePointer<Record>) -> Void) {
        var next = first
        while let record = next {
            next = record.pointee.nextInList
            body(record)
        }
    }
}

extension RecordList where Record: ~Copyable {
    /// Whether the condition holds for all. O(n).
    func allSatisfy(_ condition: (UnsafeMutablePointer<Record>) -> Bool) -> Bool {
        first(where: { !condition($0) }) == nil
    }

    /// Whether the condition holds for any. O(n).
    func contains(where condition: (UnsafeMutablePointer<Record>) -> Bool) -> Bool { first(where: condition) != nil }

    /// The first for which the condition holds. O(n).
    func first(where condition: (UnsafeMutablePointer<Record>) -> Bool) -> UnsafeMutablePointer<Record>? {
        var next = first
        while let record = next {
            if condition(record) { return record }
            next = record.pointee.nextInList
        }
        return nil
    }
}
