/// proc-title-template: text with variables between braces, `{{` being a brace.
package enum TitleTemplate {
    /// Names of variables that a template may use.
    package static let variables: Set<String> = [
        "title", "listen-addr", "server-mode", "config-file", "port", "tls-port", "unixsocket",
    ]

    /// The text with its variables replaced, without spaces around; nil for an unknown variable or an open brace.
    package static func expand(_ template: String, _ value: (String) -> String?) -> String? {
        var text = ""
        var rest = template[...]
        while let brace = rest.firstIndex(of: "{") {
            text += rest[..<brace]
            rest = rest[rest.index(after: brace)...]
            if rest.first == "{" {
                text += "{"
                rest = rest.dropFirst()
                continue
            }
            guard let end = rest.firstIndex(of: "}"), let value = value(String(rest[..<end])) else { return nil }
            text += value
            rest = rest[rest.index(after: end)...]
        }
        text += rest
        return String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }

    /// Whether a template can be expanded, and to something.
    package static func isValid(_ template: String) -> Bool {
        let expanded = expand(template) { name in
            guard variables.contains(name) else { return nil }
            return name == "title" || name == "server-mode" || name == "unixsocket" ? "" : name
        }
        return expanded.map { !$0.isEmpty } ?? false
    }
}
