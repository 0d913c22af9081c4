// What the client is told of its settings by ParameterStatus.

import SessionStatements

extension ClientState {
    /// A ParameterStatus for the client, in a login's greeting, or from its server, or because another server than
    /// before serves it; false if the client knows it already.
    package mutating func tell(_ name: String, _ value: String) -> Bool {
        guard told.update(name, value) else { return false }
        if name == "standard_conforming_strings" || name == "client_encoding" {
            readLexicalRules()
        }
        return true
    }

    private mutating func readLexicalRules() {
        lexicalRules = LexicalRules(
            standardConformingStrings: told["standard_conforming_strings"] ?? "on",
            clientEncoding: told["client_encoding"] ?? "UTF8")
    }

    /// All of these have been told at once, as at the end of a login; memory is shared with them.
    package mutating func toldAll(_ reports: ParameterReports) {
        told = reports
        readLexicalRules()
    }

    /// What the server has otherwise than the client was told; to be told when the client's settings are in force.
    package func reportsToTell(of server: ServerState) -> [ParameterReports.Report] {
        if told.fingerprint == server.reports.fingerprint { return [] }
        return server.reports.reports.filter { told[$0.name] != $0.value }
    }
}
