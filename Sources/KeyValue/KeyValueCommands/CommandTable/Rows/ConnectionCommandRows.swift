// The rows of the command table for connections. `CommandRow` says what each part means.

extension CommandTable {
    static let connectionRows: [CommandRow] = [
        CommandRow(
            "auth", .connection, since: "1.0.0", arity: -2,
            [.noScript, .loading, .stale, .fast, .noAuthentication, .allowBusy, .sentinel], acl: [.connection],
            summary: "Logs this connection in.",
            complexity: "O(N), N passwords of the user",
            syntax: "[username@6.0.0] password",
            handler: AuthenticationCommands.auth
        ),
        CommandRow(
            "client", .connection, since: "2.4.0", arity: -2, [.sentinel],
            summary: "Groups the commands about connections.",
            complexity: "Depends on the subcommand",
            subcommands: clientSubcommands,
        ),
        CommandRow(
            "echo", .connection, since: "1.0.0", arity: 2, [.loading, .stale, .fast], acl: [.connection],
            summary: "Returns its argument.",
            syntax: "message",
            handler: ConnectionCommands.echo
        ),
        CommandRow(
            "hello", .connection, since: "6.0.0", arity: -1,
            [.noScript, .loading, .stale, .fast, .noAuthentication, .allowBusy, .sentinel], acl: [.connection],
            summary: "Chooses the protocol version and tells about the server; may log in.",
            syntax: "[arguments(protover:int [AUTH auth(username password)] [SETNAME clientname])]",
            handler: AuthenticationCommands.hello
        ),
        CommandRow(
            "ping", .connection, since: "1.0.0", arity: -1, [.fast, .sentinel], acl: [.connection],
            summary: "Answers PONG, or its argument.",
            tips: [.requestAllShards, .responseAllSucceeded],
            syntax: "[message]",
            handler: ConnectionCommands.ping
        ),
        CommandRow(
            "quit", .connection, since: "1.0.0", arity: -1,
            [.noScript, .loading, .stale, .fast, .noAuthentication, .allowBusy], acl: [.connection],
            summary: "Closes this connection.",
            deprecation: .init(since: "7.2.0", replacement: "closing the connection"),
            handler: ConnectionCommands.quit
        ),
        CommandRow(
            "reset", .connection, since: "6.2.0", arity: 1,
            [.noScript, .loading, .stale, .fast, .noAuthentication, .allowBusy], acl: [.connection],
            summary: "Brings this connection back to the state of a new one.",
            handler: AuthenticationCommands.reset
        ),
        CommandRow(
            "select", .connection, since: "1.0.0", arity: 2, [.loading, .stale, .fast], acl: [.connection],
            summary: "Chooses the database of this connection.",
            syntax: "index:int",
            handler: ConnectionCommands.select
        ),
    ]

