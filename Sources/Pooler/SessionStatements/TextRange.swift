/// A piece of a text by byte offsets: from `start` up to, not including, `end`. Texts are below 2 GiB, the limit of
/// PostgreSQL's messages.
package struct TextRange: Hashable, Sendable {
    package var start: Int32
    package var end: Int32

    package init(_ start: Int, _ end: Int) {
        self.start = Int32(truncatingIfNeeded: start)
        self.end = Int32(truncatingIfNeeded: end)
    }

    /// Nowhere: the statement has no such part.
    package static let none = TextRange(0, 0)

    package var isEmpty: Bool { start == end }
    package var count: Int { Int(end - start) }

    /// The piece of the text; the range must come from a reading of the same text.
    package func bytes(of text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: text[Int(start)..<Int(end)])
    }
}
