import Bytes
import Keyspace

/// MATCH, COUNT and, for SCAN itself, TYPE.
struct ScanOptions {
    /// About how many elements are looked at.
    private(set) var count = 10
    /// Nil where everything matches.
    private(set) var pattern: ByteSlice?
    /// Whether TYPE was given, and the type unless its name is unknown: then nothing matches.
    private(set) var wantsType = false
    private(set) var type: ValueType?

    /// The options from an index of the request on; nil once the error has been replied.
    init?(_ call: Call, from start: Int, takesType: Bool = false) {
        var index = start
        while index < call.count {
            guard index + 1 < call.count else {
                call.syntaxError()
                return nil
            }
            if call.matches(index, "count") {
                guard let count = call.integer(index + 1) else { return nil }
                guard count >= 1 else {
                    call.syntaxError()
                    return nil
                }
                self.count = Int(count)
            } else if call.matches(index, "match") {
                let pattern = call[index + 1]
                self.pattern = pattern.equals("*") ? nil : pattern
            } else if takesType, call.matches(index, "type") {
                wantsType = true
                type = Self.type(named: call[index + 1])
            } else {
                call.syntaxError()
                return nil
            }
            index += 2
        }
    }

    private static func type(named name: ByteSlice) -> ValueType? {
        ValueType.allCases.first { name.equalsIgnoringCase($0.name) }
    }

    /// Whether the name of an element, or a key, is wanted.
    func matches(_ name: ByteSlice) -> Bool {
        guard let pattern else { return true }
        return GlobPattern.matches(pattern, name)
    }

    /// Whether a key with a value of that type is wanted.
    func matches(_ type: ValueType) -> Bool { !wantsType || type == self.type }
}
