import Bytes
import RESP

@testable import KeyValueCommands

/// A client of an engine without sockets. Replies are shown as they go out, with `|` between lines.
final class Conversation {
    let engine: EngineReference
    private let client: ClientReference
    private let output: UnsafeMutablePointer<OutputBuffer>

    /// A client of a new engine.
    convenience init(version: UInt8 = 2) {
        self.init(
            with: Engine.make(seed: 1, usesThreads: false), version: version)
    }

    /// One more client of an engine.
    init(with engine: EngineReference, version: UInt8 = 2) {
        self.engine = engine
        output = .allocate(capacity: 1)
        output.initialize(to: OutputBuffer())
        client = engine.makeClient(output: output)
        client.pointee.protocolVersion = version
    }

    deinit {
        engine.freeClient(client)
        output.deinitialize(count: 1)
        output.deallocate()
    }

    /// The reply to a request of words between single spaces.
    func ask(_ line: String) -> String {
        ask(line.split(separator: " ", omittingEmptySubsequences: false).map(String.init))
    }

    /// The reply to a request.
    func ask(_ words: [String]) -> String {
        var request = "*\(words.count)\r\n"
        for word in words { request += "$\(word.utf8.count)\r\n\(word)\r\n" }
        request.withUTF8 { engine.receive(client, ByteSlice($0)) }
        return take()
    }

    /// The reply to a request that returns one bulk string of any bytes: its length, and the bytes in hexadecimal.
    func askBytes(_ words: [String]) -> String {
        askBytes(words.map { [UInt8]($0.utf8) })
    }

    func askBytes(_ words: [[UInt8]]) -> String {
        var request = [UInt8]("*\(words.count)\r\n".utf8)
        for word in words { request += [UInt8]("$\(word.count)\r\n".utf8) + word + [0x0D, 0x0A] }
        request.withUnsafeBytes { engine.receive(client, $0) }
        let reply = [UInt8](output.pointee.readable)
        guard reply.first == 0x24, let line = reply.firstIndex(of: 0x0D), reply.count > line + 4 else { return take() }
        output.pointee.removeAll()
        let digits = reply[(line + 2)..<(reply.count - 2)].map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return String(decoding: reply[..<line], as: UTF8.self) + " " + digits.joined()
    }

    /// What the client has been sent since it was last asked.
    func take() -> String {
        defer { output.pointee.removeAll() }
        var lines = output.pointee.readable.text.components(separatedBy: "\r\n")
        if lines.last == "" { lines.removeLast() }
        return lines.joined(separator: "|")
    }
}

extension String {
    /// The parts between occurrences of a separator.
    fileprivate func components(separatedBy separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
