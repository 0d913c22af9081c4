import Bytes
import Glibc

/// What BITOP does with bytes at the same offset.
enum BitOperation {
    case and, or, xor, not

    /// Bytes of the result that are worked on at a time, so that they stay in the processor's cache.
    private static let blockByteCount = 16 << 10

    /// Combines the sources, the shorter ones continued with zeros, into a target as long as the longest of them.
    func combine(_ sources: UnsafeBufferPointer<ByteSlice>, into target: UnsafeMutableRawBufferPointer) {
        guard let start = target.baseAddress, sources.count > 0 else { return }
        var offset = 0
        while offset < target.count {
            let count = min(Self.blockByteCount, target.count - offset)
            let block = UnsafeMutableRawBufferPointer(start: start + offset, count: count)
            let copied = Self.part(of: sources[0], offset, count)
            if let source = copied.baseAddress { memcpy(start + offset, source, copied.count) }
            memset(start + offset + copied.count, 0, count - copied.count)
            if self == .not { Self.invert(block) }
            for index in 1..<max(sources.count, 1) {
                apply(Self.part(of: sources[index], offset, count), to: block)
            }
            offset += count
        }
    }

    private static func part(of source: ByteSlice, _ offset: Int, _ count: Int) -> ByteSlice {
        guard offset < source.count else { return ByteSlice(start: nil, count: 0) }
        return source.slice(offset, min(offset + count, source.count))
    }

    private func apply(_ source: ByteSlice, to block: UnsafeMutableRawBufferPointer) {
        switch self {
        case .and:
            Self.merge(source, into: block) { $0 & $1 }
            let rest = block.count - source.count
            if rest > 0, let start = block.baseAddress { memset(start + source.count, 0, rest) }
        case .or: Self.merge(source, into: block) { $0 | $1 }
        case .xor: Self.merge(source, into: block) { $0 ^ $1 }
        case .not: break
        }
    }

    @inline(__always)
    private static func merge(
        _ source: ByteSlice, into block: UnsafeMutableRawBufferPointer, _ operation: (UInt64, UInt64) -> UInt64
    ) {
        guard let from = source.baseAddress, let to = block.baseAddress else { return }
        var offset = 0
        while offset + 8 <= source.count {
            let word = operation(
                to.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                from.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            to.storeBytes(of: word, toByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < source.count {
            let byte = operation(
                UInt64(to.load(fromByteOffset: offset, as: UInt8.self)), UInt64(source.byte(at: offset)))
            to.storeBytes(of: UInt8(truncatingIfNeeded: byte), toByteOffset: offset, as: UInt8.self)
            offset += 1
        }
    }

    private static func invert(_ block: UnsafeMutableRawBufferPointer) {
        guard let start = block.baseAddress else { return }
        for offset in 0..<block.count {
            start.storeBytes(
                of: ~start.load(fromByteOffset: offset, as: UInt8.self), toByteOffset: offset, as: UInt8.self)
        }
    }
}
