import Foundation
import Testing

extension PlatformTests {
    /// DigitalOcean's own Python client, unmodified, over HTTPS with our authority.
    @Suite(.serialized, .platform())
    struct PydoTests {
        let platform: PlatformUnderTest

        init() throws { platform = try SharedPlatform.platform }

        @Test(arguments: ["REQUESTS_CA_BUNDLE", "connection_verify"])
        func everyOperationOfTheClient(trust: String) async throws {
            let result = try await Python.run(
                "pydo_tour.py", [platform.apiURL, try platform.token(), trust, platform.authorityFile],
                environment: trust == "REQUESTS_CA_BUNDLE" ? [trust: platform.authorityFile] : [:])
            #expect(result.isSuccess && result.output.hasSuffix("done\n"), "\(result)")
            #expect(try await platform.clusterNames() == [])
        }
    }
}
