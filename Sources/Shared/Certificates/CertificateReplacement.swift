package import Foundation

/// Why a server's certificate must be issued anew.
package enum CertificateReplacement: Equatable, Sendable {
    /// There is none, or it cannot be read.
    case missing
    /// Less than `CertificateLimits.renewalMarginDays` of its life is left.
    case expiresSoon
    /// A name that clients use is not in it.
    case nameMissing
    /// Another authority signed it.
    case foreignAuthority
}

extension CertificateAuthority {
    /// Decides whether the stored server certificate still serves these names; nil means that it does.
    package func reasonToReplace(
        certificatePEM: String?, names: [SubjectName], at now: Date
    ) -> CertificateReplacement? {
        guard let certificatePEM, let summary = try? CertificateSummary(certificatePEM: certificatePEM) else {
            return .missing
        }
        if (try? hasIssued(certificatePEM: certificatePEM)) != true { return .foreignAuthority }
        if summary.needsRenewal(at: now) { return .expiresSoon }
        return summary.covers(names) ? nil : .nameMissing
    }
}
