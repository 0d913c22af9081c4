package import Bytes

/// A reply of another server, as far as it matters to who wants to know how a command went.
package struct PeerReply: Equatable {
    package enum Kind: Equatable { case simple, error, integer, bulk, null, array }

    package let kind: Kind
    /// Of a simple reply or an error: the line without its mark, cut at `lineByteCountMax`.
    package var text = ""
    package var integer: Int64 = 0
    /// Of an array: the first error inside.
    package var innerError: String?

    /// The first error that the reply is or holds.
    package var failure: String? { kind == .error ? text : innerError }

    /// What Redis keeps of a line that MIGRATE reads.
    package static let lineByteCountMax = 1023
}

/// Reads replies in RESP2, whole ones only. Hostile bytes make it fail, never trap.
package enum ReplyReader {
    package enum Result: Equatable {
        case reply(PeerReply, byteCount: Int)
        case incomplete
        case malformed
    }

    /// Arrays inside of arrays.
    private static let depthMax = 4
    /// Elements of an array, and bytes of a string.
    private static let lengthMax: Int64 = 1 << 30

    /// The reply that the bytes begin with.
    package static func read(_ bytes: ByteSlice) -> Result {
        var offset = 0
        return read(bytes, &offset, depth: 0)
    }

    private static func read(_ bytes: ByteSlice, _ offset: inout Int, depth: Int) -> Result {
        guard let line = line(bytes, from: offset) else { return .incomplete }
        guard line.count > 0 else { return .malformed }
        offset += line.count + 2
        let rest = line.slice(1, line.count)
        switch line.byte(at: 0) {
        case UInt8(ascii: "+"): return .reply(PeerReply(kind: .simple, text: text(rest)), byteCount: offset)
        case UInt8(ascii: "-"): return .reply(PeerReply(kind: .error, text: text(rest)), byteCount: offset)
        case UInt8(ascii: ":"):
            guard let integer = Decimal.parse(rest) else { return .malformed }
            return .reply(PeerReply(kind: .integer, integer: integer), byteCount: offset)
        case UInt8(ascii: "$"): return bulk(bytes, &offset, rest)
        case UInt8(ascii: "*"): return array(bytes, &offset, rest, depth: depth)
        default: return .malformed
        }
    }

    private static func bulk(_ bytes: ByteSlice, _ offset: inout Int, _ header: ByteSlice) -> Result {
        guard let count = Decimal.parse(header), count >= -1, count <= lengthMax else { return .malformed }
        guard count >= 0 else { return .reply(PeerReply(kind: .null), byteCount: offset) }
        offset += Int(count) + 2
        guard offset <= bytes.count else { return .incomplete }
        return .reply(PeerReply(kind: .bulk), byteCount: offset)
    }

    private static func array(
        _ bytes: ByteSlice, _ offset: inout Int, _ header: ByteSlice, depth: Int
    ) -> Result {
        guard depth < depthMax, let count = Decimal.parse(header), count >= -1, count <= lengthMax else {
            return .malformed
        }
        guard count >= 0 else { return .reply(PeerReply(kind: .null), byteCount: offset) }
        var reply = PeerReply(kind: .array, integer: count)
        var left = count
        while left > 0 {
            let result = read(bytes, &offset, depth: depth + 1)
            guard case .reply(let element, _) = result else { return result }
            if reply.innerError == nil { reply.innerError = element.failure }
            left -= 1
        }
        return .reply(reply, byteCount: offset)
    }

    private static func line(_ bytes: ByteSlice, from start: Int) -> ByteSlice? {
        var offset = start
        while offset + 1 < bytes.count {
            if bytes.byte(at: offset) == 0x0D, bytes.byte(at: offset + 1) == 0x0A { return bytes.slice(start, offset) }
            offset += 1
        }
        return nil
    }

    private static func text(_ bytes: ByteSlice) -> String {
        bytes.slice(0, min(bytes.count, PeerReply.lineByteCountMax)).text
    }
}
