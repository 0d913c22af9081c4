import PoolerConfiguration
import Testing

@testable import PoolerSessions

struct ConsoleTests {
    private static let snapshot: ConfigurationSnapshot = {
        var snapshot = ConfigurationSnapshot()
        snapshot.databases["db"] = DatabaseEntry(name: "db")
        return snapshot
    }()

    /// What follows from each of the statements, told one after the other to one console.
    private static func steps(
        _ texts: [String], access: ConsoleAccess = .administration, ending: PoolerSwitches.Ending = .none
    ) -> [ConsoleStep] {
        var console = Console(version: "test 1.0")
        if ending != .none { console.begin(ending) }
        return texts.map { console.begin(ConsoleRequest(client: 1, access: access, text: $0), snapshot).step }
    }

    @Test(
        "Statements that cannot be carried out are refused in PgBouncer's words",
        arguments: [
            (["frobnicate"], "invalid command 'frobnicate', use SHOW HELP;"),
            (["show nothing"], "invalid command 'show nothing', use SHOW HELP;"),
            (["show pools; show lists"], "invalid command 'show pools; show lists', use SHOW HELP;"),
            (["reload now"], "invalid command 'reload now', use SHOW HELP;"),
            (["suspend db"], "invalid command 'suspend db', use SHOW HELP;"),
            (["shutdown slowly"], "invalid command 'shutdown slowly', use SHOW HELP;"),
            (["averylongcommandname"], "bad arguments"),
            (["pause", "pause"], "already suspended/paused"),
            (["suspend", "kill db"], "already suspended/paused"),
            (["kill", "suspend"], "already suspended/paused"),
            (["pause db", "suspend"], "cannot suspend with paused databases"),
            (["resume"], "pooler is not paused/suspended"),
            (["resume db"], "database db is not paused"),
            (["pause nodb"], "no such database: nodb"),
            (["kill nodb"], "no such database: nodb"),
            (["pause pgbouncer"], "cannot pause admin db: pgbouncer"),
            (["wait_close pgbouncer"], "cannot wait in admin db: pgbouncer"),
            (["disable"], "a database is required"),
            (["enable"], "a database is required"),
            (["kill_client"], "invalid client pointer supplied"),
            (["kill_client abc"], "invalid client pointer supplied"),
        ] as [([String], String)])
    func refusals(_ texts: [String], _ message: String) {
        #expect(Self.steps(texts).last == .answer(.failure(code: "08P01", message)))
    }

