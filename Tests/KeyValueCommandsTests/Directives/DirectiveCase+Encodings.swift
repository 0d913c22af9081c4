@testable import KeyValueCommands

extension DirectiveCase {
    /// From which size on values are held in which way.
    static let encodings: [DirectiveCase] = [
        DirectiveCase(
            "hash-max-listpack-entries", "2", expect: "hashtable", insteadOf: "listpack",
            "HSET key a 1 b 2 c 3", "OBJECT ENCODING key"),
        DirectiveCase(
            "hash-max-listpack-value", "4", expect: "hashtable", insteadOf: "listpack",
            "HSET key field 12345", "OBJECT ENCODING key"),
        DirectiveCase(
            "set-max-intset-entries", "2", expect: "listpack", insteadOf: "intset",
            "SADD key 1 2 3", "OBJECT ENCODING key"),
        DirectiveCase(
            "set-max-listpack-entries", "2", expect: "hashtable", insteadOf: "listpack",
            "SADD key a b c", "OBJECT ENCODING key"),
        DirectiveCase(
            "set-max-listpack-value", "4", expect: "hashtable", insteadOf: "listpack",
            "SADD key abcde", "OBJECT ENCODING key"),
        DirectiveCase(
            "zset-max-listpack-entries", "2", expect: "skiplist", insteadOf: "listpack",
            "ZADD key 1 a 2 b 3 c", "OBJECT ENCODING key"),
        DirectiveCase(
            "zset-max-listpack-value", "4", expect: "skiplist", insteadOf: "listpack",
            "ZADD key 1 abcde", "OBJECT ENCODING key"),
        DirectiveCase(
            "list-max-listpack-size", "2", expect: "quicklist", insteadOf: "listpack",
            "RPUSH key a b c", "OBJECT ENCODING key"),
        DirectiveCase("hll-sparse-max-bytes", "0", expect: ":12304", insteadOf: ":21", "PFADD key a", "STRLEN key"),
        DirectiveCase("stream-node-max-entries", "1", expect: "3 nodes", insteadOf: "1 nodes") { client in
            for id in 1...3 { _ = client.ask("XADD key \(id) field value") }
            return "\(client.streamNodeCount) nodes"
        },
        DirectiveCase("stream-node-max-bytes", "100", expect: "3 nodes", insteadOf: "1 nodes") { client in
            let value = String(repeating: "v", count: 80)
            for id in 1...3 { _ = client.ask("XADD key \(id) field \(value)") }
            return "\(client.streamNodeCount) nodes"
        },
    ]
}

extension Conversation {
    /// Nodes of the stream `key`.
    fileprivate var streamNodeCount: String {
        let parts = ask("XINFO STREAM key").split(separator: "|")
        guard let index = parts.firstIndex(of: "radix-tree-keys"), index + 1 < parts.count else { return "no" }
        return String(parts[index + 1].dropFirst())
    }
}
