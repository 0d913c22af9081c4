/// Walks through the bytes of a file and counts its lines.
struct ByteScanner {
    let bytes: [UInt8]
    private(set) var position = 0
    /// Of the byte at `position`.
    private(set) var line = 1

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next byte; nil at the end.
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    var isAtEnd: Bool { position == bytes.count }

    mutating func advance() {
        if bytes[position] == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    /// Steps over a byte if it is the next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        advance()
        return true
    }

    /// Steps over all bytes that are wanted, and returns them.
    @discardableResult
    mutating func take(while isWanted: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while let byte = next, isWanted(byte) { advance() }
        return bytes[start..<position]
    }

    /// The rest of the line without white space at its end; the line's end stays.
    mutating func takeLine() -> ArraySlice<UInt8> {
        var rest = take { $0 != UInt8(ascii: "\n") }
        while let last = rest.last, ASCII.isSpace(last) { rest.removeLast() }
        return rest
    }

    func isNext(_ word: StaticString) -> Bool {
        bytes[position...].starts(with: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }
}
