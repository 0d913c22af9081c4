package import Settings

/// A cluster's advanced configuration: what its user set, over what follows from its plan.
package struct Configuration: Sendable, Equatable {
    package let plan: ClusterPlan
    /// Values set by the user, by key name; every one validated.
    package private(set) var values: [String: SettingValue]

    /// - Parameter values: stored values; rows that this build does not know are dropped.
    package init(plan: ClusterPlan, values: [String: SettingValue] = [:]) {
        self.plan = plan
        self.values = values.filter { ConfigurationTable.keysByName[$0.key] != nil }
    }

    /// Why a change was refused.
    package enum ChangeError: Error, Sendable, Equatable {
        /// The value is not one that the key takes; the text says what is.
        case invalid(String)
        /// The key belongs to something that is not built.
        case notBuilt(String)
    }

    /// Takes over several changes, all or none. `nil` puts a key back to its default.
    ///
    /// - Throws: `ChangeError` for the first change that is refused; the configuration is then as it was.
    package mutating func apply(_ changes: [String: SettingValue?]) throws(ChangeError) {
        var changed = self
        for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
            guard let key = ConfigurationTable.keysByName[name] else { continue }
            try changed.apply(value, to: key)
        }
        try changed.checkLockTables()
        self = changed
    }

    private mutating func apply(_ value: SettingValue?, to key: ConfigurationKey) throws(ChangeError) {
        guard let value else {
            if key.growsOnly, case .integer(let old)? = values[key.name],
                case .integer(let new)? = key.defaultValue ?? planned(key.name), new < old
            {
                throw .invalid("\(key.name) cannot be lowered; it is \(old)")
            }
            values[key.name] = nil
            return
        }
        let valid: SettingValue
        do {
            valid = try key.kind.validate(value, name: key.name)
        } catch {
            throw .invalid(error.description)
        }
        if case .notBuilt(let feature) = key.destination, valid != key.defaultValue {
            throw .notBuilt("\(key.name) needs \(feature), which this version of Atoll does not have yet.")
        }
        if key.growsOnly, case .integer(let new) = valid, case .integer(let old)? = effectiveValue(of: key), new < old {
            throw .invalid("\(key.name) cannot be lowered; it is \(old)")
        }
        values[key.name] = valid
    }

    /// The server makes its lock tables in shared memory at start, for every session that there may be; too large ones
    /// keep it from starting. Sizes from PostgreSQL 15's lock.c and predicate.c, rounded up.
    private func checkLockTables() throws(ChangeError) {
        let sessions =
            integer("max_connections") + integer("autovacuum_max_workers") + integer("max_worker_processes")
            + integer("max_wal_senders") + integer("max_prepared_transactions")
        let bytes =
            sessions * (integer("max_locks_per_transaction") * 400 + integer("max_pred_locks_per_transaction") * 300)
        let bytesMax = plan.memoryMiB << 19
        guard bytes <= bytesMax else {
            throw .invalid(
                "max_connections, max_prepared_transactions and max_locks_per_transaction together ask for "
                    + "\(bytes >> 20) MiB of lock tables; this size takes at most \(bytesMax >> 20)")
        }
    }

    private func integer(_ name: String) -> Int {
        guard let key = ConfigurationTable.keysByName[name], case .integer(let value)? = effectiveValue(of: key) else {
            return 0
        }
        return value
    }

    /// The value in force for a key: set by the user, else the table's default, else what the plan gives.
    package func effectiveValue(of key: ConfigurationKey) -> SettingValue? {
        values[key.name] ?? key.defaultValue ?? planned(key.name)
    }

    private func planned(_ name: String) -> SettingValue? {
        switch name {
        case "work_mem": .integer(tuning.workMemoryMiB)
        case "max_worker_processes": .integer(tuning.workerProcessesMax)
        case "max_connections": .integer(plan.connectionsMax)
        case "max_slot_wal_keep_size": .integer(tuning.slotWALKeepMiBMax)
        default: nil
        }
    }

    private var tuning: Tuning {
        switch values["shared_buffers_percentage"] {
        case .number(let percentage)?: Tuning(plan: plan, sharedBuffersPercentage: percentage)
        case .integer(let percentage)?: Tuning(plan: plan, sharedBuffersPercentage: Double(percentage))
        default: Tuning(plan: plan)
        }
    }

    /// Parameters for postgresql.conf: the tuning, then one line for each key with a server parameter.
    package var parameters: [ServerParameter] {
        tuning.parameters + [ServerParameter("superuser_reserved_connections", "\(ClusterPlan.reservedConnections)")]
            + ConfigurationTable.keys.compactMap { key in
                guard case .parameter(let name, let unit, let divisor) = key.destination,
                    let value = effectiveValue(of: key)
                else { return nil }
                return ServerParameter(name, Self.text(value, key: key.name, unit: unit, divisor: divisor))
            }
    }

    private static func text(_ value: SettingValue, key: String, unit: String, divisor: Int) -> String {
        switch value {
        case .boolean(let flag): flag ? "on" : "off"
        // Special values (-1: off or inherited) stand without a unit; a naptime of 0 means the shortest there is.
        case .integer(let number) where number < 0: "\(number)"
        case .integer(0) where key == "autovacuum_naptime": "1s"
        case .integer(let number): "\(number / divisor)\(unit)"
        // PostgreSQL refuses subnormal numbers: strtod reports a range error for them.
        case .number(let number): number.isSubnormal ? "0.0" : "\(number)"
        case .string(let text): text
        case .strings(let texts): texts.joined(separator: ",")
        }
    }
}
