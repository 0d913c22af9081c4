// One packed node of a stream: Redis's stream listpack, which RDB, DUMP and RESTORE copy.
//
//     live entries | deleted entries | number of fields | the fields' names ... | 0
//     then for each entry:
//     flags | milliseconds and sequence, less those of the node's id | values ... | number of elements before this one
//
// An entry without the flag `sameFields` has its own number of fields before pairs of names and values. The last element
// lets an entry be found backwards; the master's is 0.

package import Bytes
import CMemory
import Glibc

/// A borrowed handle on one packed node. The stream owns it and knows its id.
package struct StreamNode {
    /// The elements.
    package var list: ListPack

    @inline(__always)
    init(_ base: UnsafeMutableRawPointer) {
        list = ListPack(base: base)
    }

    /// The flags of an entry.
    enum Flags {
        static let deleted: Int64 = 1
        static let sameFields: Int64 = 2
    }

    /// What stands before the entries.
    struct Header {
        let liveCount: Int64
        let deletedCount: Int64
        let fieldCount: Int64
        /// Where the first name is, or the closing 0.
        let fieldsStart: Int
    }

    @inline(__always)
    func integer(at position: Int) -> Int64 { list.value(at: position).integer ?? 0 }

    @inline(__always)
    func after(_ position: Int) -> Int { position + list.elementByteCount(at: position) }

    /// - Complexity: O(count)
    @inline(__always)
    func skip(_ count: Int64, from position: Int) -> Int {
        var position = position
        var remaining = count
        while remaining > 0 && !list.isEnd(position) {
            position = after(position)
            remaining -= 1
        }
        return position
    }

    var header: Header {
        let live = ListPack.headerByteCount
        let deleted = after(live)
        let fields = after(deleted)
        return Header(
            liveCount: integer(at: live), deletedCount: integer(at: deleted), fieldCount: integer(at: fields),
            fieldsStart: after(fields))
    }

    /// Entries that are there.
    package var liveCount: Int { Int(integer(at: ListPack.headerByteCount)) }
    /// Entries that are marked as deleted.
    package var deletedCount: Int { Int(header.deletedCount) }

    func entriesStart(_ header: Header) -> Int { skip(header.fieldCount + 1, from: header.fieldsStart) }

    // MARK: - Entries

    /// An entry, before its values.
    struct Entry {
        /// Where its flags are.
        let start: Int
        let flags: Int64
        let id: StreamID
        let fieldCount: Int64
        /// Where its first name or value is.
        let content: Int

        var isDeleted: Bool { flags & Flags.deleted != 0 }
        var hasSameFields: Bool { flags & Flags.sameFields != 0 }
        /// Elements from `content` to the closing count.
        var contentCount: Int64 { hasSameFields ? fieldCount : fieldCount &* 2 }
    }

    @inline(__always)
    func entry(at start: Int, nodeID: StreamID, masterFieldCount: Int64) -> Entry {
        let flags = integer(at: start)
        let milliseconds = after(start)
        let sequence = after(milliseconds)
        var content = after(sequence)
        let id = StreamID(
            nodeID.milliseconds &+ UInt64(bitPattern: integer(at: milliseconds)),
            nodeID.sequence &+ UInt64(bitPattern: integer(at: sequence)))
        var fieldCount = masterFieldCount
        if flags & Flags.sameFields == 0 {
            fieldCount = integer(at: content)
            content = after(content)
        }
        return Entry(start: start, flags: flags, id: id, fieldCount: fieldCount, content: content)
    }

    /// Where the entry behind this one begins, or where the list ends.
    @inline(__always)
    func entryEnd(_ entry: Entry) -> Int { skip(entry.contentCount + 1, from: entry.content) }

    /// Where the entry that ends before the position begins; nil before the first.
    @inline(__always)
    func entryStart(endingAt position: Int) -> Int? {
        guard let closing = list.previous(position) else { return nil }
        var remaining = integer(at: closing)
        guard remaining > 0 else { return nil }
        var start = closing
        while remaining > 0, let before = list.previous(start) {
            start = before
            remaining -= 1
        }
        return start
    }

    /// The id of the last entry, deleted or not; nil if there is none.
    func lastID(nodeID: StreamID) -> StreamID? {
        guard let start = entryStart(endingAt: list.endPosition) else { return nil }
        return entry(at: start, nodeID: nodeID, masterFieldCount: 0).id
    }

    // MARK: - Change

    /// Marks an entry as deleted. The counts are the caller's to change, as they may move the entries.
    func markDeleted(_ entry: Entry) {
        // One byte holds all flags that there are, marked or not.
        let flags = UInt8(truncatingIfNeeded: entry.flags | Flags.deleted)
        list.base.storeBytes(of: flags, toByteOffset: entry.start, as: UInt8.self)
    }

    /// Adds to the numbers of live and of deleted entries. May move the list and its entries.
    mutating func addToCounts(live: Int64, deleted: Int64) {
        let position = ListPack.headerByteCount
        let header = header
        list.replace(position, with: ListPackElement(header.liveCount &+ live))
        list.replace(after(position), with: ListPackElement(header.deletedCount &+ deleted))
    }

    // MARK: - Foreign bytes

    /// Whether bytes from outside are a node that can be read without leaving them.
    package static func validate(_ bytes: ByteSlice) -> Bool {
        guard ListPack.validate(bytes, deep: true), let base = bytes.baseAddress else { return false }
        return StreamNode(UnsafeMutableRawPointer(mutating: base)).isWellFormed
    }

    /// Whether a listpack that is valid as such has the elements of a node.
    private var isWellFormed: Bool {
        var position: Int? = list.firstPosition
        func takeInteger() -> Int64? {
            guard let here = position, let integer = list.value(at: here).integer else { return nil }
            position = list.next(here)
            return integer
        }
        func take(_ count: Int64) -> Bool {
            var remaining = count
            while remaining > 0 {
                guard let here = position else { return false }
                position = list.next(here)
                remaining -= 1
            }
            return count >= 0
        }
        guard let live = takeInteger(), let deleted = takeInteger(), let masterFields = takeInteger(),
            live >= 0, deleted >= 0, take(masterFields), takeInteger() == 0
        else { return false }
        let (total, overflow) = live.addingReportingOverflow(deleted)
        guard !overflow else { return false }
        var remaining = total
        while remaining > 0 {
            // Flags are changed in place, where one byte must hold them.
            guard let start = position, list.base.load(fromByteOffset: start, as: UInt8.self) < 0x80,
                let flags = takeInteger(), takeInteger() != nil, takeInteger() != nil
            else { return false }
            var content = masterFields
            var fixed: Int64 = 3
            if flags & Flags.sameFields == 0 {
                guard let own = takeInteger(), own >= 0, own < 1 << 31 else { return false }
                content = own * 2
                fixed = 4
            }
            guard take(content), takeInteger() == content + fixed else { return false }
            remaining -= 1
        }
        return position == nil
    }
}
