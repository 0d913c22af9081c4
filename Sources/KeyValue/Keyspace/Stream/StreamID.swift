package import Bytes
import Glibc

/// The id of an entry of a stream: ids only ascend within one.
package struct StreamID: Hashable, Comparable, BitwiseCopyable, Sendable {
    /// Since 1970, unless a client says otherwise.
    package var milliseconds: UInt64
    /// Tells entries of the same millisecond apart.
    package var sequence: UInt64

    /// An id from its parts.
    @inline(__always)
    package init(_ milliseconds: UInt64, _ sequence: UInt64) {
        self.milliseconds = milliseconds
        self.sequence = sequence
    }

    /// Below every entry's id.
    package static let zero = StreamID(0, 0)
    /// The last that there is.
    package static let max = StreamID(.max, .max)

    /// Whether it is 0-0.
    @inline(__always) package var isZero: Bool { milliseconds | sequence == 0 }

    /// Whether both parts are the same.
    @inline(__always)
    package static func == (left: StreamID, right: StreamID) -> Bool {
        left.milliseconds == right.milliseconds && left.sequence == right.sequence
    }

    /// By time, then by sequence.
    @inline(__always)
    package static func < (left: StreamID, right: StreamID) -> Bool {
        left.milliseconds != right.milliseconds
            ? left.milliseconds < right.milliseconds : left.sequence < right.sequence
    }

    /// The one behind, or nil behind the last.
    package var successor: StreamID? {
        if sequence < .max { return StreamID(milliseconds, sequence + 1) }
        return milliseconds < .max ? StreamID(milliseconds + 1, 0) : nil
    }

    /// The one before, or nil before 0-0.
    package var predecessor: StreamID? {
        if sequence > 0 { return StreamID(milliseconds, sequence - 1) }
        return milliseconds > 0 ? StreamID(milliseconds - 1, .max) : nil
    }
}

// MARK: - Text

extension StreamID {
    /// Room that the text may need: two numbers of 20 digits and a dash.
    package static let textLengthMax = 41

    /// Writes `milliseconds-sequence` and returns its length; there must be room for `textLengthMax` bytes.
    package func write(to target: UnsafeMutableRawPointer) -> Int {
        var count = Self.write(milliseconds, to: target)
        target.storeBytes(of: 0x2D, toByteOffset: count, as: UInt8.self)
        count += 1
        return count + Self.write(sequence, to: target + count)
    }

    private static func write(_ value: UInt64, to target: UnsafeMutableRawPointer) -> Int {
        if let small = Int64(exactly: value) { return Decimal.write(small, to: target) }
        let (rest, digit) = value.quotientAndRemainder(dividingBy: 10)
        let count = Decimal.write(Int64(rest), to: target)
        target.storeBytes(of: UInt8(truncatingIfNeeded: digit) &+ 0x30, toByteOffset: count, as: UInt8.self)
        return count + 1
    }

    /// What a client may say in place of an id.
    package enum Text {
        case id(StreamID)
        /// `milliseconds-*`: the sequence is the stream's to choose; it is 0 here.
        case automaticSequence(StreamID)
    }

    /// An id as a client writes it; one without a sequence gets the given one.
    package static func parse(_ text: ByteSlice, missingSequence: UInt64 = 0) -> StreamID? {
        if case .id(let id)? = parseAdding(text, missingSequence: missingSequence) { return id }
        return nil
    }

    /// An id as XADD takes it.
    package static func parseAdding(_ text: ByteSlice, missingSequence: UInt64 = 0) -> Text? {
        guard text.count <= 127 else { return nil }
        var dash = 0
        while dash < text.count && text.byte(at: dash) != 0x2D { dash += 1 }
        guard let milliseconds = parseNumber(text.slice(0, dash)) else { return nil }
        if dash == text.count { return .id(StreamID(milliseconds, missingSequence)) }
        let rest = text.slice(dash + 1, text.count)
        if rest.equals("*") { return .automaticSequence(StreamID(milliseconds, 0)) }
        guard let sequence = parseNumber(rest) else { return nil }
        return .id(StreamID(milliseconds, sequence))
    }

    /// Digits as Redis reads them here: after any spaces and a plus sign, zeros in front allowed.
    private static func parseNumber(_ text: ByteSlice) -> UInt64? {
        var index = 0
        while index < text.count, isSpace(text.byte(at: index)) { index += 1 }
        if index < text.count, text.byte(at: index) == 0x2B { index += 1 }
        guard index < text.count else { return nil }
        var value: UInt64 = 0
        for index in index..<text.count {
            let digit = text.byte(at: index) &- 0x30
            guard digit < 10 else { return nil }
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(UInt64(digit))
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
