import Bytes
import SeededRandom
import Testing

@testable import PoolerSessions

@Suite("Requests for metrics")
struct ScrapeConversationTests {
    private static func request(_ line: String, _ fields: String...) -> String {
        ([line] + fields + ["", ""]).joined(separator: "\r\n")
    }

    /// Says all of a text at once, and answers with `metrics` what is to be collected.
    /// - Returns: status and body of each answer, and whether the connection is closed.
    private func say(_ text: String, _ conversation: inout ScrapeConversation) -> (answers: [String], closes: Bool) {
        say(Array(text.utf8), &conversation)
    }

    private func say(_ bytes: [UInt8], _ conversation: inout ScrapeConversation) -> (answers: [String], closes: Bool) {
        var answers: [String] = []
        var step = bytes.withUnsafeBytes { conversation.receive($0, now: 1) }
        while true {
            switch step {
            case .wait: return (answers, false)
            case .collect: step = conversation.answer("metrics", date: "today", closes: false)
            case .send(let bytes, let closes):
                answers.append(String(decoding: bytes, as: UTF8.self))
                if closes { return (answers, true) }
                step = conversation.next(now: 1)
            }
        }
    }

    private func answer(_ text: String) -> (answer: String, closes: Bool) {
        var conversation = ScrapeConversation(now: 0)
        let (answers, closes) = say(text, &conversation)
        #expect(answers.count <= 1)
        return (answers.first ?? "", closes)
    }

