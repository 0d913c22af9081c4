import Certificates
import ControlModel
import Foundation
import Glibc
import Supervision

/// A cluster's OS user, directories, certificates and configuration files. Every function may be repeated.
struct ClusterFiles: Sendable {
    let clusterID: String
    let engine: EngineRow
    let layout: ClusterLayout
    let environment: PlatformEnvironment

    init(clusterID: String, engine: EngineRow, environment: PlatformEnvironment) {
        self.clusterID = clusterID
        self.engine = engine
        self.layout = environment.layout.cluster(clusterID)
        self.environment = environment
    }

    /// OS user of the cluster when Atoll runs as root.
    var userName: String { "\(engine.userNamePrefix)\(clusterID.filter { $0 != "-" }.prefix(12))" }

    var logFile: String { "\(layout.logDirectory)/\(engine.logFileName)" }

    /// Who the cluster's processes run as; nil when Atoll does not run as root: as Atoll itself.
    func owner() -> DurableFile.Owner? {
        guard environment.isRoot, let user = try? SystemUser.find(name: userName) else { return nil }
        return DurableFile.Owner(userID: user.userID, groupID: user.groupID)
    }

    /// Who files belong to that the server reads and cannot write; nil where that is Atoll itself.
    var readOnlyOwner: DurableFile.Owner? { owner().map { DurableFile.Owner(userID: 0, groupID: $0.groupID) } }

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
    func prepare() async throws {
        if environment.isRoot { _ = try await SystemUser.ensure(name: userName) }
        let owner = owner()
        let readOnly = readOnlyOwner
        try DurableFile.makeDirectory(layout.directory, mode: 0o711)
        try DurableFile.makeDirectory(layout.logDirectory, mode: 0o700)
        try DurableFile.makeDirectory(
            layout.configurationDirectory, mode: owner == nil ? 0o700 : 0o750, owner: readOnly)
        try prepareServerCertificate(certificate: layout.serverCertificate, key: layout.serverKey, owner: readOnly)
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

    var fileMode: UInt32 { environment.isRoot ? 0o640 : 0o600 }

    /// Sees to one certificate with its key: there, for all names, and good for a while.
    func prepareServerCertificate(certificate: String, key: String, owner: DurableFile.Owner?) throws {
        let now = environment.now()
        let current = DurableFile.exists(key) ? DurableFile.read(certificate) : nil
        let names = environment.certificateNames
        guard environment.authority.reasonToReplace(certificatePEM: current, names: names, at: now) != nil else {
            return
        }
        let issued = try environment.authority.issueServerCertificate(names: names, at: now)
        // The key goes first: a certificate whose key is missing is issued anew, a lone key is overwritten.
        unlink(certificate)
        try DurableFile.write(issued.privateKeyPEM, to: key, mode: fileMode, owner: owner)
        try DurableFile.write(issued.certificatePEM, to: certificate, mode: fileMode, owner: owner)
    }

    /// Writes what the server reads. The server notices at its next start or reload.
    func write(_ texts: ClusterConfigurationTexts) throws {
        for file in texts.files {
            try DurableFile.write(
                file.text, to: "\(layout.configurationDirectory)/\(file.name)", mode: fileMode, owner: readOnlyOwner)
        }
    }

    /// The cluster's server as a shim is told to run it: as the cluster's own user, reading the system and its
    /// configuration, writing below `data` and to nothing else but `writePaths`.
    func specification(
        name: String, executable: String, arguments: [String], readPaths: [String] = [], writePaths: [String] = [],
        stopSteps: [ChildSpecification.StopStep], signalOnShimDeath: Int32
    ) throws -> ChildSpecification {
        let owner = try requiredOwner()
        return ChildSpecification(
            name: name, executable: executable, arguments: arguments,
            environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"],
            workingDirectory: layout.dataDirectory, userID: owner?.userID, groupID: owner?.groupID,
            noNewPrivileges: true,
            filesystemRules: ChildSpecification.FilesystemRules(
                readPaths: [
                    "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev",
                    layout.configurationDirectory,
                ] + readPaths,
                writePaths: [layout.dataDirectory, "/dev/null"] + writePaths),
            logFile: logFile, stopSteps: stopSteps, signalOnShimDeath: signalOnShimDeath)
    }

    /// Something of the cluster is still on the machine.
    var hasRemains: Bool {
        DurableFile.exists(layout.directory) || DurableFile.exists(layout.runDirectory)
            || (environment.isRoot && (try? SystemUser.find(name: userName)) != nil)
    }

    /// Removes everything of the cluster. Its server must have ended.
    func removeRemains() async throws {
        try await endStrays()
        try Self.removeTree(layout.runDirectory)
        try Self.removeTree(layout.directory)
        if environment.isRoot { try await SystemUser.remove(name: userName) }
    }

    /// Ends what a killed control process left running for the cluster: an initdb and its servers. They run as the
    /// cluster's OS user, which nobody else does. Without such a user they cannot be told apart, and end by themselves.
    func endStrays() async throws {
        if let owner = owner() { try await StrayProcesses.end(ofUser: owner.userID) }
    }

    static func removeTree(_ path: String) throws {
        guard DurableFile.exists(path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }
}
