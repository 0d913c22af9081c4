// Fuzzes the reader of SQL text: whatever the bytes are, it reads none outside, its ranges lie within, effects are those
// of the statements, and what stands for names and values can be asked of any range. `Fuzz/run` builds and runs it.

/// Entry point of libFuzzer: the first byte chooses how the text is to be read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let rules = LexicalRules(
        standardConformingStrings: start[0] & 1 == 0,
        encoding: [EncodingFamily.asciiSafe, .pairs, .shiftJIS, .asciiSafe][Int(start[0] >> 1 & 3)])
    // A copy of its own, so that a byte read behind its end is a finding.
    let text = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    text.withUnsafeBytes { check($0, rules) }
    let behind = text + Array(" \n".utf8)
    let effects = text.withUnsafeBytes { StatementScan.effects(of: $0, rules) }
    if rules.encoding == .asciiSafe, !effects.contains(.unterminated) {
        precondition(behind.withUnsafeBytes { StatementScan.effects(of: $0, rules) } == effects)
    }
    return 0
}

private func check(_ text: UnsafeRawBufferPointer, _ rules: LexicalRules) {
    let statements = StatementScan.statements(of: text, rules)
    var union: StatementEffects = statements.count > 1 ? .several : []
    var end: Int32 = 0
    for statement in statements {
        union.formUnion(statement.effects)
        precondition(statement.range.start >= end && statement.range.end > statement.range.start)
        end = statement.range.end
        for range in [statement.range, statement.name, statement.value, statement.types] {
            precondition(range.start >= 0 && range.start <= range.end && Int(range.end) <= text.count)
            let piece = range.bytes(of: text)
            _ = LiteralText.name(piece)
            _ = LiteralText.string(piece, standardConformingStrings: rules.standardConformingStrings)
            _ = SettingText(piece, standardConformingStrings: rules.standardConformingStrings)
            _ = SetConfigCall.read(piece, standardConformingStrings: rules.standardConformingStrings)
        }
    }
    precondition(union == StatementScan.effects(of: text, rules))
}
