import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// An answer before it is bytes.
struct Reply: Sendable {
    var status: HTTPResponse.Status
    var body: (any Encodable & Sendable)?

    static func ok(_ body: any Encodable & Sendable) -> Reply { Reply(status: .ok, body: body) }
    static func created(_ body: any Encodable & Sendable) -> Reply { Reply(status: .created, body: body) }
    /// 200 without a body; only where the API description has it so.
    static let emptyOK = Reply(status: .ok, body: nil)
    static let noContent = Reply(status: .noContent, body: nil)

    func response() throws -> Response {
        guard let body else { return Response(status: status) }
        var response = Response(status: status, body: .init(byteBuffer: try Self.encode(body)))
        response.headers[.contentType] = "application/json; charset=utf-8"
        return response
    }

    private static func encode(_ body: some Encodable) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ByteBuffer(bytes: try encoder.encode(body))
    }
}
