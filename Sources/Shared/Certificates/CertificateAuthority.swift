import Crypto
package import Foundation
import SwiftASN1
import X509

/// A certificate authority of ours: a P-256 key and a self-signed certificate, which issues leaves and nothing else.
///
/// No clock, disk or network is in it; time comes in as a parameter. Leaves never outlive their authority.
package struct CertificateAuthority: Sendable {
    /// The authority's certificate: what clients verify against.
    package let certificatePEM: String
    /// What the certificate says.
    package let summary: CertificateSummary

    private let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    /// The private key as PKCS #8, not encrypted: keep it sealed or in a file of mode 0600.
    package var privateKeyPEM: String { key.pemRepresentation }

    /// Makes a new authority, named "Atoll CA" and a short random identifier so that two never look the same.
    package static func create(
        at now: Date, validDays: Int = CertificateLimits.authorityValidDays
    ) throws(CertificateFailure) -> CertificateAuthority {
        let identifier = (0..<4).map { _ in String(UInt8.random(in: 0x10...0xff), radix: 16) }.joined()
        return try create(commonName: "Atoll CA \(identifier)", at: now, validDays: validDays)
    }

    /// Makes a new authority of a given name.
    package static func create(
        commonName: String, at now: Date, validDays: Int
    ) throws(CertificateFailure) -> CertificateAuthority {
        let key = P256.Signing.PrivateKey()
        let name = try distinguishedName(commonName: commonName)
        let life = try Lifetime(from: now, days: validDays)
        do {
            let publicKey = Certificate.PublicKey(key.publicKey)
            let certificate = try Certificate(
                version: .v3, serialNumber: randomSerialNumber(), publicKey: publicKey,
                notValidBefore: life.notBefore, notValidAfter: life.notAfter, issuer: name, subject: name,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                    Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                    SubjectKeyIdentifier(hash: publicKey)
                },
                issuerPrivateKey: Certificate.PrivateKey(key))
            return try CertificateAuthority(certificate: certificate, key: key)
        } catch {
            throw .notIssued(cause: "\(error)")
        }
    }

    /// Reads an authority back: a PEM certificate and its P-256 key (PKCS #8 or SEC 1).
    package init(certificatePEM: String, privateKeyPEM: String) throws(CertificateFailure) {
        let certificate = try Certificate.read(pem: certificatePEM)
        guard certificate.isAuthority else { throw .notAnAuthority }
        let key = try Self.readKey(pem: privateKeyPEM)
        guard certificate.publicKey == Certificate.PublicKey(key.publicKey) else { throw .keyDoesNotMatch }
        do {
            try self.init(certificate: certificate, key: key)
        } catch {
            throw .unreadablePEM(what: "certificate", cause: "\(error)")
        }
    }

    private init(certificate: Certificate, key: P256.Signing.PrivateKey) throws {
        self.certificate = certificate
        self.key = key
        certificatePEM = try certificate.serializeAsPEM().pemString + "\n"
        summary = CertificateSummary(certificate)
    }

    /// Issues a server's certificate (serverAuth) for DNS names, wildcards and IP addresses.
    package func issueServerCertificate(
        names: [SubjectName], at now: Date, validDays: Int = CertificateLimits.leafValidDays
    ) throws(CertificateFailure) -> IssuedCertificate {
        guard (1...CertificateLimits.namesMax).contains(names.count), let first = names.first else {
            throw .wrongNameCount(names.count)
        }
        let fits = first.description.utf8.count <= CertificateLimits.commonNameBytesMax
        return try issueLeaf(
            Leaf(
                commonName: fits ? first.description : "Atoll server", names: names, usage: .serverAuth, now: now,
                validDays: validDays))
    }

    /// Issues a client's certificate (clientAuth); PostgreSQL's `cert` login takes the user from the common name.
    package func issueClientCertificate(
        commonName: String, at now: Date, validDays: Int = CertificateLimits.leafValidDays
    ) throws(CertificateFailure) -> IssuedCertificate {
        try issueLeaf(
            Leaf(commonName: commonName, names: [], usage: .clientAuth, now: now, validDays: validDays))
    }

    /// Whether this authority's key signed the certificate.
    package func hasIssued(certificatePEM: String) throws(CertificateFailure) -> Bool {
        let candidate = try Certificate.read(pem: certificatePEM)
        return candidate.issuer == certificate.subject
            && certificate.publicKey.isValidSignature(candidate.signature, for: candidate)
    }
}

// MARK: - Leaves

