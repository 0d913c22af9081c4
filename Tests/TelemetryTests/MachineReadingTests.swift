import Glibc
import Telemetry
import Testing

@Suite("Machine readings")
struct MachineReadingTests {
    @Test("The processors' time is read and grouped")
    func processors() throws {
        let text = """
            cpu  1000 200 300 4000 500 10 20 30 5 1
            cpu0 500 100 150 2000 250 5 10 15 0 0
            cpu1 500 100 150 2000 250 5 10 15 0 0
            intr 12345 0 0
            ctxt 99

            """
        let reading = try #require(ProcessorReading(procStat: text, ticksPerSecond: 100))
        #expect(reading.userSeconds == 12)
        #expect(reading.systemSeconds == 3.3)
        #expect(reading.idleSeconds == 40)
        #expect(reading.ioWaitSeconds == 5)
        #expect(reading.stealSeconds == 0.3)
        #expect(reading.processorCount == 2)
    }

    @Test(
        "Texts that are no /proc/stat give nothing",
        arguments: ["", "cpu", "cpu 1 2 3", "cpu a b c d", "cpu 1 2 3 -4", "intr 1 2 3 4", "\0"])
    func brokenProcessors(text: String) {
        #expect(ProcessorReading(procStat: text, ticksPerSecond: 100) == nil)
    }

    @Test("An old kernel's short line is enough")
    func shortProcessors() throws {
        let reading = try #require(ProcessorReading(procStat: "cpu 100 0 0 100", ticksPerSecond: 100))
        #expect(reading.ioWaitSeconds == 0)
        #expect(reading.processorCount == 1)
    }

    @Test("Load averages are read")
    func load() throws {
        let reading = try #require(LoadReading(procLoadavg: "3.05 1.63 0.68 2/310 4242\n"))
        #expect(reading.oneMinute == 3.05)
        #expect(reading.fiveMinutes == 1.63)
        #expect(reading.fifteenMinutes == 0.68)
    }

    @Test(
        "Texts that are no /proc/loadavg give nothing",
        arguments: ["", "1 2", "a b c", "nan 1 1", "-1 1 1", "inf 1 1"])
    func brokenLoad(text: String) {
        #expect(LoadReading(procLoadavg: text) == nil)
    }

    @Test("Memory is read in bytes")
    func memory() throws {
        let text = """
            MemTotal:       1000 kB
            MemFree:         100 kB
            MemAvailable:    400 kB
            Buffers:          20 kB
            Cached:          280 kB
            SwapTotal:        50 kB
            SwapFree:         40 kB
            HugePages_Total:   7

            """
        let reading = try #require(MemoryReading(procMeminfo: text))
        #expect(reading.totalBytes == 1_024_000)
        #expect(reading.usedBytes == 600 * 1_024)
        #expect(reading.availableBytes == 400 * 1_024)
        #expect(reading.cachedBytes == 300 * 1_024)
        #expect(reading.swapTotalBytes - reading.swapFreeBytes == 10 * 1_024)
    }

    @Test(
        "Texts that are no /proc/meminfo give nothing, and huge numbers do not trap",
        arguments: ["", "MemTotal: x kB", "MemFree: 1 kB", "MemTotal: 18446744073709551615 kB\nMemFree: 1 kB"])
    func brokenMemory(text: String) {
        #expect(MemoryReading(procMeminfo: text) == nil)
    }

    @Test("A disk's room is counted as df does")
    func disk() {
        var answer = statvfs()
        answer.f_frsize = 4_096
        answer.f_blocks = 100
        answer.f_bfree = 50
        answer.f_bavail = 30
        let reading = DiskReading(answer)
        #expect(reading.totalBytes == 409_600)
        #expect(reading.usedBytes == 50 * 4_096)
        #expect(reading.availableBytes == 30 * 4_096)
        #expect(reading.usedRatio == 0.625)
        #expect(DiskReading(statvfs()).usedRatio == 0)
    }
}

