// The packed forms of versions before Redis 7, which are read but never written.

import Bytes
import Keyspace

/// Redis's ziplist up to 6.2:
///
///     total bytes, UInt32 | offset of the last entry, UInt32 | entries, UInt16 (65535: unknown) | entries … | 0xFF
///
/// An entry is the size of the entry before it (one byte, or 0xFE and four), its kind and length, and its data.
enum Ziplist {
    private static let headerByteCount = 10
    private static let endMark: UInt8 = 0xFF
    private static let longSizeMark: UInt8 = 0xFE
    private static let countUnknown = 65_535

    /// Calls with every element in order.
    /// - Returns: false if the bytes are no ziplist, or once the body returns false.
    static func forEach(_ bytes: ByteSlice, _ body: (ListPackValue) -> Bool) -> Bool {
        guard bytes.count > headerByteCount, let base = bytes.baseAddress,
            Int(base.loadUnaligned(as: UInt32.self)) == bytes.count, bytes.byte(at: bytes.count - 1) == endMark
        else { return false }
        let end = bytes.count - 1
        var position = headerByteCount
        var previousByteCount = 0
        var last: Int?
        var count = 0
        while position < end {
            let isLong = bytes.byte(at: position) == longSizeMark
            var data = position + (isLong ? 5 : 1)
            guard data < end, bytes.byte(at: position) != endMark else { return false }
            let stated =
                isLong
                ? Int(base.loadUnaligned(fromByteOffset: position + 1, as: UInt32.self)) : Int(bytes.byte(at: position))
            guard stated == previousByteCount, let value = element(bytes, &data, end: end), body(value) else {
                return false
            }
            last = position
            previousByteCount = data - position
            position = data
            count += 1
        }
        let tail = Int(base.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let storedCount = Int(base.loadUnaligned(fromByteOffset: 8, as: UInt16.self))
        return position == end && (last.map { $0 == tail } ?? (tail <= end))
            && (storedCount == countUnknown || storedCount == count)
    }

    /// The element whose kind is at the position, which is moved behind it; nil if it does not end before `end`.
    private static func element(_ bytes: ByteSlice, _ position: inout Int, end: Int) -> ListPackValue? {
        let first = bytes.byte(at: position)
        if first < 0xC0 { return text(bytes, first, &position, end: end) }
        let width: Int
        switch first {
        case 0xC0: width = 2
        case 0xD0: width = 4
        case 0xE0: width = 8
        case 0xF0: width = 3
        case 0xFE: width = 1
        case 0xF1...0xFD:
            position += 1
            return ListPackValue(Int64(first & 0x0F) - 1)
        default: return nil
        }
        guard position + 1 + width <= end else { return nil }
        var bits: UInt64 = 0
        for index in 0..<width { bits |= UInt64(bytes.byte(at: position + 1 + index)) << UInt64(8 * index) }
        position += 1 + width
        let shift = UInt64(64 - 8 * width)
        return ListPackValue(Int64(bitPattern: bits << shift) >> Int64(shift))
    }

    private static func text(_ bytes: ByteSlice, _ first: UInt8, _ position: inout Int, end: Int) -> ListPackValue? {
        let prefix = first < 0x40 ? 1 : first < 0x80 ? 2 : 5
        guard position + prefix <= end, let base = bytes.baseAddress else { return nil }
        let count: Int
        switch prefix {
        case 1: count = Int(first)
        case 2: count = Int(first & 0x3F) << 8 | Int(bytes.byte(at: position + 1))
        default: count = Int(UInt32(bigEndian: base.loadUnaligned(fromByteOffset: position + 1, as: UInt32.self)))
        }
        let start = position + prefix
        guard count <= end - start else { return nil }
        position = start + count
        return ListPackValue(bytes.slice(start, start + count))
    }
}

/// Redis's zipmap up to 2.4: the number of fields in a byte (254 and more: unknown), then of each field its length, its
/// name, the length of its value, how many bytes are free behind that, the value and the free bytes; at last 0xFF.
enum Zipmap {
    private static let longMark: UInt8 = 254
    private static let endMark: UInt8 = 255

    /// Calls with every field and its value.
    /// - Returns: false if the bytes are no zipmap, or once the body returns false.
    static func forEach(_ bytes: ByteSlice, _ body: (_ field: ByteSlice, _ value: ByteSlice) -> Bool) -> Bool {
        guard bytes.count >= 2, bytes.byte(at: bytes.count - 1) == endMark else { return false }
        let end = bytes.count - 1
        var position = 1
        var count = 0
        while position < end {
            guard let field = part(bytes, &position, hasFreeBytes: false, end: end),
                let value = part(bytes, &position, hasFreeBytes: true, end: end), body(field, value)
            else { return false }
            count += 1
        }
        let stored = bytes.byte(at: 0)
        return position == end && count > 0 && (stored >= longMark || Int(stored) == count)
    }

    private static func part(
        _ bytes: ByteSlice, _ position: inout Int, hasFreeBytes: Bool, end: Int
    ) -> ByteSlice? {
        guard position < end, let base = bytes.baseAddress else { return nil }
        let first = bytes.byte(at: position)
        guard first != endMark else { return nil }
        let isLong = first == longMark
        var start = position + (isLong ? 5 : 1)
        guard start + (hasFreeBytes ? 1 : 0) <= end else { return nil }
        let count = isLong ? Int(base.loadUnaligned(fromByteOffset: position + 1, as: UInt32.self)) : Int(first)
        var free = 0
        if hasFreeBytes {
            free = Int(bytes.byte(at: start))
            start += 1
        }
        guard count + free <= end - start else { return nil }
        position = start + count + free
        return bytes.slice(start, start + count)
    }
}
