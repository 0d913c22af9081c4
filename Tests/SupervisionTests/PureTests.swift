import Supervision
import Testing

@Suite struct BackoffTests {
    @Test func delaysDoubleUpToTheCeiling() {
        var backoff = Backoff()
        let delays = (0..<11).map { _ in backoff.delay(afterRunning: .zero) / .seconds(1) }
        #expect(delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30])
        #expect(backoff.failures == 11)
    }

    @Test(arguments: [(59.9, 0.4, 3), (60.0, 0.1, 1), (3600.0, 0.1, 1)])
    func aGoodRunForgetsFailures(seconds: Double, delay: Double, failures: Int) {
        var backoff = Backoff()
        _ = backoff.delay(afterRunning: .zero)
        _ = backoff.delay(afterRunning: .zero)
        #expect(backoff.delay(afterRunning: .seconds(seconds)) / .seconds(1) == delay)
        #expect(backoff.failures == failures)
    }
}

@Suite struct LogRotationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var fileBytes: Int
        var isLineOpen = false
        var chunk: String
        var head: Int
        var rotates: Bool
        var testDescription: String { name }
    }

    @Test(arguments: [
        Row(name: "fits", fileBytes: 0, chunk: "abc\n", head: 4, rotates: false),
        Row(name: "fits to the last byte", fileBytes: 6, chunk: "abc\n", head: 4, rotates: false),
        Row(name: "cut at the last line that fits", fileBytes: 5, chunk: "ab\nc\nde\n", head: 5, rotates: true),
        Row(name: "no line fits", fileBytes: 8, chunk: "abc\nd", head: 0, rotates: true),
        Row(name: "an open line runs over", fileBytes: 8, isLineOpen: true, chunk: "abc\nd", head: 4, rotates: true),
        Row(name: "an open line without end", fileBytes: 8, isLineOpen: true, chunk: "abcd", head: 4, rotates: false),
        Row(name: "a line longer than a file", fileBytes: 0, chunk: "0123456789ABC\nD", head: 14, rotates: true),
        Row(
            name: "a line longer than two files", fileBytes: 0, chunk: "0123456789012345678901234", head: 20,
            rotates: true),
        Row(name: "twice the limit is the end", fileBytes: 20, isLineOpen: true, chunk: "a", head: 0, rotates: true),
        Row(name: "a log left too long", fileBytes: 99, chunk: "a\n", head: 0, rotates: true),
        Row(name: "nothing", fileBytes: 10, chunk: "", head: 0, rotates: false),
    ])
    func plan(row: Row) {
        var rotation = LogRotation(fileBytesMax: 10, filesKept: 2, fileBytes: row.fileBytes - (row.isLineOpen ? 1 : 0))
        if row.isLineOpen { rotation.wrote(1, endsLine: false) }
        let plan = rotation.plan(for: Array(row.chunk.utf8))
        #expect(plan == LogRotation.Plan(headCount: row.head, rotatesAfterHead: row.rotates))
    }

    @Test(arguments: [
        (0, [String]()), (1, ["l>l.1"]), (3, ["l.2>l.3", "l.1>l.2", "l>l.1"]),
    ])
    func renames(kept: Int, expected: [String]) {
        #expect(LogRotation.renames(of: "l", filesKept: kept).map { "\($0.from)>\($0.to)" } == expected)
    }

    /// Whatever the chunks, following the plans ends, loses nothing, and keeps the limit for lines that allow it.
    @Test(arguments: 1...50)
    func everyChunkIsWritten(seed: Int) {
        var random = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15
        var rotation = LogRotation(fileBytesMax: 10, filesKept: 2, fileBytes: 0)
        for _ in 0..<50 {
            var chunk: ArraySlice<UInt8> = []
            for _ in 0..<Int(random % 40) {
                random = random &* 6_364_136_223_846_793_005 &+ 1
                chunk.append(random >> 60 < 3 ? UInt8(ascii: "\n") : UInt8(ascii: "x"))
            }
            random = random &* 6_364_136_223_846_793_005 &+ 1
            var turns = 0
            while !chunk.isEmpty {
                let plan = rotation.plan(for: chunk)
                let head = chunk.prefix(plan.headCount)
                rotation.wrote(head.count, endsLine: head.last == UInt8(ascii: "\n"))
                #expect(rotation.fileBytes <= 20)
                chunk = chunk.dropFirst(plan.headCount)
                if plan.rotatesAfterHead { rotation.rotated() }
                turns += 1
                #expect(turns < 100)
            }
        }
    }
}

