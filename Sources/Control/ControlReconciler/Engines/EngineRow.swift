import ControlModel
import ControlStore
import Foundation
import Logging

/// One engine of managed clusters: names, versions, sizes, settings, and who drives its servers.
///
/// Whatever differs between engines in the control plane stands in its row or in its driver, and nowhere else.
struct EngineRow: Sendable {
    let engine: DatabaseEngine
    /// In sentences.
    let title: String
    let versions: [DatabaseEngineOptions.Version]
    let defaultVersion: String
    let sizes: [DatabaseSize]
    /// The user that a cluster is made with, and the databases.
    let administratorName: String
    let databaseNames: [String]
    /// Twelve digits of the cluster's id follow.
    let userNamePrefix: String
    let logFileName: String
    /// What runs, as far as it is known.
    let semanticVersion: @Sendable (PlatformEnvironment) -> String?
    /// Ports that the server itself listens on.
    let serverPorts: @Sendable (Cluster) -> [Int]
    let connection: @Sendable (_ cluster: Cluster, _ host: String, _ user: DatabaseUser) -> ConnectionDetails
    /// The advanced configuration as the API shows it.
    let shownConfiguration: @Sendable (Cluster) -> [String: JSONValue]
    /// What is to be stored after a PATCH; throws `ServiceError` in the API's words.
    let patchedConfiguration: @Sendable (Cluster, [String: JSONValue]) throws -> [String: JSONValue]
    let makeDriver: @Sendable (ClusterFiles, ControlStore, Logger) -> any ClusterDriver

    /// The size with this slug, or nil.
    func size(named slug: String) -> DatabaseSize? { sizes.first { $0.slug == slug } }
}

/// All engines that this build runs.
enum EngineTable {
    static let rows: [EngineRow] = [.postgres, .redis, .valkey]

    private static let byEngine = Dictionary(uniqueKeysWithValues: rows.map { ($0.engine, $0) })

    static func row(of engine: DatabaseEngine) -> EngineRow {
        guard let row = byEngine[engine] else { preconditionFailure("\(engine) has no row") }
        return row
    }

    /// The engine with this name in the API, or nil.
    static func named(_ name: String) -> EngineRow? { DatabaseEngine(rawValue: name).map(row(of:)) }
}
