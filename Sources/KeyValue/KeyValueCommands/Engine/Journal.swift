import Bytes

/// What the write commands of a turn come to, for the append-only file and replicas. Nobody reads it yet: persistence
/// brings the sink. Commands say what is to be journalled in their place already.
package struct Journal: ~Copyable {
    /// Whether there is a sink.
    package internal(set) var isEnabled = false
    /// Requests that stand for the one being executed.
    private(set) var replacements: [[[UInt8]]] = []

    init() {}

    mutating func replace(_ arguments: [ByteSlice]) {
        guard isEnabled else { return }
        replacements.append(arguments.map { [UInt8]($0) })
    }
}
