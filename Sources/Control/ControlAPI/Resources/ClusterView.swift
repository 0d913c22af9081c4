import ControlModel
import Foundation

/// A cluster as the API shows it: the keys of DigitalOcean's description, those that its Go client reads besides,
/// and one of ours, `status_message`. Keys of things that a cluster does not have (standby and UI connections,
/// autoscaling, DigitalOcean settings) are absent.
struct ClusterView: Encodable {
    let id: String
    let name: String
    let engine: String
    let version: String
    let semanticVersion: String?
    let nodeCount: Int
    let size: String
    let region: String
    let status: String
    /// Why the cluster is not online.
    let statusMessage: String?
    let createdAt: String
    let privateNetworkUUID: String
    let tags: [String]
    let databaseNames: [String]
    let connection: ConnectionView
    let privateConnection: ConnectionView
    let users: [DatabaseUserView]
    let maintenanceWindow: MaintenanceWindowView
    let projectID: String
    let rules: [FirewallRuleView]
    let versionEndOfLife: String?
    let storageMiB: Int
    let metricsEndpoints: [MetricsEndpointView]

    /// - Parameter showsPasswords: false leaves out every password, those inside URIs included.
    init(_ description: ClusterDescription, showsPasswords: Bool) {
        let cluster = description.cluster
        id = cluster.id
        name = cluster.name
        engine = cluster.engine.rawValue
        version = cluster.version
        semanticVersion = description.semanticVersion
        nodeCount = cluster.nodeCount
        size = cluster.sizeSlug
        region = cluster.regionSlug
        status = cluster.state.rawValue
        statusMessage = cluster.stateReason
        createdAt = cluster.createdAt.timestamp
        privateNetworkUUID = cluster.vpcID
        tags = description.tags
        databaseNames = description.databaseNames
        // There is one network, so both ways in are the same.
        connection = ConnectionView(description.connection, showsPassword: showsPasswords)
        privateConnection = connection
        users = description.users.map { DatabaseUserView($0, showsPassword: showsPasswords) }
        maintenanceWindow = MaintenanceWindowView(cluster.maintenanceWindow)
        projectID = cluster.projectID
        rules = description.rules.map { FirewallRuleView($0) }
        versionEndOfLife = description.endOfLife?.timestamp
        storageMiB = cluster.storageMiB
        metricsEndpoints = [MetricsEndpointView(host: description.metricsHost, port: description.metricsPort)]
    }

    enum CodingKeys: String, CodingKey {
        case id, name, engine, version, size, region, status, tags, connection, users, rules
        case semanticVersion = "semantic_version"
        case nodeCount = "num_nodes"
        case statusMessage = "status_message"
        case createdAt = "created_at"
        case privateNetworkUUID = "private_network_uuid"
        case databaseNames = "db_names"
        case privateConnection = "private_connection"
        case maintenanceWindow = "maintenance_window"
        case projectID = "project_id"
        case versionEndOfLife = "version_end_of_life"
        case storageMiB = "storage_size_mib"
        case metricsEndpoints = "metrics_endpoints"
    }
}

struct MetricsEndpointView: Encodable {
    let host: String
    let port: Int
}

struct MaintenanceWindowView: Encodable {
    let day: String
    let hour: String
    let pending: Bool
    let description: [String]

    init(_ window: MaintenanceWindow) {
        day = window.day
        hour = window.hour
        pending = window.isPending
        description = window.descriptions
    }
}

struct ConnectionView: Encodable {
    let uri: String?
    let database: String
    let host: String
    let port: Int
    let user: String
    let password: String?
    let ssl: Bool
    let `protocol`: String

    init(_ details: ConnectionDetails, showsPassword: Bool) {
        uri = showsPassword ? details.uri : Self.withoutPassword(details.uri)
        database = details.database
        host = details.host
        port = details.port
        user = details.user
        password = showsPassword ? details.password : nil
        ssl = details.requiresTLS
        `protocol` = details.uri.range(of: "://").map { String(details.uri[..<$0.lowerBound]) } ?? "postgresql"
    }

    /// "postgresql://user:secret@host…" → "postgresql://user@host…". nil for a URI of another form: when in doubt it
    /// is not shown.
    static func withoutPassword(_ uri: String) -> String? {
        guard let scheme = uri.range(of: "://"),
            let at = uri[scheme.upperBound...].firstIndex(of: "@"),
            !uri[uri.index(after: at)...].contains("@")
        else { return nil }
        let user = uri[scheme.upperBound..<at].prefix { $0 != ":" }
        return "\(uri[..<scheme.upperBound])\(user)\(uri[at...])"
    }
}
