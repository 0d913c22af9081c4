import Bytes

extension Stream {
    /// Takes over the memory of a node from outside whose bytes `StreamNode.validate` accepts; false, with the memory
    /// still the caller's, if its id is not above the last one's or if it has no entry.
    package func adoptNode(_ id: StreamID, _ list: ListPack) -> Bool {
        if let last = header.pointee.nodes.lastPosition, header.pointee.nodes.slot(last).pointee.id >= id {
            return false
        }
        let node = StreamNode(list.base)
        let live = node.liveCount
        guard live > 0 || node.deletedCount > 0 else { return false }
        header.pointee.nodes.insert(id, StreamNodePlace(own: list.base))
        packFinishedNodes()
        header.pointee.length += live
        return true
    }
}

/// Gathers the pending entries of a group from a file, which has them before their consumers.
package struct PendingLoader: ~Copyable {
    private struct Delivery: BitwiseCopyable {
        let time: Int64
        let count: Int64
        var hasConsumer = false
    }

    private var deliveries = StreamIDMap<Delivery>()
    private var assignedCount = 0

    package init() {}

    deinit {
        var deliveries = deliveries
        deliveries.free()
    }

    /// Adds an entry; false if there is one with the id.
    package mutating func add(_ id: StreamID, time: Int64, count: Int64) -> Bool {
        deliveries.insert(id, Delivery(time: time, count: count))
    }

    /// Gives an entry to a consumer of the group; false if there is none with that id.
    package mutating func assign(_ id: StreamID, to consumer: StreamConsumer, of group: StreamGroup) -> Bool {
        guard let slot = deliveries.find(id) else { return false }
        let delivery = slot.pointee.value
        if !delivery.hasConsumer {
            slot.pointee.value.hasConsumer = true
            assignedCount += 1
        }
        group.setPending(
            id, PendingEntry(deliveryTime: delivery.time, deliveryCount: delivery.count, consumer: consumer))
        return true
    }

    /// Whether every entry has a consumer.
    package var isComplete: Bool { assignedCount == deliveries.count }
}
