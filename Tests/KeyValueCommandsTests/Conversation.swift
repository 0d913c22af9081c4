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
