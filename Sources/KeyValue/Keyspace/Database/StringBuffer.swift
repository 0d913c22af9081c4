package import Bytes
import CMemory
import Glibc

/// A borrowed handle on the bytes of a string that is too long, or too often changed, to lie in its record.
///
/// ```
/// offset  size  what
/// 0       8     length in bytes
/// 8       …     the bytes; the allocation may be larger, for appends
/// ```
package struct StringBuffer {
    package let base: UnsafeMutableRawPointer

    package init(_ base: UnsafeMutableRawPointer) {
        self.base = base
    }

    /// Bytes before those of the string.
    package static let headerByteCount = 8

    package var count: Int { base.load(as: Int.self) }
    package var bytes: ByteSlice { ByteSlice(start: base + Self.headerByteCount, count: count) }
    package var mutableBytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + Self.headerByteCount, count: count)
    }
    /// Bytes that fit without a new allocation.
    package var capacity: Int { atoll_memory_size(base) - Self.headerByteCount }
    package var allocatedByteCount: Int { atoll_memory_size(base) }

    /// Uninitialised bytes of that length.
    package static func make(count: Int) -> StringBuffer {
        let base = atoll_memory_take(headerByteCount + count).unsafelyUnwrapped
        base.storeBytes(of: count, as: Int.self)
        return StringBuffer(base)
    }

    /// Takes over memory that has that many bytes behind `headerByteCount` free ones.
    package static func adopt(_ memory: UnsafeMutableRawPointer, count: Int) -> StringBuffer {
        memory.storeBytes(of: count, as: Int.self)
        return StringBuffer(memory)
    }

    package static func make(_ bytes: ByteSlice) -> StringBuffer {
        let buffer = make(count: bytes.count)
        if let start = bytes.baseAddress { memcpy(buffer.base + headerByteCount, start, bytes.count) }
        return buffer
    }

    /// The same bytes with another length, perhaps elsewhere: the old handle is void. What is new is zero. Growth takes
    /// up to as much again in advance, 1 MiB at most, so that appends are amortised.
    package func resized(to newCount: Int) -> StringBuffer {
        let old = count
        var moved = self
        if newCount > capacity {
            let spare = min(newCount, 1 << 20)
            moved = StringBuffer(
                atoll_memory_resize(base, Self.headerByteCount + newCount + spare).unsafelyUnwrapped)
        }
        moved.base.storeBytes(of: newCount, as: Int.self)
        if newCount > old { memset(moved.base + Self.headerByteCount + old, 0, newCount - old) }
        return moved
    }

    package func free() {
        atoll_memory_give(base)
    }
}
