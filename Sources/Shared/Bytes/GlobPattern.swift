/// Patterns of KEYS, SCAN, PSUBSCRIBE and CONFIG GET: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a character that is
/// meant literally.
package enum GlobPattern {
    /// Redis gives up at this many stars, and what uses it may rely on that.
    private static let starCountMax = 1000

    /// Whether the pattern matches all of the text. Empty text is matched by the empty pattern only, as in Redis.
    /// - Complexity: O(pattern × text) at worst, whatever the pattern: only the last `*` is ever reconsidered.
    package static func matches(_ pattern: ByteSlice, _ text: ByteSlice, ignoringCase: Bool = false) -> Bool {
        guard !text.isEmpty else { return pattern.isEmpty }
        var position = 0
        var offset = 0
        // Where to go on after a mismatch: behind the last star, at the first byte that the star has not taken yet.
        var retry: (position: Int, offset: Int)?
        var starCount = 0
        while offset < text.count {
            if position < pattern.count, pattern.byte(at: position) == 0x2A {
                position += 1
                if position == pattern.count { return true }
                starCount += 1
                guard starCount <= starCountMax else { return false }
                retry = (position, offset)
            } else if position < pattern.count,
                let next = match(pattern, position, text.byte(at: offset), ignoringCase)
            {
                position = next
                offset += 1
            } else if let star = retry {
                retry = (star.position, star.offset + 1)
                position = star.position
                offset = star.offset + 1
            } else {
                return false
            }
        }
        while position < pattern.count, pattern.byte(at: position) == 0x2A { position += 1 }
        return position == pattern.count
    }

    /// Whether a pattern has characters of its own meaning: otherwise it can only match what equals it.
    package static func isLiteral(_ pattern: ByteSlice) -> Bool {
        !pattern.contains { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B || $0 == 0x5C }
    }

    /// Where the pattern goes on once its element at a position has matched the byte; nil if it does not match.
    @inline(__always)
    private static func match(_ pattern: ByteSlice, _ position: Int, _ byte: UInt8, _ ignoringCase: Bool) -> Int? {
        var position = position
        switch pattern.byte(at: position) {
        case 0x3F: return position + 1
        case 0x5B: return matchClass(pattern, position + 1, byte, ignoringCase)
        case 0x5C where position + 1 < pattern.count: position += 1
        default: break
        }
        return equal(pattern.byte(at: position), byte, ignoringCase) ? position + 1 : nil
    }

    /// The same for `[…]`; a missing `]` is thought at the end.
    private static func matchClass(
        _ pattern: ByteSlice, _ start: Int, _ byte: UInt8, _ ignoringCase: Bool
    ) -> Int? {
        var position = start
        let isNegated = position < pattern.count && pattern.byte(at: position) == 0x5E
        if isNegated { position += 1 }
        var isMember = false
        while position < pattern.count, pattern.byte(at: position) != 0x5D {
            let first = pattern.byte(at: position)
            if first == 0x5C, position + 1 < pattern.count {
                // A character after a backslash is compared as it is, whatever the case asked for.
                if pattern.byte(at: position + 1) == byte { isMember = true }
                position += 2
            } else if position + 2 < pattern.count, pattern.byte(at: position + 1) == 0x2D {
                if isBetween(first, pattern.byte(at: position + 2), byte, ignoringCase) { isMember = true }
                position += 3
            } else {
                if equal(first, byte, ignoringCase) { isMember = true }
                position += 1
            }
        }
        return isMember != isNegated ? min(position + 1, pattern.count) : nil
    }

    private static func isBetween(_ first: UInt8, _ last: UInt8, _ byte: UInt8, _ ignoringCase: Bool) -> Bool {
        // Signed, as the characters that the bounds of existing patterns were chosen for.
        var (low, high) = (Int8(bitPattern: first), Int8(bitPattern: last))
        if low > high { swap(&low, &high) }
        guard ignoringCase else { return (low...high).contains(Int8(bitPattern: byte)) }
        let lowered = { (character: Int8) in Int8(bitPattern: ASCIICase.lowered(UInt8(bitPattern: character))) }
        let value = lowered(Int8(bitPattern: byte))
        return value >= lowered(low) && value <= lowered(high)
    }

    @inline(__always)
    private static func equal(_ left: UInt8, _ right: UInt8, _ ignoringCase: Bool) -> Bool {
        ignoringCase ? ASCIICase.lowered(left) == ASCIICase.lowered(right) : left == right
    }
}
