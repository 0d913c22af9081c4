// The rows of the command table for strings as bitmaps. `CommandRow` says what each part means.

extension CommandTable {
    static let bitmapRows: [CommandRow] = [
        CommandRow(
            "bitcount", .bitmap, since: "2.6.0", arity: -2, [.readOnly], acl: [.bitmap],
            summary: "Counts the bits set in a string, or in a range of it.",
            complexity: "O(N), N bytes",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key [range(start:int end:int [unit(BYTE|BIT)@7.0.0])]",
            handler: BitmapCommands.count
        ),
        CommandRow(
            "bitfield", .bitmap, since: "3.2.0", arity: -2, [.write, .denyOutOfMemory], acl: [.bitmap],
            summary: "Reads, sets and increments integers of any width inside a string.",
            complexity: "O(1) an operation",
            keys: [.index(1, [.readWrite, .access, .update, .variableFlags])],
            keySearch: .bitfield,
            syntax: """
                key [operation(GET get-block(encoding offset:int)|write([OVERFLOW overflow-block(WRAP|SAT|FAIL)] \
                write-operation(SET set-block(encoding offset:int value:int)|\
                INCRBY incrby-block(encoding offset:int increment:int))))...]
                """,
            handler: BitFieldCommands.bitField
        ),
        CommandRow(
            "bitfield_ro", .bitmap, since: "6.0.0", arity: -2, [.readOnly, .fast], acl: [.bitmap],
            summary: "Reads integers of any width inside a string.",
            complexity: "O(1) an operation",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key [GET get-block(encoding offset:int)...+]",
            handler: BitFieldCommands.bitFieldReadOnly
        ),
        CommandRow(
            "bitop", .bitmap, since: "2.6.0", arity: -4, [.write, .denyOutOfMemory], acl: [.bitmap],
            summary: "Combines strings bit by bit and stores the outcome.",
            complexity: "O(N), N bytes",
            keys: [.index(2, [.overwrite, .update]), .index(3, last: -1, [.readOnly, .access])],
            syntax: "operation(AND|OR|XOR|NOT) destkey:key key:key1...",
            handler: BitmapCommands.combine
        ),
        CommandRow(
            "bitpos", .bitmap, since: "2.8.7", arity: -3, [.readOnly], acl: [.bitmap],
            summary: "Finds the first bit that is set, or the first that is clear.",
            complexity: "O(N), N bytes",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key bit:int [range(start:int [end-unit-block(end:int [unit(BYTE|BIT)@7.0.0])])]",
            handler: BitmapCommands.position
        ),
        CommandRow(
            "getbit", .bitmap, since: "2.2.0", arity: 3, [.readOnly, .fast], acl: [.bitmap],
            summary: "Reads one bit of a string.",
            keys: [.index(1, [.readOnly, .access])],
            syntax: "key offset:int",
            handler: BitmapCommands.getBit
        ),
        CommandRow(
            "setbit", .bitmap, since: "2.2.0", arity: 4, [.write, .denyOutOfMemory], acl: [.bitmap],
            summary: "Writes one bit of a string, which grows as needed, and returns the old bit.",
            keys: [.index(1, [.readWrite, .access, .update])],
            syntax: "key offset:int value:int",
            handler: BitmapCommands.setBit
        ),
    ]
}
