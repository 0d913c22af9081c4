// The rows of the command table for the server itself. `CommandRow` says what each part means.

extension CommandTable {
    static let serverRows: [CommandRow] = [
        CommandRow(
            "acl", .server, since: "6.0.0", arity: -2, [.sentinel],
            summary: "Groups the commands about users and their permissions.",
            complexity: "Depends on the subcommand",
            subcommands: aclSubcommands,
        ),
        CommandRow(
            "bgrewriteaof", .server, since: "1.0.0", arity: 1, [.admin, .noScript, .noAsyncLoading],
            summary: "Rewrites the append-only file in the background.",
            handler: AppendOnlyCommands.rewrite
        ),
        CommandRow(
            "bgsave", .server, since: "1.0.0", arity: -1, [.admin, .noScript, .noAsyncLoading],
            summary: "Writes a snapshot in the background.",
            syntax: "[SCHEDULE@3.2.2]",
            handler: SaveCommands.backgroundSave
        ),
        CommandRow(
            "command", .server, since: "2.8.13", arity: -1, [.loading, .stale, .sentinel], acl: [.connection],
            summary: "Describes all commands.",
            complexity: "O(N), N commands",
            tips: [.nondeterministicOutputOrder],
            subcommands: commandSubcommands,
            handler: IntrospectionCommands.command
        ),
        CommandRow(
            "config", .server, since: "2.0.0", arity: -2, [],
            summary: "Groups the commands about settings.",
            complexity: "Depends on the subcommand",
            subcommands: configSubcommands,
        ),
        CommandRow(
            "dbsize", .server, since: "1.0.0", arity: 1, [.readOnly, .fast], acl: [.keyspace],
            summary: "Counts the keys of the database.",
            tips: [.requestAllShards, .responseSum],
            handler: DatabaseCommands.size
        ),
        CommandRow(
            "debug", .server, since: "1.0.0", arity: -2, [.admin, .noScript, .loading, .stale, .protected],
            summary: "Groups commands for developers and tests.",
            complexity: "As the subcommand",
            isInternal: true,
            handler: DebugCommand.debug
        ),
        CommandRow(
            "failover", .server, since: "6.2.0", arity: -1, [.admin, .noScript, .stale],
            summary: "Hands the primary's role to a replica in an orderly way.",
            syntax: "[TO target(host port:int [FORCE])] [ABORT] [TIMEOUT milliseconds:int]",
        ),
        CommandRow(
            "flushall", .server, since: "1.0.0", arity: -1, [.write], acl: [.keyspace, .dangerous],
            summary: "Deletes all keys of all databases.",
            complexity: "O(N), N keys",
            tips: [.requestAllShards, .responseAllSucceeded],
            syntax: "[flush-type(ASYNC@4.0.0|SYNC@6.2.0)]",
            handler: DatabaseCommands.flushAll
        ),
        CommandRow(
            "flushdb", .server, since: "1.0.0", arity: -1, [.write], acl: [.keyspace, .dangerous],
            summary: "Deletes all keys of this database.",
            complexity: "O(N), N keys",
            tips: [.requestAllShards, .responseAllSucceeded],
            syntax: "[flush-type(ASYNC@4.0.0|SYNC@6.2.0)]",
            handler: DatabaseCommands.flushSelected
        ),
        CommandRow(
            "hotkeys", .server, since: "8.6.0", arity: -2, [],
            summary: "Groups the commands about keys that are much used.",
            complexity: "Depends on the subcommand",
            subcommands: hotKeySubcommands,
        ),
        CommandRow(
            "info", .server, since: "1.0.0", arity: -1, [.loading, .stale, .sentinel], acl: [.dangerous],
            summary: "Tells the state and the statistics of the server.",
            tips: [.nondeterministicOutput, .requestAllShards, .responseSpecial],
            syntax: "[section...]",
            handler: InformationCommands.info
        ),
        CommandRow(
            "lastsave", .server, since: "1.0.0", arity: 1, [.loading, .stale, .fast], acl: [.dangerous, .admin],
            summary: "Tells when the last snapshot was saved, in Unix seconds.",
            tips: [.nondeterministicOutput],
            handler: SaveCommands.lastSave
        ),
        CommandRow(
            "latency", .server, since: "2.8.13", arity: -2, [],
            summary: "Groups the commands about slow events.",
            complexity: "Depends on the subcommand",
            subcommands: latencySubcommands,
        ),
        CommandRow(
            "lolwut", .server, since: "5.0.0", arity: -1, [.readOnly, .fast],
            summary: "Draws a picture and tells the version.",
            syntax: "[VERSION version:int]",
            handler: PastimeCommands.lolwut
        ),
        CommandRow(
            "memory", .server, since: "4.0.0", arity: -2, [],
            summary: "Groups the commands about memory.",
            complexity: "Depends on the subcommand",
            subcommands: memorySubcommands,
        ),
        CommandRow(
            "module", .server, since: "4.0.0", arity: -2, [],
            summary: "Groups the commands about modules.",
            complexity: "Depends on the subcommand",
            subcommands: moduleSubcommands,
        ),
        CommandRow(
            "monitor", .server, since: "1.0.0", arity: 1, [.admin, .noScript, .loading, .stale],
            summary: "Streams every command that the server runs.",
            handler: ProcessCommands.monitor
        ),
        CommandRow(
            "psync", .server, since: "2.8.0", arity: -3, [.admin, .noScript, .noMulti, .noAsyncLoading],
            summary: "Starts or resumes replication; sent by replicas.",
            syntax: "replicationid offset:int",
        ),
        CommandRow(
            "replconf", .server, since: "3.0.0", arity: -1, [.admin, .noScript, .loading, .stale, .allowBusy],
            summary: "Exchanges replication settings; sent by replicas.",
            isInternal: true,
        ),
        CommandRow(
            "replicaof", .server, since: "5.0.0", arity: 3, [.admin, .noScript, .stale, .noAsyncLoading],
            summary: "Makes this server a replica, or a primary again.",
            syntax: "args(host-port(host port:int)|no-one(NO! ONE))",
            handler: ProcessCommands.replicaOf
        ),
        CommandRow(
            "restore-asking", .server, since: "3.0.0", arity: -4,
            [.write, .denyOutOfMemory, .asking], acl: [.keyspace, .dangerous],
            summary: "Is RESTORE for a slot that is being imported.",
            complexity: "O(N), N bytes of the value",
            isInternal: true,
            keys: [.index(1, [.overwrite, .update])],
            syntax: """
                key ttl:int serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds:int@5.0.0] \
                [FREQ frequency:int@5.0.0]
                """,
            handler: RestoreCommand.restore
        ),
        CommandRow(
            "role", .server, since: "2.8.12", arity: 1,
            [.noScript, .loading, .stale, .fast, .sentinel], acl: [.dangerous, .admin],
            summary: "Tells the replication role.",
            handler: ProcessCommands.role
        ),
        CommandRow(
            "save", .server, since: "1.0.0", arity: 1, [.admin, .noScript, .noMulti, .noAsyncLoading],
            summary: "Writes a snapshot and keeps everyone waiting.",
            complexity: "O(N), N keys",
            handler: SaveCommands.save
        ),
        CommandRow(
            "shutdown", .server, since: "1.0.0", arity: -1,
            [.admin, .noScript, .loading, .stale, .noMulti, .allowBusy, .sentinel],
            summary: "Saves as configured and ends the server.",
            complexity: "O(N), N keys when it saves",
            syntax: "[save-selector(NOSAVE|SAVE)] [NOW@7.0.0] [FORCE@7.0.0] [ABORT@7.0.0]",
            handler: SaveCommands.shutdown
        ),
        CommandRow(
            "slaveof", .server, since: "1.0.0", arity: 3, [.admin, .noScript, .stale, .noAsyncLoading],
            summary: "Makes this server a replica, or a primary again (old name).",
            deprecation: .init(since: "5.0.0", replacement: "`REPLICAOF`"),
            syntax: "args(host-port(host port:int)|no-one(NO! ONE))",
            handler: ProcessCommands.replicaOf
        ),
        CommandRow(
            "slowlog", .server, since: "2.2.12", arity: -2, [],
            summary: "Groups the commands about slow commands.",
            complexity: "Depends on the subcommand",
            subcommands: slowlogSubcommands,
        ),
        CommandRow(
            "swapdb", .server, since: "4.0.0", arity: 3, [.write, .fast], acl: [.keyspace, .dangerous],
            summary: "Exchanges two databases.",
            complexity: "O(N), N clients watching or waiting for their keys",
            syntax: "index1:int index2:int",
            handler: MovingCommands.swapDatabases
        ),
        CommandRow(
            "sync", .server, since: "1.0.0", arity: 1, [.admin, .noScript, .noMulti, .noAsyncLoading],
            summary: "Starts replication the old way; sent by replicas.",
        ),
        CommandRow(
            "time", .server, since: "2.6.0", arity: 1, [.loading, .stale, .fast],
            summary: "Tells the time as Unix seconds and microseconds.",
            tips: [.nondeterministicOutput],
            handler: PastimeCommands.time
        ),
    ]

