/// An operating error of a command: what happened, and what to do next.
///
/// The root command prints it as `atoll: …` on standard error and exits with 1.
package struct CommandError: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String
    package var advice: String?

    package init(_ message: String, advice: String? = nil) {
        self.message = message
        self.advice = advice
    }

    package var description: String {
        guard let advice else { return message }
        return "\(message)\n  \(advice)"
    }
}

/// The API could not be reached or did not answer in time; the same request may succeed later.
package struct UnreachableError: Error, Sendable, Equatable, CustomStringConvertible {
    package var url: String
    /// What the network said, when it is something else than a refused connection.
    package var cause: String?

    package var description: String {
        let detail = cause.map { " (\($0))" } ?? ""
        return "nothing answers at \(url)\(detail); is `atoll up` running? (atoll status)"
    }
}

/// An error that the API answered with.
package struct APIError: Error, Sendable, Equatable, CustomStringConvertible {
    package var status: Int
    /// DigitalOcean's name for the kind of error, "not_found".
    package var id: String?
    package var message: String
    package var requestID: String?

    package init(status: Int, id: String?, message: String, requestID: String?) {
        self.status = status
        self.id = id
        self.message = message
        self.requestID = requestID
    }

    package var description: String {
        let request = requestID.map { " (request id \($0))" } ?? ""
        let advice = advice.map { "\n  \($0)" } ?? ""
        return message + request + advice
    }

    private var advice: String? {
        switch status {
        case 401: "The token was not accepted. Give another one in ATOLL_TOKEN or with --token-file."
        case 403 where message.contains("scope"):
            "If the token's scopes are too narrow: atoll token create NAME --scope read --scope write"
        case 429: "Too many requests with this token; wait a minute and repeat."
        case 501: nil
        case 500...: "The log of `atoll up` says more; search it for the request id."
        default: nil
        }
    }
}
