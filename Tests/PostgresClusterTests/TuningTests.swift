import Testing

@testable import PostgresCluster

/// The plans of the sizes on offer.
enum Plans {
    static let smallest = ClusterPlan(cpuCount: 1, memoryMiB: 1024, storageMiB: 10_240)
    static let all: [ClusterPlan] = [
        smallest,
        ClusterPlan(cpuCount: 1, memoryMiB: 2048, storageMiB: 30_720),
        ClusterPlan(cpuCount: 2, memoryMiB: 4096, storageMiB: 61_440),
        ClusterPlan(cpuCount: 4, memoryMiB: 8192, storageMiB: 143_360),
        ClusterPlan(cpuCount: 6, memoryMiB: 16_384, storageMiB: 296_960),
    ]
}

@Suite("Tuning")
struct TuningTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var plan: ClusterPlan
        var connections: Int
        var sharedBuffers: Int
        var workMemory: Int
        var maintenanceMemory: Int
        var walSize: Int
        var slotWAL: Int
        var workers: Int
        var testDescription: String { "\(plan.memoryMiB) MiB" }
    }

    static let rows = [
        Row(
            plan: Plans.all[0], connections: 25, sharedBuffers: 256, workMemory: 10, maintenanceMemory: 64,
            walSize: 1024, slotWAL: 3072, workers: 9),
        Row(
            plan: Plans.all[1], connections: 50, sharedBuffers: 512, workMemory: 10, maintenanceMemory: 128,
            walSize: 3072, slotWAL: 9216, workers: 9),
        Row(
            plan: Plans.all[2], connections: 100, sharedBuffers: 1024, workMemory: 10, maintenanceMemory: 256,
            walSize: 6144, slotWAL: 18_432, workers: 10),
        Row(
            plan: Plans.all[3], connections: 200, sharedBuffers: 2048, workMemory: 10, maintenanceMemory: 512,
            walSize: 8192, slotWAL: 43_008, workers: 12),
        Row(
            plan: Plans.all[4], connections: 400, sharedBuffers: 4096, workMemory: 10, maintenanceMemory: 1024,
            walSize: 8192, slotWAL: 89_088, workers: 14),
        // Beyond the table: every clamp from below, and every one from above.
        Row(
            plan: ClusterPlan(cpuCount: 1, memoryMiB: 256, storageMiB: 100), connections: 25, sharedBuffers: 64,
            workMemory: 4, maintenanceMemory: 64, walSize: 1024, slotWAL: 30, workers: 9),
        Row(
            plan: ClusterPlan(cpuCount: 64, memoryMiB: 1 << 20, storageMiB: 1 << 24), connections: 25_600,
            sharedBuffers: 262_144, workMemory: 10, maintenanceMemory: 2048, walSize: 8192, slotWAL: 5_033_164,
            workers: 72),
    ]

    @Test("Each size has the memory, connections and workers that its plan promises", arguments: rows)
    func sizes(_ row: Row) {
        let tuning = Tuning(plan: row.plan)
        #expect(row.plan.connectionsMax == row.connections)
        #expect(tuning.sharedBuffersMiB == row.sharedBuffers)
        #expect(tuning.workMemoryMiB == row.workMemory)
        #expect(tuning.maintenanceWorkMemoryMiB == row.maintenanceMemory)
        #expect(tuning.walSizeMiBMax == row.walSize)
        #expect(tuning.slotWALKeepMiBMax == row.slotWAL)
        #expect(tuning.workerProcessesMax == row.workers)
    }

    @Test("The sorts of all connections fit beside the shared buffers", arguments: Plans.all)
    func memoryFits(_ plan: ClusterPlan) {
        let tuning = Tuning(plan: plan)
        #expect(tuning.workMemoryMiB * plan.connectionsMax + tuning.sharedBuffersMiB <= plan.memoryMiB)
    }

    @Test("The share of shared buffers moves what depends on them", arguments: [(20.0, 204), (41.5, 424), (60, 614)])
    func share(percentage: Double, expected: Int) {
        let tuning = Tuning(plan: Plans.smallest, sharedBuffersPercentage: percentage)
        #expect(tuning.sharedBuffersMiB == expected)
        #expect(tuning.workMemoryMiB == expected / 25)
        #expect(tuning.parameters.first == ServerParameter("shared_buffers", "\(expected)MB"))
    }

    @Test("The clamp of work_mem holds at both ends", arguments: [(256, 60.0, 6), (256, 20, 4), (1600, 60, 24)])
    func workMemoryClamp(memoryMiB: Int, percentage: Double, expected: Int) {
        let plan = ClusterPlan(cpuCount: 1, memoryMiB: memoryMiB, storageMiB: 10_240)
        #expect(Tuning(plan: plan, sharedBuffersPercentage: percentage).workMemoryMiB == expected)
    }

    @Test("No parameter is set twice, and the smallest WAL is under the largest", arguments: Plans.all)
    func parameters(_ plan: ClusterPlan) {
        let tuning = Tuning(plan: plan)
        let names = tuning.parameters.map(\.name)
        #expect(Set(names).count == names.count)
        let minimum = min(1024, tuning.walSizeMiBMax / 4)
        #expect(tuning.parameters.contains(ServerParameter("min_wal_size", "\(minimum)MB")))
        #expect(tuning.parameters.contains(ServerParameter("effective_cache_size", "\(plan.memoryMiB * 3 / 4)MB")))
    }
}

@Suite("Server parameter")
struct ServerParameterTests {
    static let lines: [(String, String)] = [
        ("on", "x = 'on'"), ("", "x = ''"), ("it's", "x = 'it''s'"), ("''", "x = ''''''"),
        (#"a\b"#, #"x = 'a\\b'"#), (#"\'"#, #"x = '\\'''"#), ("%m [%p] # =", "x = '%m [%p] # ='"),
    ]

    @Test("Quotes and backslashes of a value are doubled", arguments: lines)
    func line(value: String, expected: String) {
        #expect(ServerParameter("x", value).line == expected)
    }

    /// A reader by the rules of guc-file.l: what it reads back is what was written.
    private static func reading(_ line: String) -> String? {
        guard line.hasPrefix("x = '"), line.hasSuffix("'"), line.utf8.count >= 6 else { return nil }
        var rest = line.dropFirst(5).dropLast()
        var text = ""
        while let character = rest.popFirst() {
            if character == "'" || character == "\\" {
                guard rest.popFirst() == character else { return nil }
            }
            text.append(character)
        }
        return text
    }

    @Test("Any text of quotes, backslashes and letters is read back as it was")
    func roundTrip() {
        let alphabet: [Character] = ["'", "\\", "n", "#", " "]
        for number in 0..<3125 {
            var rest = number
            var text = ""
            for _ in 0..<5 {
                text.append(alphabet[rest % 5])
                rest /= 5
            }
            #expect(Self.reading(ServerParameter("x", text).line) == text)
        }
    }
}
