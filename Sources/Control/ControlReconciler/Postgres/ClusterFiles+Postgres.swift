import Certificates
import ControlModel
import ControlStore
import Foundation
import Glibc
import PostgresCluster

/// What only a PostgreSQL cluster has on the machine.
extension ClusterFiles {
    static let administratorCertificateName = "administrator.crt"
    static let administratorKeyName = "administrator.key"
    static let administratorAuthorityName = "administrator-authority.crt"

    /// The superuser's certificate lives sealed in the state database; the server gets only its authority's.
    func prepareAdministrator(store: ControlStore) async throws {
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
        try DurableFile.write(authority, to: layout.administratorAuthority, mode: fileMode, owner: readOnlyOwner)
    }

    private func secret(_ name: String, _ store: ControlStore) async throws -> String? {
        try await store.sealedSecret(clusterID: clusterID, name: name).map { String(decoding: $0, as: UTF8.self) }
    }

    private func setSecret(_ name: String, _ value: String, _ store: ControlStore) async throws {
        try await store.setSealedSecret(clusterID: clusterID, name: name, value: Data(value.utf8))
    }

    func prepareExtensionScripts() throws {
        let directory = "\(layout.configurationDirectory)/extensions"
        let directoryMode: UInt32 = environment.isRoot ? 0o750 : 0o700
        try DurableFile.makeDirectory(directory, mode: directoryMode, owner: readOnlyOwner)
        for (path, text) in ExtensionList.scripts {
            let parts = path.split(separator: "/")
            try DurableFile.makeDirectory("\(directory)/\(parts[0])", mode: directoryMode, owner: readOnlyOwner)
            try DurableFile.write(text, to: "\(directory)/\(path)", mode: fileMode, owner: readOnlyOwner)
        }
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

    /// A server that was killed leaves a System V segment (its id is in postmaster.pid) and POSIX ones behind.
    func removeSharedMemory() {
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
            guard DurableFile.owner("/dev/shm/\(name)")?.userID == owner.userID else { continue }
            unlink("/dev/shm/\(name)")
        }
    }
}
