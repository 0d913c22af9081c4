import Testing

@testable import PoolerSessions

struct ConsoleStatementTests {
    @Test(
        "Texts are read by PgBouncer's grammar",
        arguments: [
            ("show pools", .command("show", argument: "pools")),
            ("  SHOW\tPOOLS ; ", .command("show", argument: "POOLS")),
            ("reload;", .command("reload", argument: "")),
            ("PAUSE \"my \"\"db\"\"\"", .command("pause", argument: "my \"db\"")),
            ("kill_client 17", .command("kill_client", argument: "17")),
            ("set verbose=2", .set("verbose", value: "2")),
            ("SET  verbose  TO 2 ;", .set("verbose", value: "2")),
            ("set auth_type = 'scram-sha-256'", .set("auth_type", value: "scram-sha-256")),
            ("set admin_users='a,b''c'", .set("admin_users", value: "a,b'c")),
            ("set x = \"two words\"", .set("x", value: "two words")),
            ("set x = ''", .set("x", value: "")),
            // Beyond PgBouncer: values that are no words.
            ("set reserve_pool_timeout = 2.5", .set("reserve_pool_timeout", value: "2.5")),
            ("set max_db_connections = -1", .set("max_db_connections", value: "-1")),
            // One text is one statement.
            ("show pools; show lists", .invalid),
            ("show pools;;", .invalid),
            ("pause a b", .invalid),
            ("", .invalid),
            (";", .invalid),
            ("set x", .invalid),
            ("set x =", .invalid),
            ("set x = a b", .invalid),
            ("set x = 'open", .invalid),
            ("set x toy", .invalid),
            ("pause \"open", .invalid),
            ("show-pools", .invalid),
            ("\"set\" x = 1", .invalid),
            ("nosuchcommandatall", .badArguments),
            ("pause " + String(repeating: "d", count: 64), .badArguments),
            ("set " + String(repeating: "k", count: 64) + " = 1", .badArguments),
            ("set k = " + String(repeating: "v", count: 4097), .badArguments),
        ] as [(String, ConsoleStatement)])
    func reading(_ text: String, _ expected: ConsoleStatement) {
        #expect(ConsoleStatement(text) == expected)
    }
}
