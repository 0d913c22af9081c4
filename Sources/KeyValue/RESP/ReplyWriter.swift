package import Bytes
import Glibc

/// Writes replies to the output of a connection, in the version of the protocol that the connection speaks.
///
/// A borrowed handle: the buffer must outlive it.
package struct ReplyWriter {
    package let output: UnsafeMutablePointer<OutputBuffer>
    /// 2 or 3.
    package let version: UInt8

    package init(output: UnsafeMutablePointer<OutputBuffer>, version: UInt8) {
        self.output = output
        self.version = version
    }

    @inline(__always) package var isRESP3: Bool { version >= 3 }

    // MARK: - Scalars

    package func ok() { output.pointee.append("+OK\r\n") }

    /// A reply that is complete as it stands, line ends included.
    package func raw(_ literal: StaticString) { output.pointee.append(literal) }
    package func raw(_ bytes: ByteSlice) { output.pointee.append(bytes) }

    package func simple(_ text: StaticString) {
        output.pointee.append(byte: 0x2B)
        output.pointee.append(text)
        output.pointee.append("\r\n")
    }

    package func simple(_ text: String) {
        output.pointee.append("+\(text)\r\n")
    }

    /// An error. Its text begins with its code ("ERR …"); line ends in it become spaces. Commands use `Call.error`, which
    /// also counts it.
    package func error(_ text: String) {
        output.pointee.append(byte: 0x2D)
        for byte in text.utf8 { output.pointee.append(byte: byte == 0x0A || byte == 0x0D ? 0x20 : byte) }
        output.pointee.append("\r\n")
    }

    package func integer(_ value: Int) { integer(Int64(value)) }

    package func integer(_ value: Int64) {
        if value == 0 { return output.pointee.append(":0\r\n") }
        if value == 1 { return output.pointee.append(":1\r\n") }
        header(0x3A, value)
    }

    /// `:1` or `:0`.
    package func flag(_ value: Bool) { output.pointee.append(value ? ":1\r\n" : ":0\r\n") }

    /// RESP3: `#t` or `#f`; RESP2: 1 or 0.
    package func boolean(_ value: Bool) {
        if isRESP3 { output.pointee.append(value ? "#t\r\n" : "#f\r\n") } else { flag(value) }
    }

    /// A marker, a number and the line's end.
    @inline(__always)
    private func header(_ marker: UInt8, _ value: Int64) {
        let start = output.pointee.reserve(Decimal.lengthMax + 3)
        start.storeBytes(of: marker, as: UInt8.self)
        let length = Decimal.write(value, to: start + 1)
        start.storeBytes(of: 0x0D, toByteOffset: length + 1, as: UInt8.self)
        start.storeBytes(of: 0x0A, toByteOffset: length + 2, as: UInt8.self)
        output.pointee.advance(length + 3)
    }

    /// A bulk string.
    package func bulk(_ bytes: ByteSlice) {
        let start = output.pointee.reserve(Decimal.lengthMax + bytes.count + 5)
        start.storeBytes(of: 0x24, as: UInt8.self)
        var length = 1 + Decimal.write(Int64(bytes.count), to: start + 1)
        start.storeBytes(of: 0x0D, toByteOffset: length, as: UInt8.self)
        start.storeBytes(of: 0x0A, toByteOffset: length + 1, as: UInt8.self)
        length += 2
        if let source = bytes.baseAddress { memcpy(start + length, source, bytes.count) }
        length += bytes.count
        start.storeBytes(of: 0x0D, toByteOffset: length, as: UInt8.self)
        start.storeBytes(of: 0x0A, toByteOffset: length + 1, as: UInt8.self)
        output.pointee.advance(length + 2)
    }

    package func bulk(_ literal: StaticString) { bulk(literal.bytes) }

    package func bulk(_ text: String) {
        var text = text
        text.withUTF8 { bulk(ByteSlice($0)) }
    }

    /// A bulk string with the decimal form of an integer.
    package func bulk(integer value: Int64) {
        withUnsafeTemporaryAllocation(byteCount: Decimal.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            bulk(ByteSlice(start: start, count: Decimal.write(value, to: start)))
        }
    }

    /// Null in place of a value: `$-1`, or `_` in RESP3.
    package func null() { output.pointee.append(isRESP3 ? "_\r\n" : "$-1\r\n") }

    /// Null in place of an array: `*-1`, or `_` in RESP3.
    package func nullArray() { output.pointee.append(isRESP3 ? "_\r\n" : "*-1\r\n") }

    /// RESP3: a double; RESP2: a bulk string with it. The shortest text that reads back to the same number.
    package func double(_ value: Double) {
        withUnsafeTemporaryAllocation(byteCount: DoubleText.lengthMax, alignment: 8) { scratch in
            let start = scratch.baseAddress.unsafelyUnwrapped
            let text = ByteSlice(start: start, count: DoubleText.write(value, to: start))
            guard isRESP3 else { return bulk(text) }
            output.pointee.append(byte: 0x2C)
            output.pointee.append(text)
            output.pointee.append("\r\n")
        }
    }

    /// RESP3: a big number; RESP2: a bulk string.
    package func bigNumber(_ text: StaticString) {
        guard isRESP3 else { return bulk(text) }
        output.pointee.append(byte: 0x28)
        output.pointee.append(text)
        output.pointee.append("\r\n")
    }

    /// RESP3: a verbatim string of a three-letter format; RESP2: a bulk string.
    package func verbatim(_ text: String, format: StaticString = "txt") {
        guard isRESP3 else { return bulk(text) }
        header(0x3D, Int64(text.utf8.count + 4))
        output.pointee.append(format)
        output.pointee.append(byte: 0x3A)
        output.pointee.append(text)
        output.pointee.append("\r\n")
    }

    // MARK: - Aggregates: the elements follow

    package func array(_ count: Int) { header(0x2A, Int64(count)) }

    package func emptyArray() { output.pointee.append("*0\r\n") }

    /// RESP3: a map of that many pairs; RESP2: an array of twice as many elements.
    package func map(_ pairCount: Int) {
        if isRESP3 { header(0x25, Int64(pairCount)) } else { header(0x2A, Int64(pairCount * 2)) }
    }

    /// RESP3: a set; RESP2: an array.
    package func set(_ count: Int) { header(isRESP3 ? 0x7E : 0x2A, Int64(count)) }

    /// RESP3: out-of-band data; RESP2: an array.
    package func push(_ count: Int) { header(isRESP3 ? 0x3E : 0x2A, Int64(count)) }

    /// RESP3 only: attributes of the reply that follows.
    package func attribute(_ pairCount: Int) { header(0x7C, Int64(pairCount)) }

    /// Kinds of aggregates whose length may come later.
    package enum Aggregate { case array, map, set, push }

    /// Remembers where an aggregate begins whose length is not known yet.
    package func beginAggregate() -> Int { output.pointee.count }

    /// Puts the length in front of what was written since `beginAggregate`.
    /// - Complexity: O(bytes written since).
    package func endAggregate(_ mark: Int, _ aggregate: Aggregate = .array, count: Int) {
        let bodyByteCount = output.pointee.count - mark
        let before = output.pointee.count
        switch aggregate {
        case .array: array(count)
        case .map: map(count)
        case .set: set(count)
        case .push: push(count)
        }
        let headerByteCount = output.pointee.count - before
        guard bodyByteCount > 0 else { return }
        withUnsafeTemporaryAllocation(byteCount: headerByteCount, alignment: 1) { saved in
            let scratch = saved.baseAddress.unsafelyUnwrapped
            let base = UnsafeMutableRawPointer(mutating: output.pointee.readable.baseAddress.unsafelyUnwrapped)
            memcpy(scratch, base + before, headerByteCount)
            memmove(base + mark + headerByteCount, base + mark, bodyByteCount)
            memcpy(base + mark, scratch, headerByteCount)
        }
    }
}
