// A cluster without a machine: rows, files and processes as a few values, and steps that change them as the real ones
// do. Kills and faults strike where they may strike on a machine, from a seed.

import ControlModel
import SeededRandom

@testable import ControlReconciler

/// The world around one cluster.
struct SimulatedCluster {
    // What is durable.
    /// nil once the row is removed.
    private(set) var row: Cluster?
    private(set) var hasFiles = false
    /// Number of the settings on disk; 0: none are there.
    private(set) var filesVersion = 0
    private(set) var hasData = false
    /// What a user wants, and how much of it only counts after a restart.
    private(set) var wantedVersion = 1
    private var wantedRestartVersion = 1

    // What runs.
    private(set) var server = ClusterObservation.Server.stopped
    private var loadedByServer = 0
    private var startedWith = 0
    /// Looks until a process changes by itself.
    private var looksLeft = 0

    // What the control process remembers; a kill forgets it.
    private(set) var hasPrepared = false
    private(set) var writtenVersion: Int?
    private(set) var loadedVersion: Int?
    private(set) var needsRestart = false

    private(set) var generator: SeededGenerator
    /// Faults happen only while this is set.
    var isStormy = true
    /// Broken rules, in words.
    private(set) var violations: [String] = []
    private(set) var initializations = 0

    init(seed: UInt64, row: Cluster = .sample(state: .creating, isInitialized: false)) {
        self.row = row
        generator = SeededGenerator(seed: seed)
    }

    /// Anything of the cluster is on the machine.
    var hasRemains: Bool { hasFiles || hasData }

    /// One round of the control loop: looks, decides, acts. Returns the step.
    mutating func look() -> ClusterStep? {
        if isStormy { strike() }
        live()
        guard let row else { return nil }
        let observed = ClusterObservation(
            isPrepared: hasPrepared && (server != .stopped || writtenVersion == wantedVersion), hasData: hasData,
            server: server, isConfigurationApplied: loadedVersion == wantedVersion, needsRestart: needsRestart,
            hasRemains: hasRemains)
        let step = ClusterPlanner.nextStep(wanted: row, observed: observed)
        check(step, row)
        perform(step)
        return step
    }

    /// The user deletes the cluster.
    mutating func delete() { row?.state = .deleting }

    /// The data directory's disk is gone.
    mutating func loseData() {
        hasData = false
        server = .stopped
    }

    // MARK: - What happens by itself

    /// Processes go on: a starting server becomes ready, one without a watcher ends.
    private mutating func live() {
        guard looksLeft > 0 else { return }
        looksLeft -= 1
        guard looksLeft == 0 else { return }
        switch server {
        case .starting: server = .ready
        case .unwatched: server = .stopped
        case .ready, .stopped: break
        }
    }

    /// Now and then something dies or somebody wants something else.
    private mutating func strike() {
        if generator.isHit(8, of: 100) { killControl() }
        if generator.isHit(4, of: 100), server != .unwatched { endServer() }
        if generator.isHit(4, of: 100), server == .ready || server == .starting {
            server = .unwatched
            looksLeft = 3
            loadedVersion = nil
        }
        if generator.isHit(10, of: 100) {
            wantedVersion += 1
            if generator.isHit(50, of: 100) { wantedRestartVersion = wantedVersion }
        }
    }

    private mutating func endServer() {
        server = .stopped
        looksLeft = 0
        loadedVersion = nil
        noteNotServing()
    }

    private mutating func killControl() {
        hasPrepared = false
        writtenVersion = nil
        loadedVersion = nil
        needsRestart = false
    }

    private mutating func noteNotServing() {
        if row?.state == .online { row?.state = .offline }
    }

    // MARK: - What the platform does

    /// What no step may do, whatever happened before.
    private mutating func check(_ step: ClusterStep, _ row: Cluster) {
        func demand(_ holds: Bool, _ rule: String) { if !holds { violations.append("\(step): \(rule)") } }
        let isDeleting = row.state == .deleting
        switch step {
        case .initialize:
            demand(!row.isInitialized, "initialised twice")
            demand(server == .stopped, "initialised under a server")
            demand(!isDeleting && hasFiles, "initialised without files")
        case .start:
            demand(hasPrepared && writtenVersion == wantedVersion, "started with old files")
            demand(row.isInitialized && hasData, "started without data")
            demand(server == .stopped && !isDeleting, "started beside another server")
        case .bootstrap: demand(row.state == .creating && server == .ready, "bootstrapped at the wrong time")
        case .applyConfiguration: demand(server == .ready && !isDeleting, "no server to load the settings")
        case .stop: demand(server == .ready || server == .starting, "nothing to stop")
        case .removeRemains: demand(isDeleting && server == .stopped, "removed under a server")
        case .removeRecord: demand(isDeleting && server == .stopped && !hasRemains, "row removed before the rest")
        case .rest:
            demand(row.state == .online && server == .ready, "rests while not serving")
            demand(loadedByServer == wantedVersion && startedWith >= wantedRestartVersion, "rests with old settings")
        case .markOnline: demand(server == .ready, "shown online while not serving")
        case .prepare, .await, .fail: break
        }
    }

    private mutating func perform(_ step: ClusterStep) {
        // Killed, or refused by the system, before the first effect.
        if isStormy && generator.isHit(10, of: 100) {
            if generator.isHit(50, of: 100) { killControl() } else { noteNotServing() }
            return
        }
        let endsHalfWay = isStormy && generator.isHit(15, of: 100)
        switch step {
        case .prepare: prepare(endsHalfWay)
        case .initialize: initialize(endsHalfWay)
        case .start: start()
        case .bootstrap: if !endsHalfWay { row?.state = .online }
        case .applyConfiguration: applyConfiguration(endsHalfWay)
        case .stop:
            endServer()
            needsRestart = false
        case .removeRemains:
            hasData = false
            if !endsHalfWay { (hasFiles, filesVersion) = (false, 0) }
        case .removeRecord: row = nil
        case .markOnline: row?.state = .online
        case .await: if row?.state == .online { row?.state = .offline }
        case .rest, .fail: break
        }
        if endsHalfWay { killControl() }
    }

    private mutating func prepare(_ endsHalfWay: Bool) {
        hasFiles = true
        guard !endsHalfWay else { return }
        filesVersion = wantedVersion
        writtenVersion = wantedVersion
        hasPrepared = true
    }

    /// initdb may be killed before and after the version file is there, and before the row says so.
    private mutating func initialize(_ endsHalfWay: Bool) {
        initializations += 1
        hasData = !endsHalfWay || generator.isHit(50, of: 100)
        if !endsHalfWay { row?.isInitialized = true }
    }

    private mutating func start() {
        server = .starting
        looksLeft = 2
        startedWith = filesVersion
        loadedByServer = filesVersion
        loadedVersion = writtenVersion
        needsRestart = false
    }

    private mutating func applyConfiguration(_ endsHalfWay: Bool) {
        filesVersion = wantedVersion
        writtenVersion = wantedVersion
        guard !endsHalfWay else { return }
        loadedByServer = filesVersion
        loadedVersion = filesVersion
        needsRestart = startedWith < wantedRestartVersion
    }
}
