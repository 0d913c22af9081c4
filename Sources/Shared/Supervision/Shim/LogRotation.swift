/// When a log is rotated and what is renamed then: decisions only, no files.
///
/// A line is never cut in two unless it alone is longer than a file may be.
package struct LogRotation: Sendable, Equatable {
    /// How much of a chunk goes to the current file, and whether the rest needs a new one.
    package struct Plan: Sendable, Equatable {
        /// Bytes for the current file.
        package var headCount: Int
        /// Whether a new file is due before the rest.
        package var rotatesAfterHead: Bool

        /// Makes a plan.
        package init(headCount: Int, rotatesAfterHead: Bool) {
            self.headCount = headCount
            self.rotatesAfterHead = rotatesAfterHead
        }
    }

    /// A file is rotated before it passes this size.
    package let fileBytesMax: Int
    /// Rotated files that stay.
    package let filesKept: Int
    /// The size of the current file.
    package private(set) var fileBytes: Int
    /// Whether the last byte written ended a line.
    private var isAtLineStart = true

    /// Begins with a file of this size, whose last line is taken to be complete.
    package init(fileBytesMax: Int, filesKept: Int, fileBytes: Int) {
        self.fileBytesMax = fileBytesMax
        self.filesKept = filesKept
        self.fileBytes = fileBytes
    }

    /// What to do with the next chunk. After a rotation the caller asks again with the rest.
    package func plan(for chunk: some Collection<UInt8>) -> Plan {
        let room = fileBytesMax - fileBytes
        if chunk.count <= room { return Plan(headCount: chunk.count, rotatesAfterHead: false) }
        let newline = UInt8(ascii: "\n")
        var fitting = 0
        for (offset, byte) in chunk.enumerated() {
            if offset >= room { break }
            if byte == newline { fitting = offset + 1 }
        }
        if fitting > 0 { return Plan(headCount: fitting, rotatesAfterHead: true) }
        // Nothing fits. An open line may run over the limit, but not without end; a new line starts a new file.
        if fileBytes > 0, isAtLineStart || room <= 0 && fileBytes >= 2 * fileBytesMax {
            return Plan(headCount: 0, rotatesAfterHead: true)
        }
        let end = chunk.firstIndex(of: newline).map { chunk.distance(from: chunk.startIndex, to: $0) + 1 }
        let longest = max(2 * fileBytesMax - fileBytes, 1)
        let head = min(end ?? chunk.count, longest)
        return Plan(headCount: head, rotatesAfterHead: head < chunk.count)
    }

    /// These bytes are in the file now.
    package mutating func wrote(_ count: Int, endsLine: Bool) {
        guard count > 0 else { return }
        fileBytes += count
        isAtLineStart = endsLine
    }

    /// A new, empty file is open now.
    package mutating func rotated() {
        fileBytes = 0
        isAtLineStart = true
    }

    /// The renames of one rotation in the order they must run; the oldest file falls out by being overwritten.
    /// Empty: nothing is kept, and the log is emptied in place.
    package static func renames(of path: String, filesKept: Int) -> [(from: String, to: String)] {
        guard filesKept > 0 else { return [] }
        let older = (1..<filesKept).reversed().map { (from: "\(path).\($0)", to: "\(path).\($0 + 1)") }
        return older + [(from: path, to: "\(path).1")]
    }
}
