// Consumer groups: each keeps how far it has read, its consumers, and which entries they have not acknowledged.

package import Bytes
import CMemory
import Glibc

/// An entry that was given to a consumer and that the consumer has not acknowledged.
package struct PendingEntry: BitwiseCopyable {
    /// When it was last given: milliseconds since 1970.
    package var deliveryTime: Int64
    /// How often it was given.
    package var deliveryCount: Int64
    /// To whom.
    package var consumer: StreamConsumer

    /// An entry that is given.
    package init(deliveryTime: Int64, deliveryCount: Int64, consumer: StreamConsumer) {
        self.deliveryTime = deliveryTime
        self.deliveryCount = deliveryCount
        self.consumer = consumer
    }
}

/// A borrowed handle on a consumer group, which the stream owns. Its address never changes.
package struct StreamGroup: Equatable {
    /// The group's allocation.
    package let base: UnsafeMutableRawPointer

    init(_ base: UnsafeMutableRawPointer) {
        self.base = base
    }

    /// Pending entries by id.
    package typealias Pending = StreamIDMap<PendingEntry>

    struct Header {
        let name: UnsafeMutableRawPointer
        var lastID: StreamID
        /// -1 where it is not known.
        var entriesRead: Int64
        var pending = Pending()
        var consumers = NamedItems()
    }

    @inline(__always)
    var header: UnsafeMutablePointer<Header> { base.assumingMemoryBound(to: Header.self) }

    static func make(_ name: ByteSlice, lastID: StreamID, entriesRead: Int64?) -> StreamGroup {
        let base = atoll_memory_take(MemoryLayout<Header>.size).unsafelyUnwrapped
        base.bindMemory(to: Header.self, capacity: 1).initialize(
            to: Header(name: StringBuffer.make(name).base, lastID: lastID, entriesRead: entriesRead ?? -1))
        return StreamGroup(base)
    }

    func free() {
        for index in 0..<consumerCount { consumer(at: index).free() }
        header.pointee.consumers.free()
        header.pointee.pending.free()
        StringBuffer(header.pointee.name).free()
        atoll_memory_give(base)
    }

    func copy() -> StreamGroup {
        let other = StreamGroup.make(name, lastID: lastID, entriesRead: entriesRead)
        for index in 0..<consumerCount {
            let original = consumer(at: index)
            let copy = StreamConsumer.make(original.name, now: original.seenTime)
            copy.activeTime = original.activeTime
            other.header.pointee.consumers.insert(copy.base)
        }
        var position = pending.firstPosition
        while let here = position {
            let slot = pending.slot(here)
            let entry = slot.pointee.value
            if let consumer = other.consumer(entry.consumer.name) {
                other.setPending(
                    slot.pointee.id,
                    PendingEntry(
                        deliveryTime: entry.deliveryTime, deliveryCount: entry.deliveryCount, consumer: consumer))
            }
            position = pending.next(here)
        }
        return other
    }

    /// The name. Valid as long as the group.
    package var name: ByteSlice { NamedItems.name(of: base) }

    /// The last entry that was given to one of its consumers.
    package var lastID: StreamID { header.pointee.lastID }
    /// Sets the entry behind which the group reads on.
    package func setLastID(_ id: StreamID) { header.pointee.lastID = id }

    /// How many entries it was given of all that the stream ever had, or nil where that is not known.
    package var entriesRead: Int64? { header.pointee.entriesRead < 0 ? nil : header.pointee.entriesRead }
    /// Sets how many entries it was given; nil where that is not known.
    package func setEntriesRead(_ count: Int64?) { header.pointee.entriesRead = count ?? -1 }

    // MARK: - Consumers

    /// How many consumers it has.
    package var consumerCount: Int { header.pointee.consumers.count }

    /// The consumers in the order of their names.
    package func consumer(at index: Int) -> StreamConsumer { StreamConsumer(header.pointee.consumers[index]) }

    /// The consumer of that name.
    package func consumer(_ name: ByteSlice) -> StreamConsumer? {
        header.pointee.consumers.find(name).map { StreamConsumer($0) }
    }

    /// Adds a consumer of a name that is not there.
    @discardableResult
    package func addConsumer(_ name: ByteSlice, now: Int64) -> StreamConsumer {
        let consumer = StreamConsumer.make(name, now: now)
        header.pointee.consumers.insert(consumer.base)
        return consumer
    }

    /// Removes a consumer, and what it has not acknowledged from the group.
    package func removeConsumer(_ consumer: StreamConsumer) {
        let ids = consumer.pending
        var position = ids.firstPosition
        while let here = position {
            header.pointee.pending.remove(ids.slot(here).pointee.id)
            position = ids.next(here)
        }
        _ = header.pointee.consumers.remove(consumer.name)
        consumer.free()
    }

    // MARK: - Pending entries

    /// The entries that the group's consumers have not acknowledged. Void once they change.
    package var pending: Pending { header.pointee.pending }
    /// How many entries its consumers have not acknowledged.
    package var pendingCount: Int { header.pointee.pending.count }

    /// What is known of a pending entry, to be read or, but for its consumer, changed. Valid until the map changes.
    package func pendingEntry(_ id: StreamID) -> UnsafeMutablePointer<Pending.Slot>? { header.pointee.pending.find(id) }

    /// Makes an entry a consumer's, whoever had it before.
    package func setPending(_ id: StreamID, _ entry: PendingEntry) {
        if !header.pointee.pending.insert(id, entry), let slot = header.pointee.pending.find(id) {
            let former = slot.pointee.value.consumer
            slot.pointee.value = entry
            guard former != entry.consumer else { return }
            former.header.pointee.pending.remove(id)
        }
        entry.consumer.header.pointee.pending.insert(id, StreamConsumer.Nothing())
    }

    /// Forgets a pending entry; false if there is none.
    @discardableResult
    package func removePending(_ id: StreamID) -> Bool {
        guard let position = header.pointee.pending.position(id) else { return false }
        removePending(at: position)
        return true
    }

    /// Forgets the pending entry at a position and returns where the next one is then.
    @discardableResult
    package func removePending(at position: Pending.Position) -> Pending.Position? {
        let slot = header.pointee.pending.slot(position).pointee
        slot.value.consumer.header.pointee.pending.remove(slot.id)
        return header.pointee.pending.remove(at: position)
    }

    var byteCount: Int {
        var total = atoll_memory_size(base) + atoll_memory_size(header.pointee.name)
        total += header.pointee.pending.byteCount + header.pointee.consumers.byteCount
        for index in 0..<consumerCount { total += consumer(at: index).byteCount }
        return total
    }
}

extension Stream {
    /// How many groups read the stream.
    package var groupCount: Int { header.pointee.groups.count }

    /// The groups in the order of their names.
    package func group(at index: Int) -> StreamGroup { StreamGroup(header.pointee.groups[index]) }

    /// The group of that name.
    package func group(_ name: ByteSlice) -> StreamGroup? {
        header.pointee.groups.find(name).map { StreamGroup($0) }
    }

    /// Adds a group of a name that is not there.
    @discardableResult
    package func addGroup(_ name: ByteSlice, lastID: StreamID, entriesRead: Int64?) -> StreamGroup {
        let group = StreamGroup.make(name, lastID: lastID, entriesRead: entriesRead)
        header.pointee.groups.insert(group.base)
        return group
    }

    /// Removes a group; false if there is none.
    @discardableResult
    package func removeGroup(_ name: ByteSlice) -> Bool {
        guard let base = header.pointee.groups.remove(name) else { return false }
        StreamGroup(base).free()
        return true
    }
}
