import RESP

@testable import KeyValueCommands

extension DirectiveCase {
    /// Who may do what, and how much of it.
    static let limits: [DirectiveCase] = [
        DirectiveCase("databases", "32", expect: "+OK", insteadOf: "-ERR DB index is out of range", "SELECT 20"),
        DirectiveCase(
            "requirepass", "secret", expect: "-NOAUTH Authentication required.", insteadOf: "+PONG", "PING"),
        DirectiveCase(
            "proto-max-bulk-len", "1mb", expect: "-ERR Protocol error: invalid bulk length", insteadOf: "+OK"
        ) { $0.ask(["SET", "key", String(repeating: "v", count: 2 << 20)]) },
        DirectiveCase("timeout", "10", expect: "1 to be closed", insteadOf: "0 to be closed") { client in
            _ = client.ask("PING")
            client.engine.setTime(milliseconds: client.engine.pointee.now + 11_000)
            client.engine.keepHouse()
            return "\(client.engine.pointee.pendingClose.count) to be closed"
        },
        DirectiveCase("enable-debug-command", "yes", expect: "+OK", insteadOf: "-ERR DEBUG") { client in
            let reply = client.ask("DEBUG SET-ACTIVE-EXPIRE 1")
            return reply == "+OK" ? reply : String(reply.prefix(10))
        },
        DirectiveCase("enable-module-command", "yes", expect: "allowed", insteadOf: "not allowed") { client in
            let reply = client.ask("MODULE LOAD module.so")
            return reply.hasPrefix("-ERR MODULE command not allowed.") ? "not allowed" : "allowed"
        },
        DirectiveCase(
            "enable-protected-configs", "yes", expect: "+OK",
            insteadOf: "-ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config",
            "CONFIG SET dir ."),
        DirectiveCase("hz", "50", expect: "20 ms", insteadOf: "100 ms") { "\($0.engine.expireCycle()) ms" },
        DirectiveCase("active-expire-effort", "10", expect: "20 ms", insteadOf: "100 ms") { client in
            // Few keys are due: a low effort does not follow them, a high one does.
            _ = client.ask("SET key value PX 100000")
            client.engine.pointee.activeExpiry.dueShare = 0.025
            return "\(client.engine.expireCycle()) ms"
        },
    ]
}
