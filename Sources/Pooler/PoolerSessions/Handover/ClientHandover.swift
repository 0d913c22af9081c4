package import PostgresWire

/// A client at rest, as one process writes it down for the next: all that its session is, while it has no server. Its
/// socket goes along.
package struct ClientHandover: Equatable, Sendable {
    /// Name and contents of a prepared statement: a Parse message behind the name.
    package struct Statement: Equatable, Sendable {
        package var name: [UInt8]
        package var body: [UInt8]
    }

    package var user = ""
    package var database = ""
    package var version = ProtocolVersion.v3_0
    /// What the client asked for at its start.
    package var startupSettings: [SessionParameter] = []
    package var credential = ServerCredential.none
    package var cancelProcessID: UInt32 = 0
    package var cancelSecret: [UInt8] = []
    /// Whether its session moves from server to server.
    package var isTracked = false
    package var readsSequences = false
    /// What it was told of its settings last.
    package var told: [SessionParameter] = []
    /// What it has set since its start.
    package var settings: [SettingList.Entry] = []
    /// Settings that it changes in ways whose values only a server can tell.
    package var settingNames: [String] = []
    package var statements: [Statement] = []
    /// The unnamed statement.
    package var unnamed: [UInt8]?
    /// What came from it and was not answered: requests, the last of them perhaps not whole.
    package var received: [UInt8] = []

    package init() {}
}

// MARK: - As bytes

extension ClientHandover {
    package var bytes: [UInt8] {
        var writer = HandoverWriter()
        writer.text(user)
        writer.text(database)
        writer.number(UInt64(version.rawValue))
        writer.list(startupSettings) { $0.parameter($1) }
        writer.credential(credential)
        writer.number(UInt64(cancelProcessID))
        writer.data(cancelSecret)
        writer.flag(isTracked)
        writer.flag(readsSequences)
        writer.list(told) { $0.parameter($1) }
        writer.list(settings) { $0.setting($1) }
        writer.list(settingNames) { $0.text($1) }
        writer.list(statements) { writer, statement in
            writer.data(statement.name)
            writer.data(statement.body)
        }
        writer.list(unnamed.map { [$0] } ?? []) { $0.data($1) }
        writer.data(received)
        return writer.bytes
    }

    package init(bytes: [UInt8]) throws(HandoverFailure) {
        var reader = HandoverReader(bytes)
        user = try reader.text()
        database = try reader.text()
        version = ProtocolVersion(rawValue: UInt32(truncatingIfNeeded: try reader.number()))
        startupSettings = try reader.list { (reader) throws(HandoverFailure) in try reader.parameter() }
        credential = try reader.credential()
        cancelProcessID = UInt32(truncatingIfNeeded: try reader.number())
        cancelSecret = try reader.data()
        isTracked = try reader.flag()
        readsSequences = try reader.flag()
        told = try reader.list { (reader) throws(HandoverFailure) in try reader.parameter() }
        settings = try reader.list { (reader) throws(HandoverFailure) in try reader.setting() }
        settingNames = try reader.list { (reader) throws(HandoverFailure) in try reader.text() }
        statements = try reader.list { (reader) throws(HandoverFailure) in
            Statement(name: try reader.data(), body: try reader.data())
        }
        unnamed = try reader.list { (reader) throws(HandoverFailure) in try reader.data() }.first
        received = try reader.data()
        try reader.end()
    }
}

extension HandoverWriter {
    fileprivate mutating func parameter(_ parameter: SessionParameter) {
        text(parameter.name)
        text(parameter.value)
    }

    fileprivate mutating func credential(_ credential: ServerCredential) {
        let (kind, parts): (UInt64, [[UInt8]]) =
            switch credential {
            case .none: (0, [])
            case .password(let password): (1, [Array(password.utf8)])
            case .md5(let verifier): (2, [Array(verifier.utf8)])
            case .scramKeys(let keys): (3, [keys.clientKey, keys.serverKey])
            case .scramVerifier: (4, [])
            }
        number(kind)
        list(parts) { $0.data($1) }
    }

    fileprivate mutating func setting(_ entry: SettingList.Entry) {
        text(entry.name)
        let (kind, parts): (UInt64, [String]) =
            switch entry.value {
            case .text(let text): (0, [text])
            case .list(let items): (1, items)
            case .timeZoneInterval(let text): (2, [text])
            }
        number(kind)
        list(parts) { $0.text($1) }
    }
}

extension HandoverReader {
    fileprivate mutating func parameter() throws(HandoverFailure) -> SessionParameter {
        SessionParameter(try text(), try text())
    }

    fileprivate mutating func credential() throws(HandoverFailure) -> ServerCredential {
        let kind = try number()
        let parts = try list { (reader) throws(HandoverFailure) in try reader.data() }
        switch (kind, parts.count) {
        case (0, 0): return .none
        case (1, 1): return .password(String(decoding: parts[0], as: UTF8.self))
        case (2, 1): return .md5(String(decoding: parts[0], as: UTF8.self))
        case (3, 2): return .scramKeys(ScramKeys(clientKey: parts[0], serverKey: parts[1]))
        case (4, 0): return .scramVerifier
        default: throw .malformed("credential")
        }
    }

    fileprivate mutating func setting() throws(HandoverFailure) -> SettingList.Entry {
        let name = try text()
        let kind = try number()
        let parts = try list { (reader) throws(HandoverFailure) in try reader.text() }
        switch (kind, parts.count) {
        case (0, 1): return SettingList.Entry(name: name, value: .text(parts[0]))
        case (1, _): return SettingList.Entry(name: name, value: .list(parts))
        case (2, 1): return SettingList.Entry(name: name, value: .timeZoneInterval(parts[0]))
        default: throw .malformed("setting")
        }
    }
}
