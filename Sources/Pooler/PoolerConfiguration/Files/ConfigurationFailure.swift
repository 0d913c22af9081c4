/// A line of a file; the first is 1. Line 0 stands for the file as a whole.
package struct FilePlace: Equatable, Sendable, CustomStringConvertible {
    package let path: String
    package let line: Int

    package var description: String { line == 0 ? path : "\(path):\(line)" }
}

/// Why configuration files cannot be used. Nothing of what they say is taken over then.
package struct ConfigurationFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, in PgBouncer's words where it has some.
    package let message: String
    package let place: FilePlace
    /// More about it.
    package let reason: String?

    init(_ message: String, _ place: FilePlace, reason: String? = nil) {
        self.message = message
        self.place = place
        self.reason = reason
    }

    package var description: String {
        "\(message) in configuration (\(place))" + (reason.map { ": \($0)" } ?? "")
    }
}

/// Something in a file that its owner should know of; the file is used nevertheless.
package struct ConfigurationNote: Equatable, Sendable, CustomStringConvertible {
    package let text: String
    package let place: FilePlace

    package var description: String { "\(text) (\(place))" }
}

/// Notes of one reading, the first so many.
struct NoteList: Equatable, Sendable {
    private(set) var notes: [ConfigurationNote] = []

    mutating func add(_ text: String, _ place: FilePlace) {
        guard notes.count < ConfigurationLimits.notesMax else { return }
        notes.append(ConfigurationNote(text: text, place: place))
    }
}
