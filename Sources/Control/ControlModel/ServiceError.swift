/// An operating error that a user can act upon: what happened, to what, and what to do next.
///
/// The API turns `code` into the HTTP status and the `id` of the error body; the command line prints `message`.
package struct ServiceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of error it is. Raw values are the `id` of DigitalOcean's error body.
    package enum Code: String, Sendable, CaseIterable {
        case badRequest = "bad_request"
        case unauthorized = "unauthorized"
        case forbidden = "forbidden"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case conflict = "conflict"
        case preconditionFailed = "precondition_failed"
        case payloadTooLarge = "payload_too_large"
        case unprocessableEntity = "unprocessable_entity"
        case tooManyRequests = "too_many_requests"
        case serverError = "server_error"
        case notImplemented = "not_implemented"
        case serviceUnavailable = "service_unavailable"
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }

    package static func notFound(_ what: String) -> ServiceError {
        ServiceError(.notFound, "The resource you requested could not be found: \(what).")
    }

    package static func unprocessable(_ message: String) -> ServiceError {
        ServiceError(.unprocessableEntity, message)
    }
}