    private static let aclSubcommands: [CommandRow] = [
        CommandRow(
            "cat", .server, since: "6.0.0", arity: -2, [.noScript, .loading, .stale, .sentinel],
            summary: "Lists the categories, or the commands of one.",
            syntax: "[category]",
            handler: IntrospectionCommands.categories
        ),
        CommandRow(
            "deluser", .server, since: "6.0.0", arity: -3, [.admin, .noScript, .loading, .stale, .sentinel],
            summary: "Deletes users and closes their connections.",
            complexity: "O(1) a user",
            tips: [.requestAllNodes, .responseAllSucceeded],
            syntax: "username...",
        ),
        CommandRow(
            "dryrun", .server, since: "7.0.0", arity: -4, [.admin, .noScript, .loading, .stale, .sentinel],
            summary: "Tells whether a user may run a command, without running it.",
            syntax: "username command [arg...]",
        ),
        CommandRow(
            "genpass", .server, since: "6.0.0", arity: -2, [.noScript, .loading, .stale, .sentinel],
            summary: "Makes up a password.",
            syntax: "[bits:int]",
        ),
        CommandRow(
            "getuser", .server, since: "6.0.0", arity: 3, [.admin, .noScript, .loading, .stale, .sentinel],
            summary: "Tells the rules of a user.",
            complexity: "O(N), N rules",
            syntax: "username",
        ),
        .help(.server, since: "6.0.0", flags: [.sentinel]),
        CommandRow(
            "list", .server, since: "6.0.0", arity: 2, [.admin, .noScript, .loading, .stale, .sentinel],
            summary: "Lists the users with their rules, as in a file.",
            complexity: "O(N), N users",
        ),
        CommandRow(
            "load", .server, since: "6.0.0", arity: 2, [.admin, .noScript, .loading, .stale, .sentinel],
            summary: "Reads the users from the ACL file.",
            complexity: "O(N), N users",
        ),
        CommandRow(
            "log", .server, since: "6.0.0", arity: -2, [.admin, .noScript, .loading, .stale, .sentinel],
            summary: "Lists what was refused lately.",
            complexity: "O(N), N entries",
            syntax: "[operation(count:int|RESET)]",
        ),
        CommandRow(
            "save", .server, since: "6.0.0", arity: 2, [.admin, .noScript, .loading, .stale, .sentinel],
            summary: "Writes the users to the ACL file.",
            complexity: "O(N), N users",
            tips: [.requestAllNodes, .responseAllSucceeded],
        ),
        CommandRow(
            "setuser", .server, since: "6.0.0", arity: -3, [.admin, .noScript, .loading, .stale, .sentinel],
            summary: "Creates a user or changes its rules.",
            complexity: "O(N), N rules",
            tips: [.requestAllNodes, .responseAllSucceeded],
            syntax: "username [rule...]",
        ),
        CommandRow(
            "users", .server, since: "6.0.0", arity: 2, [.admin, .noScript, .loading, .stale, .sentinel],
            summary: "Lists the names of the users.",
            complexity: "O(N), N users",
        ),
        CommandRow(
            "whoami", .server, since: "6.0.0", arity: 2, [.noScript, .loading, .stale, .sentinel],
            summary: "Tells the user of this connection.",
            handler: ProcessCommands.whoAmI
        ),
    ]

