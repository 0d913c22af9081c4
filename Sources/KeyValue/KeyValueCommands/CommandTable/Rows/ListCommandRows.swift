// The rows of the command table for lists. `CommandRow` says what each part means.

extension CommandTable {
    static let listRows: [CommandRow] = [
        CommandRow(
            "blmove", .list, since: "6.2.0", arity: 6, [.write, .denyOutOfMemory, .blocking], acl: [.list],
            summary: "Moves an element from one list to another; waits for one if need be.",
            keys: [.index(1, [.readWrite, .access, .delete]), .index(2, [.readWrite, .insert])],
            syntax: "source:key destination:key1 wherefrom(LEFT|RIGHT) whereto(LEFT|RIGHT) timeout:double",
            handler: ListCommands.blmove
        ),
        CommandRow(
            "blmpop", .list, since: "7.0.0", arity: -5, [.write, .blocking], acl: [.list],
            summary: "Takes elements from the first list that has any; waits for one if need be.",
            complexity: "O(N+M), N keys, M elements returned",
            keys: [.counted(2, [.readWrite, .access, .delete])],
            syntax: "timeout:double numkeys:int key... where(LEFT|RIGHT) [COUNT count:int]",
            handler: ListCommands.blmpop
        ),
        CommandRow(
            "blpop", .list, since: "2.0.0", arity: -3, [.write, .blocking], acl: [.list],
            summary: "Takes the first element of the first list that has any; waits if need be.",
            complexity: "O(N), N keys",
            keys: [.index(1, last: -2, [.readWrite, .access, .delete])],
            syntax: "key... timeout:double",
            handler: ListCommands.blpop
        ),
        CommandRow(
            "brpop", .list, since: "2.0.0", arity: -3, [.write, .blocking], acl: [.list],
            summary: "Takes the last element of the first list that has any; waits if need be.",
            complexity: "O(N), N keys",
            keys: [.index(1, last: -2, [.readWrite, .access, .delete])],
            syntax: "key... timeout:double",
            handler: ListCommands.brpop
        ),
        CommandRow(
            "brpoplpush", .list, since: "2.2.0", arity: 4, [.write, .denyOutOfMemory, .blocking], acl: [.list],
            summary: "Moves the last element of one list to the head of another; waits if need be.",
            deprecation: .init(since: "6.2.0", replacement: "`BLMOVE` with `RIGHT` and `LEFT`"),
            keys: [.index(1, [.readWrite, .access, .delete]), .index(2, [.readWrite, .insert])],
            syntax: "source:key destination:key1 timeout:double",
            handler: ListCommands.brpoplpush
        ),
        CommandRow(
            "lindex", .list, since: "1.0.0", arity: 3, [.readOnly], acl: [.list],
            summary: "Returns the element at an index.",
            complexity: "O(N), N elements passed over",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key index:int",
            handler: ListCommands.lindex
        ),
        CommandRow(
            "linsert", .list, since: "2.2.0", arity: 5, [.write, .denyOutOfMemory], acl: [.list],
            summary: "Inserts an element before or after another.",
            complexity: "O(N), N elements passed over",
            keys: [.index(1, [.readWrite, .insert])],
            syntax: "key where(BEFORE|AFTER) pivot element",
            handler: ListCommands.linsert
        ),
        CommandRow(
            "llen", .list, since: "1.0.0", arity: 2, [.readOnly, .fast], acl: [.list],
            summary: "Counts the elements of a list.",
            keys: [.index(1, [.readOnly])],
            syntax: "key",
            handler: ListCommands.llen
        ),
        CommandRow(
            "lmove", .list, since: "6.2.0", arity: 5, [.write, .denyOutOfMemory], acl: [.list],
            summary: "Moves an element from one list to another.",
            keys: [.index(1, [.readWrite, .access, .delete]), .index(2, [.readWrite, .insert])],
            syntax: "source:key destination:key1 wherefrom(LEFT|RIGHT) whereto(LEFT|RIGHT)",
            handler: ListCommands.lmove
        ),
        CommandRow(
            "lmpop", .list, since: "7.0.0", arity: -4, [.write], acl: [.list],
            summary: "Takes elements from the first list that has any.",
            complexity: "O(N+M), N keys, M elements returned",
            keys: [.counted(1, [.readWrite, .access, .delete])],
            syntax: "numkeys:int key... where(LEFT|RIGHT) [COUNT count:int]",
            handler: ListCommands.lmpop
        ),
        CommandRow(
            "lpop", .list, since: "1.0.0", arity: -2, [.write, .fast], acl: [.list],
            summary: "Takes elements from the head of a list.",
            complexity: "O(N), N elements returned",
            keys: [.index(1, [.readWrite, .access, .delete])],
            syntax: "key [count:int@6.2.0]",
            handler: ListCommands.lpop
        ),
        CommandRow(
            "lpos", .list, since: "6.0.6", arity: -3, [.readOnly], acl: [.list],
            summary: "Finds the indexes of an element.",
            complexity: "O(N), N elements in the list",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key element [RANK rank:int] [COUNT num-matches:int] [MAXLEN len:int]",
            handler: ListCommands.lpos
        ),
        CommandRow(
            "lpush", .list, since: "1.0.0", arity: -3, [.write, .denyOutOfMemory, .fast], acl: [.list],
            summary: "Adds elements at the head of a list.",
            complexity: "O(1) an element",
            keys: [.index(1, [.readWrite, .insert])],
            syntax: "key element...",
            handler: ListCommands.lpush
        ),
        CommandRow(
            "lpushx", .list, since: "2.2.0", arity: -3, [.write, .denyOutOfMemory, .fast], acl: [.list],
            summary: "Adds elements at the head of a list that exists.",
            complexity: "O(1) an element",
            keys: [.index(1, [.readWrite, .insert])],
            syntax: "key element...",
            handler: ListCommands.lpushx
        ),
        CommandRow(
            "lrange", .list, since: "1.0.0", arity: 4, [.readOnly], acl: [.list],
            summary: "Returns the elements in a range of indexes.",
            complexity: "O(S+N), S elements passed over, N returned",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key start:int stop:int",
            handler: ListCommands.lrange
        ),
        CommandRow(
            "lrem", .list, since: "1.0.0", arity: 4, [.write], acl: [.list],
            summary: "Removes elements equal to a value.",
            complexity: "O(N+M), N elements in the list, M removed",
            keys: [.index(1, [.readWrite, .delete])],
            syntax: "key count:int element",
            handler: ListCommands.lrem
        ),
        CommandRow(
            "lset", .list, since: "1.0.0", arity: 4, [.write, .denyOutOfMemory], acl: [.list],
            summary: "Replaces the element at an index.",
            complexity: "O(N), N elements passed over",
            keys: [.index(1, [.readWrite, .update])],
            syntax: "key index:int element",
            handler: ListCommands.lset
        ),
        CommandRow(
            "ltrim", .list, since: "1.0.0", arity: 4, [.write], acl: [.list],
            summary: "Keeps only a range of a list.",
            complexity: "O(N), N elements removed",
            keys: [.index(1, [.readWrite, .delete])],
            syntax: "key start:int stop:int",
            handler: ListCommands.ltrim
        ),
        CommandRow(
            "rpop", .list, since: "1.0.0", arity: -2, [.write, .fast], acl: [.list],
            summary: "Takes elements from the tail of a list.",
            complexity: "O(N), N elements returned",
            keys: [.index(1, [.readWrite, .access, .delete])],
            syntax: "key [count:int@6.2.0]",
            handler: ListCommands.rpop
        ),
        CommandRow(
            "rpoplpush", .list, since: "1.2.0", arity: 3, [.write, .denyOutOfMemory], acl: [.list],
            summary: "Moves the last element of one list to the head of another.",
            deprecation: .init(since: "6.2.0", replacement: "`LMOVE` with `RIGHT` and `LEFT`"),
            keys: [.index(1, [.readWrite, .access, .delete]), .index(2, [.readWrite, .insert])],
            syntax: "source:key destination:key1",
            handler: ListCommands.rpoplpush
        ),
        CommandRow(
            "rpush", .list, since: "1.0.0", arity: -3, [.write, .denyOutOfMemory, .fast], acl: [.list],
            summary: "Adds elements at the tail of a list.",
            complexity: "O(1) an element",
            keys: [.index(1, [.readWrite, .insert])],
            syntax: "key element...",
            handler: ListCommands.rpush
        ),
        CommandRow(
            "rpushx", .list, since: "2.2.0", arity: -3, [.write, .denyOutOfMemory, .fast], acl: [.list],
            summary: "Adds elements at the tail of a list that exists.",
            complexity: "O(1) an element",
            keys: [.index(1, [.readWrite, .insert])],
            syntax: "key element...",
            handler: ListCommands.rpushx
        ),
    ]
}
