package import Bytes
import CMemory
import Glibc

extension Stream {
    /// What an entry may have in bytes of names and values together.
    package static let entryByteCountMax = ListPack.byteCountMax

    /// Memory that a node takes at once when it is begun, if the one before was larger.
    private static let reservedByteCountMax = 4096

    /// The id of the next entry if nobody chooses it: the time, or behind the last one if the clock is not past it. Nil if
    /// there is none left.
    @inline(__always)
    package func nextID(now: Int64) -> StreamID? {
        let milliseconds = UInt64(bitPattern: max(now, 0))
        if milliseconds > lastID.milliseconds { return StreamID(milliseconds, 0) }
        return lastID.successor
    }

    /// Appends an entry whose id is above `lastID`.
    /// - Parameter content: names and values of the fields in turn: an even number.
    /// - Returns: false, with nothing done, if the names and values are too long.
    package func append(_ id: StreamID, _ content: UnsafeBufferPointer<ByteSlice>, limits: StreamNodeLimits) -> Bool {
        var contentByteCount = 0
        for part in content { contentByteCount += part.count }
        guard contentByteCount <= Self.entryByteCountMax else { return false }
        let room = contentByteCount + Self.elementByteCountMax * (content.count + 5)
        if let last = header.pointee.nodes.lastPosition {
            let slot = header.pointee.nodes.slot(last)
            var node = slot.pointee.value.node
            let nodeHeader = node.header
            if Self.hasRoom(node, nodeHeader, contentByteCount: contentByteCount, limits: limits) {
                willChange(slot)
                node = slot.pointee.nodeForChange()
                let fieldsStart = node.countEntry(nodeHeader)
                Self.reserve(&node.list, room)
                let isSame = node.hasFields(content, count: nodeHeader.fieldCount, start: fieldsStart)
                node.append(id, content, nodeID: slot.pointee.id, hasSameFields: isSame)
                slot.pointee.value = StreamNodePlace(own: node.list.base)
                finishAppend(id)
                return true
            }
            finishNode(slot)
        }
        appendNode(id, content, room: room, limits: limits)
        finishAppend(id)
        return true
    }

    /// Bytes of an element beyond those of its text: no encoding and trailer are longer together.
    private static let elementByteCountMax = 11

    @inline(__always)
    private static func hasRoom(
        _ node: StreamNode, _ header: StreamNode.Header, contentByteCount: Int, limits: StreamNodeLimits
    ) -> Bool {
        let byteCountMax = limits.byteCountMax
        let isUnlimited = byteCountMax <= 0 || byteCountMax > ListPack.byteCountMax
        guard node.list.byteCount + contentByteCount < (isUnlimited ? ListPack.byteCountMax : byteCountMax) else {
            return false
        }
        return limits.entryCountMax <= 0
            || header.liveCount &+ header.deletedCount < Int64(limits.entryCountMax)
    }

    /// Grows by half at least, so that appends are amortised.
    @inline(__always)
    private static func reserve(_ list: inout ListPack, _ room: Int) {
        let held = list.reservedByteCount
        let needed = list.byteCount + room
        if needed > held { list.reserve(max(room, min(held * 3 / 2, held + 4096) - list.byteCount)) }
    }

    /// Nothing is added to the last node any more.
    private func finishNode(_ slot: UnsafeMutablePointer<Nodes.Slot>) {
        guard !slot.pointee.value.isInBlock else { return }
        var list = slot.pointee.value.node.list
        list.shrinkToFit()
        slot.pointee.value = StreamNodePlace(own: list.base)
        packFinishedNodes()
    }

    @inline(__always)
    private func finishAppend(_ id: StreamID) {
        header.pointee.length += 1
        header.pointee.entriesAdded &+= 1
        header.pointee.lastID = id
        if header.pointee.length == 1 { header.pointee.firstID = id }
    }

    @inline(never)
    private func appendNode(
        _ id: StreamID, _ content: UnsafeBufferPointer<ByteSlice>, room: Int, limits: StreamNodeLimits
    ) {
        // A node is likely to become as large as the one before it.
        var capacity = ListPack.headerByteCount + 1 + room
        if let last = header.pointee.nodes.lastPosition {
            let before = header.pointee.nodes.slot(last).pointee.value.node.list.byteCount
            capacity = max(capacity, min(before, Self.reservedByteCountMax))
        }
        var node = StreamNode(ListPack.make(capacityBytes: capacity).base)
        node.list.append(ListPackElement(1))
        node.list.append(ListPackElement(0))
        node.list.append(ListPackElement(Int64(content.count / 2)))
        for index in stride(from: 0, to: content.count, by: 2) { node.list.append(content[index]) }
        node.list.append(ListPackElement(0))
        Self.reserve(&node.list, room)
        node.append(id, content, nodeID: id, hasSameFields: true)
        willAdd(id)
        header.pointee.nodes.insert(id, StreamNodePlace(own: node.list.base))
    }
}

extension StreamNode {
    /// Adds one to the number of live entries.
    /// - Returns: where the names of the master are then.
    @inline(__always)
    mutating func countEntry(_ header: Header) -> Int {
        let position = ListPack.headerByteCount
        let first = list.base.load(fromByteOffset: position, as: UInt8.self)
        if first < 127 {
            list.base.storeBytes(of: first + 1, toByteOffset: position, as: UInt8.self)
            return header.fieldsStart
        }
        list.replace(position, with: ListPackElement(header.liveCount &+ 1))
        return self.header.fieldsStart
    }

    /// Whether the names among the content are the master's.
    @inline(__always)
    fileprivate func hasFields(_ content: UnsafeBufferPointer<ByteSlice>, count: Int64, start: Int) -> Bool {
        guard count == content.count / 2 else { return false }
        var position = start
        var index = 0
        while index < content.count {
            guard list.value(at: position).equals(content[index]) else { return false }
            position = after(position)
            index += 2
        }
        return true
    }

    /// Writes an entry behind the others; the room for it is there, and it is counted already.
    @inline(__always)
    fileprivate mutating func append(
        _ id: StreamID, _ content: UnsafeBufferPointer<ByteSlice>, nodeID: StreamID, hasSameFields isSame: Bool
    ) {
        let start = list.base + list.endPosition
        var target = start
        ListPackElement(isSame ? Flags.sameFields : 0).append(at: &target)
        ListPackElement(Int64(bitPattern: id.milliseconds &- nodeID.milliseconds)).append(at: &target)
        ListPackElement(Int64(bitPattern: id.sequence &- nodeID.sequence)).append(at: &target)
        var elementCount = 3
        if isSame {
            var index = 1
            while index < content.count {
                ListPackElement(content[index]).append(at: &target)
                index += 2
            }
            elementCount += content.count / 2
        } else {
            ListPackElement(Int64(content.count / 2)).append(at: &target)
            for part in content { ListPackElement(part).append(at: &target) }
            elementCount += content.count + 1
        }
        ListPackElement(Int64(elementCount)).append(at: &target)
        target.storeBytes(of: ListPack.endMark, as: UInt8.self)
        list.setByteCount(list.byteCount + (target - start))
        let stored = list.storedCount
        if stored != ListPack.countUnknown { list.setStoredCount(stored + elementCount + 1) }
    }
}

extension ListPackElement {
    /// Writes the element and moves on behind it.
    @inline(__always)
    fileprivate func append(at target: inout UnsafeMutableRawPointer) {
        write(to: target)
        target += byteCount
    }
}
