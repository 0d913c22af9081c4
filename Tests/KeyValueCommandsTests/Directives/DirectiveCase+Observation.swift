@testable import KeyValueCommands

extension DirectiveCase {
    /// What is counted, logged and told.
    static let observation: [DirectiveCase] = [
        DirectiveCase("slowlog-log-slower-than", "0", expect: ":1", insteadOf: ":0", "PING", "SLOWLOG LEN"),
        DirectiveCase(
            "slowlog-max-len", "2", with: "slowlog-log-slower-than 0", expect: ":2", insteadOf: ":4",
            "PING", "PING", "PING", "PING", "SLOWLOG LEN"),
        DirectiveCase(
            "latency-monitor-threshold", "1", with: "enable-debug-command yes", expect: "*1", insteadOf: "*0"
        ) { client in
            _ = client.ask("DEBUG SLEEP 0.005")
            return String(client.ask("LATENCY LATEST").prefix(2))
        },
        DirectiveCase("hotkeys-sample-ratio", "1", expect: "db=0", insteadOf: "") { client in
            _ = client.ask("GET key")
            return String(client.field("hotkey_0", of: "INFO hotkeys").prefix { $0 != "," })
        },
        DirectiveCase("latency-tracking", "no", expect: "", insteadOf: "there") { client in
            _ = client.ask("PING")
            return client.field("latency_percentiles_usec_ping", of: "INFO latencystats").isEmpty ? "" : "there"
        },
        DirectiveCase(
            "latency-tracking-info-percentiles", "75", expect: "p75", insteadOf: "p50 p99 p99.9"
        ) { client in
            _ = client.ask("PING")
            let values = client.field("latency_percentiles_usec_ping", of: "INFO latencystats").split(separator: ",")
            return values.map { String($0.prefix { $0 != "=" }) }.joined(separator: " ")
        },
        DirectiveCase(
            "notify-keyspace-events", "KEA", expect: "2 messages", insteadOf: "0 messages"
        ) { client in
            let listener = Conversation(with: client.engine)
            _ = listener.ask("PSUBSCRIBE __key*")
            _ = client.ask("SET key value")
            return "\(listener.take().split(separator: "|").count { $0 == "pmessage" }) messages"
        },
    ]
}
