package import Bytes
import CMemory

/// The arguments of one request, the command's name first: slices of a buffer that outlives the request's execution.
///
/// One owner, reused from request to request: filling it allocates only when a request has more arguments than any
/// before it.
package struct ArgumentVector: ~Copyable {
    private var storage: UnsafeMutablePointer<ByteSlice>
    private var capacity: Int
    package private(set) var count = 0
    /// Where the words of an inline request are put once unquoted.
    package var scratch = OutputBuffer()

    package init(capacity: Int = 64) {
        self.capacity = capacity
        storage = atoll_memory_take(capacity * MemoryLayout<ByteSlice>.stride).unsafelyUnwrapped
            .assumingMemoryBound(to: ByteSlice.self)
    }

    deinit {
        atoll_memory_give(storage)
    }

    package mutating func removeAll() {
        count = 0
    }

    @inline(__always)
    package mutating func append(_ argument: ByteSlice) {
        if count == capacity { grow() }
        storage[count] = argument
        count += 1
    }

    private mutating func grow() {
        capacity *= 2
        storage = atoll_memory_resize(storage, capacity * MemoryLayout<ByteSlice>.stride).unsafelyUnwrapped
            .assumingMemoryBound(to: ByteSlice.self)
    }

    /// Gives memory back after an uncommonly long request.
    package mutating func trim() {
        guard capacity > 1024 else { return }
        capacity = 1024
        count = min(count, capacity)
        storage = atoll_memory_resize(storage, capacity * MemoryLayout<ByteSlice>.stride).unsafelyUnwrapped
            .assumingMemoryBound(to: ByteSlice.self)
    }

    /// A borrowed view, valid until the next change.
    @inline(__always)
    package var arguments: Arguments { Arguments(base: storage, count: count) }
}

/// Borrowed arguments of a request. 0 is the command's name.
package struct Arguments {
    package let base: UnsafePointer<ByteSlice>
    package let count: Int

    package init(base: UnsafePointer<ByteSlice>, count: Int) {
        self.base = base
        self.count = count
    }

    @inline(__always)
    package subscript(_ index: Int) -> ByteSlice {
        assert(index >= 0 && index < count)
        return base[index]
    }
}
