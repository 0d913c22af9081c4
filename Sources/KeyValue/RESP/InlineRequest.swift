package import Bytes
import Glibc

/// Requests typed by hand: words on a line, with quotes and escapes as in redis-cli.
package enum InlineRequest {
    /// Reads one line. Words with quotes or escapes are put into the scratch space of the vector.
    static func parse(_ bytes: ByteSlice, into arguments: inout ArgumentVector) -> ParseResult {
        guard let start = bytes.baseAddress, let newline = memchr(start, 0x0A, bytes.count) else {
            return bytes.count > RequestLimits.lineByteCountMax ? .failure(.bigInlineRequest) : .incomplete
        }
        let length = UnsafeRawPointer(newline) - start
        let consumed = length + 1
        var line = bytes.slice(0, length)
        if length > 0, line.byte(at: length - 1) == 0x0D { line = line.slice(0, length - 1) }
        guard split(line, into: &arguments) else { return .failure(.unbalancedQuotes) }
        return arguments.count == 0 ? .nothing(byteCount: consumed) : .request(byteCount: consumed)
    }

    /// Splits a line into words by the rules of redis-cli and redis.conf: "…" with \n, \r, \t, \b, \a, \xHH and escaped
    /// characters, '…' with \'. All words are copied into the vector's scratch space.
    /// - Returns: false when a quote is not closed, or something stands directly behind a closing one.
    package static func split(_ line: ByteSlice, into arguments: inout ArgumentVector) -> Bool {
        arguments.scratch.removeAll()
        // The unquoted words are never longer than the line: the space does not move while it is filled.
        _ = arguments.scratch.reserve(line.count + 1)
        var index = 0
        while true {
            while index < line.count, isSpace(line.byte(at: index)) { index += 1 }
            guard index < line.count else { return true }
            let begin = arguments.scratch.count
            guard let next = word(line, from: index, into: &arguments.scratch) else { return false }
            index = next
            let all = arguments.scratch.readable
            arguments.append(all.slice(begin, all.count))
        }
    }

    /// Reads one word and returns where it ended, or nil when its quotes are wrong.
    private static func word(_ line: ByteSlice, from start: Int, into scratch: inout OutputBuffer) -> Int? {
        var index = start
        while index < line.count {
            let byte = line.byte(at: index)
            if isSpace(byte) { return index }
            if byte == 0x22 || byte == 0x27 {
                guard let end = quoted(line, from: index + 1, quote: byte, into: &scratch) else { return nil }
                // What follows a closing quote must be a space or the end.
                guard end == line.count || isSpace(line.byte(at: end)) else { return nil }
                return end
            }
            scratch.append(byte: byte)
            index += 1
        }
        return index
    }

    private static func quoted(
        _ line: ByteSlice, from start: Int, quote: UInt8, into scratch: inout OutputBuffer
    ) -> Int? {
        var index = start
        while index < line.count {
            let byte = line.byte(at: index)
            if byte == quote { return index + 1 }
            let next: UInt8? = index + 1 < line.count ? line.byte(at: index + 1) : nil
            if byte == 0x5C, let next, quote == 0x22 {
                index += escaped(line, at: index, next, into: &scratch)
            } else if byte == 0x5C, next == 0x27, quote == 0x27 {
                scratch.append(byte: 0x27)
                index += 2
            } else {
                scratch.append(byte: byte)
                index += 1
            }
        }
        return nil
    }

    /// Appends what a backslash sequence stands for and returns its length.
    private static func escaped(
        _ line: ByteSlice, at index: Int, _ next: UInt8, into scratch: inout OutputBuffer
    ) -> Int {
        if next == 0x78, index + 3 < line.count, let high = hexadecimal(line.byte(at: index + 2)),
            let low = hexadecimal(line.byte(at: index + 3))
        {
            scratch.append(byte: high << 4 | low)
            return 4
        }
        switch next {
        case 0x6E: scratch.append(byte: 0x0A)
        case 0x72: scratch.append(byte: 0x0D)
        case 0x74: scratch.append(byte: 0x09)
        case 0x62: scratch.append(byte: 0x08)
        case 0x61: scratch.append(byte: 0x07)
        default: scratch.append(byte: next)
        }
        return 2
    }

    private static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) || byte == 0
    }
}
