import Bytes
import CMemory
import Glibc

/// Items in the order of their names: the groups of a stream, the consumers of a group. The owner frees the items, then
/// calls `free`.
///
/// Every item is an allocation that begins with a pointer to its name, a `StringBuffer`.
struct NamedItems: BitwiseCopyable {
    private var items: UnsafeMutablePointer<UnsafeMutableRawPointer>?
    private(set) var count = 0

    init() {}

    subscript(_ index: Int) -> UnsafeMutableRawPointer { items.unsafelyUnwrapped[index] }

    static func name(of item: UnsafeMutableRawPointer) -> ByteSlice {
        StringBuffer(item.load(as: UnsafeMutableRawPointer.self)).bytes
    }

    /// Where an item of that name is, or belongs.
    private func search(_ name: ByteSlice) -> (index: Int, isFound: Bool) {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) >> 1
            let order = Self.name(of: self[middle]).compare(name)
            if order == 0 { return (middle, true) }
            if order < 0 { low = middle + 1 } else { high = middle }
        }
        return (low, false)
    }

    func find(_ name: ByteSlice) -> UnsafeMutableRawPointer? {
        let (index, isFound) = search(name)
        return isFound ? self[index] : nil
    }

    /// Adds an item whose name is not there.
    mutating func insert(_ item: UnsafeMutableRawPointer) {
        let (index, isFound) = search(Self.name(of: item))
        precondition(!isFound)
        if items.map({ atoll_memory_size($0) }) ?? 0 < (count + 1) * 8 {
            let byteCount = max(1, count + count / 2 + 1) * 8
            let memory = items.map { atoll_memory_resize($0, byteCount) } ?? atoll_memory_take(byteCount)
            items = memory.unsafelyUnwrapped.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        }
        let place = items.unsafelyUnwrapped + index
        memmove(place + 1, place, (count - index) * 8)
        place.pointee = item
        count += 1
    }

    /// Takes an item out, which stays the caller's to free.
    mutating func remove(_ name: ByteSlice) -> UnsafeMutableRawPointer? {
        let (index, isFound) = search(name)
        guard isFound else { return nil }
        let place = items.unsafelyUnwrapped + index
        let item = place.pointee
        count -= 1
        memmove(place, place + 1, (count - index) * 8)
        if count == 0 { free() }
        return item
    }

    mutating func free() {
        if let items { atoll_memory_give(items) }
        self = NamedItems()
    }

    /// The memory of the list itself in bytes.
    var byteCount: Int { items.map { Int(atoll_memory_size($0)) } ?? 0 }
}
