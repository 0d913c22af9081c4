import Foundation

/// Where the API is, whom to trust there, and which token to show.
package struct Endpoint: Sendable, Equatable {
    package static let defaultURL = "https://localhost:8443"

    package enum Token: Sendable, Equatable {
        /// From the environment.
        case value(String)
        case file(String)
        /// Nobody named one, and the API is not the local one.
        case missing
    }

    /// Scheme, host and port, without a slash at the end.
    package var url: String
    /// PEM file with the only authorities to trust; nil for those of the system.
    package var caFile: String?
    package var token: Token

    package init(url: String, caFile: String?, token: Token) {
        self.url = url
        self.caFile = caFile
        self.token = token
    }

    /// What the user said, before files and defaults are looked at.
    package struct Choice: Sendable, Equatable {
        package var apiURL: String?
        package var caFile: String?
        package var tokenFile: String?

        package init(apiURL: String? = nil, caFile: String? = nil, tokenFile: String? = nil) {
            self.apiURL = apiURL
            self.caFile = caFile
            self.tokenFile = tokenFile
        }
    }

    /// Option before environment before the local record before the default.
    ///
    /// The administrator's token and the authority of the local data directory are for the local API: a URL that
    /// names another machine gets them only when the record says that it is the same one.
    package static func resolve(
        _ choice: Choice, environment: [String: String], dataDirectory: String, record: ControlRecord?,
        fileExists: (String) -> Bool
    ) throws -> Endpoint {
        let named = choice.apiURL ?? environment.nonEmpty("ATOLL_API_URL")
        let location = try Location(named ?? record?.apiURL ?? defaultURL)
        let isLocal = try location.isLoopback || named == nil || location == record.map { try Location($0.apiURL) }
        return Endpoint(
            url: location.url,
            caFile: choice.caFile ?? environment.nonEmpty("ATOLL_CA")
                ?? (isLocal ? localAuthority(dataDirectory, record, fileExists) : nil),
            token: token(choice, environment, localFile: isLocal ? localToken(dataDirectory, record) : nil))
    }

    private static func localAuthority(
        _ dataDirectory: String, _ record: ControlRecord?, _ fileExists: (String) -> Bool
    ) -> String? {
        if let record { return record.caFile }
        let path = dataDirectory + "/ca/ca.crt"
        return fileExists(path) ? path : nil
    }

    private static func localToken(_ dataDirectory: String, _ record: ControlRecord?) -> String {
        record?.tokenFile ?? dataDirectory + "/admin.token"
    }

    private static func token(_ choice: Choice, _ environment: [String: String], localFile: String?) -> Token {
        if let file = choice.tokenFile { return .file(file) }
        if let value = environment.nonEmpty("ATOLL_TOKEN") { return .value(value) }
        return localFile.map(Token.file) ?? .missing
    }
}

extension Endpoint {
    /// Longest token file that is read; a token has 71 characters.
    static let tokenSizeMax = 4096

    /// The token itself, fit for a header.
    package func readToken() throws -> String {
        switch token {
        case .value(let value): return try Self.checked(value, from: "ATOLL_TOKEN")
        case .file(let path): return try Self.checked(Self.contents(ofTokenFile: path), from: path)
        case .missing:
            throw CommandError(
                "no API token for \(url)",
                advice: "Put one into ATOLL_TOKEN, or name a file that holds it with --token-file.")
        }
    }

    private static func contents(ofTokenFile path: String) throws -> String {
        do {
            let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? file.close() }
            return String(decoding: try file.read(upToCount: tokenSizeMax) ?? Data(), as: UTF8.self)
        } catch  where !FileManager.default.fileExists(atPath: path) {
            throw CommandError(
                "no API token: there is no file \(path)",
                advice: "Start Atoll, which makes it (`atoll up`), or put a token into ATOLL_TOKEN.")
        } catch {
            throw CommandError(
                "the token file \(path) cannot be read",
                advice: "Run this as the user who runs `atoll up`, or put a token of your own into ATOLL_TOKEN.")
        }
    }

    private static func checked(_ text: String, from source: String) throws -> String {
        let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw CommandError("\(source) does not hold one API token", advice: "A token reads dop_v1_….")
        }
        return token
    }
}

/// Scheme, host and port of an API, checked.
private struct Location: Equatable {
    var scheme: String
    var host: String
    var port: Int

    init(_ text: String) throws {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            scheme == "https" || scheme == "http", let host = parts.host?.lowercased(), !host.isEmpty,
            parts.user == nil, parts.path.isEmpty || parts.path == "/", parts.query == nil, parts.fragment == nil
        else {
            throw CommandError(
                "\(text) is not the address of an API",
                advice: "An address has a scheme, a host and a port, and no path: \(Endpoint.defaultURL)")
        }
        self.scheme = scheme
        self.host = host.trimmingCharacters(in: ["[", "]"])
        self.port = parts.port ?? (scheme == "https" ? 443 : 80)
        guard scheme == "https" || isLoopback else {
            throw CommandError(
                "\(text) is not encrypted, and the token would cross the network in the clear",
                advice: "Use https://, or http:// to this machine only.")
        }
    }

    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") && isIPv4(host) }

    var url: String { "\(scheme)://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

/// Whether the text is an IPv4 address in dotted form.
func isIPv4(_ text: String) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1
}

/// Whether the text is an IPv6 address, without brackets or zone.
func isIPv6(_ text: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET6, text, &address) == 1
}
