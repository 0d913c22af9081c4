package import Bytes
import Keyspace

/// Reads what DUMP has returned.
package enum DumpReader {
    /// Two bytes of version and eight of checksum.
    private static let footerByteCount = 10

    /// Whether the payload has a version that can be read and the right checksum.
    package static func isIntact(_ payload: ByteSlice, verifiesChecksum: Bool) -> Bool {
        guard payload.count >= footerByteCount, let base = payload.baseAddress else { return false }
        let footer = payload.count - footerByteCount
        let version = UInt16(littleEndian: base.loadUnaligned(fromByteOffset: footer, as: UInt16.self))
        guard Int(version) <= RDBFormat.readableVersions.upperBound else { return false }
        guard verifiesChecksum else { return true }
        var checksum = CRC64()
        checksum.update(payload.slice(0, footer + 2))
        return checksum.value == UInt64(littleEndian: base.loadUnaligned(fromByteOffset: footer + 2, as: UInt64.self))
    }

    /// Calls with the value of an intact payload, which is then the body's.
    package static func read(
        _ payload: ByteSlice, _ values: RDBValueReader, _ body: (RDBValue) -> Void
    ) throws(RDBFailure) {
        var input = RDBInput(payload.slice(0, max(payload.count - footerByteCount, 0)))
        let type = try input.byte()
        body(try values.read(type: type, from: &input))
    }
}