@Suite("Process readings")
struct ProcessReadingTests {
    /// A line of /proc/PID/stat whose fields 14 to 17 and 22 are given.
    private static func stat(
        _ identifier: Int, _ command: String, parent: Int, times: String = "100 50 7 3", start: Int = 900
    ) -> String {
        "\(identifier) (\(command)) S \(parent) 1 1 0 -1 4194560 31450 544588 0 128 \(times) 20 0 13 0 \(start) 43212800 30\n"
    }

    private static func reading(stat: String, statm: String = "1000 300 200 1 0 50 0\n") -> ProcessReading? {
        ProcessReading(stat: stat, statm: statm, ticksPerSecond: 100, pageBytes: 4_096)
    }

    @Test(
        "The command may hold anything",
        arguments: ["postgres", "a b", "a) S 1 (b", "((", "", "postgres: walwriter )"])
    func commands(command: String) throws {
        let reading = try #require(Self.reading(stat: Self.stat(42, command, parent: 7)))
        #expect(reading.command == command)
        #expect(reading.identifier == 42)
        #expect(reading.parentIdentifier == 7)
        #expect(reading.state == "S")
        #expect(reading.processorSeconds == 1.5)
        #expect(reading.endedChildrenSeconds == 0.1)
        #expect(reading.startTicks == 900)
        #expect(reading.residentBytes == 300 * 4_096)
        #expect(reading.sharedBytes == 200 * 4_096)
    }

    @Test("Texts that are no process give nothing", arguments: ["", "1", "1 (a", "1 (a) S", "x (a) S 1", ") 1 ("])
    func broken(text: String) {
        #expect(Self.reading(stat: text) == nil)
    }

    @Test("A statm that is none gives nothing", arguments: ["", "1 2", "a b c"])
    func brokenMemory(text: String) {
        #expect(Self.reading(stat: Self.stat(1, "a", parent: 0), statm: text) == nil)
    }

    @Test("A family counts the head, its children and what it waited for; shared memory once")
    func family() throws {
        let processes = try [
            #require(Self.reading(stat: Self.stat(10, "postgres", parent: 1), statm: "0 300 200")),
            #require(Self.reading(stat: Self.stat(11, "postgres", parent: 10), statm: "0 500 450")),
            #require(Self.reading(stat: Self.stat(12, "postgres", parent: 10), statm: "0 100 80")),
            #require(Self.reading(stat: Self.stat(13, "stranger", parent: 1), statm: "0 900 0")),
            #require(Self.reading(stat: Self.stat(14, "grandchild", parent: 11), statm: "0 900 0")),
        ]
        let family = try #require(ProcessFamilyReading(head: 10, among: processes))
        #expect(family.processCount == 3)
        #expect(abs(family.processorSeconds - 4.6) < 1e-9)
        #expect(family.residentBytes == (100 + 50 + 20 + 450) * 4_096)
        #expect(ProcessFamilyReading(head: 99, among: processes) == nil)
    }
}

@Suite("Machine probe")
struct MachineProbeTests {
    @Test("The real /proc is read")
    func live() throws {
        let probe = MachineProbe()
        #expect(try probe.processors().processorCount >= 1)
        #expect(try probe.memory().totalBytes > 0)
        #expect(try probe.load().oneMinute >= 0)
        #expect(try probe.disk(path: "/").totalBytes > 0)
        let own = try probe.process(getpid())
        #expect(own.residentBytes > 0)
        #expect(own.parentIdentifier == getppid())
        let family = ProcessFamilyReading(head: getpid(), among: try probe.processes())
        #expect(try #require(family).residentBytes > 0)
    }

    @Test("What is not there is an error that names the path")
    func missing() {
        let probe = MachineProbe(procPath: "/nonexistent")
        #expect(throws: MachineProbeFailure.unreadable(path: "/nonexistent/stat", errorNumber: ENOENT)) {
            try probe.processors()
        }
        #expect(throws: MachineProbeFailure.unreadable(path: "/nonexistent", errorNumber: ENOENT)) {
            try probe.processes()
        }
        #expect(throws: MachineProbeFailure.unreadable(path: "/nonexistent", errorNumber: ENOENT)) {
            try MachineProbe().disk(path: "/nonexistent")
        }
    }
}
