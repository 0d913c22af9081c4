import SessionStatements
import Testing

@testable import PoolerSessions

@Suite("What statements change in a session")
struct SessionPlanTests {
    static func plan(_ text: String, _ rules: LexicalRules = LexicalRules()) -> SessionPlan {
        Array(text.utf8).withUnsafeBytes { SessionPlan(text: $0, rules: rules) }
    }

    private static func set(_ pairs: (String, SettingValue)...) -> SessionChange {
        .set(pairs.map { SettingList.Entry(name: $0.0, value: $0.1) })
    }

    @Test(
        "SET and RESET in every form",
        arguments: [
            ("SET Work_Mem = '64MB'", set(("work_mem", SettingValue("64MB")))),
            ("SET my.\"X\" TO 1", set(("my.x", SettingValue("1")))),
            ("SET search_path = a, \"B\"", set(("search_path", .items(["a", "B"])))), ("SET LOCAL a = 1", .none),
            ("SET a TO DEFAULT", .reset("a")), ("SET TIME ZONE 'UTC'", set(("timezone", SettingValue("UTC")))),
            ("SET TIME ZONE -7", set(("timezone", SettingValue("-7")))), ("SET TIME ZONE LOCAL", .reset("timezone")),
            (
                "SET TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE",
                set(("timezone", .timeZoneInterval("INTERVAL '+02:00' HOUR TO MINUTE")))
            ),
            ("SET NAMES 'LATIN1'", set(("client_encoding", SettingValue("LATIN1")))),
            ("SET NAMES", .reset("client_encoding")),
            ("SET SCHEMA 'x'", set(("search_path", SettingValue("x")))),
            ("SET ROLE joe", set(("role", SettingValue("joe")))),
            ("SET XML OPTION CONTENT", set(("xmloption", SettingValue("content")))),
            ("SET SESSION AUTHORIZATION joe", set(("session_authorization", SettingValue("joe")))),
            ("SET SESSION AUTHORIZATION DEFAULT", .reset("session_authorization")),
            (
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY NOT DEFERRABLE",
                set(
                    ("default_transaction_isolation", SettingValue("repeatable read")),
                    ("default_transaction_read_only", SettingValue("on")),
                    ("default_transaction_deferrable", SettingValue("off")))
            ),
            ("SET TRANSACTION READ ONLY", .none), ("SET transaction_isolation = 'serializable'", .none),
            ("SET a = f(1)", .setUntrackable("a")), ("SELECT set_config($1, $2, false)", .setUntrackable("set_config")),
            ("SELECT set_config($1, $2, true)", .none), ("RESET a.b", .reset("a.b")), ("RESET ALL", .resetAll),
            ("RESET ROLE", .reset("role")),
            ("RESET TIME ZONE", .reset("timezone")), ("RESET SESSION AUTHORIZATION", .reset("session_authorization")),
            (
                "SELECT set_config('Search_Path', '\"$user\", Public', false)",
                set(("search_path", .items(["$user", "public"])))
            ),
            ("SELECT set_config('a', 'b', true)", set()),
        ] as [(String, SessionChange)])
    func settings(text: String, change: SessionChange) {
        #expect(Self.plan(text).steps.map(\.change) == [change])
    }

    @Test("A value beyond ASCII is only known in UTF-8")
    func encodings() {
        let latin = LexicalRules(standardConformingStrings: "on", clientEncoding: "LATIN1")
        #expect(Self.plan("SET a = 'é'", latin).steps.map(\.change) == [.setUntrackable("a")])
        #expect(Self.plan("SET a = 'e'", latin).steps.map(\.change) == [Self.set(("a", SettingValue("e")))])
    }

    @Test(
        "What is suspected, and what may have ended",
        arguments: [
            ("SELECT 1", [], []), ("SELECT pg_advisory_lock(1)", .locks, []),
            ("SELECT pg_advisory_unlock(1)", [], .locks),
            ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", .cursors, []), ("CLOSE c", [], .cursors),
            ("SELECT 1 INTO TEMP t", .temporary, []), ("DROP TABLE t", [], .temporary),
            ("DISCARD TEMP", [], .temporary),
            ("SELECT f()", [.objects, .namedSettings], []), ("DO 'x'", .all, []), ("DEALLOCATE p", [], .statements),
            ("CREATE TEMP TABLE t (a int)", [.objects, .namedSettings], []),
            ("SELECT set_config('a', $1, false)", .namedSettings, []),
            ("SELECT set_config($1, $2, false)", [], []),
        ] as [(String, ProbeScope, ProbeScope)])
    func suspicion(text: String, scope: ProbeScope, endings: ProbeScope) {
        let step = Self.plan(text).steps[0]
        #expect(step.suspicion.scope == scope)
        #expect(step.suspicion.endings == endings)
    }

    @Test(
        "Values in raw form",
        arguments: [("\"$user\", public", ["$user", "public"]), ("A,\"B \"\"c\"", ["a", "B \"c"]), ("", [""])])
    func lists(raw: String, items: [String]) {
        #expect(SettingValue(raw: raw, of: "search_path") == .items(items))
        #expect(SettingValue(raw: raw, of: "datestyle") == .items([raw]))
    }

    @Test("Options of the startup packet")
    func options() {
        func read(_ text: String) -> [String]? { ServerOptions.settings(text)?.map { "\($0.name)=\($0.value)" } }
        #expect(read(" -c a=b --search-path=x\\ y  -cC.d=") == ["a=b", "search_path=x y", "c.d="])
        #expect(read("") == [])
        for text in ["-c", "-c a", "-B 10", "a=b", "--=x", "-d 3"] { #expect(read(text) == nil) }
        let list = SettingList(startupParameters: [("DateStyle", "ISO")], options: "-c datestyle=German -c x.y=1")
        #expect(list?["datestyle"] == SettingValue("ISO"))
        #expect(list?["x.y"] == SettingValue("1"))
    }
}
