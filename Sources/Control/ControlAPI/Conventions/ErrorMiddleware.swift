import ControlModel
import HTTPTypes
import Hummingbird
import Logging

/// Turns every error into the one JSON shape. What nobody foresaw becomes a 500 whose cause is in the log only.
struct ErrorMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch is BodyReader.ConnectionFailure {
            // Where the next request would begin is not known, so the connection ends with the answer.
            var response = try APIError(.badRequest, "The request's body broke off.")
                .response(requestID: context.requestID)
            response.headers[.connection] = "close"
            return response
        } catch {
            return try apiError(for: error, context: context).response(requestID: context.requestID)
        }
    }

    private func apiError(for error: any Error, context: Context) -> APIError {
        switch error {
        case let error as APIError: return error
        case let error as ServiceError where error.code != .serverError: return APIError(error)
        case let error as HTTPError where error.status.code < 500:
            return APIError(
                status: error.status, id: error.status == .notFound ? "not_found" : "bad_request",
                message: error.body ?? error.status.reasonPhrase)
        default:
            logger.error(
                "request failed unexpectedly",
                metadata: ["request_id": "\(context.requestID)", "error": "\(String(reflecting: error))"])
            return APIError(
                .serverError,
                "Something went wrong inside Atoll. Its log has the cause under request id \(context.requestID).")
        }
    }
}
