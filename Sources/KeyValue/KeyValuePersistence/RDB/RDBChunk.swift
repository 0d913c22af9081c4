import Bytes
import Glibc

/// A piece of an RDB file in the making: bytes, and the places of strings in them that may still be compressed. Whoever
/// has it last frees it.
///
/// Memory is the C library's, not the engine's: what waits to be written does not count towards maxmemory.
// One thread hands it over to another and does not touch it again.
package final class RDBChunk: @unchecked Sendable {
    let base: UnsafeMutableRawPointer?
    /// Bytes before compression.
    package let byteCount: Int
    /// Offsets of lengths behind which strings stand, ascending.
    let marks: UnsafeMutablePointer<Int>?
    let markCount: Int

    init(base: UnsafeMutableRawPointer?, byteCount: Int, marks: UnsafeMutablePointer<Int>?, markCount: Int) {
        self.base = base
        self.byteCount = byteCount
        self.marks = marks
        self.markCount = markCount
    }

    deinit {
        free(base)
        free(marks)
    }

    var bytes: ByteSlice { ByteSlice(start: base, count: byteCount) }
}

/// Memory of the C library that grows, for bytes that no limit of the engine counts. The process ends when there is none
/// left, as it does for the engine's.
struct UncountedMemory: ~Copyable {
    private(set) var base: UnsafeMutableRawPointer?
    private(set) var capacity = 0

    init() {}

    deinit { free(base) }

    /// Makes sure that there are that many bytes; what is there stays.
    @inline(__always)
    mutating func grow(to byteCount: Int) {
        if byteCount > capacity { growNow(to: byteCount) }
    }

    @inline(never)
    private mutating func growNow(to byteCount: Int) {
        let wanted = max(byteCount, capacity < 1 << 26 ? capacity * 2 : capacity + capacity / 4)
        guard let moved = realloc(base, wanted) else { preconditionFailure("out of memory: \(wanted) bytes") }
        base = moved
        capacity = wanted
    }

    /// Hands the memory over: the caller frees it.
    mutating func take() -> UnsafeMutableRawPointer? {
        defer {
            base = nil
            capacity = 0
        }
        return base
    }
}
