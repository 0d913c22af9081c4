/// The value of a setting in a form that can be written into any session.
package enum SettingValue: Hashable, Sendable {
    /// What stands behind `SET name =`, one string an item; lists have several.
    case items([String])
    /// SQL behind `SET TIME ZONE` that no string can say: an interval.
    case timeZoneInterval(String)

    /// A value of one item.
    package init(_ text: String) { self = .items([text]) }

    /// Settings that are lists of names, whose text is taken apart like SQL: a string behind SET would become one name
    /// (GUC_LIST_QUOTE in PostgreSQL's source).
    private static let nameLists: Set<String> = [
        "search_path", "temp_tablespaces", "local_preload_libraries", "session_preload_libraries",
    ]

    /// The value as it stands in a startup packet, in set_config, in pg_settings or in a report.
    package init(raw text: String, of name: String) {
        guard Self.nameLists.contains(name), let names = NameList.items(text) else {
            self = .items([text])
            return
        }
        self = .items(names)
    }

    /// The value as reports have it, if it can be told.
    func raw(of name: String) -> String? {
        guard case .items(let items) = self else { return nil }
        guard Self.nameLists.contains(name) else { return items.joined(separator: ", ") }
        return items.map(NameList.quoted).joined(separator: ", ")
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

    /// As quote_ident: quoted unless a plain name in lower case.
    static func quoted(_ name: String) -> String {
        let isPlain =
            !name.isEmpty
            && name.utf8.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || $0 == 0x5F || ($0 >= 0x30 && $0 <= 0x39) }
            && !(name.utf8.first.map { $0 <= 0x39 } ?? true)
        return isPlain
            ? name
            : "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
