import ControlModel

extension ConnectionDetails {
    /// Connection details of a key-value cluster: `rediss` is the scheme with TLS, which redis-py, Celery and Django know.
    static func keyValue(host: String, port: Int, user: String, password: String, usesTLS: Bool) -> Self {
        let authority = host.contains(":") ? "[\(host)]" : host
        return ConnectionDetails(
            uri: "\(usesTLS ? "rediss" : "redis")://\(escape(user)):\(escape(password))@\(authority):\(port)",
            host: host, port: port, user: user, password: password, database: "", requiresTLS: usesTLS)
    }
}
