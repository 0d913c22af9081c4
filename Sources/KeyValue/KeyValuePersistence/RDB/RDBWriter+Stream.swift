package import Bytes
package import Keyspace

extension RDBWriter {
    mutating func stream(_ stream: Stream) {
        length(stream.nodeCount)
        stream.forEachNode { streamNode($0, $1) }
        streamTail(stream)
    }

    /// One node of a stream; their number stands before the first.
    package mutating func streamNode(_ id: StreamID, _ bytes: ByteSlice) {
        byte(16)
        rawID(id)
        string(bytes)
    }

    /// What follows the nodes of a stream: its counters and its groups.
    package mutating func streamTail(_ stream: Stream) {
        length(stream.length)
        lengths(stream.lastID)
        if version >= 10 {
            lengths(stream.firstID)
            lengths(stream.maxDeletedID)
            length(UInt64(bitPattern: stream.entriesAdded))
        }
        length(stream.groupCount)
        for index in 0..<stream.groupCount { group(stream.group(at: index)) }
    }

    private mutating func group(_ group: StreamGroup) {
        string(group.name)
        lengths(group.lastID)
        if version >= 10 { length(UInt64(bitPattern: group.entriesRead ?? -1)) }
        let pending = group.pending
        length(pending.count)
        var position = pending.firstPosition
        while let here = position {
            let slot = pending.slot(here).pointee
            rawID(slot.id)
            word(UInt64(bitPattern: slot.value.deliveryTime))
            length(UInt64(bitPattern: slot.value.deliveryCount))
            position = pending.next(here)
        }
        length(group.consumerCount)
        for index in 0..<group.consumerCount { consumer(group.consumer(at: index)) }
    }

    private mutating func consumer(_ consumer: StreamConsumer) {
        string(consumer.name)
        word(UInt64(bitPattern: consumer.seenTime))
        if version >= 11 { word(UInt64(bitPattern: consumer.activeTime)) }
        let pending = consumer.pending
        length(pending.count)
        var position = pending.firstPosition
        while let here = position {
            rawID(pending.slot(here).pointee.id)
            position = pending.next(here)
        }
    }

    private mutating func lengths(_ id: StreamID) {
        length(id.milliseconds)
        length(id.sequence)
    }

    /// 16 bytes, high byte first.
    private mutating func rawID(_ id: StreamID) {
        word(id.milliseconds.byteSwapped)
        word(id.sequence.byteSwapped)
    }
}