    private static let commandSubcommands: [CommandRow] = [
        CommandRow(
            "count", .server, since: "2.8.13", arity: 2, [.loading, .stale, .sentinel], acl: [.connection],
            summary: "Counts the commands.",
            handler: IntrospectionCommands.count
        ),
        CommandRow(
            "docs", .server, since: "7.0.0", arity: -2, [.loading, .stale, .sentinel], acl: [.connection],
            summary: "Documents commands: summary, arguments and more.",
            complexity: "O(N), N commands",
            tips: [.nondeterministicOutputOrder],
            syntax: "[command-name...]",
            handler: IntrospectionCommands.documentation
        ),
        CommandRow(
            "getkeys", .server, since: "2.8.13", arity: -3, [.loading, .stale, .sentinel], acl: [.connection],
            summary: "Finds the keys in a command line.",
            complexity: "O(N), N arguments",
            syntax: "command [arg...]",
            handler: IntrospectionCommands.keys
        ),
        CommandRow(
            "getkeysandflags", .server, since: "7.0.0", arity: -3, [.loading, .stale, .sentinel], acl: [.connection],
            summary: "Finds the keys in a command line and how each is used.",
            complexity: "O(N), N arguments",
            syntax: "command [arg...]",
            handler: IntrospectionCommands.keysAndFlags
        ),
        .help(.server, since: "5.0.0", flags: [.sentinel], acl: [.connection]),
        CommandRow(
            "info", .server, since: "2.8.13", arity: -2, [.loading, .stale, .sentinel], acl: [.connection],
            summary: "Describes commands.",
            complexity: "O(N), N commands",
            tips: [.nondeterministicOutputOrder],
            syntax: "[command-name...]",
            handler: IntrospectionCommands.info
        ),
        CommandRow(
            "list", .server, since: "7.0.0", arity: -2, [.loading, .stale, .sentinel], acl: [.connection],
            summary: "Lists the names of commands.",
            complexity: "O(N), N commands",
            tips: [.nondeterministicOutputOrder],
            syntax: "[FILTERBY filterby(MODULE module-name|ACLCAT category|PATTERN pattern:pattern)]",
            handler: IntrospectionCommands.list
        ),
    ]

