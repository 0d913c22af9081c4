package import Foundation

/// A certificate authority that lives for one signature: it issues a single client certificate and its key is dropped.
///
/// A PostgreSQL cluster that trusts only this authority for `cert` logins lets exactly one certificate in, and nobody,
/// ourselves included, can ever make a second.
package struct ClientAuthority: Sendable {
    /// What the server trusts (PostgreSQL's `ssl_ca_file`).
    package let authorityCertificatePEM: String
    /// What the client presents.
    package let client: IssuedCertificate

    /// Makes the authority and its one client certificate; renew by making a new pair.
    package static func make(
        clientCommonName: String, at now: Date, validDays: Int = CertificateLimits.leafValidDays
    ) throws(CertificateFailure) -> ClientAuthority {
        let identifier = String(UInt32.random(in: 0x1000_0000...UInt32.max), radix: 16)
        let authority = try CertificateAuthority.create(
            commonName: "Atoll client CA \(identifier)", at: now, validDays: validDays)
        let client = try authority.issueClientCertificate(
            commonName: clientCommonName, at: now, validDays: validDays)
        return ClientAuthority(authorityCertificatePEM: authority.certificatePEM, client: client)
    }
}
