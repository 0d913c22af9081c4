import Bytes
import Glibc
import Keyspace

/// A pattern of BY or GET: `#`, or a key in which an element takes the place of the first `*`, perhaps with the field of a
/// hash behind `->`.
struct SortPattern {
    private let isElement: Bool
    private let prefix: ByteSlice
    private let suffix: ByteSlice
    private let field: ByteSlice?
    /// Whether there is a `*`: otherwise the pattern stands for no key.
    let hasPlaceholder: Bool

    init(_ pattern: ByteSlice) {
        isElement = pattern.equals("#")
        guard let star = pattern.firstIndex(of: 0x2A) else {
            (prefix, suffix, field, hasPlaceholder) = (pattern, ByteSlice(start: nil, count: 0), nil, false)
            return
        }
        hasPlaceholder = true
        prefix = pattern.slice(0, star)
        let rest = pattern.slice(star + 1, pattern.count)
        if let arrow = Self.arrow(in: rest), arrow + 2 < rest.count {
            suffix = rest.slice(0, arrow)
            field = rest.slice(arrow + 2, rest.count)
        } else {
            suffix = rest
            field = nil
        }
    }

    /// Where `->` begins.
    private static func arrow(in text: ByteSlice) -> Int? {
        var offset = 0
        while offset + 1 < text.count {
            if text.byte(at: offset) == 0x2D, text.byte(at: offset + 1) == 0x3E { return offset }
            offset += 1
        }
        return nil
    }

    /// What the pattern stands for with this element; nil if there is no such string or field. Valid until its key is
    /// changed: looking up others, which may remove them, does no harm.
    func value(for element: ListPackValue, _ call: Call) -> ListPackValue? {
        if isElement { return element }
        guard hasPlaceholder else { return nil }
        return element.withBytes { name in
            let byteCount = prefix.count + name.count + suffix.count
            return withUnsafeTemporaryAllocation(byteCount: max(byteCount, 1), alignment: 1) { room in
                var end = room.baseAddress.unsafelyUnwrapped
                for part in [prefix, name, suffix] {
                    if let start = part.baseAddress { memcpy(end, start, part.count) }
                    end += part.count
                }
                return lookUp(ByteSlice(rebasing: ByteSlice(room)[0..<byteCount]), call)
            }
        }
    }

    private func lookUp(_ key: ByteSlice, _ call: Call) -> ListPackValue? {
        guard let entry = call.read(key).entry else { return nil }
        if let field { return entry.type == .hash ? HashValue(entry).value(of: field) : nil }
        guard entry.type == .string else { return nil }
        if entry.kind == .stringInteger { return ListPackValue(entry.record.integer) }
        // Bytes in a record or a buffer: nothing is written to the scratch room.
        return entry.withStringBytes { ListPackValue($0) }
    }
}