    private static let configSubcommands: [CommandRow] = [
        CommandRow(
            "get", .server, since: "2.0.0", arity: -3, [.admin, .noScript, .loading, .stale],
            summary: "Returns settings.",
            complexity: "O(N), N patterns",
            syntax: "parameter...",
            handler: ConfigurationCommands.get
        ),
        .help(.server, since: "5.0.0"),
        CommandRow(
            "resetstat", .server, since: "2.0.0", arity: 2, [.admin, .noScript, .loading, .stale],
            summary: "Sets the statistics of INFO back to zero.",
            tips: [.requestAllNodes, .responseAllSucceeded],
            handler: ConfigurationCommands.resetStatistics
        ),
        CommandRow(
            "rewrite", .server, since: "2.8.0", arity: 2, [.admin, .noScript, .loading, .stale],
            summary: "Writes the settings to the configuration file.",
            tips: [.requestAllNodes, .responseAllSucceeded],
            handler: ConfigurationCommands.rewrite
        ),
        CommandRow(
            "set", .server, since: "2.0.0", arity: -4, [.admin, .noScript, .loading, .stale],
            summary: "Changes settings while the server runs.",
            complexity: "O(N), N settings",
            tips: [.requestAllNodes, .responseAllSucceeded],
            syntax: "data(parameter value)...",
            handler: ConfigurationCommands.set
        ),
    ]

    private static let hotKeySubcommands: [CommandRow] = [
        CommandRow(
            "get", .server, since: "8.6.0", arity: -2, [.admin, .noScript, .loading, .stale],
            summary: "Tells which keys are used most, as a sample of the commands says.",
            tips: [.nondeterministicOutput, .requestAllNodes, .responseSpecial],
            syntax: "[COUNT count:int]",
            handler: HotKeyCommands.get
        ),
        .help(.server, since: "8.6.0"),
        CommandRow(
            "reset", .server, since: "8.6.0", arity: 2, [.admin, .noScript, .loading, .stale],
            summary: "Forgets what has been counted.",
            tips: [.requestAllNodes, .responseAllSucceeded],
            handler: HotKeyCommands.reset
        ),
        CommandRow(
            "start", .server, since: "8.6.0", arity: -2, [.admin, .noScript],
            summary: "Answers that keys are always counted.",
            handler: HotKeyCommands.refuse
        ),
        CommandRow(
            "stop", .server, since: "8.6.0", arity: -2, [.admin, .noScript],
            summary: "Answers that keys are always counted.",
            handler: HotKeyCommands.refuse
        ),
    ]

    private static let latencySubcommands: [CommandRow] = [
        CommandRow(
            "doctor", .server, since: "2.8.13", arity: 2, [.admin, .noScript, .loading, .stale],
            summary: "Explains the slow events seen.",
            tips: [.nondeterministicOutput, .requestAllNodes, .responseSpecial],
            handler: LatencyCommands.doctor
        ),
        CommandRow(
            "graph", .server, since: "2.8.13", arity: 3, [.admin, .noScript, .loading, .stale],
            summary: "Draws the slow events of one kind.",
            tips: [.nondeterministicOutput, .requestAllNodes, .responseSpecial],
            syntax: "event",
            handler: LatencyCommands.graph
        ),
        .help(.server, since: "2.8.13"),
        CommandRow(
            "histogram", .server, since: "7.0.0", arity: -2, [.admin, .noScript, .loading, .stale],
            summary: "Returns how long commands took, as distributions.",
            complexity: "O(N), N commands",
            tips: [.nondeterministicOutput, .requestAllNodes, .responseSpecial],
            syntax: "[command...]",
            handler: LatencyCommands.histogram
        ),
        CommandRow(
            "history", .server, since: "2.8.13", arity: 3, [.admin, .noScript, .loading, .stale],
            summary: "Returns the samples of one kind of slow event.",
            tips: [.nondeterministicOutput, .requestAllNodes, .responseSpecial],
            syntax: "event",
            handler: LatencyCommands.history
        ),
        CommandRow(
            "latest", .server, since: "2.8.13", arity: 2, [.admin, .noScript, .loading, .stale],
            summary: "Returns the last sample of each kind of slow event.",
            tips: [.nondeterministicOutput, .requestAllNodes, .responseSpecial],
            handler: LatencyCommands.latest
        ),
        CommandRow(
            "reset", .server, since: "2.8.13", arity: -2, [.admin, .noScript, .loading, .stale],
            summary: "Forgets samples of slow events.",
            tips: [.requestAllNodes, .responseSum],
            syntax: "[event...]",
            handler: LatencyCommands.reset
        ),
    ]

