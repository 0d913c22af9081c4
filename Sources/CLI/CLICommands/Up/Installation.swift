import Certificates
import ControlModel
import ControlReconciler
import ControlStore
import Foundation
import Glibc
import Supervision

/// Makes a data directory complete: directories, authority, certificates, state database, administrator's token.
/// Every step is repeated at each start and does nothing when its work is there.
struct Installation {
    let layout: PlatformLayout
    let options: UpOptions
    let progress: StartProgress
    var now: Date

    init(options: UpOptions, progress: StartProgress, now: Date = Date()) {
        self.layout = PlatformLayout(root: options.dataDirectory)
        self.options = options
        self.progress = progress
        self.now = now
    }

    /// Longest data directory that leaves room for `/run/<12 digits>/shim.sock` in a Unix address.
    static let pathBytesMax = ListeningSocket.unixPathBytesMax - "/run/0123456789ab/shim.sock".utf8.count

    /// The directories, before the lock can be taken.
    func makeDirectories() throws {
        guard layout.root.utf8.count <= Self.pathBytesMax else {
            throw CommandError(
                "The data directory's path is too long: \(layout.root.utf8.count) bytes.",
                advice: "Choose one of at most \(Self.pathBytesMax) bytes with --data; Unix sockets lie below it.")
        }
        let isNew = !DurableFile.exists(layout.root)
        try FileManager.default.createDirectory(atPath: layout.root, withIntermediateDirectories: true)
        try DurableFile.makeDirectory(layout.root, mode: 0o711)
        try DurableFile.makeDirectory(layout.authorityDirectory, mode: 0o711)
        try DurableFile.makeDirectory(layout.clustersDirectory, mode: 0o711)
        try DurableFile.makeDirectory(layout.logsDirectory, mode: 0o700)
        try DurableFile.makeDirectory(layout.runDirectory, mode: 0o700)
        if isNew { progress.note("data directory \(layout.root)") }
        if geteuid() == 0 { try checkPassage() }
    }

    /// Children drop to OS users of their own; each directory above theirs has to let them through.
    private func checkPassage() throws {
        var path = layout.clustersDirectory
        while let slash = path.lastIndex(of: "/"), path != "/" {
            guard let mode = DurableFile.mode(path), mode & 0o001 != 0 else {
                throw CommandError(
                    "Directory \(path) does not let other users pass, so the databases could not reach their files.",
                    advice: "chmod o+x \(path), or choose another data directory with --data.")
            }
            path = slash == path.startIndex ? "/" : String(path[..<slash])
        }
    }

    /// The certificate authority that clients verify against.
    func authority() throws -> CertificateAuthority {
        if let certificate = DurableFile.read(layout.authorityCertificate),
            let key = DurableFile.read(layout.authorityKey)
        {
            return try CertificateAuthority(certificatePEM: certificate, privateKeyPEM: key)
        }
        // Written last, so a certificate alone is damage; a new authority would lock every client out.
        guard !DurableFile.exists(layout.authorityCertificate) else {
            throw CommandError(
                "The authority's key \(layout.authorityKey) is missing or cannot be read, and its certificate is there.",
                advice: "Restore the key from your backup. To begin with a new authority, which every client has to be "
                    + "given, remove \(layout.authorityCertificate).")
        }
        let authority = try CertificateAuthority.create(at: now)
        // The certificate goes last: where it is, its key is.
        try DurableFile.write(authority.privateKeyPEM, to: layout.authorityKey, mode: 0o600)
        try DurableFile.write(authority.certificatePEM, to: layout.authorityCertificate, mode: 0o644)
        progress.note("certificate authority \(layout.authorityCertificate)")
        return authority
    }

    /// Names for the certificates, in the order of `UpOptions.certificateNameTexts`.
    func certificateNames() -> [SubjectName] {
        options.certificateNameTexts.compactMap { try? SubjectName($0) }
    }

    /// The certificate of the API and the metrics endpoint; issued anew when a name is missing or it ends soon.
    func controlCertificate(_ authority: CertificateAuthority) throws {
        let current = DurableFile.exists(layout.controlKey) ? DurableFile.read(layout.controlCertificate) : nil
        let names = certificateNames()
        guard authority.reasonToReplace(certificatePEM: current, names: names, at: now) != nil else { return }
        let issued = try authority.issueServerCertificate(names: names, at: now)
        unlink(layout.controlCertificate)
        try DurableFile.write(issued.privateKeyPEM, to: layout.controlKey, mode: 0o600)
        try DurableFile.write(issued.certificatePEM, to: layout.controlCertificate, mode: 0o644)
        progress.note("certificate for \(names.map(\.description).joined(separator: ", "))")
    }

    func store() throws -> ControlStore {
        let isNew = !DurableFile.exists("\(layout.root)/\(ControlStore.databaseFileName)")
        let store = try ControlStore(directory: layout.root, at: now)
        if isNew { progress.note("state database \(layout.root)/\(ControlStore.databaseFileName)") }
        return store
    }

    private static let tokenIssued = "admin-token-issued"

    /// The administrator's first API token. Its file is written before the state knows it, so a killed first start is
    /// finished by the second; one that was revoked stays so. Where the file is missing a new token is issued: whoever can
    /// start Atoll on its data directory owns it.
    ///
    /// - Returns: the secret when it was issued now.
    func adminToken(_ store: ControlStore) async throws -> String? {
        let isIssued = try await store.setting(Self.tokenIssued) != nil
        guard !isIssued || !DurableFile.exists(layout.adminTokenFile) else { return nil }
        // Until all is done the next start does it again, with the file that is there by then.
        try await store.setSetting(Self.tokenIssued, nil)
        let existing = DurableFile.read(layout.adminTokenFile)?.trimmingCharacters(in: .whitespacesAndNewlines)
        let secret = existing ?? Self.makeTokenSecret()
        if existing == nil { try DurableFile.write(secret + "\n", to: layout.adminTokenFile, mode: 0o600) }
        if try await store.token(withSecret: secret, at: now) == nil {
            _ = try await store.insertToken(
                name: "admin", scopes: [.read, .write], expiresAt: nil, secret: secret, at: now)
        }
        try await store.setSetting(Self.tokenIssued, "1")
        progress.note("API token in \(layout.adminTokenFile)")
        return secret
    }

    private static func makeTokenSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        let digits = Array("0123456789abcdef")
        return "dop_v1_" + String((0..<64).map { _ in digits[Int.random(in: 0..<16, using: &generator)] })
    }
}

/// Progress of a start, on stderr.
struct StartProgress: Sendable {
    var isQuiet = false

    func note(_ what: String) {
        guard !isQuiet else { return }
        FileHandle.standardError.write(Data("  \(what)\n".utf8))
    }
}
