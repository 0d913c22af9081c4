/// One thing that a configuration file says.
struct IniItem: Equatable {
    enum Content: Equatable {
        /// `[name]`.
        case section(String)
        /// `key = value`.
        case value(key: String, text: String)
    }

    let content: Content
    let place: FilePlace
}

/// Reads a file and those that it includes, in PgBouncer's grammar:
///
///     file    = *( space / comment / include / section / setting )
///     comment = ( ";" / "#" ) rest-of-line        only where a setting could begin
///     include = "%include" blank rest-of-line     relative to the working directory
///     section = "[" name "]"                      on one line; what follows need not be on another
///     setting = key *blank "=" *blank rest-of-line
///     key     = 1*( letter / digit / "_" / "." / "-" / "*" ) / "'" 1*any "'"
///
/// The value is the rest of the line without the white space around it; quotes mean nothing here.
struct IniReader {
    private var files: FileReader
    private var items: [IniItem] = []

    private init(_ files: FileReader) { self.files = files }

    /// All that a file and those that it includes say, in order.
    static func items(
        of path: String, read: @escaping (String) throws -> [UInt8]
    ) throws(ConfigurationFailure) -> [IniItem] {
        var reader = IniReader(FileReader(read))
        try reader.readFile(path, depth: 0)
        return reader.items
    }

    private mutating func readFile(_ path: String, depth: Int) throws(ConfigurationFailure) {
        var scanner = ByteScanner(try files.bytes(of: path))
        while true {
            scanner.take(while: ASCII.isSpace)
            guard let byte = scanner.next else { return }
            let place = FilePlace(path: path, line: scanner.line)
            switch byte {
            case UInt8(ascii: "#"), UInt8(ascii: ";"): _ = scanner.takeLine()
            case UInt8(ascii: "["): try readSection(&scanner, place)
            case UInt8(ascii: "%"): try readInclude(&scanner, place, depth: depth)
            default: try readSetting(&scanner, place)
            }
        }
    }

    private mutating func readSection(_ scanner: inout ByteScanner, _ place: FilePlace) throws(ConfigurationFailure) {
        scanner.advance()
        let name = scanner.take { $0 != UInt8(ascii: "]") && $0 != UInt8(ascii: "\n") }
        guard scanner.skip("]") else { throw Self.syntaxError(place, "a section without \"]\"") }
        items.append(IniItem(content: .section(try Self.text(name, place)), place: place))
    }

    private mutating func readInclude(
        _ scanner: inout ByteScanner, _ place: FilePlace, depth: Int
    ) throws(ConfigurationFailure) {
        guard scanner.isNext("%include ") || scanner.isNext("%include\t") else {
            throw Self.syntaxError(place, "neither %include nor a key")
        }
        guard depth < ConfigurationLimits.includeDepthMax else {
            throw ConfigurationFailure("include nesting level too deep", place)
        }
        scanner.take { !ASCII.isBlank($0) }
        scanner.take(while: ASCII.isBlank)
        let path = try Self.text(scanner.takeLine(), place)
        guard !path.isEmpty else { throw Self.syntaxError(place, "%include without a file") }
        try readFile(path, depth: depth + 1)
    }

    private mutating func readSetting(_ scanner: inout ByteScanner, _ place: FilePlace) throws(ConfigurationFailure) {
        let key: ArraySlice<UInt8>
        if scanner.skip("'") {
            key = scanner.take { $0 != UInt8(ascii: "'") }
            guard scanner.skip("'") else { throw Self.syntaxError(place, "a quoted key without its end") }
        } else {
            key = scanner.take { ASCII.isLetterOrDigit($0) || "_.-*".utf8.contains($0) }
        }
        guard !key.isEmpty else { throw Self.syntaxError(place, "no key") }
        scanner.take(while: ASCII.isBlank)
        guard scanner.skip("=") else { throw Self.syntaxError(place, "a key without \"=\"") }
        scanner.take(while: ASCII.isBlank)
        let text = try Self.text(scanner.takeLine(), place)
        items.append(IniItem(content: .value(key: try Self.text(key, place), text: text), place: place))
    }

    private static func syntaxError(_ place: FilePlace, _ reason: String) -> ConfigurationFailure {
        ConfigurationFailure("syntax error", place, reason: reason)
    }

    private static func text(_ bytes: ArraySlice<UInt8>, _ place: FilePlace) throws(ConfigurationFailure) -> String {
        guard !bytes.contains(0), let text = String(validating: bytes, as: UTF8.self) else {
            throw syntaxError(place, "not UTF-8 text")
        }
        return text
    }
}
