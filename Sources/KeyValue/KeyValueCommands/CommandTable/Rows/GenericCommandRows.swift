// The rows of the command table for keys of any type. `CommandRow` says what each part means.

extension CommandTable {
    static let genericRows: [CommandRow] = [
        CommandRow(
            "copy", .generic, since: "6.2.0", arity: -3, [.write, .denyOutOfMemory], acl: [.keyspace],
            summary: "Copies a value to another key.",
            complexity: "O(N), N elements; O(1) for a string",
            keys: [.index(1, [.readOnly, .access]), .index(2, [.overwrite, .update])],
            syntax: "source:key destination:key1 [DB destination-db:int] [REPLACE]",
            handler: MovingCommands.copy
        ),
        CommandRow(
            "del", .generic, since: "1.0.0", arity: -2, [.write], acl: [.keyspace],
            summary: "Deletes keys.",
            complexity: "O(N), N keys",
            tips: [.requestMultiShard, .responseSum],
            keys: [.index(1, last: -1, [.remove, .delete])],
            syntax: "key...",
            handler: DeletionCommands.delete
        ),
        CommandRow(
            "dump", .generic, since: "2.6.0", arity: 2, [.readOnly], acl: [.keyspace],
            summary: "Returns a value in serialised form.",
            complexity: "O(N), N bytes of the value",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key",
            handler: DumpCommands.dump
        ),
        CommandRow(
            "exists", .generic, since: "1.0.0", arity: -2, [.readOnly, .fast], acl: [.keyspace],
            summary: "Counts how many of the keys exist.",
            complexity: "O(N), N keys",
            tips: [.requestMultiShard, .responseSum],
            keys: [.index(1, last: -1, [.readOnly])],
            syntax: "key...",
            handler: DeletionCommands.exists
        ),
        CommandRow(
            "expire", .generic, since: "1.0.0", arity: -3, [.write, .fast], acl: [.keyspace],
            summary: "Lets a key end after some seconds.",
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key seconds:int [condition(NX|XX|GT|LT)@7.0.0]",
            handler: ExpiryCommands.expire
        ),
        CommandRow(
            "expireat", .generic, since: "1.2.0", arity: -3, [.write, .fast], acl: [.keyspace],
            summary: "Lets a key end at a time given in Unix seconds.",
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key unix-time-seconds:time [condition(NX|XX|GT|LT)@7.0.0]",
            handler: ExpiryCommands.expireAt
        ),
        CommandRow(
            "expiretime", .generic, since: "7.0.0", arity: 2, [.readOnly, .fast], acl: [.keyspace],
            summary: "Tells when a key ends, in Unix seconds.",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key",
            handler: ExpiryCommands.expireTime
        ),
        CommandRow(
            "keys", .generic, since: "1.0.0", arity: 2, [.readOnly], acl: [.keyspace, .dangerous],
            summary: "Lists the keys that match a pattern.",
            complexity: "O(N), N keys in the database",
            tips: [.nondeterministicOutputOrder, .requestAllShards],
            syntax: "pattern:pattern",
            handler: DatabaseCommands.keys
        ),
        CommandRow(
            "migrate", .generic, since: "2.6.0", arity: -6, [.write], acl: [.keyspace, .dangerous],
            summary: "Moves keys to another server.",
            complexity: "As DUMP, DEL and RESTORE, and the transfer",
            tips: [.nondeterministicOutput],
            keys: [
                .index(3, [.readWrite, .access, .delete]),
                .keyword("KEYS", from: -2, last: -1, [.readWrite, .access, .delete, .incomplete]),
            ],
            keySearch: .migrate,
            syntax: """
                host port:int key-selector(key|'' empty-string:token) destination-db:int timeout:int [COPY@3.0.0] \
                [REPLACE@3.0.0] [authentication(AUTH auth/password@4.0.7|AUTH2 auth2(username password)@6.0.0)] \
                [KEYS keys:key1/key...@3.0.6]
                """,
            handler: MigrateCommand.migrate
        ),
        CommandRow(
            "move", .generic, since: "1.0.0", arity: 3, [.write, .fast], acl: [.keyspace],
            summary: "Moves a key to another database.",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key db:int",
            handler: MovingCommands.move
        ),
        CommandRow(
            "object", .generic, since: "2.2.3", arity: -2, [],
            summary: "Groups the commands that look inside a value.",
            complexity: "Depends on the subcommand",
            subcommands: objectSubcommands,
        ),
        CommandRow(
            "persist", .generic, since: "2.2.0", arity: 2, [.write, .fast], acl: [.keyspace],
            summary: "Removes the expiry time of a key.",
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key",
            handler: ExpiryCommands.persist
        ),
        CommandRow(
            "pexpire", .generic, since: "2.6.0", arity: -3, [.write, .fast], acl: [.keyspace],
            summary: "Lets a key end after some milliseconds.",
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key milliseconds:int [condition(NX|XX|GT|LT)@7.0.0]",
            handler: ExpiryCommands.expireMilliseconds
        ),
        CommandRow(
            "pexpireat", .generic, since: "2.6.0", arity: -3, [.write, .fast], acl: [.keyspace],
            summary: "Lets a key end at a time given in Unix milliseconds.",
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key unix-time-milliseconds:time [condition(NX|XX|GT|LT)@7.0.0]",
            handler: ExpiryCommands.expireAtMilliseconds
        ),
        CommandRow(
            "pexpiretime", .generic, since: "7.0.0", arity: 2, [.readOnly, .fast], acl: [.keyspace],
            summary: "Tells when a key ends, in Unix milliseconds.",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key",
            handler: ExpiryCommands.expireTimeMilliseconds
        ),
        CommandRow(
            "pttl", .generic, since: "2.6.0", arity: 2, [.readOnly, .fast], acl: [.keyspace],
            summary: "Tells how many milliseconds a key has left.",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key",
            handler: ExpiryCommands.timeToLiveMilliseconds
        ),
        CommandRow(
            "randomkey", .generic, since: "1.0.0", arity: 1, [.readOnly, .touchesArbitraryKeys], acl: [.keyspace],
            summary: "Returns one of the keys at random.",
            tips: [.nondeterministicOutput, .requestAllShards, .responseSpecial],
            handler: DatabaseCommands.randomKey
        ),
        CommandRow(
            "rename", .generic, since: "1.0.0", arity: 3, [.write], acl: [.keyspace],
            summary: "Renames a key, over an existing one if need be.",
            keys: [.index(1, [.readWrite, .access, .delete]), .index(2, [.overwrite, .update])],
            syntax: "key newkey:key1",
            handler: MovingCommands.rename
        ),
        CommandRow(
            "renamenx", .generic, since: "1.0.0", arity: 3, [.write, .fast], acl: [.keyspace],
            summary: "Renames a key unless the new name exists.",
            keys: [.index(1, [.readWrite, .access, .delete]), .index(2, [.overwrite, .insert])],
            syntax: "key newkey:key1",
            handler: MovingCommands.renameIfAbsent
        ),
        CommandRow(
            "restore", .generic, since: "2.6.0", arity: -4, [.write, .denyOutOfMemory], acl: [.keyspace, .dangerous],
            summary: "Creates a key from what DUMP returned.",
            complexity: "O(N), N bytes of the value",
            keys: [.index(1, [.overwrite, .update])],
            syntax: """
                key ttl:int serialized-value [REPLACE@3.0.0] [ABSTTL@5.0.0] [IDLETIME seconds:int@5.0.0] \
                [FREQ frequency:int@5.0.0]
                """,
            handler: RestoreCommand.restore
        ),
        CommandRow(
            "scan", .generic, since: "2.8.0", arity: -2, [.readOnly, .touchesArbitraryKeys], acl: [.keyspace],
            summary: "Walks the keys of the database, some at a call.",
            complexity: "O(1) a call, O(N) for the whole walk",
            tips: [.nondeterministicOutput, .requestSpecial, .responseSpecial],
            syntax: "cursor:int [MATCH pattern:pattern] [COUNT count:int] [TYPE type@6.0.0]",
            handler: ScanCommand.scan
        ),
        CommandRow(
            "sort", .generic, since: "1.0.0", arity: -2,
            [.write, .denyOutOfMemory], acl: [.sortedSet, .list, .set, .dangerous],
            summary: "Returns or stores the sorted elements of a list, set or sorted set.",
            complexity: "O(N+M*log(M)), N elements, M returned",
            keys: [
                .index(1, [.readOnly, .access]),
                .unknown([.readOnly, .access]),
                .unknown([.overwrite, .update]),
            ],
            keySearch: .sort,
            syntax: """
                key [BY by-pattern:pattern#1/pattern] [LIMIT limit(offset:int count:int)] \
                [GET get-pattern:pattern#1/pattern...+] [order(ASC|DESC)] [ALPHA sorting:token] \
                [STORE destination:key2]
                """,
            handler: SortCommand.sort
        ),
        CommandRow(
            "sort_ro", .generic, since: "7.0.0", arity: -2, [.readOnly], acl: [.sortedSet, .list, .set, .dangerous],
            summary: "Returns the sorted elements of a list, set or sorted set.",
            complexity: "O(N+M*log(M)), N elements, M returned",
            keys: [.index(1, [.readOnly, .access]), .unknown([.readOnly, .access])],
            keySearch: .sortReadOnly,
            syntax: """
                key [BY by-pattern:pattern#1/pattern] [LIMIT limit(offset:int count:int)] \
                [GET get-pattern:pattern#1/pattern...+] [order(ASC|DESC)] [ALPHA sorting:token]
                """,
            handler: SortCommand.sortReadOnly
        ),
        CommandRow(
            "touch", .generic, since: "3.2.1", arity: -2, [.readOnly, .fast], acl: [.keyspace],
            summary: "Marks keys as used now and counts those that exist.",
            complexity: "O(N), N keys",
            tips: [.requestMultiShard, .responseSum],
            keys: [.index(1, last: -1, [.readOnly])],
            syntax: "key...",
            handler: DeletionCommands.touch
        ),
        CommandRow(
            "ttl", .generic, since: "1.0.0", arity: 2, [.readOnly, .fast], acl: [.keyspace],
            summary: "Tells how many seconds a key has left.",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key",
            handler: ExpiryCommands.timeToLive
        ),
        CommandRow(
            "type", .generic, since: "1.0.0", arity: 2, [.readOnly, .fast], acl: [.keyspace],
            summary: "Tells the type of a value.",
            keys: [.index(1, [.readOnly])],
            syntax: "key",
            handler: DeletionCommands.type
        ),
        CommandRow(
            "unlink", .generic, since: "4.0.0", arity: -2, [.write, .fast], acl: [.keyspace],
            summary: "Deletes keys and frees their memory in the background.",
            complexity: "O(1) a key; the memory is freed elsewhere",
            tips: [.requestMultiShard, .responseSum],
            keys: [.index(1, last: -1, [.remove, .delete])],
            syntax: "key...",
            handler: DeletionCommands.delete
        ),
        CommandRow(
            "wait", .generic, since: "3.0.0", arity: 3, [], acl: [.connection],
            summary: "Waits until replicas have this connection's writes.",
            tips: [.requestAllShards, .responseMinimum],
            syntax: "numreplicas:int timeout:int",
            handler: WaitingCommands.wait
        ),
        CommandRow(
            "waitaof", .generic, since: "7.2.0", arity: 4, [.noScript], acl: [.connection],
            summary: "Waits until this connection's writes are on disk here and on replicas.",
            tips: [.requestAllShards, .responseMinimum],
            syntax: "numlocal:int numreplicas:int timeout:int",
            handler: WaitingCommands.waitForFile
        ),
    ]

