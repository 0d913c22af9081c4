package import PostgresWire

/// What the configuration says about the first packets of clients. A value of it serves all clients until a reload.
package struct StartupPolicy: Sendable {
    /// Whether TLS is spoken, over TCP.
    package enum TLS: Hashable, Sendable {
        /// `client_tls_sslmode=disable`.
        case refused
        /// `allow`, `prefer`.
        case offered
        /// `require`, `verify-ca`, `verify-full`.
        case required
    }

    /// Settings that are always kept for a client.
    package static let alwaysTracked = [
        "client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings", "application_name",
    ]

    package let tls: TLS
    /// Newest version of the protocol to agree to.
    package let newestVersion: ProtocolVersion
    /// The name as PostgreSQL spells it, by its lower-case form.
    private let trackedNames: [String: String]
    /// In lower case.
    private let ignoredNames: Set<String>

    /// A policy.
    ///
    /// - Parameters:
    ///   - trackedParameters: `track_extra_parameters`.
    ///   - ignoredParameters: `ignore_startup_parameters`.
    package init(
        tls: TLS = .refused, trackedParameters: [String] = ["IntervalStyle"], ignoredParameters: [String] = [],
        newestVersion: ProtocolVersion = .newest
    ) {
        self.tls = tls
        self.newestVersion = newestVersion
        self.trackedNames = Dictionary(
            (StartupPolicy.alwaysTracked + trackedParameters).map { ($0.lowercased(), $0) },
            uniquingKeysWith: { first, _ in first })
        self.ignoredNames = Set(ignoredParameters.map { $0.lowercased() })
    }

    /// The setting's proper name, nil for one that is not kept.
    func trackedName(_ name: String) -> String? {
        trackedNames[name] ?? trackedNames[name.lowercased()]
    }

    func ignores(_ name: String) -> Bool {
        !ignoredNames.isEmpty && ignoredNames.contains(name.lowercased())
    }
}
