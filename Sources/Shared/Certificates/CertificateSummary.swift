package import Foundation
import SwiftASN1
import X509

/// What a certificate says, read back from its PEM: enough to decide whether it still serves.
package struct CertificateSummary: Equatable, Sendable {
    /// The subject's common name, if it has one.
    package let commonName: String?
    /// The issuer's common name, if it has one.
    package let issuerCommonName: String?
    /// The DNS names and IP addresses it answers for.
    package let names: [SubjectName]
    /// The first moment of its life.
    package let notBefore: Date
    /// The last moment of its life.
    package let notAfter: Date
    /// The serial number in hexadecimal.
    package let serialNumber: String
    /// Whether it may issue others.
    package let isAuthority: Bool

    /// Reads one PEM certificate.
    package init(certificatePEM: String) throws(CertificateFailure) {
        self.init(try Certificate.read(pem: certificatePEM))
    }

    init(_ certificate: Certificate) {
        commonName = certificate.subject.commonName
        issuerCommonName = certificate.issuer.commonName
        let alternativeNames = try? certificate.extensions.subjectAlternativeNames
        names = alternativeNames?.compactMap { SubjectName($0) } ?? []
        notBefore = certificate.notValidBefore
        notAfter = certificate.notValidAfter
        serialNumber = certificate.serialNumber.bytes.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
        isAuthority = certificate.isAuthority
    }

    /// Whether less than `CertificateLimits.renewalMarginDays` of its life is left.
    package func needsRenewal(at now: Date) -> Bool {
        let marginSeconds = CertificateLimits.renewalMarginDays * CertificateLimits.secondsPerDay
        return notAfter.timeIntervalSince(now) < Double(marginSeconds)
    }

    /// Whether every one of the names is in the certificate, letter for letter.
    package func covers(_ wanted: [SubjectName]) -> Bool {
        Set(names).isSuperset(of: wanted)
    }
}

extension Certificate {
    /// Reads one PEM certificate of a bounded size.
    static func read(pem: String) throws(CertificateFailure) -> Certificate {
        guard pem.utf8.count <= CertificateLimits.pemBytesMax else {
            throw .unreadablePEM(what: "certificate", cause: "it is over \(CertificateLimits.pemBytesMax) bytes")
        }
        do {
            return try Certificate(pemEncoded: pem)
        } catch {
            throw .unreadablePEM(what: "certificate", cause: "\(error)")
        }
    }

    var isAuthority: Bool {
        guard let constraints = try? extensions.basicConstraints else { return false }
        if case .isCertificateAuthority = constraints { return true }
        return false
    }
}

extension DistinguishedName {
    /// The first common name's text.
    var commonName: String? {
        for relativeName in self {
            for attribute in relativeName where attribute.type == .RDNAttributeType.commonName {
                return String(attribute.value)
            }
        }
        return nil
    }
}
