import Certificates
import Foundation
import Testing

@Suite("Lifetimes and renewal")
struct CertificateLifetimeTests {
    @Test("A leaf starts an hour back and lives 397 days")
    func leafLifetime() throws {
        let authority = try CertificateAuthority.create(at: testMoment)
        let issued = try authority.issueServerCertificate(names: subjectNames("localhost"), at: testMoment)
        #expect(issued.summary.notBefore == testMoment.addingTimeInterval(-3_600))
        #expect(issued.summary.notAfter == issued.summary.notBefore.addingTimeInterval(days(397)))
    }

    @Test(
        "A leaf is renewed when less than 30 days are left",
        arguments: [(0, false), (366, false), (367, true), (396, true), (397, true), (2_000, true)])
    func renewal(daysLater: Int, expected: Bool) throws {
        let authority = try CertificateAuthority.create(at: testMoment)
        let issued = try authority.issueServerCertificate(names: subjectNames("localhost"), at: testMoment)
        #expect(issued.needsRenewal(at: testMoment.addingTimeInterval(days(daysLater))) == expected)
    }

    @Test("The margin is exact to the second")
    func renewalEdge() throws {
        let authority = try CertificateAuthority.create(at: testMoment)
        let issued = try authority.issueServerCertificate(names: subjectNames("localhost"), at: testMoment)
        let edge = issued.summary.notAfter.addingTimeInterval(-days(30))
        #expect(!issued.needsRenewal(at: edge))
        #expect(issued.needsRenewal(at: edge.addingTimeInterval(1)))
    }

    @Test("A leaf never outlives its authority")
    func clamped() throws {
        let authority = try CertificateAuthority.create(at: testMoment, validDays: 100)
        let late = testMoment.addingTimeInterval(days(90))
        let issued = try authority.issueServerCertificate(names: subjectNames("localhost"), at: late)
        #expect(issued.summary.notAfter == authority.summary.notAfter)
    }

    @Test("An authority issues nothing outside its own life", arguments: [-2, 100, 4_000])
    func outsideLife(daysLater: Int) throws {
        let authority = try CertificateAuthority.create(at: testMoment, validDays: 100)
        let moment = testMoment.addingTimeInterval(days(daysLater))
        #expect(
            throws: CertificateFailure.authorityNotValid(
                from: authority.summary.notBefore, until: authority.summary.notAfter)
        ) {
            try authority.issueServerCertificate(names: subjectNames("localhost"), at: moment)
        }
    }

    @Test("Lifetimes outside the limits are refused", arguments: [0, -1, 3_651, Int.max])
    func wrongLifetimes(validDays: Int) throws {
        #expect(throws: CertificateFailure.wrongLifetime(days: validDays)) {
            try CertificateAuthority.create(at: testMoment, validDays: validDays)
        }
    }

    @Test("Dates past 2049, which X.509 writes in another form, survive")
    func farFuture() throws {
        let moment = Date(timeIntervalSince1970: 2_493_072_000)  // 2049-01-01
        let authority = try CertificateAuthority.create(at: moment)
        let again = try CertificateSummary(certificatePEM: authority.certificatePEM)
        #expect(again.notAfter == moment.addingTimeInterval(days(3_650) - 3_600))
    }

    @Test("The decision to replace a stored certificate names its reason")
    func replacement() throws {
        let authority = try CertificateAuthority.create(at: testMoment)
        let names = try subjectNames("localhost", "127.0.0.1")
        let stored = try authority.issueServerCertificate(names: names, at: testMoment).certificatePEM
        let later = testMoment.addingTimeInterval(days(380))
        let stranger = try CertificateAuthority.create(at: testMoment)

        func reason(
            _ authority: CertificateAuthority, _ pem: String?, _ names: [SubjectName], _ moment: Date
        ) -> CertificateReplacement? {
            authority.reasonToReplace(certificatePEM: pem, names: names, at: moment)
        }
        #expect(reason(authority, stored, names, testMoment) == nil)
        #expect(try reason(authority, stored, subjectNames("localhost"), testMoment) == nil)
        #expect(reason(authority, nil, names, testMoment) == .missing)
        #expect(reason(authority, "rubbish", names, testMoment) == .missing)
        #expect(reason(authority, stored, names, later) == .expiresSoon)
        #expect(try reason(authority, stored, subjectNames("localhost", "db.test"), testMoment) == .nameMissing)
        #expect(reason(stranger, stored, names, testMoment) == .foreignAuthority)
    }
}
