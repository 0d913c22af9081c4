import ControlModel
import Crypto
import Foundation

/// Where a sealed value is stored. It is authenticated with the value, so a blob that is moved to another row or column
/// does not open.
struct SealedPlace: Sendable {
    var table: String
    /// The row's natural key, part by part.
    var row: [String]
    var column: String

    /// Each part with its length before it, so that no two places read the same.
    fileprivate var authenticatedData: Data {
        let parts = ["atoll-sealed-1", table] + row + [column]
        return Data(parts.map { "\($0.utf8.count):\($0)" }.joined().utf8)
    }
}

/// Seals and opens secrets with AES-256-GCM.
///
///     offset  size  meaning
///     0       1     format version, 1
///     1       12    nonce, random
///     13      n     ciphertext
///     13 + n  16    tag
struct Sealer: Sendable {
    private static let formatVersion: UInt8 = 1

    private let key: SymmetricKey

    init(key: SecretsKey) {
        self.key = key.symmetricKey
    }

    func seal(_ value: Data, at place: SealedPlace) throws -> Data {
        let box = try AES.GCM.seal(value, using: key, authenticating: place.authenticatedData)
        return Data([Self.formatVersion]) + box.nonce + box.ciphertext + box.tag
    }

    func seal(_ text: String, at place: SealedPlace) throws -> Data {
        try seal(Data(text.utf8), at: place)
    }

    func open(_ sealed: Data, at place: SealedPlace) throws -> Data {
        do {
            guard sealed.first == Self.formatVersion else { throw CryptoKitError.authenticationFailure }
            let box = try AES.GCM.SealedBox(combined: sealed.dropFirst())
            return try AES.GCM.open(box, using: key, authenticating: place.authenticatedData)
        } catch {
            let row = place.row.joined(separator: "/")
            throw ServiceError(
                .serverError,
                """
                The secret in \(place.table).\(place.column) of \(row) cannot be opened: \
                \(ControlStore.databaseFileName) was damaged or changed by hand, or \(SecretsKey.fileName) is not the \
                key that sealed it.
                """)
        }
    }

    func openText(_ sealed: Data, at place: SealedPlace) throws -> String {
        String(decoding: try open(sealed, at: place), as: UTF8.self)
    }
}
