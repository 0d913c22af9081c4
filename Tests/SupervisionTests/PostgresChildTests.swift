import Foundation
import Supervision
import Testing

private let postgresPrograms = "/usr/lib/postgresql/15/bin"
private let hasPostgres = isRoot && access(postgresPrograms + "/postgres", X_OK) == 0

/// The real thing once: a cluster's own user, initdb with its password on standard input, and postgres as a child.
@Suite(.timeLimit(.minutes(3)), .enabled(if: hasPostgres, "needs root and postgresql-15"))
struct PostgresChildTests {
    @Test func postgresIsAChildLikeAnyOther() async throws {
        let name = "atest-\(UUID().uuidString.prefix(8).lowercased())"
        let user = try await SystemUser.ensure(name: name)
        do {
            try await withTemporaryDirectory { try await run(as: user, in: $0) }
        } catch {
            Issue.record(error)
        }
        try await SystemUser.remove(name: name)
    }

    private func run(as user: SystemUser, in directory: String) async throws {
        let data = directory + "/data"
        mkdir(data, 0o700)
        chown(data, user.userID, user.groupID)
        let created = try await ShortCommand.run(
            postgresPrograms + "/initdb",
            ["-D", data, "-U", "postgres", "--pwfile", "/dev/stdin", "-A", "scram-sha-256", "--no-sync"],
            environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"], workingDirectory: data, userID: user.userID,
            groupID: user.groupID, noNewPrivileges: true, input: Array("secret\n".utf8), timeout: .seconds(120))
        #expect(created.isSuccess, "\(created.errorText)")
        let specification = postgres(as: user, directory: directory)
        let first = try await ChildHandle.start(specification, in: directory)
        try await eventually("it is ready") { text(of: directory + "/log").contains("ready to accept connections") }
        let adopted = try #require(try await ChildHandle.adopt(runDirectory: directory + "/run"))
        #expect(adopted.pid == first.pid)
        #expect(try await adopted.stop().record?.isSuccess == true)
        #expect(text(of: directory + "/log").contains("fast shutdown"))
        // Without its shim it shuts down at once, and the next start waits for that and recovers.
        let second = try await ChildHandle.start(specification, in: directory)
        kill(try await second.status().shimPID, SIGKILL)
        #expect(try await second.waitForExit() == .unknown(.shimLost))
        let third = try await ChildHandle.start(specification, in: directory)
        #expect(!isAlive(pid: second.pid, startTicks: second.startTicks))
        try await eventually("it recovers") {
            text(of: directory + "/log").components(separatedBy: "ready to accept connections").count >= 3
                || third.exit != nil
        }
        #expect(try await third.stop().record?.isSuccess == true, "\(text(of: directory + "/log"))")
    }

    private func postgres(as user: SystemUser, directory: String) -> ChildSpecification {
        let data = directory + "/data"
        return ChildSpecification(
            name: "postgres", executable: postgresPrograms + "/postgres",
            arguments: ["-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories=\(data)"],
            environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"], workingDirectory: data, userID: user.userID,
            groupID: user.groupID, noNewPrivileges: true,
            filesystemRules: .init(
                readPaths: ["/usr", "/lib", "/lib64", "/etc", "/dev/urandom"],
                writePaths: [data, "/dev/shm", "/dev/null"]),
            logFile: directory + "/log",
            stopSteps: [.init(signal: SIGINT, graceSeconds: 30), .init(signal: SIGQUIT, graceSeconds: 5)],
            signalOnShimDeath: SIGQUIT)
    }
}
