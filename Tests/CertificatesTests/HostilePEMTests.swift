import Certificates
import Foundation
import Testing

@Suite("Hostile PEM")
struct HostilePEMTests {
    /// A text with a short name, so that a failure does not print the text.
    struct Sample: CustomTestStringConvertible {
        let testDescription: String
        let text: String

        init(_ name: String, _ text: String) {
            testDescription = name
            self.text = text
        }

        init(_ name: String, block: String, base64: String) {
            self.init(name, "-----BEGIN \(block)-----\n\(base64)\n-----END \(block)-----\n")
        }
    }

    private static let samples: [Sample] = [
        Sample("empty", ""),
        Sample("newline", "\n"),
        Sample("header only", "-----BEGIN CERTIFICATE-----"),
        Sample("empty block", block: "CERTIFICATE", base64: ""),
        Sample("zeros", block: "CERTIFICATE", base64: "AAAA"),
        Sample("no base64", block: "CERTIFICATE", base64: "!!!!"),
        Sample("other footer", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END PRIVATE KEY-----"),
        Sample("empty sequence as key", block: "PRIVATE KEY", base64: "MAA="),
        Sample("truncated SEC 1 key", block: "EC PRIVATE KEY", base64: "MIH/"),
        Sample("length beyond the end", block: "CERTIFICATE", base64: "MIT/////"),
        Sample(
            "deep nesting", block: "CERTIFICATE",
            base64: Data(repeating: 0x30, count: 3_000).base64EncodedString()),
        Sample(
            "all ones", block: "CERTIFICATE", base64: Data(repeating: 0xff, count: 3_000).base64EncodedString()),
        Sample("NUL bytes", "\u{0}\u{0}\u{0}"),
        Sample("many headers", String(repeating: "-----BEGIN CERTIFICATE-----\n", count: 2_000)),
        Sample("over the limit", String(repeating: "A", count: CertificateLimits.pemBytesMax + 1)),
    ]

    @Test("Every hostile text is an error, as a certificate and as a key", arguments: samples)
    func refused(sample: Sample) throws {
        let text = sample.text
        let authority = try CertificateAuthority.create(at: testMoment)
        #expect(throws: CertificateFailure.self) { try CertificateSummary(certificatePEM: text) }
        #expect(throws: CertificateFailure.self) {
            try CertificateAuthority(certificatePEM: text, privateKeyPEM: authority.privateKeyPEM)
        }
        #expect(throws: CertificateFailure.self) {
            try CertificateAuthority(certificatePEM: authority.certificatePEM, privateKeyPEM: text)
        }
    }

    @Test("A certificate with any one byte changed is an error or another certificate, never a crash")
    func flippedBytes() throws {
        let authority = try CertificateAuthority.create(at: testMoment)
        let body = authority.certificatePEM.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        let bytes = try #require(Data(base64Encoded: body))
        for index in bytes.indices {
            for mask in [UInt8(0x01), 0x80, 0xff] {
                var changed = bytes
                changed[index] ^= mask
                let pem =
                    "-----BEGIN CERTIFICATE-----\n"
                    + changed.base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
                    + "\n-----END CERTIFICATE-----\n"
                guard let read = try? CertificateSummary(certificatePEM: pem) else { continue }
                // The signature covers what the certificate says, not the padding of its own encoding.
                let vouched = (try? authority.hasIssued(certificatePEM: pem)) ?? false
                #expect(!vouched || read == authority.summary, "byte \(index) ^ \(mask) is vouched for")
            }
        }
    }

    @Test("A certificate and a key that do not belong together are refused")
    func mismatch() throws {
        let one = try CertificateAuthority.create(at: testMoment)
        let two = try CertificateAuthority.create(at: testMoment)
        #expect(throws: CertificateFailure.keyDoesNotMatch) {
            try CertificateAuthority(certificatePEM: one.certificatePEM, privateKeyPEM: two.privateKeyPEM)
        }
    }

    @Test("A leaf is no authority")
    func leafAsAuthority() throws {
        let authority = try CertificateAuthority.create(at: testMoment)
        let leaf = try authority.issueServerCertificate(names: subjectNames("localhost"), at: testMoment)
        #expect(throws: CertificateFailure.notAnAuthority) {
            try CertificateAuthority(certificatePEM: leaf.certificatePEM, privateKeyPEM: leaf.privateKeyPEM)
        }
    }

    @Test("An RSA key is refused with a reason")
    func rsaKey() throws {
        let openssl = try OpenSSLCommand()
        let key = try openssl.run("genrsa", "2048")
        let pem = String(key.output[(key.output.range(of: "-----BEGIN")?.lowerBound ?? key.output.startIndex)...])
        let authority = try CertificateAuthority.create(at: testMoment)
        #expect(throws: CertificateFailure.self) {
            try CertificateAuthority(certificatePEM: authority.certificatePEM, privateKeyPEM: pem)
        }
    }
}
