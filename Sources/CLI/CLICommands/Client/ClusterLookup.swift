import Foundation

extension Session {
    /// The cluster that the user means by a name or an id. Names win over ids, as users choose them.
    func cluster(_ reference: String) async throws -> APIModel.Cluster {
        let answer = try await send(.databases())
        return try ClusterLookup(clusters: answer.decode(APIModel.Clusters.self).databases).find(reference)
    }
}

/// Finds a cluster by name or id among those that exist.
package struct ClusterLookup {
    /// How many are named in a message.
    static let namedMax = 20

    package var clusters: [APIModel.Cluster]

    package init(clusters: [APIModel.Cluster]) { self.clusters = clusters }

    package func find(_ reference: String) throws -> APIModel.Cluster {
        let named = clusters.filter { $0.name == reference }
        let matches = named.isEmpty ? clusters.filter { $0.id == reference.lowercased() } : named
        if matches.count > 1 {
            let ids = matches.map(\.id).joined(separator: ", ")
            throw CommandError(
                "\(matches.count) clusters are called \"\(reference.printable)\"", advice: "Give the id: \(ids)")
        }
        guard let match = matches.first else {
            throw CommandError("there is no database cluster \"\(reference.printable)\"", advice: whatExists)
        }
        return match
    }

    private var whatExists: String {
        guard !clusters.isEmpty else { return "There is none yet; make one: atoll db create NAME" }
        let names = clusters.prefix(Self.namedMax).map(\.name).joined(separator: ", ")
        let rest = clusters.count > Self.namedMax ? " and \(clusters.count - Self.namedMax) more" : ""
        return "There is: \(names)\(rest) (atoll db list)"
    }
}