    @Test("Nothing is resumed while the pooler waits for its end")
    func resumeAtEnd() {
        #expect(
            Self.steps(["resume"], ending: .waitingForClients)
                == [.answer(.failure(code: "08P01", "pooler is shutting down"))])
    }

    @Test(
        "Whoever may only look changes nothing, and sees no descriptors",
        arguments: [
            "pause", "resume", "kill", "kill_client 1", "reconnect", "reload", "disable db", "enable db", "suspend",
            "shutdown", "shutdown wait_for_clients", "wait_close", "set verbose = 2", "show fds",
        ])
    func statisticsAccess(_ text: String) {
        #expect(
            Self.steps([text], access: .statistics) == [.answer(.failure(code: "08P01", "admin access needed"))])
        #expect(Self.steps([text]) != [.answer(.failure(code: "08P01", "admin access needed"))])
        #expect(Self.steps(["show pools"], access: .statistics) == [.report(.pools)])
    }

    @Test("Clients that ask for settings before all else are told some")
    func imaginedSettings() {
        #expect(
            Self.steps(["SHOW TimeZone", "set datestyle = 'ISO'"], access: .statistics) == [
                .answer(.setting(name: "timezone", value: "GMT")), .answer(.notice("SET ignored", tag: "SET")),
            ])
    }

    @Test("SELECT is SHOW, and the version needs nobody")
    func select() {
        #expect(
            Self.steps(["select lists", "show version"]) == [
                .report(.lists), .answer(.rows(.version, [["test 1.0"]])),
            ])
    }

    @Test("Commands have the loops follow, and answer at once unless there is something to wait for")
    func commands() {
        var paused = PoolerSwitches()
        paused.mode = .paused
        var pausedDatabase = PoolerSwitches()
        pausedDatabase.pausedDatabases = [ExactName("db")]
        var disabled = PoolerSwitches()
        disabled.disabledDatabases = [ExactName("db")]
        let active = PoolerSwitches()
        #expect(
            Self.steps(["pause", "resume"]) == [
                .command([.follow(paused)], nil), .command([.follow(active)], .done(tag: "RESUME")),
            ])
        #expect(
            Self.steps(["pause db", "resume db"]) == [
                .command([.follow(pausedDatabase)], nil), .command([.follow(active)], .done(tag: "RESUME")),
            ])
        #expect(
            Self.steps(["disable db", "enable db"]) == [
                .command([.follow(disabled)], .done(tag: "DISABLE")), .command([.follow(active)], .done(tag: "ENABLE")),
            ])
        #expect(
            Self.steps(["kill db", "resume db"]) == [
                .command([.follow(pausedDatabase), .kill(database: "db")], .done(tag: "KILL")),
                .command([.follow(active)], .done(tag: "RESUME")),
            ])
        // What KILL has stopped, RESUME lets go on.
        #expect(
            Self.steps(["kill", "resume"]) == [
                .command([.follow(paused), .kill(database: nil)], .done(tag: "KILL")),
                .command([.follow(active)], .done(tag: "RESUME")),
            ])
        #expect(
            Self.steps(["reconnect", "reconnect db", "wait_close"]) == [
                .command([.reconnect(database: nil)], .done(tag: "RECONNECT")),
                .command([.reconnect(database: "db")], .done(tag: "RECONNECT")), .command([], nil),
            ])
        #expect(
            Self.steps(["kill_client 7", "reload", "set verbose = 1", "shutdown"]) == [
                .killClient(7), .reload, .set("verbose", value: "1"), .stop,
            ])
    }

    @Test("Who waits is answered when it has come about, each for his own")
    func waiting() {
        var console = Console(version: "")
        func tell(_ client: UInt64, _ text: String) {
            _ = console.begin(ConsoleRequest(client: client, access: .administration, text: text), Self.snapshot)
        }
        tell(1, "pause db")
        tell(2, "wait_close")
        let none = console.settle { _ in false }
        #expect(none.isEmpty)
        let first = console.settle { $0 == .paused(database: "db") }
        #expect(first.map(\.client) == [1])
        #expect(first.map(\.answer) == [.done(tag: "PAUSE")])
        let second = console.settle { _ in true }
        #expect(second.map(\.client) == [2])
        #expect(second.map(\.answer) == [.done(tag: "WAIT_CLOSE")])
        #expect(!console.hasWaiters)
    }

    @Test("A cancelled PAUSE is taken back")
    func cancel() {
        var console = Console(version: "")
        for text in ["pause db", "pause"] {
            _ = console.begin(ConsoleRequest(client: 1, access: .administration, text: text), Self.snapshot)
            #expect(console.switches != PoolerSwitches())
            let answer = console.cancel(1)
            #expect(answer == .failure(code: "57014", "canceling statement due to user request"))
            #expect(console.switches == PoolerSwitches())
            let again = console.cancel(1)
            #expect(again == nil)
        }
    }

    @Test("A suspension ends with the last client of the console, a pause does not")
    func suspensionWithoutConsole() {
        for (text, endsWithLast) in [("suspend", true), ("pause", false)] {
            var console = Console(version: "")
            _ = console.begin(ConsoleRequest(client: 1, access: .administration, text: text), Self.snapshot)
            let endsBefore = console.forget(2, isLast: false)
            #expect(!endsBefore)
            let ends = console.forget(1, isLast: true)
            #expect(ends == endsWithLast)
            #expect((console.switches.mode == .active) == endsWithLast)
        }
    }

    @Test("The console is for those that are listed; where nobody is asked, all may look")
    func access() {
        var settings = SettingTable.defaults
        settings.adminUsers = WordList("root, boss")
        settings.statisticsUsers = WordList("watcher boss")
        settings.authenticationType = .trust
        #expect(ConsoleAccess(user: "boss", settings) == .administration)
        #expect(ConsoleAccess(user: "watcher", settings) == .statistics)
        #expect(ConsoleAccess(user: "nobody", settings) == nil)
        settings.authenticationType = .any
        #expect(ConsoleAccess(user: "nobody", settings) == .statistics)
        #expect(ConsoleAccess(user: "root", settings) == .administration)
    }
}
