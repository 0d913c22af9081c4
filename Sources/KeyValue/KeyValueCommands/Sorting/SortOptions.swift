import Bytes

/// What SORT and SORT_RO are asked for.
struct SortOptions {
    private(set) var isDescending = false
    var isAlphabetic = false
    private(set) var offset: Int64 = 0
    /// Elements wanted; -1: all.
    private(set) var count: Int64 = -1
    var weightPattern: SortPattern?
    /// BY with a constant: the order is that of the value.
    var isUnsorted = false
    private(set) var results: [SortPattern] = []
    private(set) var storeKey: ByteSlice?

    /// Nil once an error has been replied.
    init?(_ call: Call, mayStore: Bool) {
        var index = 2
        while index < call.count {
            let following = call.count - index - 1
            if call.matches(index, "asc") {
                isDescending = false
            } else if call.matches(index, "desc") {
                isDescending = true
            } else if call.matches(index, "alpha") {
                isAlphabetic = true
            } else if call.matches(index, "limit"), following >= 2 {
                guard let offset = call.integer(index + 1), let count = call.integer(index + 2) else { return nil }
                (self.offset, self.count) = (offset, count)
                index += 2
            } else if mayStore, call.matches(index, "store"), following >= 1 {
                storeKey = call[index + 1]
                index += 1
            } else if call.matches(index, "by"), following >= 1 {
                let pattern = SortPattern(call[index + 1])
                weightPattern = pattern
                if !pattern.hasPlaceholder { isUnsorted = true }
                index += 1
            } else if call.matches(index, "get"), following >= 1 {
                results.append(SortPattern(call[index + 1]))
                index += 1
            } else {
                call.syntaxError()
                return nil
            }
            index += 1
        }
    }

    /// The part of that many elements that is wanted.
    func range(of total: Int) -> Range<Int> {
        let start = Int(min(max(offset, 0), Int64(total)))
        let wanted = count < 0 ? total : Int(min(count, Int64(total)))
        return start..<min(start + wanted, total)
    }
}
