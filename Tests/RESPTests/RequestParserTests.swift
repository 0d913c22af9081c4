import Bytes
import Testing

@testable import RESP

@Suite("Requests")
struct RequestParserTests {
    /// Gives the text to a parser in pieces of that size and returns all requests; a failure ends them.
    private func parse(
        _ text: String, pieces: Int = .max, isAuthenticated: Bool = true
    ) -> (requests: [[String]], failure: ProtocolFailure?) {
        var parser = RequestParser()
        var vector = ArgumentVector()
        var buffer: [UInt8] = []
        var requests: [[String]] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            buffer += rest.prefix(pieces)
            rest = rest.dropFirst(pieces)
            var offset = 0
            var isHungry = false
            while offset < buffer.count, !isHungry {
                let result = buffer.withUnsafeBytes { bytes in
                    let result = parser.parse(
                        bytes.slice(offset, bytes.count), into: &vector, limits: RequestLimits(),
                        isAuthenticated: isAuthenticated)
                    if case .request = result {
                        requests.append((0..<vector.count).map { vector.arguments[$0].text })
                    }
                    return result
                }
                switch result {
                case .request(let byteCount), .nothing(let byteCount): offset += byteCount
                case .incomplete: isHungry = true
                case .failure(let failure): return (requests, failure)
                }
            }
            buffer.removeFirst(offset)
        }
        return (requests, nil)
    }

    private static let conversation =
        "*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\na\r\nb\0\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n\r\n"
        + "inline \"two words\" 'it\\'s' \"\\x41\\n\"\r\n*0\r\n*-1\r\nPING\n"
    private static let requests = [
        ["PING"], ["SET", "key", "a\r\nb\0"], ["GET", ""], ["inline", "two words", "it's", "A\n"], ["PING"],
    ]

    @Test("Requests are read however they are cut", arguments: 1...40)
    func cut(pieces: Int) {
        let parsed = parse(Self.conversation, pieces: pieces)
        #expect(parsed.requests == Self.requests)
        #expect(parsed.failure == nil)
    }

    @Test("A request of many arguments arrives in pieces", arguments: [7, 64, 1000])
    func manyArguments(pieces: Int) {
        let count = 3000
        let text = "*\(count)\r\n" + (0..<count).map { "$\("\($0)".count)\r\n\($0)\r\n" }.joined()
        #expect(parse(text, pieces: pieces).requests == [(0..<count).map(String.init)])
    }

    @Test(
        "What is malformed is refused in Redis's words",
        arguments: [
            ("*a\r\n", "ERR Protocol error: invalid multibulk length"),
            ("*1048577\r\n", "ERR Protocol error: invalid multibulk length"),
            ("*1\r\nfoo\r\n", "ERR Protocol error: expected '$', got 'f'"),
            ("*1\r\n$-1\r\n", "ERR Protocol error: invalid bulk length"),
            ("*1\r\n$x\r\n", "ERR Protocol error: invalid bulk length"),
            ("*1\r\n$536870913\r\n", "ERR Protocol error: invalid bulk length"),
            ("\"open\r\n", "ERR Protocol error: unbalanced quotes in request"),
            ("\"a\"b\r\n", "ERR Protocol error: unbalanced quotes in request"),
            (String(repeating: "a", count: 70_000), "ERR Protocol error: too big inline request"),
            ("*" + String(repeating: "1", count: 70_000), "ERR Protocol error: too big mbulk count string"),
            ("*1\r\n$" + String(repeating: "1", count: 70_000), "ERR Protocol error: too big bulk count string"),
        ])
    func malformed(text: String, error: String) {
        #expect(parse(text).failure?.text == error)
        #expect(parse(text, pieces: 1000).failure?.text == error)
    }

    @Test("Before authentication little is accepted")
    func unauthenticated() {
        #expect(parse("*11\r\n", isAuthenticated: false).failure == .unauthenticatedMultibulk)
        #expect(parse("*1\r\n$16385\r\n", isAuthenticated: false).failure == .unauthenticatedBulk)
        #expect(parse("*2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n", isAuthenticated: false).requests == [["AUTH", "x"]])
    }

    @Test("Random bytes never crash the parser", arguments: 0..<50)
    func noise(seed: Int) {
        var state = UInt64(seed + 1)
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        let alphabet = Array("*$\r\n0123456789-abc\"'\\ ")
        let text = String((0..<500).map { _ in alphabet[Int(next() % UInt64(alphabet.count))] })
        let whole = parse(text)
        let chopped = parse(text, pieces: 1 + Int(next() % 9))
        #expect(whole.requests == chopped.requests)
    }
}
