import CAtoll
import Foundation
import Supervision
import Testing

@Suite(.timeLimit(.minutes(2))) struct ShortCommandTests {
    @Test func outputAndExitCode() async throws {
        let result = try await ShortCommand.run("/bin/sh", ["-c", "echo out; echo err >&2; exit 3"])
        #expect(result.termination == .exited(code: 3))
        #expect(result.outputText == "out\n")
        #expect(result.errorText == "err\n")
        #expect(!result.isTruncated)
    }

    @Test func aSignalIsReported() async throws {
        let result = try await ShortCommand.run("/bin/sh", ["-c", "kill -SEGV $$"])
        #expect(result.termination == .signaled(signal: SIGSEGV))
    }

    @Test func nothingIsInherited() async throws {
        let result = try await ShortCommand.run(
            "/usr/bin/env", environment: ["ONE": "1", "TWO": "a b"], workingDirectory: "/usr")
        #expect(result.outputText.split(separator: "\n").sorted() == ["ONE=1", "TWO=a b"])
        let directory = try await ShortCommand.run("/bin/pwd", workingDirectory: "/usr")
        #expect(directory.outputText == "/usr\n")
    }

    @Test func inputArrivesWholeAlsoByName() async throws {
        let input = Array(String(repeating: "0123456789", count: 100_000).utf8)
        let counted = try await ShortCommand.run("/usr/bin/wc", ["-c"], input: input)
        #expect(counted.outputText == "1000000\n")
        let copied = try await ShortCommand.run("/bin/cat", ["/dev/stdin"], input: Array("secret".utf8))
        #expect(copied.outputText == "secret")
    }

    @Test func outputHasALimitAndDoesNotBlock() async throws {
        let result = try await ShortCommand.run(
            "/bin/sh", ["-c", "head -c 3000000 /dev/zero; echo end >&2"], outputBytesMax: 1000)
        #expect(result.isSuccess)
        #expect(result.standardOutput.count == 1000)
        #expect(result.isTruncated)
        #expect(result.errorText == "end\n")
    }

    @Test func whatCannotStartSaysWhy() async throws {
        let missing = await #expect(throws: SpawnFailure.self) { try await ShortCommand.run("/no/such/program") }
        #expect(missing?.step == .execute)
        #expect(missing?.errorNumber == ENOENT)
        #expect(missing?.description.contains("/no/such/program") == true)
        let lost = await #expect(throws: SpawnFailure.self) {
            try await ShortCommand.run("/bin/true", workingDirectory: "/no/such/directory")
        }
        #expect(lost?.step == .workingDirectory)
        let cut = await #expect(throws: SpawnFailure.self) { try await ShortCommand.run("/bin/true", ["a\0b"]) }
        #expect(cut?.step == .arguments)
    }

    @Test func aTimeoutKillsTheWholeGroup() async throws {
        try await withTemporaryDirectory { directory in
            let script = "sleep 60 & echo $! >\(directory)/pid; echo said >&2; wait"
            let error = await #expect(throws: ShortCommand.TimeoutError.self) {
                try await ShortCommand.run(
                    "/bin/sh", ["-c", script], environment: ["PATH": "/bin"], timeout: .milliseconds(500))
            }
            #expect(error?.description.contains("said") == true)
            let grandchild = try #require(Int32(text(of: directory + "/pid").prefix { $0.isNumber }))
            try await eventually("the grandchild is gone") {
                atoll_process_start_ticks(grandchild) == 0 || atoll_process_is_zombie(grandchild)
            }
        }
    }

    @Test func cancellingKills() async throws {
        try await withTemporaryDirectory { directory in
            let task = Task {
                try await ShortCommand.run("/bin/sh", ["-c", "echo $$ >\(directory)/pid; exec sleep 60"])
            }
            try await eventually("it runs") { text(of: directory + "/pid").hasSuffix("\n") }
            let pid = try #require(Int32(text(of: directory + "/pid").prefix { $0.isNumber }))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(atoll_process_start_ticks(pid) == 0)
        }
    }

    @Test func aStragglerThatHoldsThePipeIsNotWaitedFor() async throws {
        let result = try await ShortCommand.run("/bin/sh", ["-c", "sleep 3 & echo done"])
        #expect(result.outputText == "done\n")
    }

    @Test func aHundredAtOnce() async throws {
        let before = openDescriptors()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<100 {
                group.addTask {
                    let script = "cat; exit \(number)"
                    let result = try await ShortCommand.run("/bin/sh", ["-c", script], input: Array("\(number)".utf8))
                    return result.termination == .exited(code: Int32(number)) && result.outputText == "\(number)"
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
        // Other tests run beside this one, so only a leak for each command is told from their descriptors.
        try await eventually("descriptors are closed") { openDescriptors() < before + 90 }
    }

    @Test(.enabled(if: isRoot, "needs root")) func asAnotherUser() async throws {
        let script = "id -u; id -g; id -G; grep NoNewPrivs /proc/self/status; cat /dev/stdin"
        let result = try await ShortCommand.run(
            "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], userID: 65534, groupID: 65534,
            noNewPrivileges: true, input: Array("secret".utf8))
        #expect(result.outputText == "65534\n65534\n65534\nNoNewPrivs:\t1\nsecret")
    }

    private func openDescriptors() -> Int {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }
}
