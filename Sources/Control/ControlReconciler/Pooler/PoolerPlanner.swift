/// What was last seen of a cluster's pooler.
struct PoolerObservation: Sendable, Equatable {
    /// The process runs under a shim of ours.
    var isRunning: Bool
    /// What is in the files; nil: not known, as in a new control process.
    var written: PoolerTexts?
    /// What the running process has read; nil: not known.
    var loaded: PoolerTexts?
    /// The lines on disk that count only at a start; nil: there is no file.
    var startLines: [String]?
    /// It is time to look after OS user, directories and certificate.
    var isPreparationDue: Bool
}

/// One step towards the pooler that is wanted. Each may be killed at any point and done again.
enum PoolerStep: Sendable, Equatable {
    /// OS user, directories, certificate.
    case prepare
    /// The files, as they should be.
    case write
    case start
    /// The process reads its files again; nobody is disconnected.
    case reload
    case stop
    case rest
}

/// Decides the next step for a cluster's pooler. Pure.
enum PoolerPlanner {
    /// - Parameter wanted: nil: the cluster has no pools.
    static func nextStep(wanted: PoolerTexts?, observed: PoolerObservation) -> PoolerStep {
        guard let wanted else { return observed.isRunning ? .stop : .rest }
        if observed.isPreparationDue { return .prepare }
        let needsRestart = observed.startLines.map { $0 != wanted.restartLines.map(String.init) } ?? false
        if observed.isRunning, needsRestart { return .stop }
        if observed.written != wanted { return .write }
        if !observed.isRunning { return .start }
        return observed.loaded == wanted ? .rest : .reload
    }
}
