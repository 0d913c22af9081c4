package import ControlModel

/// The parts of the API's objects that commands show; names follow the API (`num_nodes` → `numNodes`).
package enum APIModel {
    package struct Clusters: Decodable, Sendable {
        package var databases: [Cluster]
    }

    package struct ClusterEnvelope: Decodable, Sendable {
        package var database: Cluster
    }

    package struct Cluster: Decodable, Sendable {
        package var id: String
        package var name: String
        package var engine: String
        package var version: String
        package var semanticVersion: String?
        package var numNodes: Int
        package var size: String
        package var region: String
        package var status: String
        /// Atoll's own: why the cluster is not online.
        package var statusMessage: String?
        package var createdAt: String
        package var tags: [String]?
        package var dbNames: [String]?
        package var users: [User]?
        package var rules: [Rule]?
        package var connection: Connection?
        package var maintenanceWindow: MaintenanceWindow?
        package var storageSizeMib: Int?

        /// Redis or Valkey.
        package var isKeyValue: Bool { ["redis", "valkey"].contains(engine) }
    }

    package struct Connection: Decodable, Sendable {
        package var host: String
        package var port: Int
        package var user: String?
        package var password: String?
        package var database: String?
        package var ssl: Bool?
    }

    package struct MaintenanceWindow: Decodable, Sendable {
        package var day: String
        package var hour: String
        package var pending: Bool?
        package var description: [String]?
    }

    package struct Users: Decodable, Sendable {
        package var users: [User]
    }

    package struct UserEnvelope: Decodable, Sendable {
        package var user: User
    }

    package struct User: Decodable, Sendable {
        package struct Settings: Decodable, Sendable {
            package var pgAllowReplication: Bool?
        }
        package var name: String
        package var role: String?
        package var password: String?
        package var settings: Settings?
    }

    package struct Databases: Decodable, Sendable {
        package var dbs: [Database]
    }

    package struct DatabaseEnvelope: Decodable, Sendable {
        package var db: Database
    }

    package struct Database: Decodable, Sendable {
        package var name: String
    }

    package struct Rules: Decodable, Sendable {
        package var rules: [Rule]
    }

    package struct Rule: Decodable, Sendable {
        package var uuid: String?
        package var type: String
        package var value: String
        package var description: String?
        package var createdAt: String?
    }

    package struct Events: Decodable, Sendable {
        package var events: [Event]
    }

    package struct Event: Decodable, Sendable {
        package var id: String
        package var clusterName: String
        package var eventType: String
        package var createTime: String
    }

    package struct Configuration: Decodable, Sendable {
        package var config: [String: JSONValue]
    }

    package struct CertificateAuthority: Decodable, Sendable {
        package struct Body: Decodable, Sendable {
            /// Base64 of PEM text.
            package var certificate: String
        }
        package var ca: Body
    }

    package struct MetricsCredentials: Decodable, Sendable {
        package struct Body: Decodable, Sendable {
            package var basicAuthUsername: String
            package var basicAuthPassword: String?
        }
        package var credentials: Body
    }

    package struct Options: Decodable, Sendable {
        package var options: [String: Engine]
        package var versionAvailability: [String: [Version]]?
    }

    /// What one engine offers. Everything is optional: DigitalOcean's own answer has other things among the engines.
    package struct Engine: Decodable, Sendable {
        package struct Layout: Decodable, Sendable {
            package var numNodes: Int
            package var sizes: [String]
        }
        package var regions: [String]?
        package var versions: [String]?
        package var layouts: [Layout]?
        package var defaultVersion: String?
    }

    package struct Version: Decodable, Sendable {
        package var version: String
        package var endOfLife: String?
    }

    package struct Benchmarks: Decodable, Sendable {
        package var benchmarks: [Benchmark]
    }

    package struct BenchmarkEnvelope: Decodable, Sendable {
        package var benchmark: Benchmark
    }

    /// A benchmark, its content beside its own keys. To be decoded with the keys as they are.
    package struct Benchmark: Decodable, Sendable {
        package var id: String
        package var clusterName: String
        package var createdAt: String
        package var content: BenchmarkContent

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(String.self, forKey: .id)
            clusterName = try container.decode(String.self, forKey: .clusterName)
            createdAt = try container.decode(String.self, forKey: .createdAt)
            content = try BenchmarkContent(from: decoder)
        }

        enum CodingKeys: String, CodingKey {
            case id
            case clusterName = "cluster_name"
            case createdAt = "created_at"
        }
    }

    /// A connection pool of a cluster.
    package struct Pool: Decodable, Sendable {
        package var name: String
        package var mode: String
        package var size: Int
        package var db: String
        /// nil or empty: whoever connects.
        package var user: String?
        package var connection: Connection?
    }

    package struct Pools: Decodable, Sendable {
        package var pools: [Pool]
    }

    package struct PoolerEnvelope: Decodable, Sendable {
        package struct Pooler: Decodable, Sendable {
            package var status: String
            package var cpuSeconds: Double?
        }
        package var pooler: Pooler
    }

    package struct PoolEnvelope: Decodable, Sendable {
        package var pool: Pool
    }

    package struct Tokens: Decodable, Sendable {
        package var tokens: [Token]
    }

    package struct TokenEnvelope: Decodable, Sendable {
        package var token: Token
    }

    package struct Token: Decodable, Sendable {
        package var id: String
        package var name: String
        package var scopes: [String]
        package var createdAt: String
        package var expiresAt: String?
        package var lastUsedAt: String?
        /// Only in the answer to its creation.
        package var secret: String?
    }
}
