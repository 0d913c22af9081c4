// The rows of the command table for hashes. `CommandRow` says what each part means.

extension CommandTable {
    static let hashRows: [CommandRow] = [
        CommandRow(
            "hdel", .hash, since: "2.0.0", arity: -3, [.write, .fast], acl: [.hash],
            summary: "Deletes fields of a hash.",
            complexity: "O(N), N fields",
            keys: [.index(1, [.readWrite, .delete])],
            syntax: "key field...",
            handler: HashCommands.hdel
        ),
        CommandRow(
            "hexists", .hash, since: "2.0.0", arity: 3, [.readOnly, .fast], acl: [.hash],
            summary: "Tells whether a hash has a field.",
            keys: [.index(1, [.readOnly])],
            syntax: "key field",
            handler: HashCommands.hexists
        ),
        CommandRow(
            "hget", .hash, since: "2.0.0", arity: 3, [.readOnly, .fast], acl: [.hash],
            summary: "Returns the value of a field.",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key field",
            handler: HashCommands.hget
        ),
        CommandRow(
            "hgetall", .hash, since: "2.0.0", arity: 2, [.readOnly], acl: [.hash],
            summary: "Returns all fields and values of a hash.",
            complexity: "O(N), N fields in the hash",
            tips: [.nondeterministicOutputOrder],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key",
            handler: HashCommands.hgetall
        ),
        CommandRow(
            "hincrby", .hash, since: "2.0.0", arity: 4, [.write, .denyOutOfMemory, .fast], acl: [.hash],
            summary: "Adds an integer to a field.",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key field increment:int",
            handler: HashCommands.hincrby
        ),
        CommandRow(
            "hincrbyfloat", .hash, since: "2.6.0", arity: 4, [.write, .denyOutOfMemory, .fast], acl: [.hash],
            summary: "Adds a number with a fraction to a field.",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key field increment:double",
            handler: HashCommands.hincrbyfloat
        ),
        CommandRow(
            "hkeys", .hash, since: "2.0.0", arity: 2, [.readOnly], acl: [.hash],
            summary: "Returns the fields of a hash.",
            complexity: "O(N), N fields in the hash",
            tips: [.nondeterministicOutputOrder],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key",
            handler: HashCommands.hkeys
        ),
        CommandRow(
            "hlen", .hash, since: "2.0.0", arity: 2, [.readOnly, .fast], acl: [.hash],
            summary: "Counts the fields of a hash.",
            keys: [.index(1, [.readOnly])],
            syntax: "key",
            handler: HashCommands.hlen
        ),
        CommandRow(
            "hmget", .hash, since: "2.0.0", arity: -3, [.readOnly, .fast], acl: [.hash],
            summary: "Returns the values of several fields.",
            complexity: "O(N), N fields asked for",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key field...",
            handler: HashCommands.hmget
        ),
        CommandRow(
            "hmset", .hash, since: "2.0.0", arity: -4, [.write, .denyOutOfMemory, .fast], acl: [.hash],
            summary: "Sets several fields.",
            complexity: "O(N), N fields",
            deprecation: .init(since: "4.0.0", replacement: "`HSET`"),
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key data(field value)...",
            handler: HashCommands.hmset
        ),
        CommandRow(
            "hrandfield", .hash, since: "6.2.0", arity: -2, [.readOnly], acl: [.hash],
            summary: "Returns fields of a hash at random.",
            complexity: "O(N), N fields returned",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key [options(count:int [WITHVALUES])]",
            handler: HashCommands.hrandfield
        ),
        CommandRow(
            "hscan", .hash, since: "2.8.0", arity: -3, [.readOnly], acl: [.hash],
            summary: "Walks the fields and values of a hash, some at a call.",
            complexity: "O(1) a call, O(N) for the whole walk",
            tips: [.nondeterministicOutput],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key cursor:int [MATCH pattern:pattern] [COUNT count:int]",
            handler: HashCommands.hscan
        ),
        CommandRow(
            "hset", .hash, since: "2.0.0", arity: -4, [.write, .denyOutOfMemory, .fast], acl: [.hash],
            summary: "Sets fields of a hash.",
            complexity: "O(1) a field",
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key data(field value)...",
            handler: HashCommands.hset
        ),
        CommandRow(
            "hsetnx", .hash, since: "2.0.0", arity: 4, [.write, .denyOutOfMemory, .fast], acl: [.hash],
            summary: "Sets a field unless it exists.",
            keys: [.index(1, [.readWrite, .insert])],
            syntax: "key field value",
            handler: HashCommands.hsetnx
        ),
        CommandRow(
            "hstrlen", .hash, since: "3.2.0", arity: 3, [.readOnly, .fast], acl: [.hash],
            summary: "Tells the length of a field's value.",
            keys: [.index(1, [.readOnly])],
            syntax: "key field",
            handler: HashCommands.hstrlen
        ),
        CommandRow(
            "hvals", .hash, since: "2.0.0", arity: 2, [.readOnly], acl: [.hash],
            summary: "Returns the values of a hash.",
            complexity: "O(N), N fields in the hash",
            tips: [.nondeterministicOutputOrder],
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key",
            handler: HashCommands.hvals
        ),
    ]
}
