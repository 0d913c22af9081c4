package import Bytes
import Glibc

/// Makes the final bytes of chunks, on the thread that writes them to disk: compresses the marked strings and keeps the
/// checksum over all. Chunks come in the order in which they were taken.
package struct RDBFinisher: ~Copyable {
    private var compressor = LZFCompressor()
    private var checksum = CRC64()
    private let checksums: Bool
    private var output = UncountedMemory()
    /// Final bytes yielded so far.
    package private(set) var byteCount = 0

    /// Stretches without a mark that are at least so long are yielded as they are, not copied.
    private static let copiedByteCountMax = 1 << 16
    /// Output beyond that is yielded before more is added.
    private static let outputByteCountMax = 1 << 20

    /// - Parameter checksums: whether the file ends with its checksum (rdbchecksum) or with zeros.
    package init(checksums: Bool) {
        self.checksums = checksums
    }

    /// Takes the next chunk, and calls with final bytes any number of times.
    package mutating func take(_ chunk: RDBChunk, _ yield: (ByteSlice) throws -> Void) rethrows {
        try take(chunk.bytes, UnsafeBufferPointer(start: chunk.marks, count: chunk.markCount), yield)
    }

    /// Calls with the last bytes of a file, its checksum.
    package mutating func finish(_ yield: (ByteSlice) throws -> Void) rethrows {
        let value = checksums ? checksum.value.littleEndian : 0
        byteCount += RDBFormat.checksumByteCount
        try withUnsafeBytes(of: value) { try yield($0) }
    }

    mutating func take(
        _ bytes: ByteSlice, _ marks: UnsafeBufferPointer<Int>, _ yield: (ByteSlice) throws -> Void
    ) rethrows {
        var done = 0
        var pending = 0
        for mark in marks {
            if mark - done > Self.copiedByteCountMax || pending > Self.outputByteCountMax {
                try flush(&pending, yield)
                try emit(bytes.slice(done, mark), yield)
                done = mark
            }
            let (prefix, count) = Self.length(bytes, at: mark)
            let end = mark + prefix + count
            output.grow(to: pending + end - done + 2 * RDBFormat.lengthByteCountMax + 1)
            guard let base = output.base, let source = bytes.baseAddress else { break }
            memcpy(base + pending, source + done, mark - done)
            pending += mark - done
            let written = compress(bytes.slice(mark + prefix, end), to: base + pending)
            if written > 0 {
                pending += written
            } else {
                memcpy(base + pending, source + mark, end - mark)
                pending += end - mark
            }
            done = end
        }
        if bytes.count - done > Self.copiedByteCountMax || marks.isEmpty {
            try flush(&pending, yield)
            try emit(bytes.slice(done, bytes.count), yield)
        } else if let source = bytes.baseAddress {
            output.grow(to: pending + bytes.count - done)
            if let base = output.base { memcpy(base + pending, source + done, bytes.count - done) }
            pending += bytes.count - done
            try flush(&pending, yield)
        }
    }

    private mutating func flush(_ pending: inout Int, _ yield: (ByteSlice) throws -> Void) rethrows {
        let bytes = ByteSlice(start: output.base, count: pending)
        pending = 0
        try emit(bytes, yield)
        if output.capacity > 4 * Self.outputByteCountMax { output = UncountedMemory() }
    }

    private mutating func emit(_ bytes: ByteSlice, _ yield: (ByteSlice) throws -> Void) rethrows {
        guard bytes.count > 0 else { return }
        if checksums { checksum.update(bytes) }
        byteCount += bytes.count
        try yield(bytes)
    }

    /// Writes a string in its compressed form with all that stands before it; 0 if that is not shorter by enough.
    private mutating func compress(_ string: ByteSlice, to target: UnsafeMutableRawPointer) -> Int {
        // The compressed bytes go behind where the longest prefix would end, and are moved to where it really ends.
        let prefixMax = 1 + 2 * RDBFormat.lengthByteCountMax
        let compressed = compressor.compress(
            string, to: target + prefixMax, capacity: string.count - RDBFormat.compressionGainMin)
        guard compressed > 0 else { return 0 }
        target.storeBytes(of: RDBFormat.Prefix.compressed, as: UInt8.self)
        var prefix = 1
        prefix += RDBWriter.writeLength(UInt64(compressed), to: target + prefix)
        prefix += RDBWriter.writeLength(UInt64(string.count), to: target + prefix)
        memmove(target + prefix, target + prefixMax, compressed)
        return prefix + compressed
    }

    /// The length that the writer put at a mark, and its own bytes.
    private static func length(_ bytes: ByteSlice, at offset: Int) -> (prefix: Int, count: Int) {
        let base = bytes.baseAddress.unsafelyUnwrapped + offset
        let first = base.load(as: UInt8.self)
        if first < RDBFormat.Prefix.bits14 { return (1, Int(first)) }
        if first < RDBFormat.Prefix.bits32 {
            return (2, Int(UInt16(bigEndian: base.loadUnaligned(as: UInt16.self)) & 0x3FFF))
        }
        if first == RDBFormat.Prefix.bits32 {
            return (5, Int(UInt32(bigEndian: base.loadUnaligned(fromByteOffset: 1, as: UInt32.self))))
        }
        return (9, Int(truncatingIfNeeded: UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 1, as: UInt64.self))))
    }
}
