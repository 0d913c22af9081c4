import Bytes
import CMemory
import Keyspace

extension RDBValueReader {
    /// - Parameter version: 1 for Redis 5, 2 for 7.0, 3 for 7.2.
    func stream(_ input: inout RDBInput, version: Int) throws(RDBFailure) -> RDBValue {
        let stream = Stream.make()
        do throws(RDBFailure) {
            let nodeCount = try input.count()
            for _ in 0..<nodeCount { try node(of: stream, &input) }
            try counters(of: stream, nodeCount: nodeCount, &input, version: version)
            let groupCount = try input.count()
            for _ in 0..<groupCount { try group(of: stream, &input, version: version) }
        } catch {
            stream.free()
            throw error
        }
        return .pointer(.stream, stream.base)
    }

    private func node(of stream: Stream, _ input: inout RDBInput) throws(RDBFailure) {
        let key = try input.text()
        guard key.count == 16, let base = key.baseAddress else {
            throw input.corrupt("the id of a stream's node is broken")
        }
        let id = StreamID(
            UInt64(bigEndian: base.loadUnaligned(as: UInt64.self)),
            UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        let blob = try input.blob()
        guard StreamNode.validate(ByteSlice(start: blob.base, count: blob.count)) else {
            atoll_memory_give(blob.base)
            throw input.corrupt("a node of a stream is broken")
        }
        guard stream.adoptNode(id, ListPack(base: blob.base)) else {
            atoll_memory_give(blob.base)
            throw input.corrupt("a node of a stream is empty or out of order")
        }
    }

    /// The number of entries is counted, not taken from the file.
    private func counters(
        of stream: Stream, nodeCount: Int, _ input: inout RDBInput, version: Int
    ) throws(RDBFailure) {
        let length = try input.number()
        guard length == 0 || nodeCount > 0 else { throw input.corrupt("a stream has entries but no nodes") }
        let lastID = try id(&input)
        var highest = StreamIterator(stream, isReversed: true)
        highest.skipsDeleted = false
        if highest.next(), highest.id > lastID { throw input.corrupt("a stream has entries behind its last id") }
        stream.setLastID(lastID)
        guard version >= 2 else {
            stream.setEntriesAdded(Int64(stream.length))
            stream.setFirstID(stream.firstEntryID() ?? .zero)
            return
        }
        stream.setFirstID(try id(&input))
        stream.setMaxDeletedID(try id(&input))
        stream.setEntriesAdded(Int64(bitPattern: try input.number()))
    }

    private func id(_ input: inout RDBInput) throws(RDBFailure) -> StreamID {
        let milliseconds = try input.number()
        return StreamID(milliseconds, try input.number())
    }

    private func rawID(_ input: inout RDBInput) throws(RDBFailure) -> StreamID {
        let milliseconds = try input.integer(UInt64.self).byteSwapped
        return StreamID(milliseconds, try input.integer(UInt64.self).byteSwapped)
    }

    // MARK: - Groups

    private func group(of stream: Stream, _ input: inout RDBInput, version: Int) throws(RDBFailure) {
        var memory = UncountedMemory()
        let name = input.keep(try input.text(), in: &memory)
        let lastID = try id(&input)
        let entriesRead =
            version >= 2 ? Int64(bitPattern: try input.number()) : stream.entriesAdded(upTo: lastID) ?? -1
        guard stream.group(name) == nil else { throw input.corrupt("a group of a stream is there twice") }
        let group = stream.addGroup(name, lastID: lastID, entriesRead: entriesRead < 0 ? nil : entriesRead)
        var pending = PendingLoader()
        for _ in 0..<(try input.count()) {
            let id = try rawID(&input)
            let time = try input.integer(Int64.self)
            let count = Int64(bitPattern: try input.number())
            guard pending.add(id, time: time, count: count) else {
                throw input.corrupt("a pending entry of a group is there twice")
            }
        }
        for _ in 0..<(try input.count()) { try consumer(of: group, &pending, &input, version: version) }
        if findsDuplicates, !pending.isComplete { throw input.corrupt("a pending entry of a group has no consumer") }
    }

    private func consumer(
        of group: StreamGroup, _ pending: inout PendingLoader, _ input: inout RDBInput, version: Int
    ) throws(RDBFailure) {
        let name = try input.text()
        guard group.consumer(name) == nil else { throw input.corrupt("Duplicate stream consumer detected") }
        let consumer = group.addConsumer(name, now: 0)
        consumer.seenTime = try input.integer(Int64.self)
        consumer.activeTime = version >= 3 ? try input.integer(Int64.self) : consumer.seenTime
        for _ in 0..<(try input.count()) {
            guard pending.assign(try rawID(&input), to: consumer, of: group) else {
                throw input.corrupt("a consumer has a pending entry that its group has not")
            }
        }
    }
}
