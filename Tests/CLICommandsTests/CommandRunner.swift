import ArgumentParser
import CLICommands
import Testing

/// Parses a command line below `atoll` and runs it against an API.
func run(_ line: [String], against url: String, _ console: TestConsole = TestConsole()) async throws {
    let root: any AsyncParsableCommand.Type = line[0] == "token" ? TokenCommand.self : DatabaseCommand.self
    let command = try #require(try root.parseAsRoot(Array(line.dropFirst())) as? any APICommand)
    let endpoint = Endpoint(url: url, caFile: nil, token: .value("dop_v1_test"))
    try await Session.open(endpoint, console: console.console) { try await command.run(in: $0) }
}

/// The same for a command line in one string without quotes.
func run(_ line: String, against url: String, _ console: TestConsole = TestConsole()) async throws {
    try await run(line.split(separator: " ").map(String.init), against: url, console)
}

/// The API's text for a cluster.
func clusterJSON(_ name: String = "shop", id: String = "11111111-aaaa", status: String = "online") -> String {
    """
    {"id":"\(id)","name":"\(name)","engine":"pg","version":"15","semantic_version":"15.18","num_nodes":1,\
    "size":"db-s-1vcpu-1gb","region":"nyc1","status":"\(status)","created_at":"2026-01-02T03:04:05Z","tags":[],"status_message":null,\
    "db_names":["defaultdb"],"users":[{"name":"doadmin","role":"primary","password":"AVNS_p@ss"}],"rules":[],\
    "connection":{"uri":"","host":"localhost","port":25060,"user":"doadmin","password":"AVNS_p@ss",\
    "database":"defaultdb","ssl":true},"maintenance_window":{"day":"monday","hour":"03:00:00","pending":false}}
    """
}
