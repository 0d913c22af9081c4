// An ordered map from stream ids: a directory of chunks, each a sorted array of up to 63 ids with their values.
//
// Ids mostly arrive in order and leave from the front, so chunks are full and both ends cost no search; a lookup is two
// binary searches. It is a B+tree of two levels: a stream of a hundred million entries has a directory of 128 KiB.

import CMemory
import Glibc

/// An ordered map from ids to small values, in memory that its owner frees by `free`. Copies of the handle are not valid
/// any more once one of them has changed the map.
package struct StreamIDMap<Value: BitwiseCopyable> {
    /// An id and its value.
    package struct Slot: BitwiseCopyable {
        /// The key.
        package let id: StreamID
        /// What belongs to it.
        package var value: Value
    }

    /// Where an id is: valid until the map changes.
    package struct Position {
        var chunk: Int
        var index: Int
    }

    /// The directory: `chunkCount` pointers from `head` on.
    private var chunks: UnsafeMutablePointer<UnsafeMutableRawPointer>?
    private var head: Int32 = 0
    private var chunkCount: Int32 = 0
    private var directoryCapacity: Int32 = 0
    /// Ids in the map.
    package private(set) var count = 0

    /// An empty map, without memory.
    package init() {}

    /// With its header such a chunk just fills a size class of the allocator, whether slots have 16, 24 or 40 bytes.
    private static var chunkCapacityMax: Int { 63 }
    private static var firstChunkCapacity: Int { 4 }

    /// A chunk: `start`, `count` and `capacity`, 2 bytes each, 2 unused, then its slots.
    private struct Chunk {
        let base: UnsafeMutableRawPointer

        static func make(capacity: Int) -> Chunk {
            let base = atoll_memory_take(8 + capacity * MemoryLayout<Slot>.stride).unsafelyUnwrapped
            let chunk = Chunk(base: base)
            chunk.set(start: 0, count: 0)
            base.storeBytes(of: UInt16(truncatingIfNeeded: capacity), toByteOffset: 4, as: UInt16.self)
            return chunk
        }

        @inline(__always) var start: Int { Int(base.load(as: UInt16.self)) }
        @inline(__always) var count: Int { Int(base.load(fromByteOffset: 2, as: UInt16.self)) }
        @inline(__always) var capacity: Int { Int(base.load(fromByteOffset: 4, as: UInt16.self)) }

        @inline(__always)
        func set(start: Int, count: Int) {
            base.storeBytes(of: UInt16(truncatingIfNeeded: start), as: UInt16.self)
            base.storeBytes(of: UInt16(truncatingIfNeeded: count), toByteOffset: 2, as: UInt16.self)
        }

        /// All slots, used or not.
        @inline(__always)
        var room: UnsafeMutablePointer<Slot> { (base + 8).assumingMemoryBound(to: Slot.self) }
        /// The slots in use.
        @inline(__always)
        var slots: UnsafeMutablePointer<Slot> { room + start }
        @inline(__always)
        var first: StreamID { slots.pointee.id }
        @inline(__always)
        var last: StreamID { slots[count - 1].id }

        /// The index of the first id that is not below the given one.
        func lowerBound(_ id: StreamID) -> Int {
            let slots = slots
            var low = 0
            var high = count
            while low < high {
                let middle = (low + high) >> 1
                if slots[middle].id < id { low = middle + 1 } else { high = middle }
            }
            return low
        }

        /// Moves the slots to the front, so that all free room is behind them.
        func slideToFront() {
            memmove(room, slots, count * MemoryLayout<Slot>.stride)
            set(start: 0, count: count)
        }
    }

    @inline(__always)
    private func chunk(_ index: Int) -> Chunk {
        Chunk(base: chunks.unsafelyUnwrapped[Int(head) + index])
    }

    /// The last chunk that begins at or before the id.
    private func chunkIndex(_ id: StreamID) -> Int? {
        let total = Int(chunkCount)
        guard total > 0 else { return nil }
        if chunk(total - 1).first <= id { return total - 1 }
        var low = 0
        var high = total - 1
        while low < high {
            let middle = (low + high) >> 1
            if chunk(middle).first <= id { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? low - 1 : nil
    }

    // MARK: - Lookup

    /// Whether there is no id.
    package var isEmpty: Bool { count == 0 }

    /// The lowest id, or nil in an empty map.
    package var firstPosition: Position? { count > 0 ? Position(chunk: 0, index: 0) : nil }

    /// The highest id, or nil in an empty map.
    package var lastPosition: Position? {
        guard count > 0 else { return nil }
        let last = Int(chunkCount) - 1
        return Position(chunk: last, index: chunk(last).count - 1)
    }

    /// The id at a position with its value, which may be changed. Valid until the map changes.
    @inline(__always)
    package func slot(_ position: Position) -> UnsafeMutablePointer<Slot> {
        chunk(position.chunk).slots + position.index
    }

    /// The first id that is not below the given one.
    package func lowerBound(_ id: StreamID) -> Position? {
        guard let index = chunkIndex(id) else { return firstPosition }
        let found = chunk(index).lowerBound(id)
        if found < chunk(index).count { return Position(chunk: index, index: found) }
        return index + 1 < Int(chunkCount) ? Position(chunk: index + 1, index: 0) : nil
    }

    /// The last id that is not above the given one.
    package func floor(_ id: StreamID) -> Position? {
        guard let index = chunkIndex(id) else { return nil }
        let chunk = chunk(index)
        let found = chunk.lowerBound(id)
        if found < chunk.count, chunk.slots[found].id == id { return Position(chunk: index, index: found) }
        return Position(chunk: index, index: found - 1)
    }

    /// Where exactly this id is.
    package func position(_ id: StreamID) -> Position? {
        guard let position = floor(id), slot(position).pointee.id == id else { return nil }
        return position
    }

    /// The slot of exactly this id. Valid until the map changes.
    package func find(_ id: StreamID) -> UnsafeMutablePointer<Slot>? {
        position(id).map(slot)
    }

    /// The position behind, or nil at the end.
    @inline(__always)
    package func next(_ position: Position) -> Position? {
        if position.index + 1 < chunk(position.chunk).count {
            return Position(chunk: position.chunk, index: position.index + 1)
        }
        return position.chunk + 1 < Int(chunkCount) ? Position(chunk: position.chunk + 1, index: 0) : nil
    }

    /// The position before, or nil at the beginning.
    @inline(__always)
    package func previous(_ position: Position) -> Position? {
        if position.index > 0 { return Position(chunk: position.chunk, index: position.index - 1) }
        guard position.chunk > 0 else { return nil }
        return Position(chunk: position.chunk - 1, index: chunk(position.chunk - 1).count - 1)
    }

    // MARK: - Insertion

    /// Adds an id; false if it is there already.
    @discardableResult
    package mutating func insert(_ id: StreamID, _ value: Value) -> Bool {
        guard count > 0 else {
            let first = Chunk.make(capacity: Self.firstChunkCapacity)
            insertIntoDirectory(first, at: 0)
            put(id, value, chunkIndex: 0, index: 0)
            return true
        }
        let last = Int(chunkCount) - 1
        if chunk(last).last < id {
            append(id, value, last: last)
            return true
        }
        let target = chunkIndex(id) ?? 0
        let index = chunk(target).lowerBound(id)
        if index < chunk(target).count, chunk(target).slots[index].id == id { return false }
        guard chunk(target).count == Self.chunkCapacityMax else {
            put(id, value, chunkIndex: target, index: index)
            return true
        }
        split(target)
        let half = chunk(target).count
        if index <= half {
            put(id, value, chunkIndex: target, index: index)
        } else {
            put(id, value, chunkIndex: target + 1, index: index - half)
        }
        return true
    }

    private mutating func append(_ id: StreamID, _ value: Value, last: Int) {
        guard chunk(last).count == Self.chunkCapacityMax else {
            put(id, value, chunkIndex: last, index: chunk(last).count)
            return
        }
        insertIntoDirectory(Chunk.make(capacity: Self.firstChunkCapacity), at: last + 1)
        put(id, value, chunkIndex: last + 1, index: 0)
    }

    /// Puts an id at an index of a chunk that is not full.
    private mutating func put(_ id: StreamID, _ value: Value, chunkIndex: Int, index: Int) {
        var chunk = chunk(chunkIndex)
        let total = chunk.count
        if chunk.start + total == chunk.capacity {
            if chunk.start * 4 > chunk.capacity || chunk.capacity == Self.chunkCapacityMax {
                chunk.slideToFront()
            } else {
                chunk = grow(chunk, chunkIndex: chunkIndex)
            }
        }
        let slots = chunk.slots
        memmove(slots + index + 1, slots + index, (total - index) * MemoryLayout<Slot>.stride)
        slots[index] = Slot(id: id, value: value)
        chunk.set(start: chunk.start, count: total + 1)
        count += 1
    }

    private func grow(_ chunk: Chunk, chunkIndex: Int) -> Chunk {
        let capacity = min(chunk.capacity * 2, Self.chunkCapacityMax)
        let base = atoll_memory_resize(chunk.base, 8 + capacity * MemoryLayout<Slot>.stride).unsafelyUnwrapped
        base.storeBytes(of: UInt16(truncatingIfNeeded: capacity), toByteOffset: 4, as: UInt16.self)
        chunks.unsafelyUnwrapped[Int(head) + chunkIndex] = base
        return Chunk(base: base)
    }

    /// Moves the upper half of a full chunk to a new one behind it.
    private mutating func split(_ index: Int) {
        let lower = chunk(index)
        let half = lower.count / 2
        let upper = Chunk.make(capacity: Self.chunkCapacityMax)
        memcpy(upper.room, lower.slots + half, (lower.count - half) * MemoryLayout<Slot>.stride)
        upper.set(start: 0, count: lower.count - half)
        lower.set(start: lower.start, count: half)
        insertIntoDirectory(upper, at: index + 1)
    }

    private mutating func insertIntoDirectory(_ chunk: Chunk, at index: Int) {
        if head + chunkCount == directoryCapacity { makeRoomInDirectory() }
        let directory = chunks.unsafelyUnwrapped + Int(head)
        memmove(directory + index + 1, directory + index, (Int(chunkCount) - index) * 8)
        directory[index] = chunk.base
        chunkCount += 1
    }

    private mutating func makeRoomInDirectory() {
        if let directory = chunks, head > directoryCapacity / 2 {
            memmove(directory, directory + Int(head), Int(chunkCount) * 8)
            head = 0
            return
        }
        directoryCapacity = max(1, directoryCapacity * 2)
        let byteCount = Int(directoryCapacity) * 8
        let memory = chunks.map { atoll_memory_resize($0, byteCount) } ?? atoll_memory_take(byteCount)
        chunks = memory.unsafelyUnwrapped.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
    }

    // MARK: - Removal

    /// Removes the id; false if it is not there.
    @discardableResult
    package mutating func remove(_ id: StreamID) -> Bool {
        guard let position = position(id) else { return false }
        remove(at: position)
        return true
    }

    /// Removes the id at a position and returns where the next one is then.
    @discardableResult
    package mutating func remove(at position: Position) -> Position? {
        let here = chunk(position.chunk)
        let total = here.count
        count -= 1
        guard total > 1 else {
            atoll_memory_give(here.base)
            removeFromDirectory(position.chunk)
            return position.chunk < Int(chunkCount) ? Position(chunk: position.chunk, index: 0) : nil
        }
        let slots = here.slots
        if position.index < total / 2 {
            memmove(slots + 1, slots, position.index * MemoryLayout<Slot>.stride)
            here.set(start: here.start + 1, count: total - 1)
        } else {
            let behind = total - position.index - 1
            memmove(slots + position.index, slots + position.index + 1, behind * MemoryLayout<Slot>.stride)
            here.set(start: here.start, count: total - 1)
        }
        if total - 1 <= Self.chunkCapacityMax / 4 { mergeWithNext(position.chunk) }
        if position.index < chunk(position.chunk).count { return position }
        return position.chunk + 1 < Int(chunkCount) ? Position(chunk: position.chunk + 1, index: 0) : nil
    }

    /// Takes the next chunk's ids in, if both together are half full at most: not at the front, where both will go soon.
    private mutating func mergeWithNext(_ index: Int) {
        guard index > 0, index + 1 < Int(chunkCount) else { return }
        let lower = chunk(index)
        let upper = chunk(index + 1)
        let sum = lower.count + upper.count
        guard sum <= Self.chunkCapacityMax / 2, sum <= lower.capacity else { return }
        lower.slideToFront()
        memcpy(lower.room + lower.count, upper.slots, upper.count * MemoryLayout<Slot>.stride)
        lower.set(start: 0, count: sum)
        atoll_memory_give(upper.base)
        removeFromDirectory(index + 1)
    }

    private mutating func removeFromDirectory(_ index: Int) {
        guard let directory = chunks else { return }
        chunkCount -= 1
        if chunkCount == 0 {
            atoll_memory_give(directory)
            chunks = nil
            head = 0
            directoryCapacity = 0
        } else if index == 0 {
            head += 1
        } else {
            let target = directory + Int(head) + index
            memmove(target, target + 1, (Int(chunkCount) - index) * 8)
        }
    }

    /// Gives all memory back; the map is empty then.
    package mutating func free() {
        if let directory = chunks {
            for index in 0..<Int(chunkCount) { atoll_memory_give(chunk(index).base) }
            atoll_memory_give(directory)
        }
        self = StreamIDMap()
    }

    // MARK: - The whole

    /// A map of its own with the same contents.
    package func copy() -> StreamIDMap {
        var other = StreamIDMap()
        var position = firstPosition
        while let here = position {
            other.insert(slot(here).pointee.id, slot(here).pointee.value)
            position = next(here)
        }
        return other
    }

    /// Memory of the map in bytes, about: from the first and the last chunk.
    package var byteCount: Int {
        guard let directory = chunks else { return 0 }
        let total = Int(chunkCount)
        let perChunk = total > 2 ? atoll_memory_size(chunk(total / 2).base) : 0
        let ends = atoll_memory_size(chunk(0).base) + (total > 1 ? atoll_memory_size(chunk(total - 1).base) : 0)
        return atoll_memory_size(directory) + ends + perChunk * max(0, total - 2)
    }

    /// Nodes of the tree: its chunks, and the directory where there is more than one.
    package var nodeCount: Int { Int(chunkCount) + (chunkCount > 1 ? 1 : 0) }
}
