import ControlModel

/// All directives of one cluster's server, from which come its file and what a running server is told.
struct KeyValueDirectives: Sendable, Equatable {
    /// What the machine gives the server.
    struct Place: Sendable, Equatable {
        var listenAddress: String
        var plainPort: Int
        var tlsPort: Int
        var dataDirectory: String
        var certificateFile: String
        var keyFile: String
    }

    let fixed: [KeyValueDirective]
    let changeable: [KeyValueDirective]
    let persistence: KeyValuePersistence

    static let socketName = "control.sock"
    static let pidFileName = "kv.pid"

    init(
        _ settings: KeyValueSettings, persistence: KeyValuePersistence, place: Place, sizeSlug: String,
        password: String, trustedNetworks: [String]
    ) {
        self.persistence = persistence
        fixed = [
            KeyValueDirective(name: "dir", value: place.dataDirectory),
            KeyValueDirective(name: "managed", value: "yes"),
            // The command line tells whose server it is (`KeyValueDriver.isUnwatched`).
            KeyValueDirective(name: "set-proc-title", value: "no"),
            // Relative to `dir`: a Unix address has little room.
            KeyValueDirective(name: "unixsocket", value: Self.socketName),
            KeyValueDirective(name: "unixsocketperm", value: "700"),
            KeyValueDirective(name: "pidfile", value: "\(place.dataDirectory)/\(Self.pidFileName)"),
        ]
        let machine = [
            KeyValueDirective(name: "bind", value: place.listenAddress),
            KeyValueDirective(name: "port", value: settings.flag("ssl") ? "0" : "\(place.plainPort)"),
            // Named again, the files are read again.
            KeyValueDirective(name: "tls-cert-file", value: place.certificateFile),
            KeyValueDirective(name: "tls-key-file", value: place.keyFile),
            KeyValueDirective(name: "tls-auth-clients", value: "no"),
            KeyValueDirective(name: "tls-port", value: "\(place.tlsPort)"),
            KeyValueDirective(name: "requirepass", value: password),
            KeyValueDirective(name: "trusted-networks", value: trustedNetworks.joined(separator: " ")),
            KeyValueDirective(
                name: "maxmemory", value: "\(KeyValueSettings.usableMemoryMiB(sizeSlug: sizeSlug) << 20)"),
        ]
        let keys = KeyValueKeyTable.keys.filter { $0.engines.contains(settings.engine) }
        changeable = machine + keys.flatMap { $0.directives(settings.value($0)) }
    }

    /// What a running server can be told at once.
    var live: [KeyValueDirective] { changeable.filter { !$0.needsRestart } }

    /// What it takes only at a start.
    var restarted: [KeyValueDirective] { changeable.filter(\.needsRestart) }

    /// The file, in redis.conf's form.
    var text: String {
        let lines = fixed + changeable + persistence.directives(appendLog: persistence.startsWithAppendLog)
        return "# Written by Atoll; changes are overwritten. Settings: atoll db config --help\n"
            + lines.map { "\($0.name) \(Self.quoted($0.value))\n" }.joined()
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }

    /// The value that a file of ours gives a directive; nil if there is none.
    static func value(of name: String, in text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix("\(name) \"") && line.hasSuffix("\"") {
            let quoted = line.dropFirst(name.count + 2).dropLast()
            return String(quoted).replacing("\\\"", with: "\"").replacing("\\\\", with: "\\")
        }
        return nil
    }
}
