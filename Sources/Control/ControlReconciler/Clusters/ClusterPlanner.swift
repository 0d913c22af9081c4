import ControlModel

/// What was last seen of a cluster on this machine.
struct ClusterObservation: Sendable, Equatable {
    enum Server: Sendable, Equatable {
        /// No server process of this cluster. → starting
        case stopped
        /// The process lives and does not take connections yet (start-up, crash recovery). → ready, stopped
        case starting
        /// Takes connections. → stopped
        case ready
        /// A server process lives that no shim watches (its shim was killed); it is on its way out. → stopped
        case unwatched
    }
    /// OS user, directories, certificates and configuration files are as wanted.
    var isPrepared: Bool
    /// The data directory holds an initialised cluster.
    var hasData: Bool
    var server: Server
    /// The running server has read the configuration files as they are now.
    var isConfigurationApplied: Bool
    /// The running server needs a restart before a changed parameter counts.
    var needsRestart: Bool
    /// Any directory, run directory or OS user of the cluster is there.
    var hasRemains: Bool
}

/// One idempotent step towards what is wanted. Each may be killed at any point and done again.
enum ClusterStep: Sendable, Equatable {
    case prepare
    case initialize
    case start
    /// Wait a moment for the server to change by itself.
    case await(String)
    /// Roles, databases and grants of a new cluster.
    case bootstrap
    case applyConfiguration
    case stop
    case removeRemains
    case removeRecord
    case markOnline
    case rest
    /// Nothing that may be done mends this; the reason is for the user.
    case fail(String)
}

/// Decides the next step for a cluster. Pure: a function of what is wanted and what was seen.
enum ClusterPlanner {
    static func nextStep(wanted cluster: Cluster, observed: ClusterObservation) -> ClusterStep {
        cluster.state == .deleting ? deletion(observed) : service(cluster, observed)
    }

    private static func deletion(_ observed: ClusterObservation) -> ClusterStep {
        switch observed.server {
        case .starting, .ready: .stop
        case .unwatched: .await("the server is shutting down")
        case .stopped: observed.hasRemains ? .removeRemains : .removeRecord
        }
    }

    private static func service(_ cluster: Cluster, _ observed: ClusterObservation) -> ClusterStep {
        guard observed.isPrepared else { return .prepare }
        if !cluster.isInitialized { return .initialize }
        // Never initialise twice: an empty directory here means a lost disk or a missing mount, not a new cluster.
        guard observed.hasData else {
            return .fail(
                "The cluster's data directory is missing. If it is on a disk of its own, mount it; Atoll does not "
                    + "make a new one over it.")
        }
        switch observed.server {
        case .unwatched: return .await("the server is shutting down, its watcher was killed")
        case .stopped: return .start
        case .starting: return .await("the server is starting")
        case .ready: break
        }
        if observed.needsRestart { return .stop }
        if cluster.state == .creating { return .bootstrap }
        if !observed.isConfigurationApplied { return .applyConfiguration }
        return cluster.state == .online ? .rest : .markOnline
    }
}
