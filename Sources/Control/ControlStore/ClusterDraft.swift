package import ControlModel
package import Foundation

/// A cluster to be stored, complete but for its ports, with everything that is stored together with it.
package struct ClusterDraft: Sendable {
    package var id: String
    package var name: String
    package var engine: DatabaseEngine
    package var version: String
    package var sizeSlug: String
    package var nodeCount: Int
    package var regionSlug: String
    package var storageMiB: Int
    /// nil or empty: the default project.
    package var projectID: String?
    /// nil or empty: the default VPC of the region, or of the installation.
    package var vpcID: String?
    package var createdAt: Date
    package var maintenanceWindow: MaintenanceWindow
    package var configuration: [String: JSONValue]
    /// Tags that do not exist yet are made.
    package var tags: [String]
    /// Their cluster id is replaced by the draft's.
    package var rules: [FirewallRule]
    package var users: [DatabaseUser]
    package var databaseNames: [String]

    package init(
        id: String = UUID().uuidString.lowercased(), name: String, engine: DatabaseEngine, version: String,
        sizeSlug: String, nodeCount: Int, regionSlug: String, storageMiB: Int, projectID: String? = nil,
        vpcID: String? = nil, createdAt: Date, maintenanceWindow: MaintenanceWindow,
        configuration: [String: JSONValue] = [:], tags: [String] = [], rules: [FirewallRule] = [],
        users: [DatabaseUser] = [], databaseNames: [String] = []
    ) {
        self.id = id
        self.name = name
        self.engine = engine
        self.version = version
        self.sizeSlug = sizeSlug
        self.nodeCount = nodeCount
        self.regionSlug = regionSlug
        self.storageMiB = storageMiB
        self.projectID = projectID
        self.vpcID = vpcID
        self.createdAt = createdAt
        self.maintenanceWindow = maintenanceWindow
        self.configuration = configuration
        self.tags = tags
        self.rules = rules
        self.users = users
        self.databaseNames = databaseNames
    }
}
