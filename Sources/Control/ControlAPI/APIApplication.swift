package import ControlModel
package import Hummingbird
package import HummingbirdCore
import HummingbirdTLS
package import Logging
package import NIOCore
package import NIOSSL

/// The API as a server, to be run in a service group; it ends on graceful shutdown after answering what is in hand.
///
/// - Parameters:
///   - tls: nil serves plain HTTP, which pydo refuses; for tests and for use behind a proxy.
///   - configureRouter: adds routes that are not the API's, such as the panel's.
///   - onServerRunning: called with the listening channel once it accepts connections.
package func makeApplication(
    accounts: any AccountService, databases: any DatabaseService, configuration: APIConfiguration,
    tls: TLSConfiguration?, address: BindAddress, logger: Logger,
    configureRouter: (Router<APIRequestContext>) -> Void = { _ in },
    onServerRunning: @escaping @Sendable (any Channel) async -> Void = { _ in }
) throws -> Application<RouterResponder<APIRequestContext>> {
    var configuration = configuration
    configuration.scheme = tls == nil ? .http : .https
    let router = makeRouter(
        accounts: accounts, databases: databases, configuration: configuration, logger: logger)
    configureRouter(router)

    let plain = HTTPServerBuilder.http1(
        configuration: .init(
            idleTimeout: .seconds(Int64(configuration.idleSecondsMax)),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: configuration.headerBytesMax, maxHeaderListSize: configuration.headerBytesMax,
                maxHeaderFieldCount: configuration.headerCountMax)))
    return Application(
        router: router,
        server: try tls.map { try .tls(plain, tlsConfiguration: $0) } ?? plain,
        configuration: ApplicationConfiguration(
            address: address,
            availableConnectionsDelegate: .maximum(configuration.connectionsMax, logger: logger)),
        onServerRunning: onServerRunning,
        logger: logger)
}
