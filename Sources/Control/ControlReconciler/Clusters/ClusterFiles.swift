import Certificates
import ControlModel
import ControlStore
import Foundation
import Glibc
import PostgresCluster
import Supervision

/// The texts that a cluster's server reads at start and at reload.
struct ClusterConfigurationTexts: Sendable, Equatable {
    var parameters: String
    var access: String
    /// Networks that `access` lets in; empty means every address.
    var trustedNetworks: [String]
    /// The server's certificate (PEM), which it reads at a reload as well.
    var certificate: String
}

/// A cluster's OS user, directories, certificates and configuration files. Every function may be repeated.
struct ClusterFiles: Sendable {
    let clusterID: String
    let layout: ClusterLayout
    let environment: PlatformEnvironment

    init(clusterID: String, environment: PlatformEnvironment) {
        self.clusterID = clusterID
        self.layout = environment.layout.cluster(clusterID)
        self.environment = environment
    }

    /// OS user of the cluster when Atoll runs as root.
    var userName: String { "atoll-pg-\(clusterID.filter { $0 != "-" }.prefix(12))" }

    /// Who the cluster's processes run as; nil when Atoll does not run as root: as Atoll itself.
    func owner() -> DurableFile.Owner? {
        guard environment.isRoot, let user = try? SystemUser.find(name: userName) else { return nil }
        return DurableFile.Owner(userID: user.userID, groupID: user.groupID)
    }

    /// The same where there must be one.
    ///
    /// - Throws: `ServiceError` when Atoll runs as root and the cluster has no OS user: nothing of it runs as root.
    func requiredOwner() throws -> DurableFile.Owner? {
        let owner = owner()
        guard owner != nil || !environment.isRoot else {
            throw ServiceError(.serviceUnavailable, "The OS user \(userName) of the cluster is missing.")
        }
        return owner
    }

    /// Makes the OS user and the directories, and sees to the certificates.
    ///
    /// The server's own user can read its configuration and its key, and write only below `data`.
    func prepare(store: ControlStore) async throws {
        if environment.isRoot { _ = try await SystemUser.ensure(name: userName) }
        let owner = owner()
        let readOnly = owner.map { DurableFile.Owner(userID: 0, groupID: $0.groupID) }
        try DurableFile.makeDirectory(layout.directory, mode: 0o711)
        try DurableFile.makeDirectory(layout.logDirectory, mode: 0o700)
        try DurableFile.makeDirectory(
            layout.configurationDirectory, mode: owner == nil ? 0o700 : 0o750, owner: readOnly)
        try prepareServerCertificate(owner: readOnly)
        try await prepareAdministrator(store: store, owner: readOnly)
        try prepareExtensionScripts(owner: readOnly)
        if let owner, let readOnly { try await restoreOwners(data: owner, configuration: readOnly) }
    }

    /// After a move to another machine the same OS user has another number; files that came with theirs get it here.
    private func restoreOwners(data: DurableFile.Owner, configuration: DurableFile.Owner) async throws {
        // Asked of files that only root can have put there; chown reaches the directory itself last.
        let places = [
            (path: layout.dataDirectory, sign: layout.dataDirectory, owner: data),
            (path: layout.configurationDirectory, sign: layout.serverKey, owner: configuration),
        ]
        for (path, sign, owner) in places {
            guard let current = DurableFile.owner(sign), current != owner else { continue }
            let result = try await ShortCommand.run(
                "/usr/bin/chown", ["-R", "--no-dereference", "\(owner.userID):\(owner.groupID)", path],
                timeout: .seconds(600))
            guard result.isSuccess else {
                throw ServiceError(.serviceUnavailable, "The owner of \(path) cannot be set: \(result.errorText)")
            }
        }
    }

    private var fileMode: UInt32 { environment.isRoot ? 0o640 : 0o600 }

    private func prepareServerCertificate(owner: DurableFile.Owner?) throws {
        let now = environment.now()
        let current = DurableFile.exists(layout.serverKey) ? DurableFile.read(layout.serverCertificate) : nil
        let names = environment.certificateNames
        guard environment.authority.reasonToReplace(certificatePEM: current, names: names, at: now) != nil else {
            return
        }
        let issued = try environment.authority.issueServerCertificate(names: names, at: now)
        // The key goes first: a certificate whose key is missing is issued anew, a lone key is overwritten.
        unlink(layout.serverCertificate)
        try DurableFile.write(issued.privateKeyPEM, to: layout.serverKey, mode: fileMode, owner: owner)
        try DurableFile.write(issued.certificatePEM, to: layout.serverCertificate, mode: fileMode, owner: owner)
    }

    static let administratorCertificateName = "administrator.crt"
    static let administratorKeyName = "administrator.key"
    static let administratorAuthorityName = "administrator-authority.crt"

