/// A version of TLS by PgBouncer's name.
package enum TLSVersionName: String, CaseIterable, Sendable {
    case tls10 = "tlsv1.0"
    case tls11 = "tlsv1.1"
    case tls12 = "tlsv1.2"
    case tls13 = "tlsv1.3"
}

/// Versions of TLS as a file lists them: the text, to show, and the versions, to use.
package struct TLSVersionList: Equatable, Sendable {
    package let text: String
    package let versions: Set<TLSVersionName>

    private static let shortcuts: [String: Set<TLSVersionName>] = [
        "all": Set(TLSVersionName.allCases), "legacy": Set(TLSVersionName.allCases),
        "tlsv1": Set(TLSVersionName.allCases), "secure": secure.versions, "default": secure.versions,
    ]

    /// What is spoken unless something else is asked for.
    package static let secure = TLSVersionList("secure", [.tls12, .tls13])

    private init(_ text: String, _ versions: Set<TLSVersionName>) {
        self.text = text
        self.versions = versions
    }

    /// Names with commas or colons between; one behind `!` is taken away, from all if it is the first. The empty text
    /// asks for the secure ones.
    package init(_ text: String) throws(ValueProblem) {
        guard !text.isEmpty else {
            self.init("", Self.secure.versions)
            return
        }
        var versions: Set<TLSVersionName> = []
        let parts = text.utf8.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ":")
        }
        for part in parts {
            var word = Substring(part).drop { $0 == " " || $0 == "\t" }
            let isTakenAway = word.first == "!"
            if isTakenAway { word.removeFirst() }
            while word.last == " " || word.last == "\t" { word.removeLast() }
            let name = word.lowercased()
            guard let named = Self.shortcuts[name] ?? TLSVersionName(rawValue: name).map({ [$0] }) else {
                throw ValueProblem("unknown TLS version \"\(word)\"")
            }
            if isTakenAway {
                versions = (versions.isEmpty ? Set(TLSVersionName.allCases) : versions).subtracting(named)
            } else {
                versions.formUnion(named)
            }
        }
        guard !versions.isEmpty else { throw ValueProblem("no TLS version is left") }
        self.init(text, versions)
    }
}