    private static let objectSubcommands: [CommandRow] = [
        CommandRow(
            "encoding", .generic, since: "2.2.3", arity: 3, [.readOnly], acl: [.keyspace],
            summary: "Tells how a value is stored.",
            tips: [.nondeterministicOutput],
            keys: [.index(2, [.readOnly])],
            syntax: "key",
            handler: ObjectCommands.encoding
        ),
        CommandRow(
            "freq", .generic, since: "4.0.0", arity: 3, [.readOnly], acl: [.keyspace],
            summary: "Tells how often a key is used, as a logarithmic counter.",
            tips: [.nondeterministicOutput],
            keys: [.index(2, [.readOnly])],
            syntax: "key",
            handler: ObjectCommands.frequency
        ),
        .help(.generic, since: "6.2.0", acl: [.keyspace]),
        CommandRow(
            "idletime", .generic, since: "2.2.3", arity: 3, [.readOnly], acl: [.keyspace],
            summary: "Tells for how many seconds a key was not used.",
            tips: [.nondeterministicOutput],
            keys: [.index(2, [.readOnly])],
            syntax: "key",
            handler: ObjectCommands.idleTime
        ),
        CommandRow(
            "refcount", .generic, since: "2.2.3", arity: 3, [.readOnly], acl: [.keyspace],
            summary: "Tells how many references a value has.",
            tips: [.nondeterministicOutput],
            keys: [.index(2, [.readOnly])],
            syntax: "key",
            handler: ObjectCommands.referenceCount
        ),
    ]
}