extension CertificateAuthority {
    /// What distinguishes one leaf from another.
    private struct Leaf {
        let commonName: String
        let names: [SubjectName]
        let usage: ExtendedKeyUsage.Usage
        let now: Date
        let validDays: Int
    }

    private func issueLeaf(_ leaf: Leaf) throws(CertificateFailure) -> IssuedCertificate {
        guard summary.notBefore <= leaf.now, leaf.now < summary.notAfter else {
            throw .authorityNotValid(from: summary.notBefore, until: summary.notAfter)
        }
        let subject = try Self.distinguishedName(commonName: leaf.commonName)
        let life = try Lifetime(from: leaf.now, days: leaf.validDays).clamped(to: summary)
        let leafKey = P256.Signing.PrivateKey()
        do {
            let issued = try Certificate(
                version: .v3, serialNumber: Self.randomSerialNumber(),
                publicKey: Certificate.PublicKey(leafKey.publicKey), notValidBefore: life.notBefore,
                notValidAfter: life.notAfter, issuer: certificate.subject, subject: subject,
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: leafExtensions(leaf, publicKey: Certificate.PublicKey(leafKey.publicKey)),
                issuerPrivateKey: Certificate.PrivateKey(key))
            return IssuedCertificate(
                certificatePEM: try issued.serializeAsPEM().pemString + "\n",
                privateKeyPEM: leafKey.pemRepresentation + "\n", summary: CertificateSummary(issued))
        } catch {
            throw .notIssued(cause: "\(error)")
        }
    }

    private func leafExtensions(
        _ leaf: Leaf, publicKey: Certificate.PublicKey
    ) throws -> Certificate.Extensions {
        try Certificate.Extensions {
            Critical(BasicConstraints.notCertificateAuthority)
            Critical(KeyUsage(digitalSignature: true))
            try ExtendedKeyUsage([leaf.usage])
            SubjectKeyIdentifier(hash: publicKey)
            AuthorityKeyIdentifier(keyIdentifier: try certificate.extensions.subjectKeyIdentifier?.keyIdentifier)
            if !leaf.names.isEmpty {
                SubjectAlternativeNames(leaf.names.map(\.generalName))
            }
        }
    }

    /// A random, positive serial number; its top bit is clear so that it stays `serialNumberBytes` long in DER.
    private static func randomSerialNumber() -> Certificate.SerialNumber {
        var bytes = (0..<CertificateLimits.serialNumberBytes).map { _ in UInt8.random(in: .min ... .max) }
        bytes[0] = bytes[0] & 0x7f | 0x40
        return Certificate.SerialNumber(bytes: bytes)
    }

    private static func distinguishedName(commonName: String) throws(CertificateFailure) -> DistinguishedName {
        guard !commonName.isEmpty else { throw .invalidName(commonName, reason: "it is empty") }
        guard commonName.utf8.count <= CertificateLimits.commonNameBytesMax else {
            throw .invalidName(commonName, reason: "it is over \(CertificateLimits.commonNameBytesMax) bytes")
        }
        guard commonName.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw .invalidName(commonName, reason: "it has control characters")
        }
        do {
            return try DistinguishedName { CommonName(commonName) }
        } catch {
            throw .invalidName(commonName, reason: "\(error)")
        }
    }

    private static func readKey(pem: String) throws(CertificateFailure) -> P256.Signing.PrivateKey {
        guard pem.utf8.count <= CertificateLimits.pemBytesMax else {
            throw .unreadablePEM(what: "private key", cause: "it is over \(CertificateLimits.pemBytesMax) bytes")
        }
        do {
            return try P256.Signing.PrivateKey(pemRepresentation: pem)
        } catch {
            throw .unreadablePEM(what: "private key", cause: "it is no P-256 key (\(error))")
        }
    }
}

/// A certificate's first and last moment, in whole seconds as X.509 writes them.
private struct Lifetime {
    let notBefore: Date
    let notAfter: Date

    init(from now: Date, days: Int) throws(CertificateFailure) {
        guard (1...CertificateLimits.authorityValidDays).contains(days) else { throw .wrongLifetime(days: days) }
        let startSeconds = now.timeIntervalSince1970.rounded(.down) - Double(CertificateLimits.clockSkewSeconds)
        notBefore = Date(timeIntervalSince1970: startSeconds)
        notAfter = notBefore.addingTimeInterval(Double(days * CertificateLimits.secondsPerDay))
    }

    private init(notBefore: Date, notAfter: Date) {
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// The part of this life that lies within the authority's.
    func clamped(to authority: CertificateSummary) -> Lifetime {
        Lifetime(notBefore: max(notBefore, authority.notBefore), notAfter: min(notAfter, authority.notAfter))
    }
}