    private static let clientSubcommands: [CommandRow] = [
        CommandRow(
            "caching", .connection, since: "6.0.0", arity: 3,
            [.noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Says whether the keys of the next command are to be tracked.",
            syntax: "mode(YES|NO)",
            handler: TrackingCommands.caching
        ),
        CommandRow(
            "getname", .connection, since: "2.6.9", arity: 2,
            [.noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Tells the name of this connection.",
            handler: ClientCommands.getName
        ),
        CommandRow(
            "getredir", .connection, since: "6.0.0", arity: 2,
            [.noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Tells which connection receives this one's invalidation messages.",
            handler: TrackingCommands.redirection
        ),
        .help(.connection, since: "5.0.0", flags: [.sentinel], acl: [.connection]),
        CommandRow(
            "id", .connection, since: "5.0.0", arity: 2, [.noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Tells the id of this connection.",
            handler: ClientCommands.id
        ),
        CommandRow(
            "info", .connection, since: "6.2.0", arity: 2, [.noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Describes this connection.",
            tips: [.nondeterministicOutput],
            handler: ClientCommands.info
        ),
        CommandRow(
            "kill", .connection, since: "2.4.0", arity: -3,
            [.admin, .noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Closes connections chosen by address, id, type, user and age.",
            complexity: "O(N), N connections",
            syntax: """
                filter(old-format/ip:port@-2.8.12|new-format([ID client-id:int@2.8.12]|[TYPE client-type(NORMAL|\
                MASTER@3.2.0|SLAVE|REPLICA@5.0.0|PUBSUB)@2.8.12]|[USER username]|[ADDR addr/ip:port]|\
                [LADDR laddr/ip:port@6.2.0]|[SKIPME skipme(YES|NO)])...)
                """,
            handler: ClientCommands.kill
        ),
        CommandRow(
            "list", .connection, since: "2.4.0", arity: -2,
            [.admin, .noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Describes the open connections.",
            complexity: "O(N), N connections",
            tips: [.nondeterministicOutput],
            syntax: "[TYPE client-type(NORMAL|MASTER|REPLICA|PUBSUB)@5.0.0] [ID client-id:int...@6.2.0]",
            handler: ClientCommands.list
        ),
        CommandRow(
            "no-evict", .connection, since: "7.0.0", arity: 3,
            [.admin, .noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Exempts this connection from client eviction.",
            syntax: "enabled(ON|OFF)",
            handler: ClientCommands.noEvict
        ),
        CommandRow(
            "no-touch", .connection, since: "7.2.0", arity: 3, [.noScript, .loading, .stale], acl: [.connection],
            summary: "Keeps this connection's commands from changing when keys were last used.",
            syntax: "enabled(ON|OFF)",
            handler: ClientCommands.noTouch
        ),
        CommandRow(
            "pause", .connection, since: "3.0.0", arity: -3,
            [.admin, .noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Holds back the commands of clients for a time.",
            syntax: "timeout:int [mode(WRITE|ALL)@6.2.0]",
            handler: ClientCommands.pause
        ),
        CommandRow(
            "reply", .connection, since: "3.2.0", arity: 3,
            [.noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Turns the replies of this connection on or off.",
            syntax: "action(ON|OFF|SKIP)",
            handler: ClientCommands.reply
        ),
        CommandRow(
            "setinfo", .connection, since: "7.2.0", arity: 4,
            [.noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Sets the name or version of the client library.",
            tips: [.requestAllNodes, .responseAllSucceeded],
            syntax: "attr(LIB-NAME libname|LIB-VER libver)",
            handler: ClientCommands.setInformation
        ),
        CommandRow(
            "setname", .connection, since: "2.6.9", arity: 3,
            [.noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Names this connection.",
            tips: [.requestAllNodes, .responseAllSucceeded],
            syntax: "connection-name",
            handler: ClientCommands.setName
        ),
        CommandRow(
            "tracking", .connection, since: "6.0.0", arity: -3,
            [.noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Turns invalidation messages for cached keys on or off.",
            complexity: "O(1), plus the prefixes given",
            syntax: "status(ON|OFF) [REDIRECT client-id:int] [PREFIX prefix...+] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
            handler: TrackingCommands.tracking
        ),
        CommandRow(
            "trackinginfo", .connection, since: "6.2.0", arity: 2,
            [.noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Tells how tracking is set up for this connection.",
            handler: TrackingCommands.information
        ),
        CommandRow(
            "unblock", .connection, since: "5.0.0", arity: -3,
            [.admin, .noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Wakes a connection that waits in a blocking command.",
            complexity: "O(log N), N connections",
            syntax: "client-id:int [unblock-type(TIMEOUT|ERROR)]",
            handler: ClientCommands.unblock
        ),
        CommandRow(
            "unpause", .connection, since: "6.2.0", arity: 2,
            [.admin, .noScript, .loading, .stale, .sentinel], acl: [.connection],
            summary: "Ends CLIENT PAUSE.",
            complexity: "O(N), N clients held back",
            handler: ClientCommands.unpause
        ),
    ]
}
