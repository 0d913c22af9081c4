// The rows of the command table for cluster mode. `CommandRow` says what each part means.

extension CommandTable {
    static let clusterRows: [CommandRow] = [
        CommandRow(
            "asking", .cluster, since: "3.0.0", arity: 1, [.fast], acl: [.connection],
            summary: "Lets the next command of this connection follow an ASK redirection.",
        ),
        CommandRow(
            "cluster", .cluster, since: "3.0.0", arity: -2, [],
            summary: "Groups the commands of cluster mode.",
            complexity: "Depends on the subcommand",
            subcommands: clusterSubcommands,
        ),
        CommandRow(
            "readonly", .cluster, since: "3.0.0", arity: 1, [.loading, .stale, .fast], acl: [.connection],
            summary: "Allows this connection to read from a replica in cluster mode.",
        ),
        CommandRow(
            "readwrite", .cluster, since: "3.0.0", arity: 1, [.loading, .stale, .fast], acl: [.connection],
            summary: "Ends what READONLY allowed.",
        ),
    ]

    private static let clusterSubcommands: [CommandRow] = [
        CommandRow(
            "addslots", .cluster, since: "3.0.0", arity: -3, [.admin, .stale, .noAsyncLoading],
            summary: "Gives hash slots to this node.",
            complexity: "O(N), N slots",
            syntax: "slot:int...",
        ),
        CommandRow(
            "addslotsrange", .cluster, since: "7.0.0", arity: -4, [.admin, .stale, .noAsyncLoading],
            summary: "Gives ranges of hash slots to this node.",
            complexity: "O(N), N slots",
            syntax: "range(start-slot:int end-slot:int)...",
        ),
        CommandRow(
            "bumpepoch", .cluster, since: "3.0.0", arity: 2, [.admin, .stale, .noAsyncLoading],
            summary: "Moves the configuration epoch of this node forward.",
            tips: [.nondeterministicOutput],
        ),
        CommandRow(
            "count-failure-reports", .cluster, since: "3.0.0", arity: 3, [.admin, .stale],
            summary: "Counts the failure reports about a node that are still valid.",
            complexity: "O(N), N reports",
            tips: [.nondeterministicOutput],
            syntax: "node-id",
        ),
        CommandRow(
            "countkeysinslot", .cluster, since: "3.0.0", arity: 3, [.stale],
            summary: "Counts the keys in a hash slot.",
            syntax: "slot:int",
        ),
        CommandRow(
            "delslots", .cluster, since: "3.0.0", arity: -3, [.admin, .stale, .noAsyncLoading],
            summary: "Takes hash slots away from this node's view.",
            complexity: "O(N), N slots",
            syntax: "slot:int...",
        ),
        CommandRow(
            "delslotsrange", .cluster, since: "7.0.0", arity: -4, [.admin, .stale, .noAsyncLoading],
            summary: "Takes ranges of hash slots away from this node's view.",
            complexity: "O(N), N slots",
            syntax: "range(start-slot:int end-slot:int)...",
        ),
        CommandRow(
            "failover", .cluster, since: "3.0.0", arity: -2, [.admin, .stale, .noAsyncLoading],
            summary: "Makes this replica take over from its primary.",
            syntax: "[options(FORCE|TAKEOVER)]",
        ),
        CommandRow(
            "flushslots", .cluster, since: "3.0.0", arity: 2, [.admin, .stale, .noAsyncLoading],
            summary: "Takes all hash slots away from this node's view.",
        ),
        CommandRow(
            "forget", .cluster, since: "3.0.0", arity: 3, [.admin, .stale, .noAsyncLoading],
            summary: "Drops a node from this node's list.",
            syntax: "node-id",
        ),
        CommandRow(
            "getkeysinslot", .cluster, since: "3.0.0", arity: 4, [.stale],
            summary: "Lists some of the keys in a hash slot.",
            complexity: "O(N), N keys asked for",
            tips: [.nondeterministicOutput],
            syntax: "slot:int count:int",
        ),
        .help(.cluster, since: "5.0.0"),
        CommandRow(
            "info", .cluster, since: "3.0.0", arity: 2, [.stale],
            summary: "Tells the state of the cluster as this node sees it.",
            tips: [.nondeterministicOutput],
        ),
        CommandRow(
            "keyslot", .cluster, since: "3.0.0", arity: 3, [.stale],
            summary: "Computes the hash slot of a key.",
            complexity: "O(N), N bytes of the key",
            syntax: "key:string",
        ),
        CommandRow(
            "links", .cluster, since: "7.0.0", arity: 2, [.stale],
            summary: "Lists this node's connections to its peers.",
            complexity: "O(N), N nodes",
            tips: [.nondeterministicOutput],
        ),
        CommandRow(
            "meet", .cluster, since: "3.0.0", arity: -4, [.admin, .stale, .noAsyncLoading],
            summary: "Joins this node with another one.",
            syntax: "ip port:int [cluster-bus-port:int@4.0.0]",
        ),
        CommandRow(
            "myid", .cluster, since: "3.0.0", arity: 2, [.stale],
            summary: "Tells the id of this node.",
        ),
        CommandRow(
            "myshardid", .cluster, since: "7.2.0", arity: 2, [.stale],
            summary: "Tells the id of the shard this node belongs to.",
            tips: [.nondeterministicOutput],
        ),
        CommandRow(
            "nodes", .cluster, since: "3.0.0", arity: 2, [.stale],
            summary: "Tells all nodes and their slots, one a line.",
            complexity: "O(N), N nodes",
            tips: [.nondeterministicOutput],
        ),
        CommandRow(
            "replicas", .cluster, since: "5.0.0", arity: 3, [.admin, .stale],
            summary: "Lists the replicas of a primary.",
            complexity: "O(N), N replicas",
            tips: [.nondeterministicOutput],
            syntax: "node-id",
        ),
        CommandRow(
            "replicate", .cluster, since: "3.0.0", arity: 3, [.admin, .stale, .noAsyncLoading],
            summary: "Makes this node a replica of another.",
            syntax: "node-id",
        ),
        CommandRow(
            "reset", .cluster, since: "3.0.0", arity: -2, [.admin, .noScript, .stale],
            summary: "Makes this node forget the cluster.",
            complexity: "O(N), N nodes",
            syntax: "[reset-type(HARD|SOFT)]",
        ),
        CommandRow(
            "saveconfig", .cluster, since: "3.0.0", arity: 2, [.admin, .stale, .noAsyncLoading],
            summary: "Writes this node's cluster file to disk.",
        ),
        CommandRow(
            "set-config-epoch", .cluster, since: "3.0.0", arity: 3, [.admin, .stale, .noAsyncLoading],
            summary: "Sets the configuration epoch of a fresh node.",
            syntax: "config-epoch:int",
        ),
        CommandRow(
            "setslot", .cluster, since: "3.0.0", arity: -4, [.admin, .stale, .noAsyncLoading],
            summary: "Sets the owner or the migration state of a hash slot.",
            syntax: """
                slot:int subcommand(IMPORTING importing/node-id|MIGRATING migrating/node-id|NODE node/node-id|STABLE)
                """,
        ),
        CommandRow(
            "shards", .cluster, since: "7.0.0", arity: 2, [.loading, .stale],
            summary: "Tells the shards, their slots and their nodes.",
            complexity: "O(N), N nodes",
            tips: [.nondeterministicOutput],
        ),
        CommandRow(
            "slaves", .cluster, since: "3.0.0", arity: 3, [.admin, .stale],
            summary: "Lists the replicas of a primary (old name).",
            complexity: "O(N), N replicas",
            tips: [.nondeterministicOutput],
            deprecation: .init(since: "5.0.0", replacement: "`CLUSTER REPLICAS`"),
            syntax: "node-id",
        ),
        CommandRow(
            "slots", .cluster, since: "3.0.0", arity: 2, [.loading, .stale],
            summary: "Tells which nodes serve which ranges of slots.",
            complexity: "O(N), N nodes",
            tips: [.nondeterministicOutput],
            deprecation: .init(since: "7.0.0", replacement: "`CLUSTER SHARDS`"),
        ),
    ]
}