    private static let memorySubcommands: [CommandRow] = [
        CommandRow(
            "doctor", .server, since: "4.0.0", arity: 2, [],
            summary: "Reports on what is wrong with memory use.",
            tips: [.nondeterministicOutput, .requestAllShards, .responseSpecial],
            handler: MemoryCommands.doctor
        ),
        .help(.server, since: "4.0.0"),
        CommandRow(
            "malloc-stats", .server, since: "4.0.0", arity: 2, [],
            summary: "Returns the allocator's own statistics.",
            complexity: "As the allocator needs",
            tips: [.nondeterministicOutput, .requestAllShards, .responseSpecial],
            handler: MemoryCommands.allocatorStatistics
        ),
        CommandRow(
            "purge", .server, since: "4.0.0", arity: 2, [],
            summary: "Asks the allocator to give memory back.",
            complexity: "As the allocator needs",
            tips: [.requestAllShards, .responseAllSucceeded],
            handler: MemoryCommands.purge
        ),
        CommandRow(
            "stats", .server, since: "4.0.0", arity: 2, [],
            summary: "Tells where memory goes.",
            tips: [.nondeterministicOutput, .requestAllShards, .responseSpecial],
            handler: MemoryCommands.statistics
        ),
        CommandRow(
            "usage", .server, since: "4.0.0", arity: -3, [.readOnly],
            summary: "Estimates the bytes that a key takes.",
            complexity: "O(N), N samples",
            keys: [.index(2, [.readOnly])],
            syntax: "key [SAMPLES count:int]",
            handler: MemoryCommands.usage
        ),
    ]

    private static let moduleSubcommands: [CommandRow] = [
        .help(.server, since: "5.0.0"),
        CommandRow(
            "list", .server, since: "4.0.0", arity: 2, [.admin, .noScript],
            summary: "Lists the loaded modules.",
            complexity: "O(N), N modules",
            tips: [.nondeterministicOutputOrder],
            handler: ProcessCommands.moduleList
        ),
        CommandRow(
            "load", .server, since: "4.0.0", arity: -3, [.admin, .noScript, .noAsyncLoading, .protected],
            summary: "Loads a module.",
            syntax: "path [arg...]",
        ),
        CommandRow(
            "loadex", .server, since: "7.0.0", arity: -3, [.admin, .noScript, .noAsyncLoading, .protected],
            summary: "Loads a module with settings.",
            syntax: "path [CONFIG configs(name value)...+] [ARGS args...]",
        ),
        CommandRow(
            "unload", .server, since: "4.0.0", arity: 3, [.admin, .noScript, .noAsyncLoading, .protected],
            summary: "Unloads a module.",
            syntax: "name",
        ),
    ]

    private static let slowlogSubcommands: [CommandRow] = [
        CommandRow(
            "get", .server, since: "2.2.12", arity: -2, [.admin, .loading, .stale],
            summary: "Returns entries of the slow log.",
            complexity: "O(N), N entries",
            tips: [.nondeterministicOutput, .requestAllNodes],
            syntax: "[count:int]",
            handler: SlowLogCommands.get
        ),
        .help(.server, since: "6.2.0"),
        CommandRow(
            "len", .server, since: "2.2.12", arity: 2, [.admin, .loading, .stale],
            summary: "Counts the entries of the slow log.",
            tips: [.nondeterministicOutput, .requestAllNodes, .responseSum],
            handler: SlowLogCommands.length
        ),
        CommandRow(
            "reset", .server, since: "2.2.12", arity: 2, [.admin, .loading, .stale],
            summary: "Empties the slow log.",
            complexity: "O(N), N entries",
            tips: [.requestAllNodes, .responseAllSucceeded],
            handler: SlowLogCommands.reset
        ),
    ]
}
