package import Foundation

/// The account-wide resources that the official clients need around databases. Implemented by the state store.
///
/// Every function is one transaction and is durable when it returns. Errors are `ServiceError` for whatever a user
/// can cause (unknown id → `.notFound`, taken name → `.conflict`, …).
package protocol AccountService: Sendable {
    func account() async throws -> Account

    // Tokens
    /// The unexpired token whose secret this is, or nil. Compares hashes; notes the time of use.
    func token(withSecret secret: String, at now: Date) async throws -> APIToken?
    func tokens() async throws -> [APIToken]
    func issueToken(name: String, scopes: Set<APIToken.Scope>, expiresAt: Date?, at now: Date) async throws
        -> IssuedAPIToken
    func revokeToken(id: String) async throws

    // Tags
    func tags() async throws -> [Tag]
    func tag(named name: String) async throws -> Tag
    /// Makes the tag; one that exists already is returned as it is.
    func createTag(named name: String) async throws -> Tag
    func deleteTag(named name: String) async throws
    func tagClusters(_ clusterIDs: [String], with tag: String) async throws
    func untagClusters(_ clusterIDs: [String], from tag: String) async throws

    // Projects
    func projects() async throws -> [Project]
    func project(id: String) async throws -> Project
    func defaultProject() async throws -> Project
    func createProject(_ project: Project) async throws
    func updateProject(_ project: Project) async throws
    /// Refused (`.preconditionFailed`) for the default project and for one that still has resources.
    func deleteProject(id: String) async throws
    func resources(ofProject id: String) async throws -> [ProjectResource]
    /// Moves the resources into the project. Returns those that exist, in the order given; unknown URNs are left out.
    func assign(urns: [String], toProject id: String, at now: Date) async throws -> [ProjectResource]

    // VPCs
    func vpcs() async throws -> [VPC]
    func vpc(id: String) async throws -> VPC
    func createVPC(_ vpc: VPC) async throws
    func updateVPC(_ vpc: VPC) async throws
    /// Refused (`.forbidden`) for the default VPC and (`.conflict`) for one with members.
    func deleteVPC(id: String) async throws
    /// Ids and names of the clusters labelled with the VPC.
    func clusters(inVPC id: String) async throws -> [Cluster]

    // Metrics credentials
    func metricsCredentials() async throws -> MetricsCredentials
    func setMetricsCredentials(_ credentials: MetricsCredentials) async throws
}
