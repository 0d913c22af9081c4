package import Bytes
import MetricText

/// One connection of a scraper: requests come in, answers go out, one at a time.
package struct ScrapeConversation: Sendable {
    /// What the shell has to do.
    package enum Step: Equatable, Sendable {
        /// Nothing until more comes.
        case wait
        /// Have the metrics made, and `answer` with them.
        case collect
        /// Send this; then close, or go on with `next` when it is sent.
        case send([UInt8], closes: Bool)
    }

    /// How long a client may take for a request, from its first byte or the connection's beginning; for an answer; and
    /// between requests: twice the minute that scrapers commonly leave. Nanoseconds.
    package static let requestTimeMax: Int64 = 10_000_000_000
    package static let answerTimeMax: Int64 = 30_000_000_000
    package static let restTimeMax: Int64 = 120_000_000_000

    private var received: [UInt8] = []
    private var current: ScrapeRequest?
    private var hasAnswered = false
    /// Since when it is as it is, in monotonic nanoseconds.
    private var stateTime: Int64

    package init(now: Int64) { stateTime = now }

    /// When it is to be closed unless something happens before.
    package var deadline: Int64 {
        if current != nil { return stateTime + Self.answerTimeMax }
        return stateTime + (hasAnswered && received.isEmpty ? Self.restTimeMax : Self.requestTimeMax)
    }

    /// Bytes came. None may come while it is being answered.
    package mutating func receive(_ bytes: ByteSlice, now: Int64) -> Step {
        if received.isEmpty, hasAnswered { stateTime = now }
        received.append(contentsOf: bytes)
        return step(now)
    }

    /// The last answer has been sent.
    package mutating func next(now: Int64) -> Step {
        current = nil
        stateTime = now
        return step(now)
    }

    private mutating func step(_ now: Int64) -> Step {
        guard current == nil, !received.isEmpty else { return .wait }
        do throws(ScrapeRequest.Refusal) {
            guard let (request, byteCount) = try ScrapeRequest.read(received) else { return .wait }
            received.removeFirst(byteCount)
            current = request
            stateTime = now
            hasAnswered = true
            guard let refusal = request.refusal else { return .collect }
            return .send(refused(refusal, request), closes: !request.keepsAlive)
        } catch {
            received = []
            var request = ScrapeRequest.unreadable
            request.refusal = error
            current = request
            stateTime = now
            return .send(refused(error, request), closes: true)
        }
    }

    /// - Parameter closes: the process serves no longer, so no other request may come.
    package mutating func answer(_ text: String, date: String, closes: Bool) -> Step {
        guard var request = current else { return .wait }
        if closes { request.keepsAlive = false }
        return .send(
            Self.bytes(
                status: "200 OK", fields: ["Content-Type: \(PrometheusText.contentType)", "Date: \(date)"], text,
                request),
            closes: !request.keepsAlive)
    }

    private func refused(_ refusal: ScrapeRequest.Refusal, _ request: ScrapeRequest) -> [UInt8] {
        var fields = ["Content-Type: text/plain; charset=utf-8"]
        if refusal == .methodNotAllowed { fields.append("Allow: GET, HEAD") }
        return Self.bytes(
            status: "\(refusal.rawValue) \(refusal.reason)", fields: fields,
            refusal == .notFound ? "The metrics are at \(ScrapeRequest.path)\n" : "\(refusal.reason)\n", request)
    }

    private static func bytes(
        status: String, fields: [String], _ body: String, _ request: ScrapeRequest
    ) -> [UInt8] {
        var head = ["HTTP/1.1 \(status)"] + fields + ["Content-Length: \(body.utf8.count)"]
        if !request.keepsAlive {
            head.append("Connection: close")
        } else if request.isVersion0 {
            head.append("Connection: keep-alive")
        }
        return Array((head + ["", ""]).joined(separator: "\r\n").utf8) + (request.wantsBody ? Array(body.utf8) : [])
    }
}

extension ScrapeRequest {
    /// What is answered when nothing could be read.
    fileprivate static let unreadable: ScrapeRequest = {
        var request = ScrapeRequest()
        request.keepsAlive = false
        return request
    }()

    fileprivate init() {}
}
