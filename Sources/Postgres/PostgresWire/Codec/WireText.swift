/// Text inside a message, without its zero byte; a view, not a copy.
///
/// The encoding is the session's `client_encoding`; before login it is whatever the peer uses.
package struct WireText: ~Escapable {
    /// The bytes as received.
    package let bytes: Span<UInt8>

    /// Wraps bytes that hold no zero byte.
    @inlinable
    @_lifetime(copy bytes)
    package init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// Length in bytes.
    @inlinable package var byteCount: Int { bytes.count }
    /// Whether the text is empty, as the names of the unnamed statement and portal are.
    @inlinable package var isEmpty: Bool { bytes.isEmpty }

    /// A copy as UTF-8, with U+FFFD for what is not. O(n).
    package var string: String { String(wire: bytes) }

    /// Byte-wise equality with the UTF-8 of `other`, without a copy. O(n).
    @inlinable
    package func equals(_ other: String) -> Bool {
        let utf8 = other.utf8
        guard utf8.count == bytes.count else { return false }
        var index = 0
        for byte in utf8 {
            guard bytes[index] == byte else { return false }
            index &+= 1
        }
        return true
    }
}

/// One column of a row or one parameter: NULL, or bytes in the format that goes with it.
package enum WireValue: ~Escapable {
    /// SQL NULL.
    case null
    /// The value; may be empty.
    case bytes(Span<UInt8>)
}

extension WireValue {
    /// A copy, nil for NULL. O(n).
    package var copy: [UInt8]? {
        switch self {
        case .null: nil
        case .bytes(let bytes): Array(wire: bytes)
        }
    }

    /// A copy of a text-format value, nil for NULL; U+FFFD for what is not UTF-8. O(n).
    package var string: String? {
        switch self {
        case .null: nil
        case .bytes(let bytes): String(wire: bytes)
        }
    }
}

extension String {
    /// A copy of `bytes` as UTF-8, with U+FFFD for what is not. O(n).
    package init(wire bytes: Span<UInt8>) {
        // The buffer does not leave the closure.
        self = unsafe bytes.withUnsafeBufferPointer { buffer in unsafe String(decoding: buffer, as: UTF8.self) }
    }
}

extension Array where Element == UInt8 {
    /// A copy of `bytes`. O(n).
    package init(wire bytes: Span<UInt8>) {
        // The buffer does not leave the closure.
        self = unsafe bytes.withUnsafeBufferPointer { buffer in unsafe Array(buffer) }
    }
}

/// How a value is written: PostgreSQL documentation, "Formats and Format Codes". Unknown codes are kept.
package struct WireFormat: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int16

    @inlinable package init(rawValue: Int16) { self.rawValue = rawValue }

    /// The type's text form.
    @inlinable package static var text: WireFormat { WireFormat(rawValue: 0) }
    /// The type's binary form.
    @inlinable package static var binary: WireFormat { WireFormat(rawValue: 1) }
}

/// A counted list of format codes; a view. Empty means all text, one means the same for all.
package struct WireFormats: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>

    /// Reads the count and the codes. Throws `truncated`.
    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        let count = Int(try reader.readUInt16())
        self.bytes = try reader.readBytes(count &* 2)
    }

    /// Number of codes.
    @inlinable package var count: Int { bytes.count / 2 }

    /// The code at `index`; traps outside 0 ..< count.
    @inlinable package subscript(index: Int) -> WireFormat {
        let high = UInt16(bytes[index * 2])
        let low = UInt16(bytes[index * 2 + 1])
        return WireFormat(rawValue: Int16(bitPattern: high << 8 | low))
    }

    /// A copy. O(n).
    package var copy: [WireFormat] {
        var copy: [WireFormat] = []
        copy.reserveCapacity(count)
        for index in 0..<count { copy.append(self[index]) }
        return copy
    }
}

/// A counted list of type identifiers; a view.
package struct WireObjectIDs: ~Escapable {
    @usableFromInline let bytes: Span<UInt8>

    /// Reads the count and the identifiers. Throws `truncated`.
    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        let count = Int(try reader.readUInt16())
        self.bytes = try reader.readBytes(count &* 4)
    }

    /// Number of identifiers.
    @inlinable package var count: Int { bytes.count / 4 }

    /// The identifier at `index`, 0 for a type to be inferred; traps outside 0 ..< count.
    @inlinable package subscript(index: Int) -> UInt32 {
        var value: UInt32 = 0
        for offset in 0..<4 { value = value << 8 | UInt32(bytes[index * 4 + offset]) }
        return value
    }

    /// A copy. O(n).
    package var copy: [UInt32] {
        var copy: [UInt32] = []
        copy.reserveCapacity(count)
        for index in 0..<count { copy.append(self[index]) }
        return copy
    }
}

/// Walks a counted list of values: the columns of a row or the parameters of a Bind.
package struct WireValueReader: ~Escapable {
    @usableFromInline var reader: WireReader
    @usableFromInline var remainingCount: Int

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: WireReader, count: Int) {
        self.reader = reader
        self.remainingCount = count
    }

    /// The next value, nil after the last one. Throws `truncated`, `lengthOutOfRange`.
    @inlinable
    @_lifetime(copy self)
    package mutating func next() throws(WireError) -> WireValue? {
        guard remainingCount > 0 else { return nil }
        remainingCount &-= 1
        return try reader.readValue()
    }
}
