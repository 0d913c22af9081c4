/// Timers by their time: a binary heap over slots that stay where they are, so that a timer can be cancelled by its
/// handle without a search. Times are whatever the owner counts in; the loop uses monotonic nanoseconds.
package struct TimerHeap {
    /// Names a timer. One that has fired or was cancelled is never mistaken for a later one.
    package struct Handle: Hashable, Sendable {
        let slot: Int
        let generation: UInt64
    }

    private struct Slot {
        var time: Int64
        var context: UnsafeMutableRawPointer?
        var generation: UInt64
        /// Where the heap has it; -1 while the slot is free.
        var position: Int
    }

    private var slots: [Slot] = []
    private var free: [Int] = []
    /// Slot numbers; each one's time is at most that of the two at twice its position and beyond.
    private var heap: [Int] = []

    package init() {}

    /// Timers that wait.
    package var count: Int { heap.count }
    /// When the first one is due.
    package var firstTime: Int64? { heap.first.map { slots[$0].time } }

    /// - Complexity: O(log n).
    package mutating func add(time: Int64, context: UnsafeMutableRawPointer?) -> Handle {
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
            slots[slot].time = time
            slots[slot].context = context
        } else {
            slot = slots.count
            slots.append(Slot(time: time, context: context, generation: 0, position: -1))
        }
        heap.append(slot)
        rise(heap.count - 1, slot)
        return Handle(slot: slot, generation: slots[slot].generation)
    }

    /// False if it has fired or was cancelled before.
    /// - Complexity: O(log n).
    @discardableResult
    package mutating func cancel(_ handle: Handle) -> Bool {
        guard slots.indices.contains(handle.slot), slots[handle.slot].generation == handle.generation,
            slots[handle.slot].position >= 0
        else { return false }
        remove(at: slots[handle.slot].position)
        return true
    }

    /// The first timer that is due at the time, which is then gone.
    /// - Complexity: O(log n).
    package mutating func removeFirst(dueAt now: Int64) -> (handle: Handle, context: UnsafeMutableRawPointer?)? {
        guard let slot = heap.first, slots[slot].time <= now else { return nil }
        let result = (Handle(slot: slot, generation: slots[slot].generation), slots[slot].context)
        remove(at: 0)
        return result
    }

    private mutating func remove(at position: Int) {
        let slot = heap[position]
        slots[slot].position = -1
        slots[slot].generation &+= 1
        free.append(slot)
        let last = heap.removeLast()
        guard position < heap.count else { return }
        heap[position] = last
        rise(position, last)
        sink(slots[last].position, last)
    }

    private mutating func rise(_ start: Int, _ slot: Int) {
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard slots[slot].time < slots[heap[parent]].time else { break }
            place(heap[parent], at: position)
            position = parent
        }
        place(slot, at: position)
    }

    private mutating func sink(_ start: Int, _ slot: Int) {
        var position = start
        while true {
            var child = position * 2 + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, slots[heap[child + 1]].time < slots[heap[child]].time { child += 1 }
            guard slots[heap[child]].time < slots[slot].time else { break }
            place(heap[child], at: position)
            position = child
        }
        place(slot, at: position)
    }

    private mutating func place(_ slot: Int, at position: Int) {
        heap[position] = slot
        slots[slot].position = position
    }
}
