import Certificates
import Foundation
import Testing
import X509

@Suite("Certificate authority")
struct CertificateAuthorityTests {
    private let authority: CertificateAuthority

    init() throws {
        authority = try CertificateAuthority.create(at: testMoment)
    }

    @Test("The authority's certificate says CA:TRUE, path length 0, ten years, and a name of its own")
    func authorityCertificate() throws {
        let openssl = try OpenSSLCommand()
        let text = try openssl.run("x509", "-noout", "-text", "-in", openssl.file("ca.crt", authority.certificatePEM))
        #expect(text.status == 0)
        #expect(text.output.contains("CA:TRUE, pathlen:0"))
        #expect(text.output.contains("Certificate Sign, CRL Sign"))
        #expect(text.output.contains("Issuer: CN = Atoll CA "))
        #expect(text.output.contains("Not Before: Nov 23 11:00:00 2026 GMT"))
        #expect(text.output.contains("Not After : Nov 20 11:00:00 2036 GMT"))
        #expect(authority.summary.isAuthority)
        let other = try CertificateAuthority.create(at: testMoment)
        #expect(other.summary.commonName != authority.summary.commonName)
    }

    @Test("openssl verifies a server certificate for its purpose, and every name of it")
    func serverChain() throws {
        let names = try subjectNames("localhost", "127.0.0.1", "::1", "db.example.com", "*.example.com")
        let issued = try authority.issueServerCertificate(names: names, at: testMoment)
        let openssl = try OpenSSLCommand()
        let authorityFile = try openssl.file("ca.crt", authority.certificatePEM)
        let leafFile = try openssl.file("leaf.crt", issued.certificatePEM)
        let at = "\(Int(testMoment.timeIntervalSince1970))"
        for check in [
            ["-verify_hostname", "localhost"], ["-verify_hostname", "db.example.com"],
            ["-verify_hostname", "anything.example.com"], ["-verify_ip", "127.0.0.1"], ["-verify_ip", "::1"],
        ] {
            let verified = try openssl.run(
                "verify", "-x509_strict", "-purpose", "sslserver", "-attime", at, "-CAfile", authorityFile, check[0],
                check[1], leafFile)
            #expect(verified.status == 0, "\(check): \(verified.output)")
        }
        let wrongName = try openssl.run(
            "verify", "-attime", at, "-CAfile", authorityFile, "-verify_hostname", "other.test", leafFile)
        #expect(wrongName.status != 0)
        let wrongPurpose = try openssl.run(
            "verify", "-purpose", "sslclient", "-attime", at, "-CAfile", authorityFile, leafFile)
        #expect(wrongPurpose.status != 0)
    }

