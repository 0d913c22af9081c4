/// Reads the text of a Query or Parse message for what its statements do to the session.
///
/// Right for every text that the server accepts. Of a text that it refuses, nothing is executed, and what is said here
/// does not matter.
package enum StatementScan {
    /// The effects of all statements together.
    /// - Complexity: O(count), and no memory is taken (but for the encodings that can hide ASCII in characters).
    package static func effects(
        of text: UnsafeRawBufferPointer, _ rules: LexicalRules = LexicalRules()
    ) -> StatementEffects {
        guard rules.encoding == .asciiSafe else {
            return EncodingMask.masked(text, rules.encoding) { Self.effects(of: $0, rules.withSafeEncoding) }
        }
        var reader = StatementReader(text, standardConformingStrings: rules.standardConformingStrings)
        guard let first = reader.next() else { return [] }
        var union = first.effects
        while let statement = reader.next() {
            union.formUnion(statement.effects)
            union.insert(.several)
        }
        return union
    }

    /// The statements in their order; each is answered by one CommandComplete, if all goes well.
    package static func statements(
        of text: UnsafeRawBufferPointer, _ rules: LexicalRules = LexicalRules()
    ) -> [Statement] {
        guard rules.encoding == .asciiSafe else {
            return EncodingMask.masked(text, rules.encoding) { Self.statements(of: $0, rules.withSafeEncoding) }
        }
        var reader = StatementReader(text, standardConformingStrings: rules.standardConformingStrings)
        var found: [Statement] = []
        while let statement = reader.next() { found.append(statement) }
        return found
    }
}

/// Texts in encodings whose characters may end in bytes that look like ASCII.
enum EncodingMask {
    /// Calls the body with a copy in which such bytes are replaced by one that can only be part of a word or string;
    /// all offsets stay.
    static func masked<Result>(
        _ text: UnsafeRawBufferPointer, _ encoding: EncodingFamily, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        var copy = [UInt8](text)
        var index = 0
        while index < copy.count {
            let byte = copy[index]
            let takesNext = byte >= 0x81 && !(encoding == .shiftJIS && (0xA1...0xDF).contains(byte))
            if takesNext, index + 1 < copy.count { copy[index + 1] = 0x80 }
            index += takesNext ? 2 : 1
        }
        return copy.withUnsafeBytes(body)
    }
}

extension LexicalRules {
    fileprivate var withSafeEncoding: LexicalRules {
        LexicalRules(standardConformingStrings: standardConformingStrings)
    }
}
