import CAtoll
import Foundation
import Supervision
import Testing

/// What the shim does for the child, and what clients of its socket can and cannot do.
@Suite(.timeLimit(.minutes(2))) struct ShimTests {
    @Test func theLogIsRotatedBetweenLines() async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("seq -f 'line %06.0f' 1 3000", in: directory)
            specification.logFileBytesMax = 4096
            specification.logFilesKept = 3
            let child = try await ChildHandle.start(specification, in: directory)
            _ = try await child.waitForExit()
            let names = ["log.3", "log.2", "log.1", "log"]
            let files = names.map { text(of: "\(directory)/\($0)") }
            #expect(files.allSatisfy { !$0.isEmpty && $0.utf8.count <= 4096 })
            #expect(access(directory + "/log.4", F_OK) != 0)
            let lines = files.joined().split(separator: "\n")
            let numbers = lines.compactMap { Int($0.dropFirst(5)) }
            #expect(numbers.count == lines.count)
            #expect(numbers.last == 3000)
            #expect(numbers == Array((3001 - numbers.count)...3000))
        }
    }

    @Test func bothStreamsAreLoggedToTheLastByte() async throws {
        try await withTemporaryDirectory { directory in
            let script = "echo out; echo err >&2; head -c 500000 /dev/zero | tr '\\0' x; printf end"
            let child = try await ChildHandle.start(.script(script, in: directory), in: directory)
            _ = try await child.waitForExit()
            let log = text(of: directory + "/log")
            #expect(log.hasPrefix("out\nerr\nxxx"))
            #expect(log.utf8.count == 8 + 500_000 + 3)
            #expect(log.hasSuffix("end"))
        }
    }

    @Test func aFullDiskDoesNotHoldTheChildUp() async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("seq 1 100000", in: directory)
            specification.logFile = "/dev/full"
            let child = try await ChildHandle.start(specification, in: directory)
            let record = try #require(try await child.waitForExit().record)
            #expect(record.isSuccess)
            #expect(record.logLinesDropped >= 100_000)
        }
    }

    @Test func stopEscalates() async throws {
        try await withTemporaryDirectory { directory in
            let script =
                "trap 'echo term' TERM; trap 'echo quit; exit 7' QUIT; echo ready; while :; do sleep 0.01; done"
            var specification = ChildSpecification.script(script, in: directory)
            specification.stopSteps = [
                .init(signal: SIGTERM, graceSeconds: 0.3), .init(signal: SIGQUIT, graceSeconds: 30),
            ]
            try await withChild(specification, in: directory) { child in
                try await eventually("traps are set") { text(of: directory + "/log").contains("ready") }
                let record = try #require(try await child.stop().record)
                #expect(record.termination == .exited(code: 7))
                #expect(record.stopRequested)
            }
            let log = text(of: directory + "/log")
            let order = ["SIGTERM (15)", "term", "SIGQUIT (3)", "quit"].compactMap { log.range(of: $0)?.lowerBound }
            #expect(order.count == 4 && order == order.sorted(), "\(log)")
        }
    }

    @Test func stopEndsWithSIGKILLToTheGroup() async throws {
        try await withTemporaryDirectory { directory in
            let script = "trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.05; done' & wait; sleep 60"
            var specification = ChildSpecification.script(script, in: directory)
            specification.stopSteps = [.init(signal: SIGTERM, graceSeconds: 0.2)]
            try await withChild(specification, in: directory) { child in
                try await eventually("the grandchild runs") { text(of: directory + "/log").hasSuffix("\n") }
                let grandchild = try #require(Int32(text(of: directory + "/log").prefix { $0.isNumber }))
                #expect(try await child.stop().record?.termination == .signaled(signal: SIGKILL))
                try await eventually("the grandchild ends") {
                    atoll_process_start_ticks(grandchild) == 0 || atoll_process_is_zombie(grandchild)
                }
            }
        }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func aSignalToTheShimIsAStop(signal: Int32) async throws {
        try await withTemporaryDirectory { directory in
            try await withChild(.script("exec sleep 60", in: directory), in: directory) { child in
                kill(try await child.status().shimPID, signal)
                let record = try #require(try await child.waitForExit().record)
                #expect(record.termination == .signaled(signal: SIGTERM))
                #expect(record.stopRequested)
            }
        }
    }

    @Test func noDescriptorLeaksIntoTheChild() async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("", in: directory)
            specification.executable = "/bin/ls"
            specification.arguments = ["/proc/self/fd"]
            let child = try await ChildHandle.start(specification, in: directory)
            _ = try await child.waitForExit()
            // 3 is ls's own, for the directory.
            #expect(text(of: directory + "/log").split(separator: "\n") == ["0", "1", "2", "3"])
        }
    }

    @Test func theEnvironmentAndSignalsAreClean() async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("", in: directory)
            specification.executable = "/usr/bin/env"
            specification.arguments = ["/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]
            specification.environment = [:]
            let child = try await ChildHandle.start(specification, in: directory)
            _ = try await child.waitForExit()
            #expect(text(of: directory + "/log") == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
        }
    }

    @Test func listeningSocketsArePassed() async throws {
        try await withTemporaryDirectory { directory in
            let script = """
                test "$LISTEN_PID" = $$ && echo "fds $LISTEN_FDS"
                for n in 3 4; do readlink /proc/$$/fd/$n | cut -d: -f1; done
                echo ready; exec sleep 60
                """
            var specification = ChildSpecification.script(script, in: directory)
            specification.listeningSockets = [
                .tcp(host: "127.0.0.1", port: 0), .unix(path: directory + "/socket", mode: 0o660),
            ]
            try await withChild(specification, in: directory) { child in
                try await eventually("it is ready") { text(of: directory + "/log").contains("ready") }
                #expect(text(of: directory + "/log") == "fds 2\nsocket\nsocket\nready\n")
                let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/socket")
                #expect(attributes[.posixPermissions] as? Int == 0o660)
                _ = try await child.stop()
                #expect(access(directory + "/socket", F_OK) != 0)
            }
        }
    }

    @Test func rudeClientsAreLimited() async throws {
        try await withTemporaryDirectory { directory in
            let run = directory + "/run"
            try await withChild(.script("exec sleep 60", in: directory), in: directory) { child in
                let client = try #require(ShimClient(runDirectory: run))
                #expect(client.line() == "atoll-shim 1")
                client.send("nonsense\nsta")
                #expect(client.line()?.hasPrefix("error unknown-command") == true)
                client.send("tus\n")
                #expect(client.line().flatMap { ChildStatus(line: $0) }?.pid == child.pid)
                client.send(String(repeating: "x", count: 300))
                #expect(client.line()?.hasPrefix("error too-long") == true)
                #expect(client.line() == nil)
                // One of 32 places is our handle's; a silent crowd takes the rest, and the handle is still served.
                let crowd = (0..<40).compactMap { _ in ShimClient(runDirectory: run) }
                let greetings = crowd.map { $0.line() ?? "closed" }
                #expect(greetings.count { $0 == "atoll-shim 1" } == 31)
                #expect(greetings.count { $0.hasPrefix("error busy") } == 9)
                #expect(try await child.status().pid == child.pid)
            }
        }
    }

    @Test func aFloodingClientDoesNotHoldTheShimUp() async throws {
        try await withTemporaryDirectory { directory in
            try await withChild(.script("exec sleep 60", in: directory), in: directory) { child in
                let flood = try #require(ShimClient(runDirectory: directory + "/run"))
                // It never reads the answers: once they fill its buffer, it is closed.
                let commands = String(repeating: "status\n", count: 1000)
                for _ in 0..<100 { flood.send(commands) }
                #expect(try await child.status().pid == child.pid)
                #expect(try await child.stop().record?.stopRequested == true)
            }
        }
    }
}

