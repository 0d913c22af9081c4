package import ControlModel
package import Foundation

/// What the API answered to a request that succeeded.
package struct APIAnswer: Sendable {
    package var status: Int
    package var body: Data
    /// "GET /v2/databases", for messages.
    package var request: String

    package init(status: Int, body: Data, request: String) {
        self.status = status
        self.body = body
        self.request = request
    }

    /// The part of the answer that a command uses.
    ///
    /// - Parameter keys: types of `ControlModel` name the API's keys themselves, and want `.useDefaultKeys`.
    package func decode<Model: Decodable>(
        _ type: Model.Type = Model.self, keys: JSONDecoder.KeyDecodingStrategy = .convertFromSnakeCase
    ) throws -> Model {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = keys
        return try understood { try decoder.decode(type, from: body) }
    }

    /// The whole answer as it came; nil when it was empty.
    package func value() throws -> JSONValue? {
        guard !body.isEmpty else { return nil }
        return try understood { try JSONDecoder().decode(JSONValue.self, from: body) }
    }

    private func understood<Result>(_ decoding: () throws -> Result) throws -> Result {
        do {
            return try decoding()
        } catch {
            throw CommandError(
                "the answer to \(request) is not what this atoll understands",
                advice: "Check --api-url: does Atoll listen there, in the same version?")
        }
    }
}
