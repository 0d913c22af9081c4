import Certificates
import Testing

@Suite("Names in certificates")
struct SubjectNameTests {
    @Test(
        "Names are read in every form that users write",
        arguments: [
            ("localhost", "localhost"), ("DB.Example.COM", "db.example.com"), ("db.example.com.", "db.example.com"),
            ("*.example.com", "*.example.com"), ("my_host-1", "my_host-1"), ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"), ("[::1]", "::1"), ("2001:DB8::0:1", "2001:db8::1"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ])
    func accepted(text: String, expected: String) throws {
        #expect(try SubjectName(text).description == expected)
    }

    @Test(
        "What cannot stand in a certificate is refused",
        arguments: [
            "", ".", "*", "*.", "a..b", "-a.com", "a-.com", "a.*.com", "a*.com", "*.*.com", "bücher.example", "a b",
            "a\nb", "localhost\0", "127.0.0.1\0.evil.test", "http://a", "a:80", "a/b",
            String(repeating: "a", count: 64) + ".com", String(repeating: "a.", count: 127) + "com",
        ])
    func refused(text: String) {
        #expect(throws: CertificateFailure.self) { try SubjectName(text) }
    }

    @Test("A server certificate needs one name and takes at most the limit", arguments: [0, 101])
    func counts(count: Int) throws {
        let authority = try CertificateAuthority.create(at: testMoment)
        let names = try (0..<count).map { try SubjectName("host\($0)") }
        #expect(throws: CertificateFailure.wrongNameCount(count)) {
            try authority.issueServerCertificate(names: names, at: testMoment)
        }
    }

    @Test("Common names are bounded and clean", arguments: ["", String(repeating: "a", count: 65), "a\nb", "a\0"])
    func commonNames(name: String) throws {
        let authority = try CertificateAuthority.create(at: testMoment)
        #expect(throws: CertificateFailure.self) {
            try authority.issueClientCertificate(commonName: name, at: testMoment)
        }
    }

    @Test("A first name too long for a common name still gets its certificate")
    func longFirstName() throws {
        let authority = try CertificateAuthority.create(at: testMoment)
        let long = try SubjectName(String(repeating: "a", count: 60) + ".example.com")
        let issued = try authority.issueServerCertificate(names: [long], at: testMoment)
        #expect(issued.summary.names == [long])
        #expect(issued.summary.commonName == "Atoll server")
    }
}
