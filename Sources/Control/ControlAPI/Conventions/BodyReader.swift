import ControlModel
import HTTPTypes
import Hummingbird
import NIOCore

/// Takes a request's body from the network, bounded in type, size and time.
struct BodyReader: Sendable {
    /// The body ended before its announced end: the peer broke HTTP or went away.
    struct ConnectionFailure: Error {}

    let configuration: APIConfiguration

    /// The body's bytes; empty when there is none.
    func read(_ request: Request) async throws -> [UInt8] {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > configuration.bodyBytesMax {
            throw tooLarge
        }
        let buffer = try await collect(request.body)
        let bytes = Array(buffer.readableBytesView)
        guard bytes.isEmpty || Self.isJSON(request.headers[.contentType]) else {
            throw APIError.unsupportedMediaType()
        }
        return bytes
    }

    private var tooLarge: APIError {
        APIError(.payloadTooLarge, "The body is larger than \(configuration.bodyBytesMax) bytes.")
    }

    /// A missing header passes: simple tools forget it, and the reader refuses whatever is not JSON.
    private static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType else { return true }
        let type = contentType.prefix { $0 != ";" }.trimmingPrefix { $0 == " " }.lowercased()
        return type.prefix { $0 != " " } == "application/json"
    }

    private func collect(_ body: Hummingbird.RequestBody) async throws -> ByteBuffer {
        let (bytesMax, seconds) = (configuration.bodyBytesMax, configuration.bodySecondsMax)
        return try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask {
                do {
                    return try await body.collect(upTo: bytesMax)
                } catch is NIOTooManyBytesError {
                    throw tooLarge
                } catch {
                    throw ConnectionFailure()
                }
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let buffer = first else {
                throw APIError.requestTimeout(seconds: seconds)
            }
            return buffer
        }
    }
}
