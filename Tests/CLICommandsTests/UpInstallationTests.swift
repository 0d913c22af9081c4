import ArgumentParser
import Certificates
import ControlModel
import ControlReconciler
import ControlStore
import Foundation
import Glibc
import Supervision
import Testing

@testable import CLICommands

/// A place for a data directory, for one test.
final class DataDirectoryFixture: Sendable {
    /// The directory above, which is there; the data directory is not.
    let parent: String
    var root: String { parent + "/data" }
    var layout: PlatformLayout { PlatformLayout(root: root) }

    init() throws {
        parent = FileManager.default.temporaryDirectory.path + "/up-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(
            atPath: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: parent)
    }

    func installation(root: String? = nil, _ arguments: [String] = [], at now: Date = Date()) throws -> Installation {
        let options = try UpOptions.parse(["--data", root ?? self.root] + arguments)
        return Installation(options: options, progress: StartProgress(isQuiet: true), now: now)
    }

    /// A whole start, as far as files go. Returns the token that was issued by it.
    @discardableResult
    func install(_ arguments: [String] = [], at now: Date = Date()) async throws -> String? {
        let installation = try installation(arguments, at: now)
        try installation.makeDirectories()
        try installation.controlCertificate(try installation.authority())
        let store = try installation.store()
        let token = try await installation.adminToken(store)
        try store.close()
        return token
    }

    /// Files and their text; the state database is left out, since it changes with each use.
    func contents() -> [String: Data] {
        var contents: [String: Data] = [:]
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: root)) ?? [] where !name.hasPrefix("state.db")
        {
            contents[name] = FileManager.default.contents(atPath: "\(root)/\(name)") ?? Data()
        }
        return contents
    }

    func mode(_ path: String) -> UInt32? { DurableFile.mode("\(root)/\(path)") }
}

@Suite("Installation")
struct UpInstallationTests {
    private let fixture: DataDirectoryFixture

    init() throws {
        fixture = try DataDirectoryFixture()
    }

    private static let modes: [(String, UInt32)] = [
        ("", 0o711), ("ca", 0o711), ("clusters", 0o711), ("logs", 0o700), ("run", 0o700), ("ca/ca.key", 0o600),
        ("ca/ca.crt", 0o644), ("ca/control.key", 0o600), ("ca/control.crt", 0o644), ("admin.token", 0o600),
        ("state.db", 0o600), ("secrets.key", 0o600),
    ]

