// INFO: one function a section, each a list of names and values.

import Bytes
import CMemory
import Glibc
import Keyspace
import RESP

/// INFO.
enum InformationCommands {
    typealias Line = (name: String, value: String)

    /// Sections in their order, with their headings. What is not there by default comes with `all`, but for `unlisted`.
    private static let sections: [(name: String, title: String, isDefault: Bool)] = [
        ("server", "Server", true), ("clients", "Clients", true), ("memory", "Memory", true),
        ("persistence", "Persistence", true), ("stats", "Stats", true), ("replication", "Replication", true),
        ("cpu", "CPU", true), ("modules", "Modules", true), ("commandstats", "Commandstats", false),
        ("errorstats", "Errorstats", true), ("latencystats", "Latencystats", false), ("cluster", "Cluster", true),
        ("keyspace", "Keyspace", true), ("hotkeys", "Hotkeys", false), ("debug", "Debug", false),
    ]

    /// Sections that `all` leaves out: Redis's own two, and those that Redis does not know.
    private static let unlisted: Set<String> = ["modules", "debug", "hotkeys"]

    static func info(_ call: inout Call) {
        var wanted: Set<String> = []
        for index in 1..<call.count {
            let word = call[index].text.lowercased()
            switch word {
            case "all": wanted.formUnion(sections.map(\.name).filter { !unlisted.contains($0) })
            case "everything": wanted.formUnion(sections.map(\.name).filter { $0 != "debug" })
            case "default": wanted.formUnion(sections.filter(\.isDefault).map(\.name))
            default: wanted.insert(word)
            }
        }
        if call.count == 1 { wanted = Set(sections.filter(\.isDefault).map(\.name)) }
        let parts = sections.filter { wanted.contains($0.name) }.map { section in
            "# \(section.title)\r\n"
                + lines(call.engine, section.name).map { "\($0.name):\($0.value)\r\n" }.joined()
        }
        call.reply.verbatim(parts.joined(separator: "\r\n"))
    }

    private static func lines(_ engine: EngineReference, _ section: String) -> [Line] {
        switch section {
        case "server": engine.pointee.host?.information("server") ?? []
        case "clients": clients(engine)
        case "memory": memory(engine)
        case "persistence": persistence(engine)
        case "stats": statistics(engine)
        case "replication": replication(engine)
        case "cpu": processor()
        case "commandstats": commandStatistics(engine)
        case "errorstats":
            engine.pointee.statistics.errorsByCode.sorted { $0.key < $1.key }
                .map { ("errorstat_\($0.key)", "count=\($0.value)") }
        case "latencystats": latencyStatistics(engine)
        case "cluster": [("cluster_enabled", "0")]
        case "keyspace": keyspace(engine)
        case "hotkeys": hotKeys(engine)
        case "debug": engine.pointee.host?.information("debug") ?? []
        default: []
        }
    }

    private static func clients(_ engine: EngineReference) -> [Line] {
        let clients = engine.pointee.clients.filter { !$0.pointee.flags.contains(.internalClient) }
        let subscribers = clients.count { $0.pointee.flags.contains(.subscribed) }
        let watching = clients.count { !$0.pointee.details.watched.isEmpty }
        let blockedOnLoss = engine.pointee.blockedKeys.filter { queue in
            queue.value.clients.contains { $0.pointee.details.blocked?.retriesOnLoss ?? false }
        }
        return [
            ("connected_clients", "\(clients.count)"), ("cluster_connections", "0"),
            ("maxclients", "\(engine.pointee.settings.clientCountMax)"),
            ("client_recent_max_input_buffer", "\(clients.map { $0.pointee.query.reservedByteCount }.max() ?? 0)"),
            ("client_recent_max_output_buffer", "\(clients.map { $0.pointee.outputPeak }.max() ?? 0)"),
            ("blocked_clients", "\(engine.pointee.blockedClientCount + engine.pointee.pause.heldBackCount)"),
            ("tracking_clients", "\(engine.pointee.trackingClientCount)"), ("pubsub_clients", "\(subscribers)"),
            ("watching_clients", "\(watching)"), ("clients_in_timeout_table", "\(engine.blockedWithDeadlineCount)"),
            ("total_watched_keys", "\(engine.pointee.watchedKeys.count)"),
            ("total_blocking_keys", "\(engine.pointee.blockedKeys.count)"),
            ("total_blocking_keys_on_nokey", "\(blockedOnLoss.count)"),
        ]
    }

