extension PoolerSettings {
    /// What is missing for TLS as it is asked for, in PgBouncer's words; nil if nothing is.
    package var tlsProblem: String? {
        if clientTLS.mode != .disable, clientTLS.keyFile == nil || clientTLS.certificateFile == nil {
            return "To allow TLS connections from clients, client_tls_key_file and client_tls_cert_file must be set."
        }
        if authenticationType == .cert, clientTLS.mode != .verifyFull {
            return "auth_type=cert requires client_tls_sslmode=SSLMODE_VERIFY_FULL"
        }
        guard clientTLS.mode == .verifyFull, clientTLS.authorityFile == nil else { return nil }
        return authenticationType == .cert
            ? "auth_type=cert requires client_tls_ca_file" : "client_tls_sslmode requires client_tls_ca_file"
    }
}