    @Test("A first start makes everything, and what is secret is the owner's only")
    func freshDirectory() async throws {
        let token = try #require(try await fixture.install())
        for (path, mode) in Self.modes { #expect(fixture.mode(path) == mode, "\(path)") }
        #expect(token.hasPrefix("dop_v1_") && token.utf8.count == 71)
        #expect(token.dropFirst(7).utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) })
        #expect(DurableFile.read(fixture.layout.adminTokenFile) == token + "\n")
        #expect(!fixture.contents().keys.contains { $0.hasSuffix(".new") })
    }

    @Test("The token of a first start may read and write, and does not expire")
    func tokenIsKnown() async throws {
        let secret = try #require(try await fixture.install())
        let store = try fixture.installation().store()
        let later = Date().addingTimeInterval(10 * 365 * 86_400)
        let token = try #require(try await store.token(withSecret: secret, at: later))
        #expect(token.name == "admin" && token.scopes == [.read, .write] && token.expiresAt == nil)
        try store.close()
    }

    @Test("A second start changes nothing and issues nothing")
    func idempotent() async throws {
        try await fixture.install()
        let before = fixture.contents()
        #expect(try await fixture.install() == nil)
        #expect(fixture.contents() == before)
        for (path, mode) in Self.modes { #expect(fixture.mode(path) == mode, "\(path)") }
    }

    @Test("Modes that somebody changed are brought back")
    func modesAreRepaired() async throws {
        try await fixture.install()
        for name in ["", "ca", "logs", "run"] { chmod("\(fixture.root)/\(name)", 0o777) }
        try await fixture.install()
        for (path, mode) in Self.modes { #expect(fixture.mode(path) == mode, "\(path)") }
    }

    @Test("A token file without a row is a first start that was killed: the same token is made valid")
    func halfFinishedToken() async throws {
        let installation = try fixture.installation()
        try installation.makeDirectories()
        let secret = "dop_v1_" + String(repeating: "ab", count: 32)
        try DurableFile.write(secret + "\n", to: fixture.layout.adminTokenFile, mode: 0o600)
        #expect(try await fixture.install() == secret)
        let store = try installation.store()
        #expect(try await store.token(withSecret: secret, at: Date()) != nil)
        try store.close()
    }

    @Test("A token with a row, but without the note that it was issued, is not issued twice")
    func halfFinishedNote() async throws {
        let secret = try #require(try await fixture.install())
        let store = try fixture.installation().store()
        try await store.setSetting("admin-token-issued", nil)
        try store.close()
        #expect(try await fixture.install() == secret)
        let again = try fixture.installation().store()
        #expect(try await again.tokens().count == 1)
        try again.close()
    }

    @Test("A token that was revoked stays so while its file is there")
    func revokedToken() async throws {
        let secret = try #require(try await fixture.install())
        let store = try fixture.installation().store()
        let token = try #require(try await store.token(withSecret: secret, at: Date()))
        try await store.revokeToken(id: token.id)
        try store.close()
        #expect(try await fixture.install() == nil)
        let again = try fixture.installation().store()
        #expect(try await again.tokens().isEmpty)
        try again.close()
    }

    @Test("Where the token's file was removed a new token is issued, and the old one still counts")
    func lostTokenFile() async throws {
        let first = try #require(try await fixture.install())
        unlink(fixture.layout.adminTokenFile)
        let second = try #require(try await fixture.install())
        #expect(second != first && DurableFile.read(fixture.layout.adminTokenFile) == second + "\n")
        let store = try fixture.installation().store()
        for secret in [first, second] {
            #expect(try await store.token(withSecret: secret, at: Date()) != nil)
        }
        try store.close()
        #expect(try await fixture.install() == nil)
    }

    @Test(
        "A key without its certificate, of the authority or the control process, is half a start: made anew",
        arguments: ["ca/ca", "ca/control"])
    func halfFinishedCertificate(_ stem: String) async throws {
        try await fixture.install()
        let key = fixture.contents()["\(stem).key"]
        unlink("\(fixture.root)/\(stem).crt")
        try await fixture.install()
        #expect(fixture.contents()["\(stem).key"] != key)
        let installation = try fixture.installation()
        let certificate = try #require(DurableFile.read(fixture.layout.controlCertificate))
        let reason = try installation.authority().reasonToReplace(
            certificatePEM: certificate, names: installation.certificateNames(), at: Date())
        #expect(reason == nil)
    }

    @Test("A certificate without its key is issued anew, by the same authority")
    func lostControlKey() async throws {
        try await fixture.install()
        let before = fixture.contents()
        unlink(fixture.layout.controlKey)
        try await fixture.install()
        let after = fixture.contents()
        #expect(after["ca/ca.crt"] == before["ca/ca.crt"])
        #expect(after["ca/control.crt"] != before["ca/control.crt"] && after["ca/control.key"]?.isEmpty == false)
    }

    @Test("A new name gets into the control certificate at the next start, and stays without reason to change")
    func newName() async throws {
        try await fixture.install()
        let before = fixture.contents()
        try await fixture.install(["--domain", "example.com"])
        let after = fixture.contents()
        #expect(after["ca/ca.crt"] == before["ca/ca.crt"])
        #expect(after["ca/control.crt"] != before["ca/control.crt"])
        try await fixture.install(["--domain", "example.com"])
        #expect(fixture.contents() == after)
    }

    @Test("A control certificate that ends soon is renewed")
    func renewal() async throws {
        let now = Date()
        try await fixture.install(at: now)
        let before = fixture.contents()["ca/control.crt"]
        let pem = String(decoding: before ?? Data(), as: UTF8.self)
        let end = try CertificateSummary(certificatePEM: pem).notAfter
        try await fixture.install(at: end.addingTimeInterval(-86_400))
        #expect(fixture.contents()["ca/control.crt"] != before)
    }

    @Test("A data directory may lie below directories that are not there yet")
    func intermediateDirectories() throws {
        let root = fixture.parent + "/a/b"
        try fixture.installation(root: root).makeDirectories()
        #expect(DurableFile.exists("\(root)/run"))
    }

    @Test("A path is as long as the shims' sockets below it allow, and not a byte longer")
    func pathLength() throws {
        let most = Installation.pathBytesMax
        let stem = fixture.parent + "/"
        let longest = stem + String(repeating: "x", count: most - stem.utf8.count)
        try fixture.installation(root: longest).makeDirectories()
        let socket = PlatformLayout(root: longest).cluster(UUID().uuidString).runDirectory + "/shim.sock"
        #expect(socket.utf8.count == ListeningSocket.unixPathBytesMax)
        let error = try #require(throws: CommandError.self) {
            try fixture.installation(root: longest + "x").makeDirectories()
        }
        #expect(error.message == "The data directory's path is too long: \(most + 1) bytes.")
        #expect(error.advice?.contains("at most \(most) bytes") == true)
        #expect(!DurableFile.exists(longest + "x"))
    }

    @Test(
        "As root, a directory that lets nobody through is refused by its name",
        .enabled(if: geteuid() == 0, "only root gives its children users of their own"))
    func passage() throws {
        chmod(fixture.parent, 0o700)
        let error = try #require(throws: CommandError.self) { try fixture.installation().makeDirectories() }
        #expect(error.message.contains("Directory \(fixture.parent) does not let other users pass"))
        #expect(error.advice?.contains("chmod o+x \(fixture.parent)") == true)
        chmod(fixture.parent, 0o711)
        try fixture.installation().makeDirectories()
    }
}

@Suite("Announcement")
struct UpAnnouncementTests {
    private func text(_ arguments: [String], issuedToken: String? = nil) throws -> String {
        let options = try UpOptions.parse(arguments)
        return Announcement(
            options: options, layout: PlatformLayout(root: options.dataDirectory), issuedToken: issuedToken
        ).text
    }

    private static let isJournal = ProcessInfo.processInfo.environment["INVOCATION_ID"] != nil

    @Test(
        "A first start shows the token and all that a client needs", .enabled(if: !isJournal, "a journal gets no token")
    )
    func firstStart() throws {
        #expect(
            try text(["--data", "/d/atoll"], issuedToken: "dop_v1_x") == """
                Atoll is up.

                  URL        https://localhost:8443
                  API token  dop_v1_x
                             (kept in /d/atoll/admin.token)
                  CA         /d/atoll/ca/ca.crt
                  Metrics    https://localhost:9273/metrics

                Next: ATOLL_DATA=/d/atoll \(ProgramName.shown) db create example

                """)
    }

    @Test("Later starts say where the token is")
    func laterStart() throws {
        let text = try text(["--data", "/d/atoll"])
        #expect(text.contains("  API token  in /d/atoll/admin.token\n"))
        #expect(!text.contains("dop_v1_"))
    }

    @Test("Host and ports are those that were asked for; IPv6 stands in brackets")
    func addresses() throws {
        let named = try text(["--data", "/d", "--hostname", "db.example.com", "--port", "443", "--metrics-port", "99"])
        #expect(named.contains("https://db.example.com:443\n") && named.contains("https://db.example.com:99/metrics\n"))
        let numeric = try text(["--data", "/d", "--listen", "::", "--hostname", "2001:db8::5"])
        #expect(numeric.contains("https://[2001:db8::5]:8443\n"))
    }

    @Test("With the default directory the next command is plain")
    func defaultDirectory() throws {
        #expect(
            try text(["--data", DataDirectory.defaultPath]).hasSuffix(
                "\nNext: \(ProgramName.shown) db create example\n"))
    }
}