    private static func statistics(_ engine: EngineReference) -> [Line] {
        let numbers = engine.pointee.statistics
        let exceededSince = engine.pointee.eviction.exceededSince
        let exceeded = exceededSince == 0 ? 0 : engine.pointee.now - exceededSince
        var lines: [Line] = [
            ("total_connections_received", "\(numbers.connectionCount)"),
            ("total_commands_processed", "\(numbers.commandCount)"),
        ]
        lines += engine.pointee.host?.information("stats") ?? []
        lines += [
            ("total_net_input_bytes", "\(numbers.inputByteCount)"),
            ("total_net_output_bytes", "\(numbers.outputByteCount)"), ("total_net_repl_input_bytes", "0"),
            ("total_net_repl_output_bytes", "0"), ("rejected_connections", "\(numbers.rejectedConnectionCount)"),
            ("sync_full", "0"), ("sync_partial_ok", "0"), ("sync_partial_err", "0"),
            ("expired_keys", "\(numbers.expiredKeyCount)"),
            ("expired_stale_perc", two(numbers.expiredStaleShare * 100)),
            ("expired_time_cap_reached_count", "\(numbers.expiredTimeCapReachedCount)"),
            ("expire_cycle_cpu_milliseconds", "\(numbers.expireCycleMicroseconds / 1000)"),
            ("evicted_keys", "\(numbers.evictedKeyCount)"), ("evicted_clients", "\(numbers.evictedClientCount)"),
            ("total_eviction_exceeded_time", "\(numbers.evictionExceededMilliseconds + exceeded)"),
            ("current_eviction_exceeded_time", "\(exceeded)"),
            ("keyspace_hits", "\(numbers.keyspaceHitCount)"), ("keyspace_misses", "\(numbers.keyspaceMissCount)"),
            ("pubsub_channels", "\(engine.pointee.channels.channels.count)"),
            ("pubsub_patterns", "\(engine.pointee.channels.patterns.count)"),
            ("pubsubshard_channels", "\(engine.pointee.channels.shardChannels.count)"),
            ("latest_fork_usec", "0"), ("total_forks", "0"), ("migrate_cached_sockets", "\(engine.idleLinkCount)"),
            ("slave_expires_tracked_keys", "0"), ("active_defrag_hits", "0"), ("active_defrag_misses", "0"),
            ("active_defrag_key_hits", "0"), ("active_defrag_key_misses", "0"), ("total_active_defrag_time", "0"),
            ("current_active_defrag_time", "0"),
        ]
        lines += trackingStatistics(engine)
        lines += engine.pointee.host?.information("loop") ?? []
        return lines
    }

    private static func trackingStatistics(_ engine: EngineReference) -> [Line] {
        let tracking = engine.tracking
        let numbers = engine.pointee.statistics
        return [
            ("tracking_total_keys", "\(tracking.readers.count)"), ("tracking_total_items", "\(tracking.itemCount)"),
            ("tracking_total_prefixes", "\(tracking.prefixes.count)"),
            ("unexpected_error_replies", "\(numbers.unexpectedErrorCount)"),
            ("total_error_replies", "\(numbers.errorReplyCount)"), ("dump_payload_sanitizations", "0"),
            ("total_reads_processed", "\(numbers.readCount)"), ("total_writes_processed", "\(numbers.writeCount)"),
            ("io_threaded_reads_processed", "0"), ("io_threaded_writes_processed", "0"),
            ("reply_buffer_shrinks", "0"), ("reply_buffer_expands", "0"),
            ("client_query_buffer_limit_disconnections", "\(numbers.queryLimitDisconnectionCount)"),
            ("client_output_buffer_limit_disconnections", "\(numbers.outputLimitDisconnectionCount)"),
            ("acl_access_denied_auth", "\(numbers.deniedAuthenticationCount)"), ("acl_access_denied_cmd", "0"),
            ("acl_access_denied_key", "0"),
            ("acl_access_denied_channel", "0"),
        ]
    }

    private static func replication(_ engine: EngineReference) -> [Line] {
        [
            ("role", "master"), ("connected_slaves", "0"), ("master_failover_state", "no-failover"),
            ("master_replid", engine.pointee.runID), ("master_replid2", String(repeating: "0", count: 40)),
            ("master_repl_offset", "0"), ("second_repl_offset", "-1"), ("repl_backlog_active", "0"),
            ("repl_backlog_size", engine.pointee.configuration["repl-backlog-size"]),
            ("repl_backlog_first_byte_offset", "0"), ("repl_backlog_histlen", "0"),
        ]
    }

