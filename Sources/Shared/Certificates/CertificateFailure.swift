package import Foundation

/// Why a certificate was not read or not issued.
package enum CertificateFailure: Error, Equatable, Sendable {
    /// The text is no PEM document of the expected kind.
    case unreadablePEM(what: String, cause: String)
    /// The name can stand in no certificate.
    case invalidName(String, reason: String)
    /// A server certificate without a name, or with more than `CertificateLimits.namesMax`.
    case wrongNameCount(Int)
    /// The private key is not the one that the certificate speaks of.
    case keyDoesNotMatch
    /// The certificate may not issue others.
    case notAnAuthority
    /// The authority's life is over (or has not begun) at the time of the request.
    case authorityNotValid(from: Date, until: Date)
    /// The lifetime asked for is not between one day and the authority's.
    case wrongLifetime(days: Int)
    /// Encoding or signing failed.
    case notIssued(cause: String)
}

extension CertificateFailure: CustomStringConvertible {
    /// What happened, to what, and what to do next.
    package var description: String {
        switch self {
        case .unreadablePEM(let what, let cause):
            "The \(what) cannot be read: \(cause). Give it as one PEM block."
        case .invalidName(let name, let reason):
            "\"\(name)\" cannot be named in a certificate: \(reason)."
        case .wrongNameCount(let count):
            "A server certificate takes 1 to \(CertificateLimits.namesMax) names, not \(count)."
        case .keyDoesNotMatch:
            "The private key does not belong to the certificate. Give the pair that was made together."
        case .notAnAuthority:
            "The certificate is not a certificate authority's (basicConstraints CA:TRUE is missing)."
        case .authorityNotValid(let from, let until):
            "The certificate authority is valid from \(from) until \(until) only. Make a new one, or mend the clock."
        case .wrongLifetime(let days):
            "A certificate cannot live for \(days) days; give 1 to \(CertificateLimits.authorityValidDays)."
        case .notIssued(let cause):
            "The certificate could not be issued: \(cause)."
        }
    }
}
