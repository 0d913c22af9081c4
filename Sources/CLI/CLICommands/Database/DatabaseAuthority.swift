import ArgumentParser
import Foundation

/// `atoll db ca`
struct DatabaseAuthority: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "Print the certificate of Atoll's authority (PEM).",
        discussion: """
            Clients verify against it. Without a cluster it is the authority of the API itself, which is the same one.

            Examples:
              atoll db ca shop > atoll-ca.crt
              export REQUESTS_CA_BUNDLE=$PWD/atoll-ca.crt
            """)

    @Argument(help: "Name or id of a cluster.")
    var cluster: String?

    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let text =
            if let cluster {
                try await session.authority(ofClusterID: session.cluster(cluster).id)
            } else {
                try localAuthority(session.endpoint)
            }
        try session.console.print(text.trimmingCharacters(in: .newlines))
    }

    private func localAuthority(_ endpoint: Endpoint) throws -> String {
        guard let path = endpoint.caFile else {
            throw CommandError(
                "no file with Atoll's authority is known here", advice: "Name a cluster: atoll db ca CLUSTER")
        }
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw CommandError("\(path) cannot be read", advice: "Name a cluster: atoll db ca CLUSTER")
        }
    }
}

extension Session {
    /// The PEM text of the authority that signed a cluster's certificate.
    func authority(ofClusterID id: String) async throws -> String {
        let answer = try await send(.databases(.get, id, "ca")).decode(APIModel.CertificateAuthority.self)
        guard let data = Data(base64Encoded: answer.ca.certificate, options: .ignoreUnknownCharacters),
            let text = String(data: data, encoding: .utf8), text.contains("BEGIN CERTIFICATE")
        else {
            throw CommandError("the API's answer holds no certificate")
        }
        return text
    }
}
