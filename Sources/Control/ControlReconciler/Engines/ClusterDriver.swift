import ControlModel
import MetricText
import PostgresCluster
import Supervision

/// The texts that a cluster's server reads at start and when its configuration is applied.
struct ClusterConfigurationTexts: Sendable, Equatable {
    /// One file below `conf`.
    struct File: Sendable, Equatable {
        var name: String
        var text: String
    }
    var files: [File]
    /// Networks that may connect; empty means every address.
    var trustedNetworks: [String]
    /// The server's certificate (PEM), which it reads again when its configuration is applied.
    var certificate: String
}

/// How far a running server has been brought to its configuration.
struct ConfigurationOutcome: Sendable {
    /// Texts that are in the files now; nil: the files were left as they were.
    var written: ClusterConfigurationTexts?
    /// What counts only after a restart, by name; empty: all is in force.
    var pendingRestart: [String]
}

/// What an engine says of itself when it is asked for its figures.
enum ServerFigures: Sendable {
    case postgres(ServerStatistics)
    case keyValue(KeyValueInformation)
}

/// One cluster's server, as its engine wants it handled: what `ClusterController`'s loop does in every engine's own way.
///
/// A driver may forget all that it knows: a new control process makes a new one. Each function may be killed at any
/// point and called again.
protocol ClusterDriver: Actor {
    /// The data of an initialised cluster is where it should be.
    nonisolated var hasData: Bool { get }

    /// Something besides the texts waits to be brought into the running server.
    var hasPendingWork: Bool { get }

    /// Secrets and files that only this engine has. Directories and the server's certificate are there.
    func prepare() async throws

    /// Makes the data of a new cluster, which has none.
    func initialize() async throws

    /// What the files should say now.
    func wantedTexts(_ cluster: Cluster) async throws -> ClusterConfigurationTexts

    /// Writes the files for the next start.
    ///
    /// - Parameter serverRuns: a server still works by what is there.
    /// - Returns: false if the files must stay until it has ended.
    func write(_ texts: ClusterConfigurationTexts, serverRuns: Bool) async throws -> Bool

    /// The program to run.
    nonisolated func specification(_ cluster: Cluster) throws -> ChildSpecification

    /// What the server is doing.
    ///
    /// - Parameter child: the process under our shim; nil if there is none.
    func observe(child: ChildHandle?) async -> ClusterObservation.Server

    /// What a new cluster needs besides a server that runs.
    func bootstrap(_ cluster: Cluster) async throws

    /// Brings the running server to the wanted configuration, and sends away clients that it does not trust now.
    func applyConfiguration(_ cluster: Cluster) async throws -> ConfigurationOutcome

    /// Called while the cluster rests: what has to be looked after.
    ///
    /// - Returns: when to call again; nil: not before something happens.
    func keepWatch(_ cluster: Cluster) async throws -> Duration?

    /// Why the server ended by itself, from the tail of its log; nil if nothing is known.
    nonisolated func cause(of exit: ChildExit, logTail: String) -> String?

    /// The figures of a server that serves.
    func figures(_ cluster: Cluster) async throws -> ServerFigures

    /// Removes what of the cluster lies outside its directories. Its processes have ended.
    func removeOutsideRemains() async throws

    /// Starts to look after processes beside the server, such as a pooler; those that run are adopted.
    func startCompanions() async

    /// Leaves them running for the next control process.
    func detachCompanions() async

    /// Ends them.
    func shutDownCompanions() async

    /// Returns when they have been told what the state database says.
    func settleCompanions() async throws

    /// What processes beside the server tell of themselves for Prometheus; nil where there are none.
    func companionFamilies() async -> [MetricFamily]?

    /// Forgets what the state database holds of the cluster outside its rows.
    func removeRecords() async throws
}

extension ClusterDriver {
    var hasPendingWork: Bool { false }
    func prepare() async throws {}
    func bootstrap(_ cluster: Cluster) async throws {}
    func keepWatch(_ cluster: Cluster) async throws -> Duration? { nil }
    func removeOutsideRemains() async throws {}
    func removeRecords() async throws {}
    func startCompanions() async {}
    func detachCompanions() async {}
    func shutDownCompanions() async {}
    func settleCompanions() async throws {}
    func companionFamilies() async -> [MetricFamily]? { nil }
}
