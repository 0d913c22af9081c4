import Bytes
import Testing

@testable import RESP

@Suite("Replies of other servers")
struct ReplyReaderTests {
    private func read(_ text: String) -> ReplyReader.Result {
        var text = text
        return text.withUTF8 { ReplyReader.read(ByteSlice($0)) }
    }

    private struct Case: Sendable {
        let bytes: String
        let reply: PeerReply
    }

    private static let cases: [Case] = [
        Case(bytes: "+OK\r\n", reply: PeerReply(kind: .simple, text: "OK")),
        Case(bytes: "-ERR no\r\n", reply: PeerReply(kind: .error, text: "ERR no")),
        Case(bytes: ":-12\r\n", reply: PeerReply(kind: .integer, integer: -12)),
        Case(bytes: "$5\r\na\r\nbc\r\n", reply: PeerReply(kind: .bulk)),
        Case(bytes: "$-1\r\n", reply: PeerReply(kind: .null)),
        Case(bytes: "*-1\r\n", reply: PeerReply(kind: .null)),
        Case(bytes: "*0\r\n", reply: PeerReply(kind: .array)),
        Case(bytes: "*2\r\n+OK\r\n:1\r\n", reply: PeerReply(kind: .array, integer: 2)),
        Case(
            bytes: "*3\r\n:1\r\n*1\r\n-ERR in\r\n-ERR later\r\n",
            reply: PeerReply(kind: .array, integer: 3, innerError: "ERR in")),
    ]

    @Test("Every kind, whole, with more behind, and cut anywhere", arguments: cases.indices)
    func kinds(index: Int) {
        let example = Self.cases[index]
        let count = example.bytes.utf8.count
        #expect(read(example.bytes) == .reply(example.reply, byteCount: count))
        #expect(read(example.bytes + "+MORE") == .reply(example.reply, byteCount: count))
        for length in 0..<count {
            #expect(read(String(decoding: example.bytes.utf8.prefix(length), as: UTF8.self)) == .incomplete)
        }
    }

    @Test(
        "What is no reply",
        arguments: [
            "\r\n", "hello\r\n", ":x\r\n", "$-2\r\n", "$99999999999999999999\r\n", "*-2\r\n", "*1\r\n?\r\n",
            "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n",
        ])
    func malformed(text: String) {
        #expect(read(text) == .malformed)
    }

    @Test("A long line is cut where Redis cuts it")
    func longLine() {
        let line = String(repeating: "x", count: 3000)
        let expected = PeerReply(kind: .error, text: String(line.prefix(1023)))
        #expect(read("-\(line)\r\n") == .reply(expected, byteCount: 3003))
    }

    @Test("Random bytes never trap")
    func noise() {
        var generator = SystemRandomNumberGenerator()
        let alphabet = Array("+-:$*0123456789\r\nab".utf8)
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
            }
            bytes.withUnsafeBytes { slice in
                guard case .reply(_, let count) = ReplyReader.read(slice) else { return }
                #expect(count > 0 && count <= slice.count)
            }
        }
    }
}
