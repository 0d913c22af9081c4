import Bytes
import CMemory
import Glibc
package import RESP

/// A copy of a request's arguments that outlives the buffer they came in.
package final class OwnedArguments {
    private let storage: UnsafeMutableRawPointer
    package let arguments: Arguments
    /// Memory held, in bytes.
    package let byteCount: Int

    /// Copies arguments; those at the given positions are replaced.
    package init(_ source: Arguments, replacing replacements: [(index: Int, bytes: [UInt8])] = []) {
        var slices = (0..<source.count).map { source[$0] }
        for replacement in replacements { slices[replacement.index] = ByteSlice(start: nil, count: 0) }
        let replaced = Dictionary(replacements.map { ($0.index, $0.bytes) }, uniquingKeysWith: { $1 })
        let header = max(slices.count, 1) * MemoryLayout<ByteSlice>.stride
        let total = slices.indices.reduce(header) { $0 + (replaced[$1]?.count ?? slices[$1].count) }
        let memory = atoll_memory_take(total).unsafelyUnwrapped
        storage = memory
        byteCount = total
        let table = memory.assumingMemoryBound(to: ByteSlice.self)
        var offset = header
        for index in slices.indices {
            let count: Int
            if let bytes = replaced[index] {
                count = bytes.count
                bytes.withUnsafeBytes { memory.advanced(by: offset).copyMemory(from: $0) }
            } else {
                count = slices[index].count
                memory.advanced(by: offset).copyMemory(from: slices[index])
            }
            table[index] = ByteSlice(start: memory + offset, count: count)
            offset += count
        }
        arguments = Arguments(base: table, count: slices.count)
    }

    deinit {
        atoll_memory_give(storage)
    }
}

extension UnsafeMutableRawPointer {
    fileprivate func copyMemory(from source: ByteSlice) {
        guard let start = source.baseAddress else { return }
        copyMemory(from: start, byteCount: source.count)
    }
}