    /// The superuser's certificate lives sealed in the state database; the server gets only its authority's.
    private func prepareAdministrator(store: ControlStore, owner: DurableFile.Owner?) async throws {
        let authorityName = Self.administratorAuthorityName
        var authority = try await secret(authorityName, store)
        let certificate = try await secret(Self.administratorCertificateName, store)
        let now = environment.now()
        let isDue = certificate.flatMap { try? CertificateSummary(certificatePEM: $0) }?.needsRenewal(at: now) ?? true
        if authority == nil || isDue {
            let made = try ClientAuthority.make(
                clientCommonName: HostBasedAuthentication.superuserName, at: now,
                validDays: CertificateLimits.authorityValidDays)
            try await setSecret(Self.administratorKeyName, made.client.privateKeyPEM, store)
            try await setSecret(Self.administratorCertificateName, made.client.certificatePEM, store)
            try await setSecret(authorityName, made.authorityCertificatePEM, store)
            authority = made.authorityCertificatePEM
        }
        guard let authority, DurableFile.read(layout.administratorAuthority) != authority else { return }
        try DurableFile.write(authority, to: layout.administratorAuthority, mode: fileMode, owner: owner)
    }

    private func secret(_ name: String, _ store: ControlStore) async throws -> String? {
        try await store.sealedSecret(clusterID: clusterID, name: name).map { String(decoding: $0, as: UTF8.self) }
    }

    private func setSecret(_ name: String, _ value: String, _ store: ControlStore) async throws {
        try await store.setSealedSecret(clusterID: clusterID, name: name, value: Data(value.utf8))
    }

    private func prepareExtensionScripts(owner: DurableFile.Owner?) throws {
        let directory = "\(layout.configurationDirectory)/extensions"
        let directoryMode: UInt32 = environment.isRoot ? 0o750 : 0o700
        try DurableFile.makeDirectory(directory, mode: directoryMode, owner: owner)
        for (path, text) in ExtensionList.scripts {
            let parts = path.split(separator: "/")
            try DurableFile.makeDirectory("\(directory)/\(parts[0])", mode: directoryMode, owner: owner)
            try DurableFile.write(text, to: "\(directory)/\(path)", mode: fileMode, owner: owner)
        }
    }

    /// Writes what the server reads. The server notices at its next start or reload.
    func write(_ texts: ClusterConfigurationTexts) throws {
        let owner = owner().map { DurableFile.Owner(userID: 0, groupID: $0.groupID) }
        try DurableFile.write(texts.parameters, to: layout.configurationFile, mode: fileMode, owner: owner)
        try DurableFile.write(texts.access, to: layout.accessFile, mode: fileMode, owner: owner)
        try DurableFile.write("", to: "\(layout.configurationDirectory)/pg_ident.conf", mode: fileMode, owner: owner)
    }

    /// The login of the control process, from the sealed certificate.
    func adminEndpoint(port: Int, store: ControlStore) async throws -> AdminEndpoint {
        guard let certificate = try await secret(Self.administratorCertificateName, store),
            let key = try await secret(Self.administratorKeyName, store)
        else { throw ServiceError(.serverError, "The administrator's certificate of the cluster is missing.") }
        let context = try AdminEndpoint.context(
            authority: environment.authority.certificatePEM, certificate: certificate, key: key)
        return AdminEndpoint(port: port, tls: context)
    }

    /// Something of the cluster is still on the machine.
    var hasRemains: Bool {
        DurableFile.exists(layout.directory) || DurableFile.exists(layout.runDirectory)
            || (environment.isRoot && (try? SystemUser.find(name: userName)) != nil)
    }

    /// Removes everything of the cluster. Its server must have ended.
    func removeRemains() async throws {
        try await endStrays()
        try await removeSharedMemory()
        try Self.removeTree(layout.runDirectory)
        try Self.removeTree(layout.directory)
        if environment.isRoot { try await SystemUser.remove(name: userName) }
    }

    /// Ends what a killed control process left running for the cluster: an initdb and its servers. They run as the
    /// cluster's OS user, which nobody else does. Without such a user they cannot be told apart, and end by themselves.
    func endStrays() async throws {
        if let owner = owner() { try await StrayProcesses.end(ofUser: owner.userID) }
    }

    /// A server that was killed leaves a System V segment (its id is in postmaster.pid) and POSIX ones behind.
    private func removeSharedMemory() async throws {
        guard let owner = owner() else {
            // Our own user's file: what it names is ours.
            let lines = (DurableFile.read(layout.postmasterFile, followsLinks: false) ?? "").split(
                separator: "\n", omittingEmptySubsequences: false)
            if lines.count >= 7, let text = lines[6].split(separator: " ").last, let identifier = Int32(text) {
                shmctl(identifier, IPC_RMID, nil)
            }
            return
        }
        StrayProcesses.removeSegments(ofUser: owner.userID)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/dev/shm")) ?? []
        where name.hasPrefix("PostgreSQL.") {
            var status = stat()
            guard lstat("/dev/shm/\(name)", &status) == 0, status.st_uid == owner.userID else { continue }
            unlink("/dev/shm/\(name)")
        }
    }

    static func removeTree(_ path: String) throws {
        guard DurableFile.exists(path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }
}
