import CMemory
import Glibc
import Keyspace

extension InformationCommands {
    /// Section memory.
    static func memory(_ engine: EngineReference) -> [Line] {
        engine.noteMemoryPeak()
        let used = engine.usedMemoryByteCount
        let resident = residentByteCount()
        let peak = max(engine.pointee.statistics.peakMemoryByteCount, used)
        let clients = engine.pointee.clients.reduce(0) { $0 + engine.memoryByteCount($1) }
        let buckets = (0..<engine.pointee.databaseCount).reduce(0) {
            $0 + (engine.pointee.databases + $1).pointee.table.bucketByteCount
        }
        let overhead = min(used, clients + buckets)
        let data = used - overhead
        let share = used == 0 ? 0 : Double(data) * 100 / Double(used)
        let ratio = used == 0 ? 0 : Double(resident) / Double(used)
        let total = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        let maximum = engine.pointee.settings.maxMemoryByteCount
        return [
            ("used_memory", "\(used)"), ("used_memory_human", human(used)), ("used_memory_rss", "\(resident)"),
            ("used_memory_rss_human", human(resident)), ("used_memory_peak", "\(peak)"),
            ("used_memory_peak_human", human(peak)),
            ("used_memory_peak_perc", "\(two(peak == 0 ? 0 : Double(used) * 100 / Double(peak)))%"),
            ("used_memory_overhead", "\(overhead)"),
            ("used_memory_startup", "\(engine.pointee.statistics.startMemoryByteCount)"),
            ("used_memory_dataset", "\(data)"), ("used_memory_dataset_perc", "\(two(share))%"),
            ("allocator_allocated", "\(used)"), ("allocator_active", "\(resident)"),
            ("allocator_resident", "\(resident)"), ("total_system_memory", "\(total)"),
            ("total_system_memory_human", human(total)), ("used_memory_lua", "0"), ("used_memory_vm_eval", "0"),
            ("used_memory_lua_human", "0B"), ("used_memory_scripts_eval", "0"), ("number_of_cached_scripts", "0"),
            ("number_of_functions", "0"), ("number_of_libraries", "0"), ("used_memory_vm_functions", "0"),
            ("used_memory_vm_total", "0"), ("used_memory_vm_total_human", "0B"), ("used_memory_functions", "0"),
            ("used_memory_scripts", "0"), ("used_memory_scripts_human", "0B"), ("maxmemory", "\(maximum)"),
            ("maxmemory_human", human(maximum)), ("maxmemory_policy", engine.pointee.settings.maxMemoryPolicy.name),
            ("allocator_frag_ratio", two(ratio)), ("allocator_frag_bytes", "\(max(resident - used, 0))"),
            ("allocator_rss_ratio", "1.00"), ("allocator_rss_bytes", "0"), ("rss_overhead_ratio", "1.00"),
            ("rss_overhead_bytes", "0"), ("mem_fragmentation_ratio", two(ratio)),
            ("mem_fragmentation_bytes", "\(resident - used)"),
            ("mem_not_counted_for_evict", "\(used - min(engine.countedMemoryByteCount, used))"),
            ("mem_replication_backlog", "0"), ("mem_total_replication_buffers", "0"), ("mem_clients_slaves", "0"),
            ("mem_clients_normal", "\(clients)"), ("mem_cluster_links", "0"), ("mem_aof_buffer", "0"),
            ("mem_allocator", "mimalloc"), ("active_defrag_running", "0"),
            ("lazyfree_pending_objects", "\(engine.pointee.reclaimer.pendingCount)"),
            ("lazyfreed_objects", "\(engine.pointee.reclaimer.reclaimedCount)"),
        ]
    }

    /// With two decimals.
    static func two(_ value: Double) -> String {
        let scaled = Int((value * 100).rounded())
        return "\(scaled / 100).\(String(100 + abs(scaled) % 100).dropFirst())"
    }

    /// With three decimals.
    static func three(_ value: Double) -> String {
        let scaled = Int((value * 1000).rounded())
        return "\(scaled / 1000).\(String(1000 + abs(scaled) % 1000).dropFirst())"
    }

    private static func human(_ bytes: Int) -> String {
        let units: [(String, Int)] = [("T", 1 << 40), ("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)]
        guard let unit = units.first(where: { bytes >= $0.1 }) else { return "\(bytes)B" }
        return two(Double(bytes) / Double(unit.1)) + unit.0
    }

    /// Memory of the process that is in RAM, in bytes: field 2 of /proc/self/statm, in pages.
    static func residentByteCount() -> Int {
        guard let text = Configuration.read(path: "/proc/self/statm") else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
