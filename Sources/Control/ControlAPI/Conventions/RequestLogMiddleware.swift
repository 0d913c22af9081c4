import HTTPTypes
import Hummingbird
import Logging

/// The outermost step: gives each answer its request id and rate-limit headers, and logs each request once.
///
/// Bodies, query strings, header values and the path itself are never logged: they carry names and secrets.
struct RequestLogMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    let logger: Logger

    func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        do {
            var response = try await next(request, context)
            complete(&response, context: context)
            log(request, status: response.status.code, since: start, context: context)
            return response
        } catch {
            log(request, status: 0, since: start, context: context)
            throw error
        }
    }

    private func complete(_ response: inout Response, context: Context) {
        response.setHeader("x-request-id", to: context.requestID)
        guard let usage = context.record.snapshot.usage else { return }
        response.setHeader("ratelimit-limit", to: String(usage.limit))
        response.setHeader("ratelimit-remaining", to: String(usage.remaining))
        response.setHeader("ratelimit-reset", to: String(usage.resetSeconds))
    }

    /// - Parameter status: 0 when the connection failed before there was an answer.
    private func log(_ request: Request, status: Int, since start: ContinuousClock.Instant, context: Context) {
        let record = context.record.snapshot
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        logger.info(
            "request",
            metadata: [
                "method": "\(request.method.rawValue)",
                "path": "\(record.pathPattern)",
                "status": "\(status)",
                "duration_ms": "\((milliseconds * 10).rounded() / 10)",
                "request_id": "\(context.requestID)",
                "token_id": "\(record.tokenID ?? "-")",
            ])
    }
}
