package import Bytes
import Glibc
package import Keyspace

/// What DUMP returns of values: the layout's number, the value as in a file, the version in two bytes and the checksum
/// of all that in eight, low bytes first.
package struct DumpWriter: ~Copyable {
    private var writer: RDBWriter
    private var finisher = RDBFinisher(checksums: false)

    /// - Parameters:
    ///   - version: one of `RDBFormat.writableVersions`.
    ///   - compresses: whether strings are compressed.
    package init(version: Int, compresses: Bool) {
        writer = RDBWriter(version: version, compresses: compresses)
    }

    package var version: Int { writer.version }
    package var compresses: Bool { writer.compresses }

    /// Appends the payload of a record's value.
    package mutating func write(_ record: Record, to output: inout [UInt8]) {
        write(record) { output.append(contentsOf: $0) }
    }

    /// Calls with the parts of the payload in order.
    package mutating func write(_ record: Record, _ yield: (ByteSlice) -> Void) {
        let kind = record.kind
        writer.byte(writer.type(of: kind).rawValue)
        writer.value(kind: kind, record)
        var checksum = CRC64()
        writer.drain { bytes, marks in
            finisher.take(bytes, marks) {
                checksum.update($0)
                yield($0)
            }
        }
        withUnsafeBytes(of: UInt16(truncatingIfNeeded: writer.version).littleEndian) {
            checksum.update($0)
            yield($0)
        }
        withUnsafeBytes(of: checksum.value.littleEndian) { yield($0) }
    }
}
