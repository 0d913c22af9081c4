// How one process writes down for the next one what it hands over: fields one after the other, in an order that both
// know from the version of the protocol (`TakeoverMessage.version`).
//
//     number   8 bytes, low byte first
//     bytes    their count as a number, then they
//     list     the count of its members as a number, then they

/// Why a record cannot be read.
package enum HandoverFailure: Error, Equatable, Sendable {
    case truncated
    case tooLong
    case malformed(String)
}

/// Writes fields.
struct HandoverWriter {
    private(set) var bytes: [UInt8] = []

    mutating func number(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func flag(_ value: Bool) { number(value ? 1 : 0) }

    mutating func data(_ value: [UInt8]) {
        number(UInt64(value.count))
        bytes += value
    }

    mutating func text(_ value: String) { data(Array(value.utf8)) }

    mutating func list<Member>(_ members: [Member], _ write: (inout HandoverWriter, Member) -> Void) {
        number(UInt64(members.count))
        for member in members { write(&self, member) }
    }
}

/// Reads them again.
struct HandoverReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func number() throws(HandoverFailure) -> UInt64 {
        guard rest.count >= 8 else { throw .truncated }
        let value = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(8)
        return value
    }

    mutating func flag() throws(HandoverFailure) -> Bool {
        switch try number() {
        case 0: false
        case 1: true
        default: throw .malformed("flag")
        }
    }

    mutating func data() throws(HandoverFailure) -> [UInt8] {
        let count = try number()
        guard count <= UInt64(rest.count) else { throw .truncated }
        defer { rest = rest.dropFirst(Int(count)) }
        return Array(rest.prefix(Int(count)))
    }

    mutating func text() throws(HandoverFailure) -> String { String(decoding: try data(), as: UTF8.self) }

    mutating func list<Member>(
        _ read: (inout HandoverReader) throws(HandoverFailure) -> Member
    ) throws(HandoverFailure) -> [Member] {
        let count = try number()
        // Every member takes a byte at least: no count makes us allocate more than was sent.
        guard count <= UInt64(rest.count) else { throw .truncated }
        var members: [Member] = []
        for _ in 0..<count { members.append(try read(&self)) }
        return members
    }

    /// Nothing may be left.
    func end() throws(HandoverFailure) {
        guard rest.isEmpty else { throw .malformed("bytes behind the end") }
    }
}
