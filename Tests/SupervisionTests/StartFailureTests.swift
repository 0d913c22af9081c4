import Foundation
import Supervision
import Testing

@Suite(.timeLimit(.minutes(2))) struct StartFailureTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var stage: String
        var errorNumber: Int32
        var words: String
        var change: @Sendable (inout ChildSpecification, String) -> Void
        var testDescription: String { "\(stage) \(errorNumber)" }
    }

    @Test(arguments: [
        Row(stage: "execute", errorNumber: ENOENT, words: "/no/such/program") { specification, _ in
            specification.executable = "/no/such/program"
        },
        Row(stage: "execute", errorNumber: EACCES, words: "/etc/passwd") { specification, _ in
            specification.executable = "/etc/passwd"
        },
        Row(stage: "workingDirectory", errorNumber: ENOENT, words: "working directory") { specification, _ in
            specification.workingDirectory = "/no/such/directory"
        },
        Row(stage: "log", errorNumber: ENOENT, words: "check that its directory exists") { specification, directory in
            specification.logFile = directory + "/no/such/log"
        },
        Row(stage: "listen", errorNumber: EINVAL, words: "numeric") { specification, _ in
            specification.listeningSockets = [.tcp(host: "localhost", port: 0)]
        },
        Row(stage: "listen", errorNumber: ENOENT, words: "/no/such/socket") { specification, _ in
            specification.listeningSockets = [.unix(path: "/no/such/socket", mode: 0o600)]
        },
    ])
    func reasons(row: Row) async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("exit 0", in: directory)
            row.change(&specification, directory)
            let error = await #expect(throws: SupervisionError.self) {
                try await ChildHandle.start(specification, in: directory)
            }
            guard case .startFailed("test", let failure) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(failure.stage == row.stage)
            #expect(failure.errorNumber == row.errorNumber)
            #expect(failure.message.contains(row.words), "\(failure.message)")
            let record = ChildHandle.lastExit(runDirectory: directory + "/run")?.record
            #expect(record?.termination == .startFailed(failure))
            // What failed once may be tried again.
            let again = try await ChildHandle.start(.script("exit 0", in: directory), in: directory)
            #expect(try await again.waitForExit().record?.isSuccess == true)
        }
    }

    @Test(.enabled(if: !isRoot, "root may become anybody")) func anotherUserNeedsRoot() async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("exit 0", in: directory)
            specification.userID = 65534
            let error = await #expect(throws: SupervisionError.self) {
                try await ChildHandle.start(specification, in: directory)
            }
            #expect(error?.description.contains("only root") == true)
        }
    }

    @Test func aLiveSocketIsNotStolen() async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("exec sleep 60", in: directory)
            specification.listeningSockets = [.unix(path: directory + "/socket", mode: 0o600)]
            try await withChild(specification, in: directory) { _ in
                let error = await #expect(throws: SupervisionError.self) {
                    try await ChildHandle.start(
                        specification: specification, runDirectory: directory + "/second",
                        atollExecutable: shimExecutable)
                }
                #expect(error?.description.contains("another program has it") == true)
            }
        }
    }

    @Test(arguments: [("/no/such/atoll", "/no/such/atoll"), ("/bin/true", "without a word")])
    func aShimThatIsNone(executable: String, words: String) async throws {
        try await withTemporaryDirectory { directory in
            let error = await #expect(throws: SupervisionError.self) {
                try await ChildHandle.start(
                    specification: .script("exit 0", in: directory), runDirectory: directory + "/run",
                    atollExecutable: executable)
            }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
    }
}