    private static func processor() -> [Line] {
        func seconds(_ time: timeval) -> String { "\(time.tv_sec).\(String(1_000_000 + time.tv_usec).dropFirst())" }
        func usage(_ who: __rusage_who_t) -> rusage {
            var usage = rusage()
            getrusage(who, &usage)
            return usage
        }
        // RUSAGE_SELF, RUSAGE_CHILDREN and RUSAGE_THREAD of sys/resource.h, which Swift sees as different types.
        let own = usage(0)
        let children = usage(-1)
        let thread = usage(1)
        return [
            ("used_cpu_sys", seconds(own.ru_stime)), ("used_cpu_user", seconds(own.ru_utime)),
            ("used_cpu_sys_children", seconds(children.ru_stime)),
            ("used_cpu_user_children", seconds(children.ru_utime)),
            ("used_cpu_sys_main_thread", seconds(thread.ru_stime)),
            ("used_cpu_user_main_thread", seconds(thread.ru_utime)),
        ]
    }

    private static func hundredths(_ value: Double) -> String {
        let scaled = Int((value * 100).rounded())
        return "\(scaled / 100).\(String(100 + scaled % 100).dropFirst())"
    }

    private static func commandStatistics(_ engine: EngineReference) -> [Line] {
        engine.pointee.directory.all.filter {
            $0.pointee.callCount > 0 || $0.pointee.rejectedCallCount > 0 || $0.pointee.failedCallCount > 0
        }.map { command in
            let calls = command.pointee.callCount
            let total = engine.microseconds(command.pointee.ticks)
            let each =
                calls == 0 ? 0 : Double(command.pointee.ticks) / engine.pointee.ticksPerMicrosecond / Double(calls)
            return (
                "cmdstat_\(command.pointee.fullName)",
                "calls=\(calls),usec=\(total),usec_per_call=\(hundredths(each)),"
                    + "rejected_calls=\(command.pointee.rejectedCallCount),failed_calls=\(command.pointee.failedCallCount)"
            )
        }
    }

    private static func latencyStatistics(_ engine: EngineReference) -> [Line] {
        let percentiles = engine.pointee.settings.latencyPercentiles
        func thousandths(_ value: Double) -> String {
            let scaled = Int((value * 1000).rounded())
            return "\(scaled / 1000).\(String(1000 + scaled % 1000).dropFirst())"
        }
        return engine.pointee.directory.all.filter { $0.pointee.latencies != nil && $0.pointee.callCount > 0 }.map {
            command in
            let values = percentiles.map { percentile in
                let name = percentile == percentile.rounded() ? "\(Int(percentile))" : "\(percentile)"
                let ticks = command.pointee.latencyTicks(percentile: percentile)
                return "p\(name)=\(thousandths(ticks / engine.pointee.ticksPerMicrosecond))"
            }
            return ("latency_percentiles_usec_\(command.pointee.fullName)", values.joined(separator: ","))
        }
    }

    private static func keyspace(_ engine: EngineReference) -> [Line] {
        (0..<engine.pointee.databaseCount).compactMap { index -> Line? in
            let database = engine.pointee.databases + index
            guard database.pointee.count > 0 else { return nil }
            return (
                "db\(index)",
                "keys=\(database.pointee.count),expires=\(database.pointee.volatileCount),"
                    + "avg_ttl=\(meanTimeToLive(database, engine))"
            )
        }
    }

    /// Keys that the mean time to live is taken over.
    private static let timeToLiveSampleCount = 32
    /// Buckets that are looked at for them, where keys with an expiry are rare.
    private static let timeToLiveBucketsMax = 1024

    /// Milliseconds that keys with an expiry have left on average, as a sample of them says.
    private static func meanTimeToLive(_ database: UnsafeMutablePointer<Database>, _ engine: EngineReference) -> Int64 {
        var random = engine.pointee.random
        var sum: Int64 = 0
        var count: Int64 = 0
        database.pointee.sample(
            timeToLiveSampleCount, volatileOnly: true, bucketsMax: timeToLiveBucketsMax, random: &random
        ) { entry in
            guard let expiry = entry.expiry else { return }
            // Far in the future: 32 of them are not to overflow.
            sum += min(max(expiry - engine.pointee.now, 0), .max / Int64(timeToLiveSampleCount * 64))
            count += 1
        }
        return count == 0 ? 0 : sum / count
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Clients whose waiting ends at a time.
    var blockedWithDeadlineCount: Int {
        pointee.clients.count { $0.pointee.details.blocked?.deadline != nil }
    }
}
