import ControlModel

/// `/v2/databases/metrics/credentials`: the pair for the Prometheus endpoints of all clusters.
func metricsCredentialsRoutes(_ services: APIServices) -> [Route] {
    let path = "/v2/databases/metrics/credentials"
    return [
        Route(.get, path) { call in
            let credentials = try await services.accounts.metricsCredentials()
            return .ok(CredentialsEnvelope(credentials, showsPassword: call.showsPasswords))
        },
        Route(.put, path) { call in
            let fields = try (try await call.body()).requiredObject("credentials")
            let credentials = MetricsCredentials(
                username: try fields.requiredString("basic_auth_username", bytesMax: 255),
                password: try fields.requiredString("basic_auth_password", bytesMax: 255))
            // Basic authentication ends the user name at the first colon (RFC 7617 §2).
            guard !credentials.username.contains(":") else {
                throw fields.wrong("basic_auth_username", "must not contain a colon")
            }
            try await services.accounts.setMetricsCredentials(credentials)
            return .noContent
        },
    ]
}

private struct CredentialsEnvelope: Encodable {
    struct Credentials: Encodable {
        let username: String
        let password: String?

        enum CodingKeys: String, CodingKey {
            case username = "basic_auth_username"
            case password = "basic_auth_password"
        }
    }

    let credentials: Credentials

    init(_ credentials: MetricsCredentials, showsPassword: Bool) {
        self.credentials = Credentials(
            username: credentials.username, password: showsPassword ? credentials.password : nil)
    }
}
