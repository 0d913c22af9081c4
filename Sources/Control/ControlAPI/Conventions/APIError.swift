import ControlModel
import Foundation
import HTTPTypes
import Hummingbird

/// An error as it goes over the wire: status, the id and message of its body, and headers.
struct APIError: Error {
    var status: HTTPResponse.Status
    var id: String
    var message: String
    var allowedMethods: [String] = []
    var retryAfterSeconds: Int?

    init(status: HTTPResponse.Status, id: String, message: String) {
        self.status = status
        self.id = id
        self.message = message
    }

    init(_ code: ServiceError.Code, _ message: String) {
        self.init(status: Self.status(of: code), id: code.rawValue, message: message)
    }

    init(_ error: ServiceError) {
        self.init(error.code, error.message)
    }

    /// The one text for every way to fail to identify oneself, so that it teaches nothing.
    static let unauthorized = APIError(.unauthorized, "Unable to authenticate you.")

    static let unknownPath = APIError(.notFound, "The resource you requested could not be found.")

    static func methodNotAllowed(_ allowed: [String]) -> APIError {
        var error = APIError(
            .methodNotAllowed, "This method is not allowed here. Allowed: \(allowed.joined(separator: ", ")).")
        error.allowedMethods = allowed
        return error
    }

    static func tooManyRequests(retryAfterSeconds: Int) -> APIError {
        var error = APIError(
            .tooManyRequests, "API rate limit exceeded. Try again in \(retryAfterSeconds) s.")
        error.retryAfterSeconds = retryAfterSeconds
        return error
    }

    static func unsupportedMediaType() -> APIError {
        APIError(
            status: .unsupportedMediaType, id: "unsupported_media_type",
            message: "Send the body as JSON, with the header Content-Type: application/json.")
    }

    static func requestTimeout(seconds: Int) -> APIError {
        APIError(
            status: .requestTimeout, id: "request_timeout",
            message: "The body of the request did not arrive within \(seconds) s.")
    }

    private static func status(of code: ServiceError.Code) -> HTTPResponse.Status {
        switch code {
        case .badRequest: .badRequest
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .conflict: .conflict
        case .preconditionFailed: .preconditionFailed
        case .payloadTooLarge: .contentTooLarge
        case .unprocessableEntity: .unprocessableContent
        case .tooManyRequests: .tooManyRequests
        case .serverError: .internalServerError
        case .notImplemented: .notImplemented
        case .serviceUnavailable: .serviceUnavailable
        }
    }

    func response(requestID: String) throws -> Response {
        let body = ErrorView(id: id, message: message, requestID: requestID)
        var response = try Reply(status: status, body: body).response()
        if !allowedMethods.isEmpty {
            response.headers[.allow] = allowedMethods.joined(separator: ", ")
        }
        if let retryAfterSeconds {
            response.headers[.retryAfter] = String(retryAfterSeconds)
        }
        if status == .unauthorized {
            response.headers[.wwwAuthenticate] = "Bearer"
        }
        return response
    }
}

/// The body of every error.
private struct ErrorView: Encodable {
    let id: String
    let message: String
    let requestID: String

    enum CodingKeys: String, CodingKey {
        case id, message
        case requestID = "request_id"
    }
}
