/// The value of a setting in a form that can be written into any session.
package enum SettingValue: Hashable, Sendable {
    /// What stands behind `SET name =`, as a string.
    case text(String)
    /// The same with several items, which are no list of one.
    case list([String])
    /// SQL behind `SET TIME ZONE` that no string can say: an interval.
    case timeZoneInterval(String)

    package init(_ text: String) { self = .text(text) }

    /// The value of so many items.
    package static func items(_ items: [String]) -> SettingValue {
        items.count == 1 ? .text(items[0]) : .list(items)
    }

    /// Settings that are lists of names, whose text is taken apart like SQL: a string behind SET would become one name
    /// (GUC_LIST_QUOTE in PostgreSQL's source).
    private static let nameLists: Set<String> = [
        "search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries",
    ]

    /// The value as it stands in a startup packet, in set_config, in pg_settings or in a report.
    package init(raw text: String, of name: String) {
        guard Self.nameLists.contains(name), let names = NameList.items(text) else {
            self = .text(text)
            return
        }
        self = .items(names)
    }
}

/// Lists of names in settings, as `"$user", public` (SplitIdentifierString in PostgreSQL's source).
private enum NameList {
    /// The names, folded unless quoted; an empty text is a list of one empty name, for SET has no empty list. Nil if
    /// the text is no such list.
    static func items(_ text: String) -> [String]? {
        var rest = Array(text.unicodeScalars)[...]
        func skipSpace() { rest = rest.drop { $0.properties.isWhitespace } }
        skipSpace()
        if rest.isEmpty { return [""] }
        var items: [String] = []
        while true {
            skipSpace()
            guard let item = rest.first == "\"" ? takeQuoted(&rest) : takeBare(&rest) else { return nil }
            items.append(item)
            skipSpace()
            guard let next = rest.popFirst() else { return items }
            guard next == "," else { return nil }
        }
    }

    private static func takeQuoted(_ rest: inout ArraySlice<Unicode.Scalar>) -> String? {
        var item = String.UnicodeScalarView()
        rest = rest.dropFirst()
        while let scalar = rest.popFirst() {
            if scalar == "\"" {
                guard rest.first == "\"" else { return String(item) }
                rest = rest.dropFirst()
            }
            item.append(scalar)
        }
        return nil
    }

    private static func takeBare(_ rest: inout ArraySlice<Unicode.Scalar>) -> String? {
        var item = String.UnicodeScalarView()
        while let scalar = rest.first, scalar != ",", !scalar.properties.isWhitespace {
            item.append(scalar)
            rest = rest.dropFirst()
        }
        return item.isEmpty ? nil : String(item).lowercased()
    }
}
