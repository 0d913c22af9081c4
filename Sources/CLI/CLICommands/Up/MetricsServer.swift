import ControlModel
import ControlReconciler
import Crypto
import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import MetricText
import NIOSSL

/// The Prometheus endpoint: `GET /metrics` over HTTPS with the account's basic-auth credentials.
enum MetricsServer {
    /// Scrapers are few; everybody else who connects here only takes descriptors from the platform.
    private static let connectionsMax = 64
    private static let idleSecondsMax: Int64 = 60

    static func make(
        collector: MetricsCollector, accounts: any AccountService, tls: TLSConfiguration, address: BindAddress,
        logger: Logger
    ) throws -> some ApplicationProtocol {
        let router = Router()
        router.get("/metrics") { request, _ -> Response in
            guard try await isAllowed(request.headers[.authorization], accounts) else {
                return Response(
                    status: .unauthorized,
                    headers: [.wwwAuthenticate: "Basic realm=\"atoll metrics\", charset=\"UTF-8\""],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: "metrics credentials are needed\n")))
            }
            let text = PrometheusText.render(await collector.families)
            return Response(
                status: .ok, headers: [.contentType: PrometheusText.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
        let server = HTTPServerBuilder.http1(configuration: .init(idleTimeout: .seconds(idleSecondsMax)))
        return Application(
            router: router, server: try .tls(server, tlsConfiguration: tls),
            configuration: ApplicationConfiguration(
                address: address,
                availableConnectionsDelegate: .maximum(connectionsMax, logger: logger)), logger: logger)
    }

    /// Compares digests, so that the time tells neither length nor content.
    private static func isAllowed(_ header: String?, _ accounts: any AccountService) async throws -> Bool {
        let parts = (header ?? "").split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic", parts[1].utf8.count <= 4096,
            let given = Data(base64Encoded: String(parts[1]))
        else { return false }
        let credentials = try await accounts.metricsCredentials()
        let wanted = Data("\(credentials.username):\(credentials.password)".utf8)
        return SHA256.hash(data: given) == SHA256.hash(data: wanted)
    }
}