    @Test func aScraperIsAnswered() {
        let (answer, closes) = answer(Self.request("GET /metrics HTTP/1.1", "Host: a", "Accept: */*"))
        #expect(
            answer == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nDate: today\r\n"
                + "Content-Length: 7\r\n\r\nmetrics")
        #expect(!closes)
    }

    @Test func headHasNoBody() {
        let (answer, closes) = answer(Self.request("HEAD /metrics HTTP/1.1", "Host: a"))
        #expect(answer.contains("Content-Length: 7\r\n") && answer.hasSuffix("\r\n\r\n"))
        #expect(!closes)
        #expect(self.answer(Self.request("HEAD /other HTTP/1.1", "Host: a")).answer.hasSuffix("\r\n\r\n"))
    }

    @Test(
        "Who asks for it is closed on, and told so",
        arguments: [
            (["GET /metrics HTTP/1.1", "Host: a"], false, nil),
            (["GET /metrics HTTP/1.1", "Host: a", "Connection: close"], true, "close"),
            (["GET /metrics HTTP/1.1", "Host: a", "Connection: x, Close"], true, "close"),
            (["GET /metrics HTTP/1.1", "Host: a", "Connection: keep-alive"], false, nil),
            (["GET /metrics HTTP/1.0"], true, "close"),
            (["GET /metrics HTTP/1.0", "Connection: Keep-Alive"], false, "keep-alive"),
            (["GET /metrics HTTP/1.0", "Connection: keep-alive, close"], true, "close"),
        ] as [([String], Bool, String?)])
    func keepAlive(lines: [String], closes: Bool, told: String?) {
        let (answer, isClosed) = answer((lines + ["", ""]).joined(separator: "\r\n"))
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(isClosed == closes)
        let field = answer.split(separator: "\r\n").first { $0.hasPrefix("Connection: ") }
        #expect(field.map { String($0.dropFirst(12)) } == told)
    }

    @Test(
        "Everything else has its status; what cannot be followed by another request closes",
        arguments: [
            ("GET / HTTP/1.1", "Host: a", 404, false), ("GET /metricsx HTTP/1.1", "Host: a", 404, false),
            ("DELETE / HTTP/1.1", "Host: a", 404, false), ("GET //metrics HTTP/1.1", "Host: a", 404, false),
            ("GET * HTTP/1.1", "Host: a", 404, false),
            ("POST /metrics HTTP/1.1", "Host: a", 405, false), ("get /metrics HTTP/1.1", "Host: a", 405, false),
            ("POST /metrics HTTP/1.1", "Host: a\r\nContent-Length: 5", 405, true),
            ("OPTIONS /metrics HTTP/1.1", "Host: a\r\nContent-Length: 0", 405, false),
            ("GET /metrics HTTP/1.1", "Host: a\r\nContent-Length: 5", 400, true),
            ("GET /metrics HTTP/1.1", "Host: a\r\nTransfer-Encoding: chunked", 400, true),
            ("GET /metrics HTTP/1.1", "Host: a\r\nContent-Length: 0\r\nContent-Length: 1", 400, true),
            ("GET /metrics HTTP/1.1", "Host: a\r\nContent-Length: -1", 400, true),
            ("GET /metrics HTTP/1.1", "Host: a\r\nContent-Length:", 400, true),
            ("GET /metrics HTTP/1.1", "X: a", 400, true), ("GET /metrics HTTP/1.1", "Host: a\r\nHost: a", 400, true),
            ("GET /metrics HTTP/1.1", "Host : a", 400, true), ("GET /metrics HTTP/1.1", " Host: a", 400, true),
            ("GET /metrics HTTP/1.1", "Host: a\r\n folded", 400, true),
            ("GET /metrics HTTP/1.1", "Host: a\r\nno colon", 400, true),
            ("GET /metrics HTTP/1.1", "Host: a\r\nX: \0", 400, true),
            ("GET /metrics HTTP/1.1", "Host: a\r\nX: a\rb", 400, true),
            ("GET /metrics HTTP/1.1", "Host: a\nX: b", 400, true),
            ("GET  /metrics HTTP/1.1", "Host: a", 400, true), ("GET /metrics", "Host: a", 400, true),
            ("GET /metrics HTTP/1.1 ", "Host: a", 400, true), ("GET /metrics http/1.1", "Host: a", 400, true),
            ("G(T /metrics HTTP/1.1", "Host: a", 400, true), (" /metrics HTTP/1.1", "Host: a", 400, true),
            ("GET /metrics HTTP/2.0", "Host: a", 505, true), ("GET /metrics HTTP/0.9", "Host: a", 505, true),
            ("GET /metrics HTTP/1.10", "Host: a", 400, true),
        ])
    func refusals(line: String, fields: String, status: Int, closes: Bool) {
        let (answer, isClosed) = answer(Self.request(line, fields))
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(isClosed == closes)
        #expect(answer.contains("\r\nAllow: GET, HEAD\r\n") == (status == 405))
        #expect(answer.contains("\r\nConnection: close\r\n") == closes)
    }

    @Test(
        "The path may be written as proxies do, and have a query",
        arguments: ["/metrics?a=b", "http://a:9127/metrics", "HTTP://a/metrics?"])
    func targets(target: String) {
        #expect(answer(Self.request("GET \(target) HTTP/1.1", "Host: a")).answer.hasPrefix("HTTP/1.1 200 "))
    }

    @Test func junkIsNoHTTP() {
        for junk in ["\u{16}\u{3}\u{1}\u{2}", "\r\n\n", "\0", "SSH-2.0-x\r\n\r\n"] {
            #expect(answer(junk) == (answer(junk).answer, true))
            #expect(answer(junk).answer.hasPrefix("HTTP/1.1 400 "))
        }
        // PostgreSQL's clients begin with a length.
        #expect(answer("\0\0\0\u{8}\u{4}\u{D2}\u{16}\u{2F}").answer.hasPrefix("HTTP/1.1 400 "))
    }

    @Test func headsHaveALimit() {
        let most = ScrapeRequest.headByteCountMax - Self.request("GET /metrics HTTP/1.1", "Host: a", "X: ").utf8.count
        let fits = Self.request("GET /metrics HTTP/1.1", "Host: a", "X: " + String(repeating: "x", count: most))
        #expect(answer(fits).answer.hasPrefix("HTTP/1.1 200 "))
        for text in [
            Self.request("GET /metrics HTTP/1.1", "Host: a", "X: " + String(repeating: "x", count: most + 1)),
            "GET /" + String(repeating: "x", count: ScrapeRequest.headByteCountMax),
            Self.request("GET /metrics HTTP/1.1", "Host: a", String(repeating: "X: y\r\n", count: 100) + "X: y"),
        ] {
            #expect(answer(text).answer.hasPrefix("HTTP/1.1 431 "))
            #expect(answer(text).closes)
        }
    }

    @Test("However a request is cut, it is the same", arguments: 1...40)
    func pieces(size: Int) {
        var conversation = ScrapeConversation(now: 0)
        let one = Array(("\r\n" + Self.request("GET /metrics HTTP/1.1", "Host: a")).utf8)
        var answers: [String] = []
        for start in stride(from: 0, to: one.count, by: size) {
            answers += say(Array(one[start..<min(start + size, one.count)]), &conversation).answers
        }
        #expect(answers.count == 1 && answers[0].hasPrefix("HTTP/1.1 200 "))
        // Several at once come one after the other.
        #expect(say(one + one + one, &conversation).answers.count == 3)
    }

    @Test func aProcessThatLeavesSaysSo() {
        var conversation = ScrapeConversation(now: 0)
        let bytes = Array(Self.request("GET /metrics HTTP/1.1", "Host: a").utf8)
        #expect(bytes.withUnsafeBytes { conversation.receive($0, now: 1) } == .collect)
        guard case .send(let answer, true) = conversation.answer("m", date: "", closes: true) else {
            Issue.record("it is not closed")
            return
        }
        #expect(String(decoding: answer, as: UTF8.self).contains("Connection: close"))
    }

    @Test func everythingHasItsTime() {
        var conversation = ScrapeConversation(now: 5)
        #expect(conversation.deadline == 5 + ScrapeConversation.requestTimeMax)
        let bytes = Array(Self.request("GET /metrics HTTP/1.1", "Host: a").utf8)
        // A byte now and then gains nothing.
        _ = bytes[..<3].withUnsafeBytes { conversation.receive($0, now: 1000) }
        #expect(conversation.deadline == 5 + ScrapeConversation.requestTimeMax)
        _ = bytes[3...].withUnsafeBytes { conversation.receive($0, now: 2000) }
        #expect(conversation.deadline == 2000 + ScrapeConversation.answerTimeMax)
        _ = conversation.answer("", date: "", closes: false)
        #expect(conversation.deadline == 2000 + ScrapeConversation.answerTimeMax)
        #expect(conversation.next(now: 3000) == .wait)
        #expect(conversation.deadline == 3000 + ScrapeConversation.restTimeMax)
        _ = bytes[..<3].withUnsafeBytes { conversation.receive($0, now: 4000) }
        #expect(conversation.deadline == 4000 + ScrapeConversation.requestTimeMax)
    }

    @Test("Bytes of any kind lead to an answer, an end or patience", arguments: 0..<300)
    func anything(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let valid = Array(
            Self.request("GET /metrics HTTP/1.1", "Host: a", "Connection: close", "Content-Length: 0").utf8)
        var bytes = valid + valid
        for _ in 0..<random.below(6) + 1 {
            let index = random.below(bytes.count)
            switch random.below(3) {
            case 0: bytes[index] = UInt8(random.below(256))
            case 1: bytes.insert(contentsOf: [[13, 10], [0], [58], [32]][random.below(4)], at: index)
            default: bytes.removeSubrange(index..<min(bytes.count, index + random.below(9)))
            }
            if bytes.isEmpty { return }
        }
        var conversation = ScrapeConversation(now: 0)
        let (answers, _) = say(bytes, &conversation)
        #expect(answers.allSatisfy { $0.hasPrefix("HTTP/1.1 ") })
    }
}
