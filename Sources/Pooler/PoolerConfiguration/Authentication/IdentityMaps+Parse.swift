extension IdentityMaps {
    /// Reads lines of `map system-name user`; the user may be `all`. What is broken is left out.
    static func parse(_ bytes: [UInt8], path: String, notes: inout NoteList) -> IdentityMaps {
        var maps = IdentityMaps()
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            do throws(ValueProblem) {
                var tokens = try RuleTokens(line)
                guard tokens.current != .end else { continue }
                let (map, line) = try parseLine(&tokens)
                maps.maps[ExactName(map), default: []].append(line)
            } catch {
                notes.add(
                    "could not parse ident config line \(index + 1): \(error.reason)",
                    FilePlace(path: path, line: index + 1))
            }
        }
        return maps
    }

    private static func parseLine(_ tokens: inout RuleTokens) throws(ValueProblem) -> (String, Line) {
        let map = try tokens.takeName("the name of the map")
        let systemName = try tokens.takeName("the system's name")
        let isForAll = tokens.current == .word("all")
        let user = try tokens.takeName("the user")
        guard tokens.current == .end else { throw ValueProblem("unsupported parameters") }
        return (map, Line(systemName: ExactName(systemName), databaseUser: isForAll ? nil : ExactName(user)))
    }

    /// Whether there is such a map.
    func has(_ map: String) -> Bool { maps[ExactName(map)] != nil }
}
