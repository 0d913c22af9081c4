package import Bytes

extension ListPack {
    /// Whether foreign bytes are a listpack that can be read without leaving them. Without `deep` only the frame is
    /// looked at, which is not enough for bytes from outside.
    package static func validate(_ bytes: ByteSlice, deep: Bool) -> Bool {
        guard bytes.count >= headerByteCount + 1, let base = bytes.baseAddress,
            Int(base.loadUnaligned(as: UInt32.self)) == bytes.count,
            bytes.byte(at: bytes.count - 1) == endMark
        else { return false }
        guard deep else { return true }
        let end = bytes.count - 1
        var position = headerByteCount
        var count = 0
        while position < end {
            guard let following = validatedSuccessor(bytes, of: position, end: end) else { return false }
            position = following
            count += 1
        }
        let stored = Int(base.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        return position == end && (stored == countUnknown || stored == count)
    }

    /// Where the next element or the end is, if the element at the position is well-formed and ends before `end`.
    private static func validatedSuccessor(_ bytes: ByteSlice, of position: Int, end: Int) -> Int? {
        let first = bytes.byte(at: position)
        let prefix: Int
        switch first {
        case 0xF0: prefix = 5
        case 0xE0...0xEF: prefix = 2
        case 0xF5...0xFF: return nil
        default: prefix = 1
        }
        guard position + prefix <= end, let base = bytes.baseAddress else { return nil }
        let payload = payloadByteCount(base + position)
        let trailer = ListPackElement.trailerByteCount(payload)
        let following = position + payload + trailer
        guard following <= end else { return nil }
        var rest = payload
        var offset = following - 1
        while offset >= position + payload {
            let more: UInt8 = offset > position + payload ? 0x80 : 0
            guard bytes.byte(at: offset) == UInt8(truncatingIfNeeded: rest & 0x7F) | more else { return nil }
            rest >>= 7
            offset -= 1
        }
        return following
    }
}
