// Messages read and written in place: the relay looks at so few of them that a codec would only cost copies.
// Source: PostgreSQL documentation, "Message Formats".

import Bytes

/// Length of the type byte and the length word in front of every message.
let messageHeaderByteCount = 5

extension UnsafeRawBufferPointer {
    /// The big-endian word at an offset.
    @inline(__always)
    func word32(at offset: Int) -> UInt32 {
        UInt32(bigEndian: baseAddress.unsafelyUnwrapped.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Length of the message that begins at the offset, with its type byte; less than five if the length word is wrong.
    @inline(__always)
    func messageByteCount(at offset: Int) -> Int {
        Int(word32(at: offset &+ 1)) &+ 1
    }

    /// The offset of the next zero byte from an offset on, or nil.
    @inline(__always)
    func zero(from start: Int) -> Int? {
        var index = start
        while index < count {
            if byte(at: index) == 0 { return index }
            index &+= 1
        }
        return nil
    }
}

extension OutputBuffer {
    @inline(__always)
    mutating func append(word32 value: Int) {
        reserve(4).storeBytes(of: UInt32(truncatingIfNeeded: value).bigEndian, as: UInt32.self)
        advance(4)
    }

    @inline(__always)
    mutating func append(word16 value: Int) {
        reserve(2).storeBytes(of: UInt16(truncatingIfNeeded: value).bigEndian, as: UInt16.self)
        advance(2)
    }

    /// The header of a message whose body has that many bytes.
    @inline(__always)
    mutating func appendHeader(_ type: UInt8, bodyByteCount: Int) {
        let target = reserve(messageHeaderByteCount)
        target.storeBytes(of: type, as: UInt8.self)
        target.storeBytes(
            of: UInt32(truncatingIfNeeded: bodyByteCount &+ 4).bigEndian, toByteOffset: 1, as: UInt32.self)
        advance(messageHeaderByteCount)
    }

    /// A message whose body is one string.
    mutating func appendMessage(_ type: UInt8, text: String) {
        appendHeader(type, bodyByteCount: text.utf8.count + 1)
        append(text)
        append(byte: 0)
    }

    /// A message without a body.
    @inline(__always)
    mutating func appendMessage(_ type: UInt8) {
        appendHeader(type, bodyByteCount: 0)
    }

    mutating func appendReadyForQuery(_ status: UInt8) {
        appendHeader(UInt8(ascii: "Z"), bodyByteCount: 1)
        append(byte: status)
    }

    /// ErrorResponse or NoticeResponse with the fields that PostgreSQL always sends.
    mutating func appendReport(
        _ type: UInt8, severity: String, code: String, message: String, detail: String? = nil
    ) {
        var fields: [(UInt8, String)] = [
            (UInt8(ascii: "S"), severity), (UInt8(ascii: "V"), severity), (UInt8(ascii: "C"), code),
            (UInt8(ascii: "M"), message),
        ]
        if let detail { fields.append((UInt8(ascii: "D"), detail)) }
        appendHeader(type, bodyByteCount: fields.reduce(1) { $0 + $1.1.utf8.count + 2 })
        for (kind, value) in fields {
            append(byte: kind)
            append(value)
            append(byte: 0)
        }
        append(byte: 0)
    }

    mutating func appendParameterStatus(name: String, value: String) {
        appendHeader(UInt8(ascii: "S"), bodyByteCount: name.utf8.count + value.utf8.count + 2)
        append(name)
        append(byte: 0)
        append(value)
        append(byte: 0)
    }
}
