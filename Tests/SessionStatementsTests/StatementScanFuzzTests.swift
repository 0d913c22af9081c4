// Texts made at random from pieces of SQL: nothing traps, and what stands between tokens does not matter.

import Glibc
import SeededRandom
import Testing

@testable import SessionStatements

@Suite("Texts at random")
struct StatementScanFuzzTests {
    private static let pieces = [
        "SELECT", "INSERT INTO t", "set", "Local", "SESSION", "AUTHORIZATION", "TIME", "ZONE", "a", "=", "TO", "'x'",
        "E'\\''", "E'\\", "U&\"a\"", "U&'", "N'", "\"b\"\"c\"", "\"", "$$", "$a$", "$1", "$", "--", "\n", "/*", "*/",
        "(", ")",
        ";", ",", ".", "::", ":", "1", "2.5e-3", "BEGIN", "ATOMIC", "END", "CASE", "CREATE", "FUNCTION", "TEMP",
        "TABLE",
        "PREPARE", "AS", "EXECUTE", "DEALLOCATE", "ALL", "LISTEN", "pg_temp", "INTO", "WITH", "HOLD", "DECLARE",
        "CURSOR",
        "FOR", "nextval", "pg_advisory_lock", "set_config", "count", "f", "é", "\u{0}", "*", "-", "/", "RESET",
        "DISCARD",
        "EXPLAIN", "ROLLBACK", "SAVEPOINT", "\r", " ", "\t", "\\", "'", "''",
    ]

    @Test("Nothing traps or reads outside, whatever the text, wherever it ends")
    func noTrap() {
        var random = SeededGenerator(seed: 20)
        for _ in 0..<3000 {
            var text: [UInt8] = []
            for _ in 0..<random.below(30) {
                text += Array(Self.pieces[random.below(Self.pieces.count)].utf8)
                if random.isHit(1, of: 2) { text.append(0x20) }
                if random.isHit(1, of: 20) { text.append(UInt8(random.below(256))) }
            }
            let rules = LexicalRules(
                standardConformingStrings: random.isHit(1, of: 2),
                encoding: [.asciiSafe, .pairs, .shiftJIS][random.below(3)])
            checkAtFence(text, rules)
        }
    }

    /// Reads the text where the next byte belongs to nobody: a read outside ends the process.
    private func checkAtFence(_ text: [UInt8], _ rules: LexicalRules) {
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        let size = (text.count / pageSize + 2) * pageSize
        guard let area = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), area != MAP_FAILED
        else { return #expect(Bool(false), "no memory") }
        defer { munmap(area, size) }
        mprotect(area + size - pageSize, pageSize, PROT_NONE)
        let start = area + size - pageSize - text.count
        text.withUnsafeBytes { if let base = $0.baseAddress { memcpy(start, base, $0.count) } }
        let bytes = UnsafeRawBufferPointer(start: start, count: text.count)
        let effects = StatementScan.effects(of: bytes, rules)
        let statements = StatementScan.statements(of: bytes, rules)
        let union = statements.reduce(into: StatementEffects()) { $0.formUnion($1.effects) }
        #expect(effects.subtracting(.several) == union)
        #expect(effects.contains(.several) == (statements.count > 1))
        for statement in statements {
            for range in [statement.range, statement.name, statement.value, statement.types] {
                #expect(range.start >= 0 && range.start <= range.end && Int(range.end) <= text.count)
            }
        }
    }

    @Test("White space and comments between tokens change nothing", arguments: StatementExamples.all)
    func betweenTokens(example: StatementExamples.Example) {
        let text = [UInt8](example.text.utf8)
        // A text without an end to one of its tokens has nothing between them.
        guard let tokens = tokens(text) else { return }
        let plain = summary(text)
        var random = SeededGenerator(seed: UInt64(text.count))
        let gaps = [" ", "\n", "\t/* ; ' \" $$ ( */ ", " -- ; ' ( /* \n", "/* /* ) */ ; */", "\r\n  "]
        for _ in 0..<20 {
            var spaced: [UInt8] = []
            for token in tokens {
                // Between two words, or pieces of a string, there must be space; elsewhere it may be.
                spaced += token
                spaced += Array(gaps[random.below(gaps.count)].utf8)
            }
            #expect(summary(spaced) == plain, "\(String(decoding: spaced, as: UTF8.self))")
        }
    }

    /// Kinds, effects and names of the statements.
    private func summary(_ text: [UInt8]) -> [String] {
        text.withUnsafeBytes { bytes in
            StatementScan.statements(of: bytes).map { statement in
                let name = tokens([UInt8](statement.name.bytes(of: bytes))) ?? []
                return "\(statement.kind) \(statement.settingForm) \(statement.isLocal) \(statement.isAll) "
                    + String(decoding: name.joined(), as: UTF8.self) + ": "
                    + StatementDescription.words(statement.effects) + " | "
                    + StatementDescription.words(statement.preparedEffects)
            }
        }
    }

    /// The tokens, those of two characters put together; nil if the last has no end.
    private func tokens(_ text: [UInt8]) -> [[UInt8]]? {
        text.withUnsafeBytes { bytes in
            var cursor = TextCursor(bytes, standardConformingStrings: true)
            var found: [[UInt8]] = []
            var lastEnd = -1
            while true {
                let token = cursor.nextToken()
                if cursor.isUnterminated { return nil }
                if token.kind == .end { return found }
                let piece = Array(bytes[token.start..<token.end])
                let isOperator = token.kind == .other || token.kind == .dot
                if isOperator, token.start == lastEnd, let last = found.last, last == piece {
                    found[found.count - 1] += piece
                } else {
                    found.append(piece)
                }
                lastEnd = token.end
            }
        }
    }
}
