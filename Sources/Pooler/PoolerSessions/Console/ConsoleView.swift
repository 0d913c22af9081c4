import PoolerConfiguration

/// All that reports are made of: what every loop has told, the configuration and the switches.
package struct ConsoleView {
    let loops: [LoopReport]
    let directory: PoolerDirectory
    let switches: PoolerSwitches
    /// Text of a moment, given in monotonic nanoseconds, as `YYYY-MM-DD hh:mm:ss TZ`.
    let timeText: (Int64) -> String

    package init(
        loops: [LoopReport], directory: PoolerDirectory, switches: PoolerSwitches,
        timeText: @escaping (Int64) -> String
    ) {
        self.loops = loops
        self.directory = directory
        self.switches = switches
        self.timeText = timeText
    }

    var snapshot: ConfigurationSnapshot { directory.snapshot }

    /// The answer to SHOW.
    package func answer(_ report: ConsoleReport) -> ConsoleAnswer { .rows(report, rows(report)) }

    func rows(_ report: ConsoleReport) -> [[String?]] {
        switch report {
        case .clients: connectionRows { !$0.isServer && $0.state != .login }
        case .servers: connectionRows { $0.isServer }
        case .sockets: socketRows { _ in true }
        case .activeSockets: socketRows { $0.receivedByteCount + $0.remainingByteCount + $0.unsentByteCount > 0 }
        case .pins: pinRows
        case .fds: descriptorRows
        case .pools: poolRows
        case .peerPools: peerPoolRows
        case .stats: statisticsRows
        case .statsTotals: statisticsTotalsRows
        case .statsAverages: statisticsAveragesRows
        case .totals: totalsRows
        case .config: configurationRows
        case .databases: databaseRows
        case .users: userRows
        case .peers: peerRows
        case .lists: listRows
        case .mem: memoryRows
        case .dnsHosts: hostNameRows
        // Zones are watched by PgBouncer with c-ares alone: `dns_zone_check_period` is refused.
        case .dnsZones: []
        case .state: stateRows
        case .help, .version: preconditionFailure("needs no report of the loops")
        }
    }

    private var stateRows: [[String?]] {
        [("active", PoolerSwitches.Mode.active), ("paused", .paused), ("suspended", .suspended)].map { word, mode in
            [word, switches.mode == mode ? "yes" : "no"]
        }
    }

    private var memoryRows: [[String?]] {
        var sums: [MemoryReport] = []
        for part in loops.flatMap(\.memory) {
            if let index = sums.firstIndex(where: { $0.name == part.name }) {
                sums[index].count += part.count
            } else {
                sums.append(part)
            }
        }
        return sums.map { [$0.name, "\($0.size)", "\($0.count)", "0", "\($0.size * $0.count)"] }
    }

    /// Each name once: what the loop knows that has asked last.
    var hostNames: [HostNameReport] {
        var byName: [ExactName: HostNameReport] = [:]
        for report in loops.flatMap(\.names) where byName[ExactName(report.name)]?.seconds ?? -1 < report.seconds {
            byName[ExactName(report.name)] = report
        }
        return Array(byName.values)
    }

    private var hostNameRows: [[String?]] {
        hostNames.sorted { ExactName($0.name) < ExactName($1.name) }
            .map { [$0.name, "\($0.seconds)", $0.addresses.joined(separator: ",")] }
    }

    private var peerPoolRows: [[String?]] {
        loops.flatMap(\.peerPools).sorted { $0.peer < $1.peer }.map {
            [
                "\($0.peer)", "\($0.activeCancelRequestCount)", "\($0.waitingCancelRequestCount)",
                "\($0.activeCancelCount)", "\($0.connectingCount)",
            ]
        }
    }
}
