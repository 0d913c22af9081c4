/// Settings by name in lower case, each once, in the order of their names.
///
/// A list is small, seldom changed and often compared: fingerprints of equal lists are equal, and those of different
/// lists differ but for a chance of 2^-64 that nobody outside can steer (the hash is keyed by process).
package struct SettingList: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package let name: String
        package var value: SettingValue

        package init(name: String, value: SettingValue) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    package subscript(name: String) -> SettingValue? {
        get { place(of: name).found.map { entries[$0].value } }
        set {
            let (index, found) = place(of: name)
            switch (found, newValue) {
            case (let found?, let value?): entries[found].value = value
            case (let found?, nil): entries.remove(at: found)
            case (nil, let value?): entries.insert(Entry(name: name, value: value), at: index)
            case (nil, nil): break
            }
        }
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// These, and those of another list in their place.
    package func overridden(by other: SettingList) -> SettingList {
        guard !other.isEmpty else { return self }
        var result = self
        for entry in other.entries { result[entry.name] = entry.value }
        return result
    }

    package mutating func removeAll(where isRemoved: (Entry) -> Bool) { entries.removeAll(where: isRemoved) }

    package var fingerprint: Int { entries.isEmpty ? 0 : hashValue }

    /// Where the name is or would be.
    private func place(of name: String) -> (index: Int, found: Int?) {
        let index = entries.firstIndex { $0.name >= name } ?? entries.count
        return (index, index < entries.count && entries[index].name == name ? index : nil)
    }
}
