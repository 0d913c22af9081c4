import Testing

@testable import KeyValueCommands

/// What must hold of every row, so that a slip in one of hundreds is found before a client finds it.
@Suite struct CommandTableTests {
    static let all: [(path: String, row: CommandRow)] = CommandTable.rows.flatMap { row in
        [(row.name, row)] + row.subcommands.map { ("\(row.name)|\($0.name)", $0) }
    }

    @Test func holdsEveryCommandOfRedis726() {
        #expect(CommandTable.rows.count { !Self.newer.contains($0.name) } == 241)
        #expect(Self.all.count { !Self.newer.contains(String($0.path.prefix { $0 != "|" })) } == 370)
    }

    /// Commands that Redis 7.2.6 does not have.
    static let newer: Set<String> = ["hotkeys"]

    @Test func newerCommandsSayWhichVersionBroughtThem() {
        for (path, row) in Self.all {
            let version = row.since.split(separator: ".").compactMap { Int($0) }
            let isNewer = version.lexicographicallyPrecedes([7, 3]) == false
            #expect(isNewer == Self.newer.contains(String(path.prefix { $0 != "|" })), "\(path)")
        }
    }

    @Test func namesAreUniqueLowerCaseAndFound() {
        #expect(Set(Self.all.map(\.path)).count == Self.all.count)
        for (path, row) in Self.all {
            #expect(row.name == row.name.lowercased())
            #expect(CommandTable.row(named: path.uppercased())?.name == row.name, "\(path)")
        }
        #expect(CommandTable.row(named: "nosuch") == nil)
        #expect(CommandTable.row(named: "config|nosuch") == nil)
        #expect(CommandTable.row(named: "get|x") == nil)
        #expect(CommandTable.row(named: "") == nil)
    }

    @Test func subcommandsBelongToTheGroupOfTheirContainer() {
        for row in CommandTable.rows {
            for subcommand in row.subcommands {
                #expect(subcommand.group == row.group, "\(row.name) \(subcommand.name)")
                #expect(subcommand.subcommands.isEmpty)
            }
        }
    }

    @Test func summariesAreOneShortSentence() {
        for (path, row) in Self.all {
            #expect(row.summary.hasSuffix("."), "\(path)")
            #expect((8...90).contains(row.summary.count), "\(path)")
            #expect(!row.complexity.isEmpty, "\(path)")
        }
    }

    @Test func everySyntaxParsesAndAgreesWithTheArity() throws {
        for (path, row) in Self.all {
            let arguments = try CommandSyntax.arguments(row.syntax)
            let own = path.contains("|") ? 2 : 1
            guard !arguments.isEmpty else {
                #expect(row.subcommands.isEmpty ? [own, -own, -2].contains(row.arity) : true, "\(path)")
                continue
            }
            let least = own + arguments.map(\.leastWords).reduce(0, +)
            let isFixed = arguments.allSatisfy(\.isFixed)
            // A few commands count an argument as given that their syntax calls optional, or take what it does not show.
            if isFixed, row.arity > 0 { #expect(row.arity == least, "\(path)") }
            if row.arity > 0 { #expect(row.arity >= least, "\(path)") }
            if row.arity < 0 { #expect(-row.arity <= least || Self.looseArity.contains(path), "\(path) \(least)") }
        }
    }

    /// Commands whose arity asks for more than the least that their syntax allows.
    static let looseArity: Set<String> = ["client|kill"]

    @Test func argumentsWithinOneListHaveDifferentNames() throws {
        func check(_ arguments: [CommandArgument], _ path: String) {
            #expect(Set(arguments.map(\.name)).count == arguments.count, "\(path)")
            for argument in arguments { check(argument.parts, path) }
        }
        for (path, row) in Self.all { check(try CommandSyntax.arguments(row.syntax), path) }
    }

    @Test func keySpecificationsAndKeyArgumentsReferToEachOther() throws {
        func indices(_ arguments: [CommandArgument]) -> Set<Int> {
            arguments.reduce(into: []) { found, argument in
                if let index = argument.keySpecIndex { found.insert(index) }
                found.formUnion(indices(argument.parts))
            }
        }
        for (path, row) in Self.all where !row.keys.contains(where: { $0.flags.contains(.notKey) }) {
            let used = indices(try CommandSyntax.arguments(row.syntax))
            #expect(used == Set(row.keys.indices), "\(path)")
        }
    }

    @Test func keySpecificationsLieWithinTheArity() {
        for (path, row) in Self.all {
            for spec in row.keys {
                guard case .index(let position) = spec.begin else { continue }
                let own = path.contains("|") ? 2 : 1
                #expect(position >= own, "\(path)")
                // One past the arity: keys that may be absent, as the sources of PFMERGE.
                #expect(position <= abs(row.arity), "\(path)")
            }
            for spec in row.keys where !spec.flags.contains(.notKey) {
                let use: [KeyFlags] = [.readOnly, .readWrite, .overwrite, .remove].filter { spec.flags.contains($0) }
                #expect(use.count == 1, "\(path)")
            }
        }
    }

    @Test func flagsDoNotContradictEachOther() {
        for (path, row) in Self.all {
            #expect(!row.flags.isSuperset(of: [.write, .readOnly]), "\(path)")
            #expect(row.categories.contains(.fast) != row.categories.contains(.slow), "\(path)")
            #expect(row.categories.contains(.write) == row.flags.contains(.write), "\(path)")
        }
    }

    @Test func rangesSummarizeSpecifications() {
        func range(_ name: String) -> KeyRange? { CommandTable.row(named: name)?.keyRange }
        #expect(range("get") == KeyRange(first: 1, last: 1, step: 1))
        #expect(range("mset") == KeyRange(first: 1, last: -1, step: 2))
        #expect(range("rename") == KeyRange(first: 1, last: 2, step: 1))
        #expect(range("sinterstore") == KeyRange(first: 1, last: -1, step: 1))
        #expect(range("blpop") == KeyRange(first: 1, last: -2, step: 1))
        #expect(range("object|encoding") == KeyRange(first: 2, last: 2, step: 1))
        #expect(range("zunionstore") == KeyRange(first: 1, last: 1, step: 1))
        #expect(range("xread") == KeyRange.none)
        #expect(CommandTable.row(named: "xread")?.flags.contains(.movableKeys) == true)
        #expect(CommandTable.row(named: "zunionstore")?.flags.contains(.movableKeys) == true)
        #expect(CommandTable.row(named: "get")?.flags.contains(.movableKeys) == false)
        #expect(CommandTable.row(named: "ping")?.flags.contains(.movableKeys) == false)
    }
}

extension CommandArgument {
    /// The fewest words that the argument takes.
    fileprivate var leastWords: Int {
        guard !isOptional else { return 0 }
        let own = token != nil && kind != .pureToken ? 1 : 0
        switch kind {
        case .block: return own + parts.map(\.leastWords).reduce(0, +)
        case .oneOf: return own + (parts.map(\.leastWords).min() ?? 0)
        default: return own + 1
        }
    }

    /// Whether the argument always takes the same number of words.
    fileprivate var isFixed: Bool {
        if isOptional || isMultiple { return false }
        switch kind {
        case .block: return parts.allSatisfy(\.isFixed)
        case .oneOf: return parts.allSatisfy(\.isFixed) && Set(parts.map(\.leastWords)).count == 1
        default: return true
        }
    }
}
