package import ControlModel
package import Foundation
import HTTPTypes
package import Hummingbird
import HummingbirdCore
package import Logging

/// All routes of the API with their conventions: identity, limits, errors as JSON, one log line a request.
///
/// - Parameter now: the clock; tests pass their own.
package func makeRouter(
    accounts: any AccountService, databases: any DatabaseService, configuration: APIConfiguration, logger: Logger,
    now: @escaping @Sendable () -> Date = { Date() }
) -> Router<APIRequestContext> {
    let services = APIServices(accounts: accounts, databases: databases, configuration: configuration, now: now)
    let authenticator = Authenticator(accounts: accounts, configuration: configuration, now: now)
    let routes = allRoutes(services)

    let router = Router(context: APIRequestContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: RequestLogMiddleware(logger: logger))
    router.add(middleware: ErrorMiddleware(logger: logger))
    router.add(middleware: UnknownPathMiddleware(knownPaths: KnownPaths(routes), authenticator: authenticator))
    for route in routes {
        router.on(RouterPath(route.path), method: httpMethod(route.method)) { request, context in
            context.record.note { $0.pathPattern = route.path }
            let token = route.access == .open ? nil : try await authenticator.authenticate(request, context: context)
            let call = Call(request: request, context: context, token: token, configuration: configuration)
            return try await route.handler(call).response()
        }
    }
    return router
}

/// The whole table, resource by resource.
private func allRoutes(_ services: APIServices) -> [Route] {
    [
        healthRoutes(services), tokenRoutes(services), accountRoutes(services), catalogueRoutes(),
        tagRoutes(services), projectRoutes(services), vpcRoutes(services),
        databaseOptionsRoutes(services), clusterRoutes(services), clusterConfigurationRoutes(services),
        databaseUserRoutes(services), databaseRoutes(services), poolRoutes(services),
        firewallRoutes(services),
        maintenanceRoutes(services), evictionPolicyRoutes(services), metricsCredentialsRoutes(services),
        benchmarkRoutes(services), notBuiltRoutes(services),
    ].flatMap { $0 }
}

private func httpMethod(_ method: Route.Method) -> HTTPRequest.Method {
    switch method {
    case .get: .get
    case .post: .post
    case .put: .put
    case .patch: .patch
    case .delete: .delete
    }
}
