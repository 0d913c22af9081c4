package import Foundation

/// An API token as stored: its secret is known only by hash.
package struct APIToken: Sendable, Equatable {
    package enum Scope: String, Sendable, Codable, CaseIterable {
        case read
        case write
    }
    package var id: String
    package var name: String
    package var scopes: Set<Scope>
    package var createdAt: Date
    package var expiresAt: Date?
    package var lastUsedAt: Date?

    package init(
        id: String, name: String, scopes: Set<Scope>, createdAt: Date, expiresAt: Date?, lastUsedAt: Date?
    ) {
        self.id = id
        self.name = name
        self.scopes = scopes
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.lastUsedAt = lastUsedAt
    }
}

/// A token at the only moment when its secret is known: just made.
package struct IssuedAPIToken: Sendable, Equatable {
    package var token: APIToken
    /// `dop_v1_` + 64 hexadecimal digits.
    package var secret: String

    package init(token: APIToken, secret: String) {
        self.token = token
        self.secret = secret
    }
}

/// Who the account belongs to. One installation has one account.
package struct Account: Sendable, Equatable {
    package var id: String
    package var email: String
    package var name: String
    package var teamID: String
    package var teamName: String

    package init(id: String, email: String, name: String, teamID: String, teamName: String) {
        self.id = id
        self.email = email
        self.name = name
        self.teamID = teamID
        self.teamName = teamName
    }
}

/// A label that groups resources.
package struct Tag: Sendable, Equatable {
    package var name: String
    /// Ids of the database clusters that carry it, oldest first.
    package var clusterIDs: [String]

    package init(name: String, clusterIDs: [String]) {
        self.name = name
        self.clusterIDs = clusterIDs
    }
}

/// A named group of resources; every resource is in one project, new ones in the default one.
package struct Project: Sendable, Equatable {
    package var id: String
    package var ownerID: String
    package var name: String
    package var description: String
    package var purpose: String
    /// "Development", "Staging", "Production", or nil.
    package var environment: String?
    package var isDefault: Bool
    package var createdAt: Date
    package var updatedAt: Date

    package init(
        id: String, ownerID: String, name: String, description: String, purpose: String, environment: String?,
        isDefault: Bool, createdAt: Date, updatedAt: Date
    ) {
        self.id = id
        self.ownerID = ownerID
        self.name = name
        self.description = description
        self.purpose = purpose
        self.environment = environment
        self.isDefault = isDefault
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// Membership of one resource in a project.
package struct ProjectResource: Sendable, Equatable {
    /// `do:dbaas:<uuid>`, `do:vpc:<uuid>` …
    package var urn: String
    package var assignedAt: Date

    package init(urn: String, assignedAt: Date) {
        self.urn = urn
        self.assignedAt = assignedAt
    }
}

/// A private network as the API knows it. On one machine it is a label only.
package struct VPC: Sendable, Equatable {
    package var id: String
    package var name: String
    package var description: String
    package var regionSlug: String
    /// IPv4 network in CIDR form.
    package var ipRange: String
    package var isDefault: Bool
    package var createdAt: Date

    package init(
        id: String, name: String, description: String, regionSlug: String, ipRange: String, isDefault: Bool,
        createdAt: Date
    ) {
        self.id = id
        self.name = name
        self.description = description
        self.regionSlug = regionSlug
        self.ipRange = ipRange
        self.isDefault = isDefault
        self.createdAt = createdAt
    }
}

/// User name and password of the Prometheus endpoints, one pair for the whole account.
package struct MetricsCredentials: Sendable, Equatable {
    package var username: String
    package var password: String

    package init(username: String, password: String) {
        self.username = username
        self.password = password
    }
}
