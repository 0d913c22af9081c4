import Bytes

extension ListValue {
    /// Bytes before those of a plain node's element, for its length.
    package static let plainHeaderByteCount = PackedListNode.plainHeaderByteCount

    /// Takes over the memory of a valid listpack that is not empty. The list is one made by `makeForNodes`.
    package func adoptNode(_ list: ListPack) {
        nodes.insertNode(PackedListNode(list), at: nodes.nodeCount)
    }

    /// Takes over memory that has an element of that many bytes behind `plainHeaderByteCount` free ones.
    package func adoptPlainNode(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        memory.storeBytes(of: Int64(byteCount), as: Int64.self)
        nodes.insertNode(
            PackedListNode(memory: memory, start: 0, capacity: 0, count: 1, isPlain: true), at: nodes.nodeCount)
    }
}
