// The rows of the command table for scripts and functions. `CommandRow` says what each part means.

extension CommandTable {
    static let scriptingRows: [CommandRow] = [
        CommandRow(
            "eval", .scripting, since: "2.6.0", arity: -3,
            [.noScript, .stale, .mayReplicate, .skipMonitor, .noMandatoryKeys], acl: [.scripting],
            summary: "Runs a Lua script.",
            complexity: "As the script",
            keys: [.counted(2, [.readWrite, .access, .update])],
            syntax: "script numkeys:int [key...] [arg...]",
        ),
        CommandRow(
            "evalsha", .scripting, since: "2.6.0", arity: -3,
            [.noScript, .stale, .mayReplicate, .skipMonitor, .noMandatoryKeys], acl: [.scripting],
            summary: "Runs a cached Lua script by its SHA1 digest.",
            complexity: "As the script",
            keys: [.counted(2, [.readWrite, .access, .update])],
            syntax: "sha1 numkeys:int [key...] [arg...]",
        ),
        CommandRow(
            "evalsha_ro", .scripting, since: "7.0.0", arity: -3,
            [.readOnly, .noScript, .stale, .skipMonitor, .noMandatoryKeys], acl: [.scripting],
            summary: "Runs a cached Lua script that only reads.",
            complexity: "As the script",
            keys: [.counted(2, [.readOnly, .access])],
            syntax: "sha1 numkeys:int [key...] [arg...]",
        ),
        CommandRow(
            "eval_ro", .scripting, since: "7.0.0", arity: -3,
            [.readOnly, .noScript, .stale, .skipMonitor, .noMandatoryKeys], acl: [.scripting],
            summary: "Runs a Lua script that only reads.",
            complexity: "As the script",
            keys: [.counted(2, [.readOnly, .access])],
            syntax: "script numkeys:int [key...] [arg...]",
        ),
        CommandRow(
            "fcall", .scripting, since: "7.0.0", arity: -3,
            [.noScript, .stale, .mayReplicate, .skipMonitor, .noMandatoryKeys], acl: [.scripting],
            summary: "Calls a function.",
            complexity: "As the function",
            keys: [.counted(2, [.readWrite, .access, .update])],
            syntax: "function numkeys:int [key...] [arg...]",
        ),
        CommandRow(
            "fcall_ro", .scripting, since: "7.0.0", arity: -3,
            [.readOnly, .noScript, .stale, .skipMonitor, .noMandatoryKeys], acl: [.scripting],
            summary: "Calls a function that only reads.",
            complexity: "As the function",
            keys: [.counted(2, [.readOnly, .access])],
            syntax: "function numkeys:int [key...] [arg...]",
        ),
        CommandRow(
            "function", .scripting, since: "7.0.0", arity: -2, [],
            summary: "Groups the commands about function libraries.",
            complexity: "Depends on the subcommand",
            subcommands: functionSubcommands,
        ),
        CommandRow(
            "script", .scripting, since: "2.6.0", arity: -2, [],
            summary: "Groups the commands about the script cache.",
            complexity: "Depends on the subcommand",
            subcommands: scriptSubcommands,
        ),
    ]

    private static let functionSubcommands: [CommandRow] = [
        CommandRow(
            "delete", .scripting, since: "7.0.0", arity: 3, [.write, .noScript], acl: [.scripting],
            summary: "Deletes a library and its functions.",
            tips: [.requestAllShards, .responseAllSucceeded],
            syntax: "library-name",
        ),
        CommandRow(
            "dump", .scripting, since: "7.0.0", arity: 2, [.noScript], acl: [.scripting],
            summary: "Returns all libraries in serialised form.",
            complexity: "O(N), N functions",
        ),
        CommandRow(
            "flush", .scripting, since: "7.0.0", arity: -2, [.write, .noScript], acl: [.scripting],
            summary: "Deletes all libraries.",
            complexity: "O(N), N functions",
            tips: [.requestAllShards, .responseAllSucceeded],
            syntax: "[flush-type(ASYNC|SYNC)]",
        ),
        .help(.scripting, since: "7.0.0", acl: [.scripting]),
        CommandRow(
            "kill", .scripting, since: "7.0.0", arity: 2, [.noScript, .allowBusy], acl: [.scripting],
            summary: "Ends the function that runs now, if it has not written.",
            tips: [.requestAllShards, .responseOneSucceeded],
        ),
        CommandRow(
            "list", .scripting, since: "7.0.0", arity: -2, [.noScript], acl: [.scripting],
            summary: "Describes the libraries.",
            complexity: "O(N), N functions",
            tips: [.nondeterministicOutputOrder],
            syntax: "[LIBRARYNAME library-name-pattern] [WITHCODE]",
        ),
        CommandRow(
            "load", .scripting, since: "7.0.0", arity: -3, [.write, .denyOutOfMemory, .noScript], acl: [.scripting],
            summary: "Loads a library.",
            complexity: "As compiling its code",
            tips: [.requestAllShards, .responseAllSucceeded],
            syntax: "[REPLACE] function-code",
        ),
        CommandRow(
            "restore", .scripting, since: "7.0.0", arity: -3, [.write, .denyOutOfMemory, .noScript], acl: [.scripting],
            summary: "Loads libraries from what FUNCTION DUMP returned.",
            complexity: "O(N), N functions",
            tips: [.requestAllShards, .responseAllSucceeded],
            syntax: "serialized-value [policy(FLUSH|APPEND|REPLACE)]",
        ),
        CommandRow(
            "stats", .scripting, since: "7.0.0", arity: 2, [.noScript, .allowBusy], acl: [.scripting],
            summary: "Tells which function runs now, and about the engines.",
            tips: [.nondeterministicOutput, .requestAllShards, .responseSpecial],
        ),
    ]

    private static let scriptSubcommands: [CommandRow] = [
        CommandRow(
            "debug", .scripting, since: "3.2.0", arity: 3, [.noScript], acl: [.scripting],
            summary: "Chooses how EVAL is debugged.",
            syntax: "mode(YES|SYNC|NO)",
        ),
        CommandRow(
            "exists", .scripting, since: "2.6.0", arity: -3, [.noScript], acl: [.scripting],
            summary: "Tells which scripts are cached.",
            complexity: "O(N), N digests",
            tips: [.requestAllShards, .responseLogicalAnd],
            syntax: "sha1...",
        ),
        CommandRow(
            "flush", .scripting, since: "2.6.0", arity: -2, [.noScript], acl: [.scripting],
            summary: "Empties the script cache.",
            complexity: "O(N), N scripts",
            tips: [.requestAllNodes, .responseAllSucceeded],
            syntax: "[flush-type(ASYNC|SYNC)@6.2.0]",
        ),
        .help(.scripting, since: "5.0.0", acl: [.scripting]),
        CommandRow(
            "kill", .scripting, since: "2.6.0", arity: 2, [.noScript, .allowBusy], acl: [.scripting],
            summary: "Ends the script that runs now, if it has not written.",
            tips: [.requestAllShards, .responseOneSucceeded],
        ),
        CommandRow(
            "load", .scripting, since: "2.6.0", arity: 3, [.noScript, .stale], acl: [.scripting],
            summary: "Puts a script in the cache.",
            complexity: "O(N), N bytes of the script",
            tips: [.requestAllNodes, .responseAllSucceeded],
            syntax: "script",
        ),
    ]
}
