/// Limits and choices of the API. Every limit of this module has its name here.
package struct APIConfiguration: Sendable {
    /// How links in answers begin; the application sets it from whether it has TLS.
    package enum Scheme: String, Sendable {
        case http
        case https
    }

    package var scheme: Scheme
    /// Shown by the health endpoint.
    package var version: String
    package var requestsPerHourMax: Int
    package var requestsPerMinuteMax: Int
    /// Tokens, and separately addresses, whose requests are counted at one time; the longest idle are forgotten first.
    package var rateLimitedKeysMax: Int
    package var bodyBytesMax: Int
    package var jsonDepthMax: Int
    /// A body must be complete this long after its headers.
    package var bodySecondsMax: Int
    /// All header fields of one request together, request line included.
    package var headerBytesMax: Int
    package var headerCountMax: Int
    package var connectionsMax: Int
    /// A connection without a complete request, or silent inside one, is closed after this long.
    package var idleSecondsMax: Int

    package init(
        scheme: Scheme = .https, version: String = "0", requestsPerHourMax: Int = 5000,
        requestsPerMinuteMax: Int = 250, rateLimitedKeysMax: Int = 4096, bodyBytesMax: Int = 1 << 20,
        jsonDepthMax: Int = 64, bodySecondsMax: Int = 30, headerBytesMax: Int = 32 << 10, headerCountMax: Int = 100,
        connectionsMax: Int = 1024, idleSecondsMax: Int = 60
    ) {
        precondition(requestsPerHourMax > 0 && requestsPerMinuteMax > 0 && rateLimitedKeysMax > 0)
        precondition(jsonDepthMax > 0 && jsonDepthMax <= 512, "the reader recurses once a level")
        self.scheme = scheme
        self.version = version
        self.requestsPerHourMax = requestsPerHourMax
        self.requestsPerMinuteMax = requestsPerMinuteMax
        self.rateLimitedKeysMax = rateLimitedKeysMax
        self.bodyBytesMax = bodyBytesMax
        self.jsonDepthMax = jsonDepthMax
        self.bodySecondsMax = bodySecondsMax
        self.headerBytesMax = headerBytesMax
        self.headerCountMax = headerCountMax
        self.connectionsMax = connectionsMax
        self.idleSecondsMax = idleSecondsMax
    }
}
