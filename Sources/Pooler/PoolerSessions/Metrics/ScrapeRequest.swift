/// The head of a request for metrics, as HTTP/1 has it (RFC 9112). Nothing of it is kept but what the answer depends on.
package struct ScrapeRequest: Equatable, Sendable {
    /// Why a request is not answered with metrics. The raw value is the status.
    package enum Refusal: Int, Error, Sendable {
        /// Not HTTP, a head that means two things, or a body.
        case badRequest = 400
        case notFound = 404
        case methodNotAllowed = 405
        case headTooLong = 431
        case versionNotSupported = 505

        package var reason: String {
            switch self {
            case .badRequest: "Bad Request"
            case .notFound: "Not Found"
            case .methodNotAllowed: "Method Not Allowed"
            case .headTooLong: "Request Header Fields Too Large"
            case .versionNotSupported: "HTTP Version Not Supported"
            }
        }
    }

    /// GET or HEAD.
    package var wantsBody = true
    /// Whether another request may follow on the connection.
    package var keepsAlive = true
    /// Whether the client has to be told so: HTTP/1.0 does not by itself.
    package var isVersion0 = false
    /// What else the answer is; nil for the metrics.
    package var refusal: Refusal?

    /// Bytes of a head, with what separates it from the next.
    package static let headByteCountMax = 8 << 10
    /// Lines of a head.
    static let linesMax = 100
    /// Where the metrics are.
    static let path = "/metrics"

    /// Reads the head at the start of some bytes.
    /// - Returns: nil as long as it is not complete; else the request, and how many bytes it took.
    /// - Throws: a refusal after which the connection cannot go on, as it is not clear where the next request begins.
    package static func read(_ bytes: [UInt8]) throws(Refusal) -> (request: ScrapeRequest, byteCount: Int)? {
        var start = 0
        // A server should ignore an empty line before the request (section 2.2).
        while start + 1 < bytes.count, bytes[start] == carriageReturn, bytes[start + 1] == lineFeed {
            start += 2
        }
        var lines: [ArraySlice<UInt8>] = []
        var position = start
        while let end = try lineEnd(bytes, from: position) {
            guard end + 2 - start <= headByteCountMax, lines.count < linesMax else { throw .headTooLong }
            if end == position {
                guard !lines.isEmpty else { throw .badRequest }
                return (try ScrapeRequest(lines), end + 2)
            }
            lines.append(bytes[position..<end])
            position = end + 2
        }
        guard bytes.count < headByteCountMax else { throw .headTooLong }
        return nil
    }

    /// Where the line ends: at the next CR LF. Any other control character but a tab has no place in a head.
    private static func lineEnd(_ bytes: [UInt8], from start: Int) throws(Refusal) -> Int? {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte == carriageReturn {
                guard index + 1 < bytes.count else { return nil }
                guard bytes[index + 1] == lineFeed else { throw .badRequest }
                return index
            }
            guard byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\t") else { throw .badRequest }
            index += 1
        }
        return nil
    }

    private init(_ lines: [ArraySlice<UInt8>]) throws(Refusal) {
        let words = lines[0].split(separator: space, omittingEmptySubsequences: false)
        guard words.count == 3, Self.isToken(words[0]), !words[1].isEmpty else { throw .badRequest }
        try readVersion(words[2])
        var fields = Fields()
        for line in lines.dropFirst() { try fields.read(line) }
        // Section 3.2: one Host, and exactly one in HTTP/1.1.
        guard fields.hostCount == 1 || (isVersion0 && fields.hostCount == 0) else { throw .badRequest }
        if fields.closes { keepsAlive = false } else if isVersion0 { keepsAlive = fields.keepsAlive }
        // Its end would have to be found to go on.
        if fields.hasBody { keepsAlive = false }
        let method = String(decoding: words[0], as: UTF8.self)
        wantsBody = method != "HEAD"
        if Self.path(of: String(decoding: words[1], as: UTF8.self)) != Self.path {
            refusal = .notFound
        } else if method != "GET", method != "HEAD" {
            refusal = .methodNotAllowed
        } else if fields.hasBody {
            refusal = .badRequest
        }
    }

    private mutating func readVersion(_ word: ArraySlice<UInt8>) throws(Refusal) {
        let text = String(decoding: word, as: UTF8.self)
        guard text.hasPrefix("HTTP/"), text.utf8.count == 8 else { throw .badRequest }
        switch text {
        case "HTTP/1.1": break
        case "HTTP/1.0": isVersion0 = true
        case _ where text.hasPrefix("HTTP/1."): break
        default: throw .versionNotSupported
        }
    }

    /// The path of a request target: an origin, or a whole address as proxies send it (section 3.2).
    private static func path(of target: String) -> Substring {
        var rest = target[...]
        for scheme in ["http://", "https://"] where rest.lowercased().hasPrefix(scheme) {
            rest = rest.dropFirst(scheme.count)
            rest = rest.firstIndex(of: "/").map { rest[$0...] } ?? "/"
        }
        return rest.prefix { $0 != "?" }
    }

    /// Characters of methods and names of fields (RFC 9110, section 5.6.2).
    fileprivate static func isToken(_ bytes: some Collection<UInt8>) -> Bool {
        !bytes.isEmpty
            && bytes.allSatisfy { byte in
                let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                return isLetter || isDigit || "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
    }
}

extension ScrapeRequest {
    /// What matters of the fields of a head.
    fileprivate struct Fields {
        var hostCount = 0
        var closes = false
        var keepsAlive = false
        var hasBody = false
        private var length: String?

        mutating func read(_ line: ArraySlice<UInt8>) throws(Refusal) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), isToken(line[..<colon]) else { throw .badRequest }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
                .split { $0 == " " || $0 == "\t" }.joined(separator: " ")
            switch name {
            case "host": hostCount += 1
            case "transfer-encoding": hasBody = true
            case "connection":
                for word in value.lowercased().split(whereSeparator: { $0 == "," || $0 == " " }) {
                    if word == "close" { closes = true }
                    if word == "keep-alive" { keepsAlive = true }
                }
            case "content-length":
                guard value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), !value.isEmpty,
                    length == nil || length == value
                else { throw .badRequest }
                length = value
                if value.utf8.contains(where: { $0 != UInt8(ascii: "0") }) { hasBody = true }
            default: break
            }
        }
    }
}

private let carriageReturn = UInt8(ascii: "\r")
private let lineFeed = UInt8(ascii: "\n")
private let space = UInt8(ascii: " ")