/// What only root can give away.
@Suite(.timeLimit(.minutes(2))) struct PrivilegeTests {
    @Test(.enabled(if: isRoot, "needs root")) func identityAndPrivilegesAreDropped() async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("exec sleep 60", in: directory)
            specification.userID = 65534
            specification.groupID = 65533
            specification.noNewPrivileges = true
            try await withChild(specification, in: directory) { child in
                let status = text(of: "/proc/\(child.pid)/status").split(separator: "\n")
                #expect(status.contains("Uid:\t65534\t65534\t65534\t65534"))
                #expect(status.contains("Gid:\t65533\t65533\t65533\t65533"))
                #expect(status.contains { $0.hasPrefix("Groups:") && !$0.contains { $0.isNumber } })
                #expect(status.contains("NoNewPrivs:\t1"))
                #expect(status.contains("CapEff:\t0000000000000000"))
                // The death signal survives the change of user: it is set after it.
                kill(try await child.status().shimPID, SIGKILL)
                try await eventually("the child ends") { !isAlive(pid: child.pid, startTicks: child.startTicks) }
            }
        }
    }

    @Test(.enabled(if: isRoot, "needs root")) func anEnteredDirectoryMustBeTheUsers() async throws {
        try await withTemporaryDirectory { directory in
            let closed = directory + "/closed"
            mkdir(closed, 0o700)
            var specification = ChildSpecification.script("exit 0", in: directory)
            specification.userID = 65534
            specification.groupID = 65534
            specification.workingDirectory = closed
            let error = await #expect(throws: SupervisionError.self) {
                try await ChildHandle.start(specification, in: directory)
            }
            #expect(error?.description.contains("may not enter") == true)
        }
    }

    @Test(.enabled(if: atoll_landlock_abi() > 0, "this kernel has no Landlock"))
    func landlockRefusesWhatNoRuleNames() async throws {
        try await withTemporaryDirectory { directory in
            for name in ["mine", "foreign"] { mkdir("\(directory)/\(name)", 0o777) }
            for name in ["mine", "foreign"] { chmod("\(directory)/\(name)", 0o777) }
            try "secret".write(toFile: directory + "/foreign/file", atomically: true, encoding: .utf8)
            let script = """
                echo written >\(directory)/mine/file && cat \(directory)/mine/file
                cat \(directory)/foreign/file && echo READ
                echo x >\(directory)/foreign/new && echo WROTE
                ls / >/dev/null && echo LISTED
                cp /bin/true \(directory)/mine/true; \(directory)/mine/true && echo EXECUTED
                echo end
                """
            var specification = ChildSpecification.script(script, in: directory)
            specification.filesystemRules = .init(
                readPaths: ["/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/no/such/path"],
                writePaths: [directory + "/mine", "/dev/null"])
            if isRoot { (specification.userID, specification.groupID) = (65534, 65534) }
            try await withChild(specification, in: directory) { child in
                _ = try await child.waitForExit()
            }
            let log = text(of: directory + "/log")
            #expect(log.hasPrefix("written\n") && log.hasSuffix("end\n"), "\(log)")
            for word in ["READ", "WROTE", "LISTED", "EXECUTED", "secret"] { #expect(!log.contains(word), "\(log)") }
        }
    }

    @Test(.enabled(if: atoll_landlock_abi() > 0, "this kernel has no Landlock"))
    func landlockIsReported() async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("exec sleep 60", in: directory)
            try await withChild(specification, in: directory) { child in
                let status = try await child.status()
                #expect(status.landlockABI == 0)
            }
            specification.filesystemRules = .init(readPaths: ["/"], writePaths: [])
            try await withChild(specification, in: directory) { child in
                let status = try await child.status()
                #expect(status.landlockABI == atoll_landlock_abi())
                #expect(text(of: "/proc/\(child.pid)/status").contains("NoNewPrivs:\t1"))
            }
        }
    }
}
