package import PostgresWire

/// What follows from a server's bytes.
package enum ServerLoginEvent: Hashable, Sendable {
    /// More bytes are needed.
    case needsBytes
    /// The server speaks TLS: start it, then call `secured`.
    case needsTLS
    /// Have these keys derived, then call `derived`.
    case needsKeys(KeyDerivation)
    /// The session may be used; `takeLeftover` has what the server sent beyond its first ReadyForQuery.
    case ready(ServerWelcome)
    /// The login is over: close the connection.
    case failed(ServerLoginFailure)
}

/// What a server tells at the beginning of a session.
package struct ServerWelcome: Hashable, Sendable {
    /// ParameterStatus in the order sent, each name once with its last value.
    package internal(set) var parameters: [SessionParameter] = []
    /// Version that both sides speak.
    package internal(set) var version = ProtocolVersion.v3_0
    /// Key for a CancelRequest. Never to be told to a client.
    package internal(set) var backendKey: BackendKey?
    /// Notices to be logged.
    package internal(set) var notices: [PostgresServerError] = []

    mutating func set(_ name: String, _ value: String) {
        if let index = parameters.firstIndex(where: { $0.name == name }) {
            parameters[index].value = value
        } else if parameters.count < LoginLimits.parameterCountMax {
            parameters.append(SessionParameter(name, value))
        }
    }
}

/// A key to cancel with, as servers give it and cancel requests have it.
package struct BackendKey: Hashable, Sendable {
    package let processID: UInt32
    /// 4 bytes, up to 256 from protocol 3.2 on.
    package let secret: [UInt8]

    /// A key from its parts.
    package init(processID: UInt32, secret: [UInt8]) {
        self.processID = processID
        self.secret = secret
    }
}

extension BackendKey: CustomStringConvertible, CustomDebugStringConvertible {
    /// Tells no secret.
    package var description: String { "BackendKey(processID: \(processID))" }
    package var debugDescription: String { description }
}
