package import Bytes
import CMemory
import Glibc

/// A borrowed handle on a consumer of a group, which owns it. Its address never changes.
package struct StreamConsumer: BitwiseCopyable, Equatable {
    /// The consumer's allocation.
    package let base: UnsafeMutableRawPointer

    init(_ base: UnsafeMutableRawPointer) {
        self.base = base
    }

    /// Ids only: what else is known of a pending entry is in the group's map.
    package typealias Pending = StreamIDMap<Nothing>
    /// The value of a map that is a set.
    package struct Nothing: BitwiseCopyable {}

    struct Header {
        let name: UnsafeMutableRawPointer
        var seenTime: Int64
        var activeTime: Int64
        var pending = Pending()
    }

    @inline(__always)
    var header: UnsafeMutablePointer<Header> { base.assumingMemoryBound(to: Header.self) }

    static func make(_ name: ByteSlice, now: Int64) -> StreamConsumer {
        let base = atoll_memory_take(MemoryLayout<Header>.size).unsafelyUnwrapped
        base.bindMemory(to: Header.self, capacity: 1).initialize(
            to: Header(name: StringBuffer.make(name).base, seenTime: now, activeTime: -1))
        return StreamConsumer(base)
    }

    func free() {
        StringBuffer(header.pointee.name).free()
        header.pointee.pending.free()
        atoll_memory_give(base)
    }

    /// The name. Valid as long as the consumer.
    package var name: ByteSlice { NamedItems.name(of: base) }

    /// When it last asked for something: milliseconds since 1970.
    package var seenTime: Int64 {
        get { header.pointee.seenTime }
        nonmutating set { header.pointee.seenTime = newValue }
    }

    /// When it was last given something: milliseconds since 1970, or -1.
    package var activeTime: Int64 {
        get { header.pointee.activeTime }
        nonmutating set { header.pointee.activeTime = newValue }
    }

    /// The entries that it was given and has not acknowledged. Void once they change.
    package var pending: Pending { header.pointee.pending }
    /// How many entries it has not acknowledged.
    package var pendingCount: Int { header.pointee.pending.count }

    var byteCount: Int {
        atoll_memory_size(base) + atoll_memory_size(header.pointee.name) + header.pointee.pending.byteCount
    }
}
