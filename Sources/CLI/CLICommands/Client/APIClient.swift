import AsyncHTTPClient
import ControlModel
package import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// A client of one API: shows the token, trusts only whom it was told to, and turns every failure into an error that
/// says what to do.
package struct APIClient: Sendable {
    /// Limits of one exchange.
    enum Limit {
        static let connectSeconds: Int64 = 5
        /// A change that restarts PostgreSQL answers when it is in force.
        static let answerSeconds: Int64 = 120
        static let bodyBytes = 16 << 20
        /// Of a body that is not JSON, in a message.
        static let foreignMessageCharacters = 300
    }

    package let endpoint: Endpoint
    private let http: HTTPClient
    private let console: Console

    /// Runs the body with a client, and closes its connections afterwards.
    package static func withClient<Result>(
        for endpoint: Endpoint, console: Console, _ body: (APIClient) async throws -> Result
    ) async throws -> Result {
        let http = HTTPClient(
            eventLoopGroupProvider: .singleton, configuration: try configuration(trusting: endpoint.caFile))
        let result: Result
        do {
            result = try await body(APIClient(endpoint: endpoint, http: http, console: console))
        } catch {
            try? await http.shutdown()
            throw error
        }
        try? await http.shutdown()
        return result
    }

    private static func configuration(trusting caFile: String?) throws -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let caFile {
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(caFile))
            } catch {
                throw CommandError(
                    "no certificate of an authority can be read from \(caFile)",
                    advice: "Start Atoll, which makes it (`atoll up`), or name the PEM file with --ca.")
            }
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(Limit.connectSeconds)))
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// Sends the request and returns the answer of a success (2xx).
    package func send(_ request: APIRequest) async throws -> APIAnswer {
        let outgoing = try httpRequest(for: request)
        return try await console.whileWaiting("waiting for the answer to \(request.title)") {
            try await exchange(outgoing, request)
        }
    }

    private func httpRequest(for request: APIRequest) throws -> HTTPClientRequest {
        var outgoing = HTTPClientRequest(url: endpoint.url + (try request.target()))
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        outgoing.headers.add(name: "authorization", value: "Bearer \(try endpoint.readToken())")
        outgoing.headers.add(name: "accept", value: "application/json")
        outgoing.headers.add(name: "user-agent", value: "atoll-cli")
        if let body = request.body {
            outgoing.headers.add(name: "content-type", value: "application/json")
            outgoing.body = .bytes(ByteBuffer(string: body.jsonText(pretty: false)))
        }
        return outgoing
    }

    private func exchange(_ outgoing: HTTPClientRequest, _ request: APIRequest) async throws -> APIAnswer {
        do {
            let response = try await http.execute(outgoing, timeout: .seconds(Limit.answerSeconds))
            let body = Data(try await response.body.collect(upTo: Limit.bodyBytes).readableBytesView)
            let status = Int(response.status.code)
            guard (200..<300).contains(status) else {
                throw Self.refusal(
                    status: status, body: body, headerRequestID: response.headers.first(name: "x-request-id"),
                    request: request)
            }
            return APIAnswer(status: status, body: body, request: request.title)
        } catch {
            throw explained(error, request)
        }
    }

    /// The error that an answer outside 2xx stands for.
    package static func refusal(
        status: Int, body: Data, headerRequestID: String?, request: APIRequest
    ) -> APIError {
        struct ErrorBody: Decodable {
            var id: String?
            var message: String?
            var request_id: String?
        }
        let parsed = try? JSONDecoder().decode(ErrorBody.self, from: body)
        let foreign = String(decoding: body.prefix(Limit.foreignMessageCharacters), as: UTF8.self)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        let message = parsed?.message ?? (foreign.isEmpty ? nil : foreign)
        return APIError(
            status: status, id: parsed?.id,
            message: (message ?? "\(request.title) was answered with status \(status)").printable,
            requestID: (parsed?.request_id ?? headerRequestID)?.printable)
    }
}

// MARK: What the network's errors mean

extension APIClient {
    private func explained(_ error: any Error, _ request: APIRequest) -> any Error {
        switch error {
        case is APIError, is CommandError, is CancellationError:
            return error
        case is NIOTooManyBytesError:
            return CommandError("the answer to \(request.title) is larger than \(Limit.bodyBytes >> 20) MiB")
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            return UnreachableError(
                url: endpoint.url, cause: "no answer to \(request.title) within \(Limit.answerSeconds) seconds")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            return distrust(error)
        default:
            // The connection itself failed; a refused one needs no further word.
            let text = String(describing: error)
            return UnreachableError(url: endpoint.url, cause: text.contains("refused") ? nil : text.printable)
        }
    }

    private func distrust(_ error: any Error) -> CommandError {
        let text = String(describing: error)
        let trusted = endpoint.caFile ?? "the authorities of this system"
        guard text.contains("CERTIFICATE_VERIFY_FAILED") || error is NIOSSLExtraError else {
            return CommandError(
                "no TLS connection with \(endpoint.url): \(text.printable)",
                advice: "Check --api-url: does Atoll's API listen there?")
        }
        return CommandError(
            "\(endpoint.url) showed a certificate that \(trusted) did not sign for this name",
            advice: "Name Atoll's authority with --ca; on its machine it is ca/ca.crt in the data directory.")
    }
}
