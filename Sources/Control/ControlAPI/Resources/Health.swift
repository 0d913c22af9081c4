/// `GET /atoll/v1/health`: for load balancers and scripts, without a token.
func healthRoutes(_ services: APIServices) -> [Route] {
    let version = services.configuration.version
    return [
        Route(.get, "/atoll/v1/health", access: .open) { _ in .ok(HealthView(status: "ok", version: version)) }
    ]
}

private struct HealthView: Encodable {
    let status: String
    let version: String
}
