import CAtoll
import Foundation
import Supervision
import Testing

@Suite(.timeLimit(.minutes(2))) struct ChildHandleTests {
    @Test(arguments: [
        ("exit 0", ChildExitRecord.Termination.exited(code: 0)), ("exit 3", .exited(code: 3)),
        ("exit 255", .exited(code: 255)), ("kill -TERM $$", .signaled(signal: 15)),
        ("kill -KILL $$", .signaled(signal: 9)), ("kill -SEGV $$", .signaled(signal: 11)),
    ])
    func exitsAreReported(script: String, termination: ChildExitRecord.Termination) async throws {
        try await withTemporaryDirectory { directory in
            let child = try await ChildHandle.start(.script(script, in: directory), in: directory)
            let record = try #require(try await child.waitForExit().record)
            #expect(record.termination == termination)
            #expect(record.pid == child.pid)
            #expect(!record.stopRequested)
            #expect(ChildHandle.lastExit(runDirectory: directory + "/run") == .ended(record))
            #expect(try await ChildHandle.adopt(runDirectory: directory + "/run") == nil)
            await #expect(throws: SupervisionError.childEnded(.ended(record))) { try await child.status() }
            #expect(try await child.stop() == .ended(record))
        }
    }

    @Test func aStopIsNoFailure() async throws {
        try await withTemporaryDirectory { directory in
            let script = "trap 'exit 0' TERM; while :; do sleep 0.01; done"
            try await withChild(.script(script, in: directory), in: directory) { child in
                #expect(try await child.status().isStopping == false)
                try await Task.sleep(for: .milliseconds(100))
                let record = try #require(try await child.stop().record)
                #expect(record.termination == .exited(code: 0))
                #expect(record.stopRequested)
            }
        }
    }

    @Test func aSignalArrives() async throws {
        try await withTemporaryDirectory { directory in
            let script = "trap 'echo got it' USR1; echo ready; while :; do sleep 0.01; done"
            try await withChild(.script(script, in: directory), in: directory) { child in
                try await eventually("the trap is set") { text(of: directory + "/log").contains("ready") }
                try await child.send(signal: SIGUSR1)
                try await eventually("the signal is logged") { text(of: directory + "/log").contains("got it") }
            }
        }
    }

    @Test func controlGoesAndComesBack() async throws {
        try await withTemporaryDirectory { directory in
            let first = try await ChildHandle.start(.script("exec sleep 60", in: directory), in: directory)
            let (pid, shim) = (first.pid, try await first.status().shimPID)
            // Neither is our child, so our end is not theirs.
            #expect(waitpid(pid, nil, WNOHANG) == -1)
            #expect(waitpid(shim, nil, WNOHANG) == -1)
            try await dropAndAdopt(first, directory: directory, pid: pid)
            #expect(!isAlive(pid: pid, startTicks: first.startTicks))
        }
    }

    /// Many controls at once are no problem either: all of them hear of the end.
    private func dropAndAdopt(_ first: ChildHandle, directory: String, pid: Int32) async throws {
        let run = directory + "/run"
        #expect(ChildHandle.lastExit(runDirectory: run) == nil)
        #expect(ChildHandle.specification(runDirectory: run) == .script("exec sleep 60", in: directory))
        let second = try #require(try await ChildHandle.adopt(runDirectory: run))
        #expect(second.pid == pid)
        #expect(second.startTicks == first.startTicks)
        let third = try #require(try await ChildHandle.adopt(runDirectory: run))
        async let heard = third.waitForExit()
        let exit = try await second.stop()
        #expect(exit.record?.termination == .signaled(signal: SIGTERM))
        #expect(try await heard == exit)
        #expect(try await first.waitForExit() == exit)
    }

    @Test func aLostShimTakesItsChildAlong() async throws {
        try await withTemporaryDirectory { directory in
            let run = directory + "/run"
            let script = "trap 'echo ended >\(directory)/ended; exit' TERM; while :; do sleep 0.01; done"
            let child = try await ChildHandle.start(.script(script, in: directory), in: directory)
            try await Task.sleep(for: .milliseconds(100))
            kill(try await child.status().shimPID, SIGKILL)
            #expect(try await child.waitForExit() == .unknown(.shimLost))
            try await eventually("the child ends") { !isAlive(pid: child.pid, startTicks: child.startTicks) }
            #expect(text(of: directory + "/ended") == "ended\n")
            #expect(try await ChildHandle.adopt(runDirectory: run) == nil)
            #expect(ChildHandle.lastExit(runDirectory: run) == .unknown(.shimLost))
            // The stale socket and the stale running.json stand in nobody's way.
            #expect(access(run + "/shim.sock", F_OK) == 0)
            try await withChild(.script("exec sleep 60", in: directory), in: directory) { next in
                #expect(next.pid != child.pid)
                #expect(ChildHandle.lastExit(runDirectory: run) == nil)
            }
        }
    }

    /// The next start waits for a child that lost its shim, and kills one that will not go.
    @Test func anOrphanIsEndedBeforeTheNextStart() async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("trap '' TERM; while :; do sleep 0.1; done", in: directory)
            specification.signalOnShimDeath = nil
            let orphan = try await ChildHandle.start(specification, in: directory)
            try await Task.sleep(for: .milliseconds(100))
            kill(try await orphan.status().shimPID, SIGKILL)
            #expect(try await orphan.waitForExit() == .unknown(.shimLost))
            #expect(isAlive(pid: orphan.pid, startTicks: orphan.startTicks))
            try await withChild(.script("exec sleep 60", in: directory), in: directory) { _ in
                #expect(!isAlive(pid: orphan.pid, startTicks: orphan.startTicks))
            }
        }
    }

    /// A pid in running.json that now is another process's.
    @Test func aReusedPidIsLeftAlone() async throws {
        try await withTemporaryDirectory { directory in
            let run = directory + "/run"
            try await withChild(.script("exec sleep 60", in: directory), in: directory) { bystander in
                let other = directory + "/other"
                try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
                let stale = text(of: run + "/running.json")
                    .replacingOccurrences(of: "\(bystander.startTicks)", with: "\(bystander.startTicks - 1)")
                try stale.write(toFile: other + "/running.json", atomically: true, encoding: .utf8)
                #expect(ChildHandle.lastExit(runDirectory: other) == .unknown(.shimLost))
                let next = try await ChildHandle.start(
                    specification: .script("exit 0", in: directory), runDirectory: other,
                    atollExecutable: shimExecutable)
                _ = try await next.waitForExit()
                #expect(isAlive(pid: bystander.pid, startTicks: bystander.startTicks))
            }
        }
    }

    @Test func aRunDirectoryFullOfRubbish() async throws {
        try await withTemporaryDirectory { directory in
            let run = directory + "/run"
            try FileManager.default.createDirectory(atPath: run, withIntermediateDirectories: false)
            for name in ["child.json", "exit.json", "running.json", "shim.sock", "exit.json.new", "child.json.new"] {
                try "{ rubbish".write(toFile: "\(run)/\(name)", atomically: true, encoding: .utf8)
            }
            #expect(try await ChildHandle.adopt(runDirectory: run) == nil)
            #expect(ChildHandle.lastExit(runDirectory: run) == nil)
            #expect(ChildHandle.specification(runDirectory: run) == nil)
            let child = try await ChildHandle.start(.script("exit 4", in: directory), in: directory)
            #expect(try await child.waitForExit().record?.termination == .exited(code: 4))
        }
    }

    @Test func onlyOneOfManyStartsWins() async throws {
        try await withTemporaryDirectory { directory in
            let run = directory + "/run"
            let outcomes = await withTaskGroup(of: Result<ChildHandle, any Error>.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        do {
                            return .success(try await .start(.script("exec sleep 60", in: directory), in: directory))
                        } catch {
                            return .failure(error)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let winners = outcomes.compactMap { try? $0.get() }
            #expect(winners.count == 1)
            for case .failure(let error) in outcomes {
                #expect(error as? SupervisionError == .alreadyRunning(runDirectory: run))
            }
            for winner in winners { _ = try await winner.stop() }
        }
    }

    /// Whoever hears of an end can start again at once: nothing of the former shim is in the way.
    @Test func restartsFollowAtOnce() async throws {
        try await withTemporaryDirectory { directory in
            var specification = ChildSpecification.script("exit 0", in: directory)
            specification.listeningSockets = [.unix(path: directory + "/socket", mode: 0o600)]
            for _ in 0..<20 {
                let child = try await ChildHandle.start(specification, in: directory)
                #expect(try await child.waitForExit().record?.isSuccess == true)
            }
        }
    }

    @Test func aWaitCanBeCancelled() async throws {
        try await withTemporaryDirectory { directory in
            try await withChild(.script("exec sleep 60", in: directory), in: directory) { child in
                let wait = Task { try await child.waitForExit() }
                try await Task.sleep(for: .milliseconds(50))
                wait.cancel()
                await #expect(throws: CancellationError.self) { try await wait.value }
                let late = Task {
                    try? await Task.sleep(for: .seconds(60))
                    return try await child.waitForExit()
                }
                late.cancel()
                await #expect(throws: CancellationError.self) { try await late.value }
                #expect(try await child.status().pid == child.pid)
            }
        }
    }

    @Test func aDeepRunDirectory() async throws {
        try await withTemporaryDirectory { directory in
            let deep = directory + "/" + String(repeating: "d", count: 120)
            try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: false)
            try await withChild(.script("exec sleep 60", in: deep), in: deep) { child in
                let adopted = try #require(try await ChildHandle.adopt(runDirectory: deep + "/run"))
                #expect(adopted.pid == child.pid)
            }
        }
    }
}
