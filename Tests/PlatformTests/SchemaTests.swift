import Foundation
import Testing

extension PlatformTests {
    /// Requests generated from DigitalOcean's published description of its API, on a real cluster.
    @Suite(.serialized, .platform(cluster: "described"))
    struct SchemaTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        static let description =
            URL(fileURLWithPath: Python.repository).deletingLastPathComponent().path
            + "/shared/openapi/digitalocean-v2-subset.json"

        @Test(
            .enabled(
                if: FileManager.default.fileExists(atPath: description),
                "DigitalOcean's description is not beside the checkout (../shared/openapi)"))
        func answersAreAsDescribed() async throws {
            let cluster = try await platform.cluster("described")
            let result = try await Python.run(
                "described_requests.py",
                [Self.description, platform.apiURL, try platform.token(), platform.authorityFile, cluster.id, "16"],
                timeoutSeconds: 400)
            #expect(result.isSuccess, "\(result)")
            #expect(result.output.contains("0 findings"), "\(result)")
            // The cluster has been through it all and still serves.
            let after = try await platform.await(cluster: "described", status: "online")
            _ = try await after.api("PUT", "/firewall", ["rules": [[String: Any]]()])
            #expect(try await platform.cluster("described").value("SELECT 1") == "1")
        }
    }
}
