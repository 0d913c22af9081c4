/// Appends messages of either direction to one growing buffer, so that a batch leaves in one send.
///
/// A message is written type, empty length, fields; its length is filled in at the end. A message that fails half-way
/// is taken back, so the buffer always holds whole messages. Amortised O(bytes written); allocates only when the
/// buffer grows, so a writer that is emptied with `removeAll` and used again does not allocate.
package struct MessageWriter: Sendable {
    /// Everything written and not taken yet.
    package private(set) var bytes: [UInt8]

    /// An empty buffer with room for `capacity` bytes.
    package init(capacity: Int = 0) {
        self.bytes = []
        bytes.reserveCapacity(capacity)
    }

    /// Number of bytes written and not taken yet.
    package var byteCount: Int { bytes.count }

    /// Empties the buffer, keeping its storage.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Returns what was written and starts an empty buffer. O(1).
    package mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }
}

// Fields.
extension MessageWriter {
    /// Appends one byte.
    package mutating func append(_ byte: UInt8) {
        bytes.append(byte)
    }

    /// Appends a word, big-endian.
    package mutating func append(_ word: UInt16) {
        bytes.append(addingCapacity: 2) { output in
            output.append(UInt8(truncatingIfNeeded: word >> 8))
            output.append(UInt8(truncatingIfNeeded: word))
        }
    }

    /// Appends a word, big-endian.
    package mutating func append(_ word: UInt32) {
        bytes.append(addingCapacity: 4) { output in
            output.append(UInt8(truncatingIfNeeded: word >> 24))
            output.append(UInt8(truncatingIfNeeded: word >> 16))
            output.append(UInt8(truncatingIfNeeded: word >> 8))
            output.append(UInt8(truncatingIfNeeded: word))
        }
    }

    /// Appends a word, big-endian.
    package mutating func append(_ word: Int32) {
        append(UInt32(bitPattern: word))
    }

    /// Appends bytes as they are: field data, or whole messages to pass on. O(n).
    package mutating func append(_ other: Span<UInt8>) {
        // The buffer does not leave the closure.
        unsafe other.withUnsafeBufferPointer { buffer in unsafe bytes.append(contentsOf: buffer) }
    }

    /// Appends a string and its zero byte. O(n). Throws `zeroByteInText`.
    package mutating func append(_ text: String) throws(WireError) {
        guard !text.utf8.contains(0) else { throw .zeroByteInText }
        bytes.append(contentsOf: text.utf8)
        bytes.append(0)
    }

    /// Appends a string received before and its zero byte. O(n).
    package mutating func append(_ text: WireText) {
        append(text.bytes)
        bytes.append(0)
    }

    /// Appends a column or parameter, nil for NULL. O(n). Throws `tooLong`.
    package mutating func append(value: Span<UInt8>?) throws(WireError) {
        guard let value else { return append(Int32(-1)) }
        try append(valueByteCount: value.count)
        append(value)
    }

    /// Appends a text-format column or parameter, nil for NULL. O(n). Throws `tooLong`.
    package mutating func append(value: String?) throws(WireError) {
        guard let value else { return append(Int32(-1)) }
        try append(valueByteCount: value.utf8.count)
        bytes.append(contentsOf: value.utf8)
    }

    private mutating func append(valueByteCount: Int) throws(WireError) {
        guard valueByteCount <= WireLimits.bodyByteCountMax else {
            throw .tooLong(byteCount: valueByteCount, limit: WireLimits.bodyByteCountMax)
        }
        append(UInt32(valueByteCount))
    }

    /// Appends a count. Throws `tooLong` above 65,535.
    package mutating func append(count: Int) throws(WireError) {
        guard let word = UInt16(exactly: count) else {
            throw .tooLong(byteCount: count, limit: WireLimits.listCountMax)
        }
        append(word)
    }

    /// Appends a counted list of format codes. Throws `tooLong`.
    package mutating func append(formats: [WireFormat]) throws(WireError) {
        try append(count: formats.count)
        for format in formats { append(UInt16(bitPattern: format.rawValue)) }
    }

    /// Appends a counted list of identifiers. Throws `tooLong`.
    package mutating func append(objectIDs: [UInt32]) throws(WireError) {
        try append(count: objectIDs.count)
        for objectID in objectIDs { append(objectID) }
    }

    /// Appends a counted list of values, nil for NULL. Throws `tooLong`.
    package mutating func append(values: [[UInt8]?]) throws(WireError) {
        try append(count: values.count)
        for value in values { try append(value: value?.span) }
    }
}

// Frames.
extension MessageWriter {
    /// Takes back everything from the byte at `byteCount` on.
    mutating func truncate(to byteCount: Int) {
        bytes.removeLast(bytes.count - byteCount)
    }

    /// Appends a message without a body.
    package mutating func emptyMessage(type: UInt8) {
        bytes.append(addingCapacity: FrameHeader.byteCount) { output in
            output.append(type)
            for _ in 0..<3 { output.append(0) }
            output.append(4)
        }
    }

    /// Appends a message whose body is what `fields` appends. Throws what `fields` throws and `tooLong`.
    package mutating func message(
        type: UInt8, _ fields: (inout MessageWriter) throws(WireError) -> Void
    ) throws(WireError) {
        let start = bytes.count
        bytes.append(type)
        try lengthPrefixed(start: start, fields)
    }

    /// Appends a packet of the startup phase: a message without a type byte.
    mutating func packet(_ fields: (inout MessageWriter) throws(WireError) -> Void) throws(WireError) {
        try lengthPrefixed(start: bytes.count, fields)
    }

    /// Takes everything from `start` back when `fields` fails.
    private mutating func lengthPrefixed(
        start: Int, _ fields: (inout MessageWriter) throws(WireError) -> Void
    ) throws(WireError) {
        let lengthStart = bytes.count
        append(UInt32(0))
        do {
            try fields(&self)
        } catch {
            truncate(to: start)
            throw error
        }
        let byteCount = bytes.count - lengthStart
        guard byteCount - 4 <= WireLimits.bodyByteCountMax else {
            truncate(to: start)
            throw .tooLong(byteCount: byteCount - 4, limit: WireLimits.bodyByteCountMax)
        }
        let word = UInt32(byteCount)
        bytes[lengthStart] = UInt8(truncatingIfNeeded: word >> 24)
        bytes[lengthStart + 1] = UInt8(truncatingIfNeeded: word >> 16)
        bytes[lengthStart + 2] = UInt8(truncatingIfNeeded: word >> 8)
        bytes[lengthStart + 3] = UInt8(truncatingIfNeeded: word)
    }
}