    @Test("openssl prints the names, the usage and both key identifiers of a server certificate")
    func serverExtensions() throws {
        let names = try subjectNames("localhost", "127.0.0.1", "::1", "*.example.com")
        let issued = try authority.issueServerCertificate(names: names, at: testMoment)
        let openssl = try OpenSSLCommand()
        let text = try openssl.run("x509", "-noout", "-text", "-in", openssl.file("leaf.crt", issued.certificatePEM))
        #expect(
            text.output.contains(
                "DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:*.example.com"))
        #expect(text.output.contains("TLS Web Server Authentication"))
        #expect(!text.output.contains("TLS Web Client Authentication"))
        #expect(text.output.contains("CA:FALSE"))
        #expect(text.output.contains("X509v3 Subject Key Identifier"))
        #expect(text.output.contains("X509v3 Authority Key Identifier"))
        #expect(issued.summary.names == names)
        #expect(issued.summary.issuerCommonName == authority.summary.commonName)
        #expect(issued.summary.serialNumber.count == 2 * CertificateLimits.serialNumberBytes)
    }

    @Test("A client certificate carries its common name and verifies as a client's only")
    func clientChain() throws {
        let issued = try authority.issueClientCertificate(commonName: "atoll_admin", at: testMoment)
        let openssl = try OpenSSLCommand()
        let authorityFile = try openssl.file("ca.crt", authority.certificatePEM)
        let leafFile = try openssl.file("client.crt", issued.certificatePEM)
        let at = "\(Int(testMoment.timeIntervalSince1970))"
        let asClient = try openssl.run(
            "verify", "-x509_strict", "-purpose", "sslclient", "-attime", at, "-CAfile", authorityFile, leafFile)
        #expect(asClient.status == 0, "\(asClient.output)")
        let asServer = try openssl.run(
            "verify", "-purpose", "sslserver", "-attime", at, "-CAfile", authorityFile, leafFile)
        #expect(asServer.status != 0)
        let subject = try openssl.run("x509", "-noout", "-subject", "-in", leafFile)
        #expect(subject.output == "subject=CN = atoll_admin\n")
    }

    @Test("openssl reads the keys, and they belong to their certificates")
    func keysMatch() throws {
        let issued = try authority.issueServerCertificate(names: subjectNames("localhost"), at: testMoment)
        let openssl = try OpenSSLCommand()
        for (certificate, key) in [
            (authority.certificatePEM, authority.privateKeyPEM), (issued.certificatePEM, issued.privateKeyPEM),
        ] {
            let keyFile = try openssl.file("pair.key", key)
            let fromKey = try openssl.run("pkey", "-in", keyFile, "-pubout")
            let fromCertificate = try openssl.run(
                "x509", "-noout", "-pubkey", "-in", openssl.file("pair.crt", certificate))
            #expect(fromKey.status == 0)
            #expect(fromKey.output == fromCertificate.output)
            let checked = try openssl.run("pkey", "-in", keyFile, "-noout", "-check")
            #expect(checked.status == 0, "\(checked.output)")
        }
    }

    @Test("A throwaway authority's client verifies against it and against nothing else")
    func clientAuthority() throws {
        let pair = try ClientAuthority.make(clientCommonName: "atoll", at: testMoment)
        let openssl = try OpenSSLCommand()
        let at = "\(Int(testMoment.timeIntervalSince1970))"
        let clientFile = try openssl.file("client.crt", pair.client.certificatePEM)
        let own = try openssl.run(
            "verify", "-x509_strict", "-purpose", "sslclient", "-attime", at, "-CAfile",
            openssl.file("own.crt", pair.authorityCertificatePEM), clientFile)
        #expect(own.status == 0, "\(own.output)")
        let other = try ClientAuthority.make(clientCommonName: "atoll", at: testMoment)
        let foreign = try openssl.run(
            "verify", "-attime", at, "-CAfile", openssl.file("other.crt", other.authorityCertificatePEM), clientFile)
        #expect(foreign.status != 0)
        #expect(pair.client.summary.commonName == "atoll")
    }

    @Test("An authority that was written and read back issues certificates that the first one vouches for")
    func roundTrip() throws {
        let again = try CertificateAuthority(
            certificatePEM: authority.certificatePEM, privateKeyPEM: authority.privateKeyPEM)
        #expect(again.certificatePEM == authority.certificatePEM)
        #expect(again.privateKeyPEM == authority.privateKeyPEM)
        #expect(again.summary == authority.summary)
        let issued = try again.issueServerCertificate(names: subjectNames("localhost"), at: testMoment)
        #expect(try authority.hasIssued(certificatePEM: issued.certificatePEM))
        let stranger = try CertificateAuthority.create(at: testMoment)
        #expect(try !stranger.hasIssued(certificatePEM: issued.certificatePEM))
    }

    @Test("An authority's key as SEC 1, as openssl writes it, is read too")
    func sec1Key() throws {
        let openssl = try OpenSSLCommand()
        let converted = try openssl.run(
            "pkey", "-traditional", "-in", openssl.file("ca.key", authority.privateKeyPEM))
        #expect(converted.output.contains("BEGIN EC PRIVATE KEY"))
        let again = try CertificateAuthority(
            certificatePEM: authority.certificatePEM, privateKeyPEM: converted.output)
        #expect(again.privateKeyPEM == authority.privateKeyPEM)
    }

    @Test("Serial numbers do not repeat")
    func serialNumbers() throws {
        let names = try subjectNames("localhost")
        let serials = try (0..<50).map { _ in
            try authority.issueServerCertificate(names: names, at: testMoment).summary.serialNumber
        }
        #expect(Set(serials).count == serials.count)
    }
}
