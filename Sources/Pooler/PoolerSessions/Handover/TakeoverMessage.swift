/// What two processes say to one another when the new one takes over. On the wire: the count of the bytes behind it (4
/// bytes, low byte first), the kind (1 byte), the body. Descriptors travel with the message's first byte.
package enum TakeoverMessage: Equatable, Sendable {
    /// From the old one, first of all: the endpoints of its listening sockets, whose descriptors are in the same order.
    case listeners(version: UInt64, endpoints: [String])
    /// From the old one: another process is taking over already.
    case refused
    /// From the new one: it serves. The old one accepts nobody any more.
    case taken
    /// From the old one, with a descriptor: a client at rest. The number is told back.
    case client(UInt64, ClientHandover)
    /// From the new one: that client is its own.
    case adopted(UInt64)
    /// From the new one, with a descriptor: a connection that brings a cancel request for a client of the old one's.
    case cancelConnection

    /// Changes whenever a body does.
    package static let version: UInt64 = 1
    /// Length of a message that is read, without its count: a client with all its prepared statements.
    package static let byteCountMax = 256 << 20

    package var bytes: [UInt8] {
        var writer = HandoverWriter()
        let kind: UInt8
        switch self {
        case .listeners(let version, let endpoints):
            kind = 1
            writer.number(version)
            writer.list(endpoints) { $0.text($1) }
        case .refused: kind = 2
        case .taken: kind = 3
        case .client(let number, let client):
            kind = 4
            writer.number(number)
            writer.data(client.bytes)
        case .adopted(let number):
            kind = 5
            writer.number(number)
        case .cancelConnection: kind = 6
        }
        let count = writer.bytes.count + 1
        return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: count >> $0) } + [kind] + writer.bytes
    }

    /// Takes the first whole message off the bytes; nil if there is none yet.
    package static func take(_ bytes: inout [UInt8]) throws(HandoverFailure) -> TakeoverMessage? {
        guard bytes.count >= 5 else { return nil }
        let count = bytes[0..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard count >= 1, count <= byteCountMax else { throw .tooLong }
        guard bytes.count >= 4 + count else { return nil }
        let kind = bytes[4]
        let body = Array(bytes[5..<(4 + count)])
        bytes.removeFirst(4 + count)
        return try TakeoverMessage(kind, body)
    }

    private init(_ kind: UInt8, _ body: [UInt8]) throws(HandoverFailure) {
        var reader = HandoverReader(body)
        switch kind {
        case 1:
            let version = try reader.number()
            // What follows may be another version's.
            guard version == TakeoverMessage.version else {
                self = .listeners(version: version, endpoints: [])
                return
            }
            self = .listeners(
                version: version, endpoints: try reader.list { (reader) throws(HandoverFailure) in try reader.text() })
        case 2: self = .refused
        case 3: self = .taken
        case 4: self = .client(try reader.number(), try ClientHandover(bytes: try reader.data()))
        case 5: self = .adopted(try reader.number())
        case 6: self = .cancelConnection
        default: throw .malformed("kind \(kind)")
        }
        try reader.end()
    }

    /// How many descriptors belong to it.
    package var descriptorCount: Int {
        switch self {
        case .listeners(_, let endpoints): endpoints.count
        case .client, .cancelConnection: 1
        case .refused, .taken, .adopted: 0
        }
    }
}
