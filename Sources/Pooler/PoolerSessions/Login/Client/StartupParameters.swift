package import PostgresWire

/// What a client asks for in its StartupMessage, checked.
package struct StartupParameters: Hashable, Sendable {
    /// Version that both sides speak from now on.
    package internal(set) var version: ProtocolVersion
    /// Who the client says it is; never empty.
    package internal(set) var user = ""
    /// The database; the user's name if the client names none.
    package internal(set) var database = ""
    package internal(set) var replication = ReplicationMode.none
    /// Tracked settings in the order sent, `options` taken apart; each name once, with its last value.
    package internal(set) var settings: [SessionParameter] = []
    /// `options` of a replication client, as they are: they go to its server.
    package internal(set) var options: String?

    init(version: ProtocolVersion) {
        self.version = version
    }

    /// The value of a tracked setting, by its proper name.
    package func setting(_ name: String) -> String? {
        settings.first { $0.name == name }?.value
    }

    /// Puts the client's address into the name of its application (`application_name_add_host`).
    mutating func nameApplication(from peer: String) {
        set("application_name", "\(setting("application_name") ?? "app") - \(peer)")
    }

    mutating func set(_ name: String, _ value: String) {
        if let index = settings.firstIndex(where: { $0.name == name }) {
            settings[index].value = value
        } else {
            settings.append(SessionParameter(name, value))
        }
    }
}
