import ControlModel
import Foundation
import Glibc
import Supervision

/// OS user, directories and files of a cluster's pooler, and of the socket by which it reaches the server. Every
/// function may be repeated.
struct PoolerFiles: Sendable {
    static let logName = "pooler.log"

    let cluster: ClusterFiles
    /// Of the server; also the name of the socket's directory.
    let port: Int

    private var environment: PlatformEnvironment { cluster.environment }
    private var shortID: String { String(cluster.clusterID.filter { $0 != "-" }.prefix(12)) }

    /// OS user of the pooler when Atoll runs as root: not the server's, whose files it has no business with.
    var userName: String { "atoll-pool-\(shortID)" }
    var directory: String { "\(cluster.layout.directory)/pooler" }
    var runDirectory: String { "\(cluster.layout.runDirectory)-pool" }
    var logFile: String { "\(cluster.layout.logDirectory)/\(Self.logName)" }
    var socketDirectory: String { environment.layout.socketDirectory(port: port) }
    /// Where the pooler makes the socket of its metrics: beside the server's, so that the address stays short.
    var metricsDirectory: String { "\(socketDirectory)-pool" }
    var metricsSocket: String { "\(metricsDirectory)/\(PoolerScrape.socketName)" }
    var certificate: String { "\(directory)/server.crt" }
    var configuration: String { "\(directory)/\(PoolerTexts.configurationName)" }

    private func user() -> DurableFile.Owner? {
        guard environment.isRoot, let user = try? SystemUser.find(name: userName) else { return nil }
        return DurableFile.Owner(userID: user.userID, groupID: user.groupID)
    }

    private var readOnlyOwner: DurableFile.Owner? {
        user().map { DurableFile.Owner(userID: 0, groupID: $0.groupID) }
    }

    /// The directory in which the server makes its socket. The server and, once there is one, the pooler pass it, and
    /// nobody else: whoever reaches the socket is let in as any user but the superuser.
    func prepareSocketDirectory() throws {
        try DurableFile.makeDirectory(environment.layout.socketsDirectory, mode: 0o711)
        let server = try cluster.requiredOwner()
        guard let server, let pooler = user() else {
            return try DurableFile.makeDirectory(socketDirectory, mode: 0o700, owner: server)
        }
        try DurableFile.makeDirectory(
            socketDirectory, mode: 0o710,
            owner: DurableFile.Owner(userID: server.userID, groupID: pooler.groupID))
    }

    /// OS user, directories, certificate and key.
    func prepare() async throws {
        if environment.isRoot { _ = try await SystemUser.ensure(name: userName) }
        let owner = readOnlyOwner
        try DurableFile.makeDirectory(directory, mode: owner == nil ? 0o700 : 0o750, owner: owner)
        try cluster.prepareServerCertificate(certificate: certificate, key: "\(directory)/server.key", owner: owner)
        try prepareSocketDirectory()
        // Nobody but root passes beside the pooler.
        try DurableFile.makeDirectory(metricsDirectory, mode: 0o700, owner: user())
    }

    func write(_ texts: PoolerTexts) throws {
        let owner = readOnlyOwner
        for (name, text) in [
            (PoolerTexts.usersName, texts.users), (PoolerTexts.accessName, texts.access),
            (PoolerTexts.configurationName, texts.configuration),
        ] {
            try DurableFile.write(text, to: "\(directory)/\(name)", mode: cluster.fileMode, owner: owner)
        }
    }

    /// `atoll pooler`, as its own user, reading the system and its own files, writing nothing but its socket.
    func specification(clusterName: String) throws -> ChildSpecification {
        let owner = user()
        guard owner != nil || !environment.isRoot else {
            throw ServiceError(.serviceUnavailable, "The OS user \(userName) of the pooler is missing.")
        }
        let program = OwnProgram(executable: environment.executable)
        return ChildSpecification(
            name: "pooler-\(clusterName)", executable: program.path, arguments: ["pooler", configuration],
            environment: ["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"], workingDirectory: directory,
            userID: owner?.userID, groupID: owner?.groupID, noNewPrivileges: true,
            filesystemRules: ChildSpecification.FilesystemRules(
                readPaths: ["/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/proc", "/sys", "/dev", directory]
                    + program.readPaths,
                writePaths: ["/dev/null", socketDirectory, metricsDirectory]),
            logFile: logFile,
            // PgBouncer's signals: end when no transaction is open; end now.
            stopSteps: [
                ChildSpecification.StopStep(signal: SIGINT, graceSeconds: 5),
                ChildSpecification.StopStep(signal: SIGQUIT, graceSeconds: 5),
            ], signalOnShimDeath: SIGQUIT)
    }

    /// Removes what lies outside the cluster's directory. The processes have ended.
    func removeRemains() async throws {
        if let user = user() { try await StrayProcesses.end(ofUser: user.userID) }
        try ClusterFiles.removeTree(runDirectory)
        try ClusterFiles.removeTree(socketDirectory)
        try ClusterFiles.removeTree(metricsDirectory)
        if environment.isRoot { try await SystemUser.remove(name: userName) }
    }
}
