/// One reply of a key-value server in RESP2.
enum RedisReply: Sendable, Equatable {
    case simple(String)
    case error(String)
    case integer(Int)
    /// nil is the null bulk.
    case bulk(String?)
    /// nil is the null array.
    case array([RedisReply]?)

    /// The text of a simple or a bulk reply.
    var text: String? {
        switch self {
        case .simple(let text): text
        case .bulk(let text): text
        case .error, .integer, .array: nil
        }
    }
}

/// Reads replies from bytes as they come. Pure.
struct RedisReplyReader: Sendable {
    enum Failure: Error, Sendable, Equatable {
        case malformed
        case tooLong
    }

    /// INFO is the longest that is asked for.
    static let bytesMax = 1 << 22
    private static let depthMax = 4

    private var buffer: [UInt8] = []

    mutating func append(_ bytes: some Sequence<UInt8>) throws(Failure) {
        buffer.append(contentsOf: bytes)
        guard buffer.count <= Self.bytesMax else { throw .tooLong }
    }

    /// The next whole reply; nil while there is none.
    mutating func next() throws(Failure) -> RedisReply? {
        var position = 0
        guard let reply = try read(&position, depth: 0) else { return nil }
        buffer.removeFirst(position)
        return reply
    }

    private func read(_ position: inout Int, depth: Int) throws(Failure) -> RedisReply? {
        guard depth < Self.depthMax else { throw .malformed }
        guard let line = try line(&position), let kind = line.first else { return nil }
        let rest = String(decoding: line.dropFirst(), as: UTF8.self)
        switch kind {
        case UInt8(ascii: "+"): return .simple(rest)
        case UInt8(ascii: "-"): return .error(rest)
        case UInt8(ascii: ":"): return .integer(try integer(rest))
        case UInt8(ascii: "$"): return try bulk(&position, count: try integer(rest))
        case UInt8(ascii: "*"): return try array(&position, count: try integer(rest), depth: depth)
        default: throw .malformed
        }
    }

    private func bulk(_ position: inout Int, count: Int) throws(Failure) -> RedisReply? {
        if count == -1 { return .bulk(nil) }
        guard (0...Self.bytesMax).contains(count) else { throw .malformed }
        guard buffer.count >= position + count + 2 else { return nil }
        let text = String(decoding: buffer[position..<position + count], as: UTF8.self)
        position += count + 2
        return .bulk(text)
    }

    private func array(_ position: inout Int, count: Int, depth: Int) throws(Failure) -> RedisReply? {
        if count == -1 { return .array(nil) }
        guard (0...Self.bytesMax).contains(count) else { throw .malformed }
        var elements: [RedisReply] = []
        for _ in 0..<count {
            guard let element = try read(&position, depth: depth + 1) else { return nil }
            elements.append(element)
        }
        return .array(elements)
    }

    /// The bytes before the next CR LF; nil while there is none.
    private func line(_ position: inout Int) throws(Failure) -> ArraySlice<UInt8>? {
        guard let end = buffer[position...].firstIndex(of: UInt8(ascii: "\r")), end + 1 < buffer.count else {
            return nil
        }
        guard buffer[end + 1] == UInt8(ascii: "\n"), end > position else { throw .malformed }
        defer { position = end + 2 }
        return buffer[position..<end]
    }

    private func integer(_ text: String) throws(Failure) -> Int {
        guard let value = Int(text) else { throw .malformed }
        return value
    }
}

/// Requests as a server takes them: arrays of bulk strings.
enum RedisRequest {
    static func bytes(_ words: [String]) -> [UInt8] {
        var bytes = Array("*\(words.count)\r\n".utf8)
        for word in words {
            bytes += Array("$\(word.utf8.count)\r\n".utf8)
            bytes += Array(word.utf8)
            bytes += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        }
        return bytes
    }
}
