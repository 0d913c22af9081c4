import Foundation
import Synchronization

/// A request as the stub saw it.
struct StubRequest: Sendable, Equatable {
    var method: String
    var target: String
    var authorization: String?
    var body: String
}

/// What the stub answers.
struct StubResponse: Sendable {
    var status: Int
    var body: String
    var headers: [String: String] = [:]

    static func json(_ body: String, status: Int = 200) -> StubResponse { StubResponse(status: status, body: body) }
    static let empty = StubResponse(status: 204, body: "")
    /// The connection is closed without an answer.
    static let hangUp = StubResponse(status: 0, body: "")
}

/// A tiny HTTP/1.1 server on 127.0.0.1, one connection at a time, that answers what a test says and remembers what it
/// was asked.
final class StubServer: Sendable {
    let port: Int
    private let listener: Int32
    private let seen = Mutex<[StubRequest]>([])
    private let answer: @Sendable (StubRequest) -> StubResponse

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [StubRequest] { seen.withLock { $0 } }
    /// "GET /v2/databases", in the order of arrival.
    var titles: [String] { requests.map { "\($0.method) \($0.target)" } }

    init(_ answer: @escaping @Sendable (StubRequest) -> StubResponse) throws {
        self.answer = answer
        (listener, port) = try Self.listen()
        Thread { [self] in serve() }.start()
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// A port of this machine on which nobody listens (any more).
    static func unusedPort() throws -> Int {
        let (descriptor, port) = try listen()
        close(descriptor)
        return port
    }

    private static func listen() throws -> (Int32, Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                guard bind(descriptor, generic, length) == 0, Glibc.listen(descriptor, 16) == 0 else { return errno }
                return getsockname(descriptor, generic, &length) == 0 ? 0 : errno
            }
        }
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    private func serve() {
        defer { close(listener) }
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            defer { close(connection) }
            guard let request = Self.read(from: connection) else { continue }
            seen.withLock { $0.append(request) }
            let response = answer(request)
            if response.status != 0 { Self.write(response, to: connection) }
        }
    }

    private static func read(from connection: Int32) -> StubRequest? {
        var bytes: [UInt8] = []
        while true {
            if let request = parse(String(decoding: bytes, as: UTF8.self)) { return request }
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            bytes += chunk[..<count]
        }
    }

    /// The request, once it is complete.
    private static func parse(_ text: String) -> StubRequest? {
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { headers[parts[0].lowercased()] = parts[1] }
        }
        let body = String(text[end.upperBound...])
        guard body.utf8.count >= Int(headers["content-length"] ?? "0") ?? 0 else { return nil }
        let words = lines[0].split(separator: " ").map(String.init)
        guard words.count == 3 else { return nil }
        return StubRequest(method: words[0], target: words[1], authorization: headers["authorization"], body: body)
    }

    private static func write(_ response: StubResponse, to connection: Int32) {
        var head = "HTTP/1.1 \(response.status) Answer\r\nconnection: close\r\n"
        if response.status != 204 { head += "content-length: \(response.body.utf8.count)\r\n" }
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        let bytes = Array((head + "\r\n" + response.body).utf8)
        _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