@Suite struct StopEscalationTests {
    @Test func stepsThenKill() {
        let steps = [
            ChildSpecification.StopStep(signal: 2, graceSeconds: 30),
            ChildSpecification.StopStep(signal: 3, graceSeconds: 5),
        ]
        var escalation = StopEscalation(steps: steps, now: 100)
        let times: [Double] = [100, 100.5, 129.9, 130, 134, 135, 135.5, 136, 137.5]
        let actions = times.map { escalation.next(now: $0) }
        #expect(
            actions == [
                .signal(2), nil, nil, .signal(3), nil, .killGroup, nil, .killGroup, .killGroup,
            ])
        #expect(escalation.deadline == 138.5)
    }

    @Test func withoutStepsItKillsAtOnce() {
        var escalation = StopEscalation(steps: [], now: 1)
        #expect(escalation.next(now: 1) == .killGroup)
    }
}

@Suite struct ShimMessageTests {
    @Test(arguments: [
        ("status", ShimCommand.status), ("stop", .stop), ("watch", .watch), ("signal 15", .signal(15)),
        ("signal 64", .signal(64)),
    ])
    func commands(line: String, command: ShimCommand) {
        #expect(ShimCommand(line: line) == command)
        #expect(command.line == line)
    }

    @Test(arguments: ["", "STOP", "stop now", "signal", "signal 0", "signal 65", "signal -1", "signal x", "signal 1 2"])
    func refusedCommands(line: String) {
        #expect(ShimCommand(line: line) == nil)
    }

    @Test func statusTravels() {
        let status = ChildStatus(
            pid: 7, startTicks: 1234, shimPID: 6, isStopping: true, landlockABI: 4, logLinesDropped: 9,
            startedAtUnixSeconds: 1_700_000_000.25)
        #expect(ChildStatus(line: status.line) == status)
        // A newer shim may say more.
        #expect(ChildStatus(line: status.line + " new=1 odd") == status)
        #expect(ChildStatus(line: "ok") == nil)
        #expect(ChildStatus(line: "error x 1 y") == nil)
    }

    @Test(arguments: [ChildExitRecord.Termination.exited(code: 3), .signaled(signal: 9)])
    func exitsTravel(termination: ChildExitRecord.Termination) {
        let record = ChildExitRecord(
            pid: 7, startTicks: 99, termination: termination, endedAtUnixSeconds: 1_700_000_000.5,
            stopRequested: true, logLinesDropped: 2)
        #expect(ChildExitRecord(eventLine: record.eventLine) == record)
        #expect(ChildExitRecord(eventLine: "exit pid=1") == nil)
        #expect(ChildExitRecord(eventLine: "exitcode") == nil)
    }

    @Test func failuresTravel() {
        let failure = StartFailure(stage: "execute", errorNumber: 2, message: "a  b\nc")
        #expect(StartFailure(line: failure.line)?.message == "a  b c")
        #expect(StartFailure(line: failure.line)?.stage == "execute")
        #expect(StartFailure(line: "ok pid=1") == nil)
    }
}

@Suite struct SpecificationTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var expected: String
        var change: @Sendable (inout ChildSpecification) -> Void
        var testDescription: String { expected }
    }

    @Test(arguments: [
        Row(expected: "executable") { $0.executable = "sh" },
        Row(expected: "logFile is") { $0.logFile = "log" },
        Row(expected: "workingDirectory") { $0.workingDirectory = "." },
        Row(expected: "NUL") { $0.arguments = ["a\0b"] },
        Row(expected: "NUL") { $0.environment = ["A": "\0"] },
        Row(expected: "environment variable") { $0.environment = ["A=B": ""] },
        Row(expected: "environment variable") { $0.environment = ["": "x"] },
        Row(expected: "not a signal") { $0.signalOnShimDeath = 0 },
        Row(expected: "not a signal") { $0.stopSteps = [.init(signal: 65, graceSeconds: 1)] },
        Row(expected: "waits") { $0.stopSteps = [.init(signal: 15, graceSeconds: -1)] },
        Row(expected: "waits") { $0.stopSteps = [.init(signal: 15, graceSeconds: .nan)] },
        Row(expected: "logFileBytesMax") { $0.logFileBytesMax = 0 },
        Row(expected: "logFilesKept") { $0.logFilesKept = -1 },
        Row(expected: "at most 64") { $0.listeningSockets = Array(repeating: .tcp(host: "::1", port: 0), count: 65) },
        Row(expected: "Linux ends at 107") {
            $0.listeningSockets = [.unix(path: "/" + String(repeating: "a", count: 107), mode: 0o600)]
        },
        Row(expected: "filesystemRules") { $0.filesystemRules = .init(readPaths: ["usr"], writePaths: []) },
    ])
    func refused(row: Row) {
        var specification = ChildSpecification.script("true", in: "/tmp")
        row.change(&specification)
        let error = #expect(throws: SupervisionError.self) { try specification.validate() }
        #expect(error?.description.contains(row.expected) == true, "\(String(describing: error))")
    }

    @Test func aGoodOnePasses() throws {
        var specification = ChildSpecification.script("true", in: "/tmp")
        specification.listeningSockets = [.unix(path: "/" + String(repeating: "a", count: 106), mode: 0o660)]
        try specification.validate()
    }
}
