// TLS to clients and to servers. `SettingRow` says what each part of a row means.

extension SettingTable {
    static let tlsRows: [SettingRow] = [
        SettingRow("client_tls13_ciphers", .optionalText(\.clientTLS.cipherSuites), nil),
        SettingRow("client_tls_ca_file", .optionalText(\.clientTLS.authorityFile), ""),
        SettingRow("client_tls_cert_file", .optionalText(\.clientTLS.certificateFile), ""),
        SettingRow("client_tls_ciphers", .text(\.clientTLS.ciphers), "default"),
        SettingRow(
            "client_tls_dheparams",
            .choice(
                \.clientTLS.diffieHellman, refusing: ["legacy": "1024 bits protect nobody any more; use auto"],
                empty: .auto), "auto"),
        SettingRow("client_tls_ecdhcurve", .text(\.clientTLS.curve), "auto"),
        SettingRow("client_tls_key_file", .optionalText(\.clientTLS.keyFile), ""),
        SettingRow("client_tls_protocols", .tlsVersions(\.clientTLS.versions), "secure"),
        SettingRow("client_tls_sslmode", .choice(\.clientTLS.mode), "disable"),
        SettingRow("server_tls13_ciphers", .optionalText(\.serverTLS.cipherSuites), nil),
        SettingRow("server_tls_ca_file", .optionalText(\.serverTLS.authorityFile), ""),
        SettingRow("server_tls_cert_file", .optionalText(\.serverTLS.certificateFile), ""),
        SettingRow("server_tls_ciphers", .text(\.serverTLS.ciphers), "default"),
        SettingRow("server_tls_key_file", .optionalText(\.serverTLS.keyFile), ""),
        SettingRow("server_tls_protocols", .tlsVersions(\.serverTLS.versions), "secure"),
        SettingRow("server_tls_sslmode", .choice(\.serverTLS.mode), "prefer"),
    ]
}
