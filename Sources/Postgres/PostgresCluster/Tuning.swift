/// A line of postgresql.conf: `name = value`, the value not yet quoted.
package struct ServerParameter: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// The line as the configuration file has it. A quote in the value is doubled, a backslash likewise
    /// (guc-file.l reads both as escapes).
    package var line: String {
        let escaped = value.replacing("\\", with: "\\\\").replacing("'", with: "''")
        return "\(name) = '\(escaped)'"
    }
}

/// Memory settings that follow from a plan: what a user has not set gets these.
package struct Tuning: Sendable, Equatable {
    package let plan: ClusterPlan
    /// Share of the plan's memory in shared buffers, per cent.
    package let sharedBuffersPercentage: Double

    package init(plan: ClusterPlan, sharedBuffersPercentage: Double = 25) {
        self.plan = plan
        self.sharedBuffersPercentage = sharedBuffersPercentage
    }

    package var sharedBuffersMiB: Int { Int(Double(plan.memoryMiB) * sharedBuffersPercentage / 100) }

    /// Memory of one sort or hash. One for each connection must fit beside the shared buffers.
    package var workMemoryMiB: Int { min(64, max(4, sharedBuffersMiB / plan.connectionsMax)) }

    var maintenanceWorkMemoryMiB: Int { min(2048, max(64, sharedBuffersMiB / 4)) }

    /// WAL between checkpoints: a tenth of the plan's disk, within what recovery can replay in minutes.
    var walSizeMiBMax: Int { min(8192, max(1024, plan.storageMiB / 10)) }

    /// WAL kept for a standby or a logical consumer that has stopped reading: bounded, so it cannot fill the disk.
    package var slotWALKeepMiBMax: Int { plan.storageMiB * 3 / 10 }

    package var workerProcessesMax: Int { plan.cpuCount + 8 }

    /// Parameters that no user setting overrides. Sources: PostgreSQL 15 documentation, chapter 20.
    var parameters: [ServerParameter] {
        [
            ServerParameter("shared_buffers", "\(sharedBuffersMiB)MB"),
            ServerParameter("effective_cache_size", "\(plan.memoryMiB * 3 / 4)MB"),
            ServerParameter("maintenance_work_mem", "\(maintenanceWorkMemoryMiB)MB"),
            ServerParameter("max_wal_size", "\(walSizeMiBMax)MB"),
            ServerParameter("min_wal_size", "\(min(1024, walSizeMiBMax / 4))MB"),
            ServerParameter("checkpoint_timeout", "15min"),
            ServerParameter("checkpoint_completion_target", "0.9"),
            ServerParameter("wal_compression", "lz4"),
            ServerParameter("random_page_cost", "1.1"),
            ServerParameter("effective_io_concurrency", "200"),
            ServerParameter("huge_pages", "try"),
            ServerParameter("hot_standby_feedback", "on"),
            ServerParameter("tcp_keepalives_idle", "60"),
            ServerParameter("tcp_keepalives_interval", "10"),
            ServerParameter("tcp_keepalives_count", "6"),
            ServerParameter("pg_stat_statements.max", "10000"),
        ]
    }
}
