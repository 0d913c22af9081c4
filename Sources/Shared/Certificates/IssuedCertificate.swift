package import Foundation

/// A certificate with its private key, as PEM that OpenSSL, PostgreSQL and NIO read.
package struct IssuedCertificate: Sendable {
    /// The certificate alone, without the authority's.
    package let certificatePEM: String
    /// The private key as PKCS #8, not encrypted: keep it sealed or in a file of mode 0600.
    package let privateKeyPEM: String
    /// What the certificate says.
    package let summary: CertificateSummary

    /// Whether the certificate should be replaced by now because its life ends soon.
    package func needsRenewal(at now: Date) -> Bool {
        summary.needsRenewal(at: now)
    }
}
