/// A name that is equal to another only if all its bytes are.
///
/// `String` takes differently composed letters for equal; to PostgreSQL they are different users and databases.
package struct ExactName: Hashable, Comparable, Sendable {
    package let text: String

    package init(_ text: String) { self.text = text }

    package static func == (one: ExactName, other: ExactName) -> Bool { one.text.utf8.elementsEqual(other.text.utf8) }

    package static func < (one: ExactName, other: ExactName) -> Bool {
        one.text.utf8.lexicographicallyPrecedes(other.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

/// Entries by name, listed in the order of their names' bytes as the console does.
package struct NamedEntries<Entry: Equatable & Sendable>: Equatable, Sendable {
    private var byName: [ExactName: Entry] = [:]

    package init() {}

    package var count: Int { byName.count }

    package subscript(_ name: String) -> Entry? {
        get { byName[ExactName(name)] }
        set { byName[ExactName(name)] = newValue }
    }

    /// All names, sorted.
    package var names: [String] { byName.keys.sorted().map(\.text) }

    /// All entries, sorted by name.
    package var sorted: [Entry] { byName.sorted { $0.key < $1.key }.map(\.value) }
}
