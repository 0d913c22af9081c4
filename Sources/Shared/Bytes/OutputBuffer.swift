import CMemory
public import Glibc

/// Bytes on their way out: appended at the end, taken from the front. Memory is taken on the first append and kept
/// until `release` or the end.
///
/// One owner; it must not move while a pointer into it is in use by the kernel.
@usableFromInline
package struct OutputBuffer: ~Copyable {
    @usableFromInline package var base: UnsafeMutableRawPointer?
    /// Offset of the first byte that has not been taken.
    @usableFromInline package var head: Int
    /// Offset behind the last byte.
    @usableFromInline package var end: Int
    @usableFromInline package var capacity: Int

    @inlinable
    package init() {
        base = nil
        head = 0
        end = 0
        capacity = 0
    }

    deinit {
        if let base { atoll_memory_give(base) }
    }

    /// Bytes that wait to be taken.
    @inlinable package var count: Int { end - head }
    @inlinable package var isEmpty: Bool { end == head }
    /// Memory held, in bytes.
    @inlinable package var reservedByteCount: Int { capacity }

    /// What waits, front first. Valid until the next change.
    @inlinable
    package var readable: ByteSlice {
        guard let base else { return ByteSlice(start: nil, count: 0) }
        return ByteSlice(start: base + head, count: end - head)
    }

    /// Room for that many more bytes; the caller writes them at the address returned and then calls `advance`.
    /// - Complexity: O(count) when memory has to grow, amortised constant otherwise.
    @inlinable @inline(__always)
    package mutating func reserve(_ additional: Int) -> UnsafeMutableRawPointer {
        if capacity - end < additional { grow(additional) }
        return base.unsafelyUnwrapped + end
    }

    /// Room for that many more bytes and no more: for contents whose length is known.
    package mutating func reserveExactly(_ additional: Int) {
        guard capacity - end < additional else { return }
        let wanted = end + additional
        if let base {
            self.base = atoll_memory_resize(base, wanted)
        } else {
            base = atoll_memory_take(wanted)
        }
        capacity = wanted
    }

    @inlinable @inline(__always)
    package mutating func advance(_ byteCount: Int) {
        end += byteCount
    }

    @usableFromInline
    package mutating func grow(_ additional: Int) {
        if head > 0, count + additional <= capacity, head >= capacity / 2 || count == 0, let base {
            memmove(base, base + head, count)
            end -= head
            head = 0
            return
        }
        var wanted = max(capacity * 2, 1024)
        while wanted < end + additional { wanted *= 2 }
        if let base {
            self.base = atoll_memory_resize(base, wanted)
        } else {
            base = atoll_memory_take(wanted)
        }
        capacity = wanted
    }

    @inlinable
    package mutating func append(_ bytes: ByteSlice) {
        guard bytes.count > 0 else { return }
        memcpy(reserve(bytes.count), bytes.baseAddress.unsafelyUnwrapped, bytes.count)
        advance(bytes.count)
    }

    @inlinable
    package mutating func append(_ literal: StaticString) {
        append(literal.bytes)
    }

    @inlinable
    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { append(ByteSlice($0)) }
    }

    @inlinable
    package mutating func append(byte: UInt8) {
        reserve(1).storeBytes(of: byte, as: UInt8.self)
        advance(1)
    }

    /// Appends the decimal form.
    @inlinable
    package mutating func append(decimal value: Int64) {
        let room = reserve(Decimal.lengthMax)
        advance(Decimal.write(value, to: room))
    }

    /// Takes bytes away from the front.
    @inlinable
    package mutating func consume(_ byteCount: Int) {
        head += byteCount
        if head == end {
            head = 0
            end = 0
        }
    }

    /// Drops everything behind the given count of waiting bytes (to undo appends).
    @inlinable
    package mutating func truncate(to byteCount: Int) {
        end = head + byteCount
    }

    /// Drops the contents and keeps the memory.
    @inlinable
    package mutating func removeAll() {
        head = 0
        end = 0
    }

    /// Gives the memory back; the buffer must be empty or its contents are lost.
    package mutating func release() {
        if let base { atoll_memory_give(base) }
        base = nil
        head = 0
        end = 0
        capacity = 0
    }
}
