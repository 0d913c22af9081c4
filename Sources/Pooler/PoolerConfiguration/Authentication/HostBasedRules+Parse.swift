extension HostBasedRules {
    /// Reads PostgreSQL's pg_hba.conf as far as PgBouncer does:
    ///
    ///     local                       databases users               method [map=name]
    ///     host | hostssl | hostnossl  databases users where         method [map=name]
    ///     where = all | address/bits | address mask
    ///
    /// Databases are `all`, `sameuser`, `replication`, names and `@file`, with commas between; users are `all`, names
    /// and `@file`. A line that is broken or asks for what is not supported is left out, as in PgBouncer; one with the
    /// method `ldap` refuses whom it fits.
    static func parse(
        _ bytes: [UInt8], path: String, maps: IdentityMaps, files: FileReader, notes: inout NoteList
    ) -> HostBasedRules {
        var parser = RuleParser(path: path, maps: maps, files: files, notes: notes)
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() { parser.add(line, number: index + 1) }
        notes = parser.notes
        return HostBasedRules(rules: parser.rules)
    }

    private init(rules: [HostBasedRule]) { self.rules = rules }
}

/// Reads the lines of one file of rules.
private struct RuleParser {
    let path: String
    let maps: IdentityMaps
    var files: FileReader
    var notes: NoteList
    var rules: [HostBasedRule] = []

    init(path: String, maps: IdentityMaps, files: FileReader, notes: NoteList) {
        self.path = path
        self.maps = maps
        self.files = files
        self.notes = notes
    }

    mutating func add(_ line: ArraySlice<UInt8>, number: Int) {
        do throws(ValueProblem) {
            var tokens = try RuleTokens(line)
            guard tokens.current != .end else { return }
            rules.append(try rule(&tokens, number: number))
        } catch {
            note("could not parse hba config line \(number): \(error.reason)", number)
        }
    }

    private mutating func note(_ text: String, _ line: Int) { notes.add(text, FilePlace(path: path, line: line)) }

    private mutating func rule(_ tokens: inout RuleTokens, number: Int) throws(ValueProblem) -> HostBasedRule {
        guard case .word(let first) = tokens.current, let kind = HostBasedRule.ConnectionKind(rawValue: first) else {
            throw ValueProblem("unknown type")
        }
        try tokens.advance()
        let databases = try names(&tokens, areDatabases: true)
        let users = try names(&tokens, areDatabases: false)
        let network = kind == .local ? nil : try network(&tokens, number: number)
        let (method, map) = try method(&tokens, number: number)
        return HostBasedRule(
            connectionKind: kind, databases: databases, users: users, network: network, method: method,
            identityMap: map, line: number)
    }
}

// The method at the end of a line.
extension RuleParser {
    private mutating func method(
        _ tokens: inout RuleTokens, number: Int
    ) throws(ValueProblem) -> (AuthenticationMethod, map: String?) {
        guard case .word(let word) = tokens.current else { throw ValueProblem("no method") }
        guard word != "ldap" else {
            note("hba line \(number): method ldap is not supported, so whom it fits is refused", number)
            return (.reject, map: nil)
        }
        guard let method = AuthenticationMethod(rawValue: word) else {
            throw ValueProblem("unsupported method: \(word)")
        }
        try tokens.advance()
        let map = try identityMap(&tokens)
        guard tokens.current == .end else { throw ValueProblem("unsupported parameters") }
        return (method, map: map)
    }

    private func identityMap(_ tokens: inout RuleTokens) throws(ValueProblem) -> String? {
        guard case .word(let option) = tokens.current else { return nil }
        let prefix = "map="
        guard option.hasPrefix(prefix) else {
            throw ValueProblem("Ident map \(option) is malformed. It is not in map=value format.")
        }
        let map = String(option.dropFirst(prefix.count))
        guard maps.has(map) else { throw ValueProblem("Ident map \(map) is not found in ident config file") }
        try tokens.advance()
        return map
    }
}

// The addresses of a line.
extension RuleParser {
    /// Nil for all.
    private mutating func network(_ tokens: inout RuleTokens, number: Int) throws(ValueProblem) -> AddressRange? {
        guard try !tokens.skip("all") else { return nil }
        guard case .word(let text) = tokens.current else { throw ValueProblem("did not find address") }
        try tokens.advance()
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = NetworkAddress(String(parts[0])) else {
            throw ValueProblem("failed to parse address - \(text)")
        }
        let range = parts.count == 2 ? Self.range(base, bits: parts[1]) : try Self.range(base, &tokens)
        guard let range else { throw ValueProblem("invalid mask") }
        if range.isEmpty { note("address does not match mask, so no client fits: hba line \(number)", number) }
        return range
    }

    private static func range(_ base: NetworkAddress, bits: Substring) -> AddressRange? {
        guard bits.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains), let bits = Int(bits) else {
            return nil
        }
        return AddressRange(base: base, prefixBits: bits)
    }

    private static func range(
        _ base: NetworkAddress, _ tokens: inout RuleTokens
    ) throws(ValueProblem) -> AddressRange? {
        guard case .word(let text) = tokens.current else { throw ValueProblem("did not find mask") }
        try tokens.advance()
        return NetworkAddress(text).flatMap { AddressRange(base: base, mask: $0) }
    }
}

// The databases and users of a line.
extension RuleParser {
    private mutating func names(_ tokens: inout RuleTokens, areDatabases: Bool) throws(ValueProblem) -> NameSet {
        var set = NameSet()
        repeat {
            try addName(&tokens, areDatabases: areDatabases, parent: path, depth: 0, to: &set)
            guard tokens.current == .comma else { return set }
            try tokens.advance()
        } while true
    }

    private mutating func addName(
        _ tokens: inout RuleTokens, areDatabases: Bool, parent: String, depth: Int, to set: inout NameSet
    ) throws(ValueProblem) {
        switch tokens.current {
        case .comma, .end: throw ValueProblem("a name is missing")
        case .quoted(let name): set.names.insert(ExactName(name))
        case .word("all"): set.hasAll = true
        case .word("sameuser") where areDatabases: set.hasSameUser = true
        case .word("replication") where areDatabases: set.hasReplication = true
        case .word(let word) where areDatabases && (word == "samerole" || word == "samegroup"):
            throw ValueProblem("\(word) is not supported")
        case .word(let word) where word.hasPrefix("+"): throw ValueProblem("groups such as \(word) are not supported")
        case .word(let word) where word.hasPrefix("@"):
            let file = FileReader.path(String(word.dropFirst()), besideFile: parent)
            try addNames(ofFile: file, areDatabases: areDatabases, depth: depth, to: &set)
        case .word(let word): set.names.insert(ExactName(word))
        }
        try tokens.advance()
    }

    private mutating func addNames(
        ofFile file: String, areDatabases: Bool, depth: Int, to set: inout NameSet
    ) throws(ValueProblem) {
        guard depth < ConfigurationLimits.nameFileDepthMax else { throw ValueProblem("files of names name each other") }
        let bytes: [UInt8]
        do throws(ConfigurationFailure) {
            bytes = try files.bytes(of: file)
        } catch {
            throw ValueProblem(error.description)
        }
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            var tokens = try RuleTokens(line)
            while tokens.current != .end {
                guard tokens.current != .comma else {
                    try tokens.advance()
                    continue
                }
                try addName(&tokens, areDatabases: areDatabases, parent: file, depth: depth + 1, to: &set)
            }
        }
    }
}
