// What statements, reports of the server and probes change in a client's session and in its server's.

import PostgresWire
import SessionStatements
import Testing

@testable import PoolerSessions

@Suite("A client's state on its server")
struct ClientStateTests {
    /// One client, one server; texts succeed as a whole.
    private struct Pair {
        var client: ClientState
        var server = ServerState()

        init(identifier: UInt64 = 1, _ startup: [(String, String)] = []) {
            let list = SettingList(startupParameters: startup, options: nil)
            client = ClientState(identifier: identifier, startup: list ?? SettingList())
            server.reportedAtRest("application_name", "")
            server.reportedAtRest("DateStyle", "ISO, MDY")
            server.reportedAtRest("client_encoding", "UTF8")
        }

        var difference: String? { SettingsDifference(client: client, server: server)?.text }

        mutating func apply() {
            if let difference = SettingsDifference(client: client, server: server) {
                server.applied(difference, for: client)
            }
        }

        mutating func run(_ text: String, status: TransactionStatus = .idle, isInBlock: Bool = false) {
            for step in SessionPlanTests.plan(text).steps {
                client.completed(step, isInBlock: isInBlock, on: &server)
            }
            client.ready(status, on: &server)
        }

        mutating func probed(_ values: String?...) {
            guard case .probe(let scope) = client.releaseDecision else { return #expect(Bool(false), "no probe") }
            var findings = ProbeFindings()
            #expect(Self.row(values).withUnsafeBytes { findings.read(dataRow: $0) })
            client.probed(scope, findings, on: &server)
        }

        static func row(_ values: [String?]) -> [UInt8] {
            var row: [UInt8] = [0, UInt8(values.count)]
            for value in values {
                guard let value else {
                    row += [0xFF, 0xFF, 0xFF, 0xFF]
                    continue
                }
                row += [0, 0, 0, UInt8(value.utf8.count)] + Array(value.utf8)
            }
            return row
        }
    }

    @Test("The text in front: reset, set, quoted, authorization last")
    func difference() {
        var pair = Pair([("application_name", "it's \\"), ("datestyle", "ISO, MDY")])
        #expect(pair.difference == "SET \"application_name\" = E'it''s \\\\'")
        pair.apply()
        #expect(pair.difference == nil)
        pair.run("SET search_path = a, \"B c\"; SET ROLE joe; SET my.x = 1")
        #expect(pair.difference == nil)
        let another = ClientState(identifier: 2, startup: SettingList())
        #expect(
            SettingsDifference(client: another, server: pair.server)?.text
                == "RESET SESSION AUTHORIZATION; RESET ROLE; RESET \"application_name\"; RESET \"my\".\"x\"; "
                + "RESET \"search_path\"")
        #expect(
            SettingsDifference(client: pair.client, server: Pair().server)?.text
                == "SET \"application_name\" = E'it''s \\\\'; SET \"my\".\"x\" = '1'; "
                + "SET \"search_path\" = 'a', 'B c'; SET \"role\" = 'joe'")
    }

    @Test("RESET returns to what the client began with, not to the server's own value")
    func reset() {
        var pair = Pair([("application_name", "mine")])
        pair.apply()
        pair.run("SET application_name = 'x'")
        #expect(pair.difference == nil)
        pair.server.reported("application_name", "")
        pair.run("RESET application_name")
        #expect(pair.difference == "SET \"application_name\" = 'mine'")
        pair.apply()
        pair.server.reported("application_name", "")
        pair.run("DISCARD ALL")
        #expect(pair.difference == "SET \"application_name\" = 'mine'")
    }

    @Test("RESET in a block is mended in the block, and undone with it")
    func resetInBlock() {
        var pair = Pair([("application_name", "mine")])
        pair.apply()
        pair.run("BEGIN; SET application_name = 'x'; RESET application_name", status: .inTransaction)
        #expect(pair.difference == "SET \"application_name\" = 'mine'")
        pair.apply()
        #expect(pair.difference == nil)
        pair.run("ROLLBACK", isInBlock: true)
        #expect(pair.difference == nil)
    }

    @Test("A setting whose name nobody can tell pins until everything is reset")
    func unknownSetting() {
        var pair = Pair()
        pair.run("SELECT set_config($1, $2, false)")
        #expect(pair.client.releaseDecision == .pinned(PinReasons(.setting)))
        #expect(pair.client.cleaning == .discardAll)
        pair.run("RESET ALL")
        #expect(pair.client.releaseDecision == .release)
    }

    @Test("What the server reports is taken over: a function has set it")
    func reports() {
        var pair = Pair()
        pair.server.reported("DateStyle", "German, DMY")
        pair.client.ready(.idle, on: &pair.server)
        #expect(pair.client.wanted["datestyle"] == SettingValue("German, DMY"))
        #expect(pair.difference == nil)
        let another = ClientState(identifier: 2, startup: SettingList())
        #expect(SettingsDifference(client: another, server: pair.server)?.text == "RESET \"datestyle\"")
        // Within a block a report may be that of SET LOCAL.
        pair.server.reported("DateStyle", "SQL, DMY")
        pair.client.ready(.inTransaction, on: &pair.server)
        pair.server.reported("DateStyle", "German, DMY")
        pair.client.ready(.idle, on: &pair.server)
        #expect(pair.client.wanted["datestyle"] == SettingValue("German, DMY"))
    }

    @Test("A configuration loaded again while nobody is served is the server's own affair")
    func reloaded() {
        var pair = Pair()
        pair.server.reportedAtRest("DateStyle", "SQL, DMY")
        pair.run("SET a = 1")
        #expect(pair.client.wanted["datestyle"] == nil)
        let another = ClientState(identifier: 2, startup: SettingList())
        #expect(SettingsDifference(client: another, server: pair.server)?.text == "RESET \"a\"")
    }

    @Test("After a statement that hides what it does, the next client's settings begin from nothing")
    func hiddenSettings() {
        var pair = Pair()
        pair.run("SELECT f()")
        #expect(pair.difference == nil)
        let another = ClientState(identifier: 2, startup: SettingList())
        let difference = SettingsDifference(client: another, server: pair.server)
        #expect(difference?.text == "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL")
        if let difference { pair.server.applied(difference, for: another) }
        #expect(SettingsDifference(client: another, server: pair.server) == nil)
    }

    @Test("A probe decides about pins, and what may end a pin asks for another")
    func pins() {
        var pair = Pair()
        pair.run("SELECT pg_advisory_lock(1)")
        #expect(pair.client.releaseDecision == .probe(.locks))
        pair.probed("t", "f", "f", "f", "f", "none")
        #expect(pair.client.releaseDecision == .pinned(PinReasons(.advisoryLock)))
        #expect(pair.client.pins.words == "advisory_lock")
        pair.run("SELECT 1; DROP TABLE t")
        #expect(pair.client.releaseDecision == .pinned(PinReasons(.advisoryLock)))
        pair.run("SELECT pg_advisory_unlock(1)")
        #expect(pair.client.releaseDecision == .probe(.locks))
        #expect(pair.client.cleaning == .query("SELECT pg_catalog.pg_advisory_unlock_all()"))
        pair.probed("f", "f", "f", "f", "f", "none")
        #expect(pair.client.releaseDecision == .release)
        #expect(pair.client.cleaning == .none)
        pair.run("DROP TABLE t; CLOSE ALL; UNLISTEN *")
        #expect(pair.client.releaseDecision == .release)
    }

    @Test("A statement that fails may have taken a lock all the same")
    func failed() {
        var pair = Pair()
        let step = SessionPlanTests.plan("SELECT pg_advisory_lock(1), 1 / 0").steps[0]
        pair.client.failed(during: step, isInBlock: false, on: &pair.server)
        pair.client.ready(.idle, on: &pair.server)
        #expect(pair.client.releaseDecision == .probe(.locks))
        pair.client.probeFailed()
        #expect(pair.client.releaseDecision == .pinned(PinReasons(.unknown)))
        #expect(pair.client.cleaning == .discardAll)
        pair.run("DISCARD ALL")
        #expect(pair.client.releaseDecision == .release)
    }

    @Test("LOAD pins for good, and its server is closed")
    func load() {
        var pair = Pair()
        pair.run("LOAD 'x'; DISCARD ALL")
        #expect(pair.client.releaseDecision == .pinned(PinReasons(.loadedLibrary)))
        #expect(pair.client.cleaning == .close)
    }

    @Test("Statements prepared by SQL: known, executed with their effects, not undone")
    func prepared() {
        var pair = Pair()
        pair.client.completed(
            SessionPlanTests.plan("PREPARE p (int) AS SELECT pg_advisory_lock($1)").steps[0], isInBlock: true,
            isRewritten: true, on: &pair.server)
        pair.run("ROLLBACK")
        #expect(pair.client.statements["p"].map { String(decoding: $0.types, as: UTF8.self) } == "int")
        #expect(pair.client.releaseDecision == .release)
        pair.run("EXECUTE p(1)")
        #expect(pair.client.releaseDecision == .probe(.locks))
        pair.probed("f", "f", "f", "f", "f", "none")
        pair.run("PREPARE q AS SELECT 1")
        #expect(pair.client.releaseDecision == .probe(.statements))
        pair.probed("f", "f", "f", "f", "t", "none")
        #expect(pair.client.releaseDecision == .pinned(PinReasons(.preparedStatement)))
        #expect(pair.client.cleaning == .discardAll)
        pair.run("DEALLOCATE q; DEALLOCATE P")
        #expect(pair.client.statements.isEmpty)
        #expect(pair.client.releaseDecision == .probe(.statements))
    }

    @Test("LISTEN counts from the commit")
    func channels() {
        var pair = Pair()
        pair.run("BEGIN; LISTEN \"A\"; LISTEN b", status: .inTransaction)
        #expect(pair.client.channels.isEmpty)
        pair.run("ROLLBACK", isInBlock: true)
        #expect(pair.client.channels.isEmpty)
        pair.run("LISTEN \"A\"; LISTEN B; UNLISTEN a")
        #expect(pair.client.channels == ["A", "b"])
        pair.run("UNLISTEN *")
        #expect(pair.client.channels.isEmpty)
    }

    @Test("Settings that only the server can tell are asked for and taken over")
    func learned() {
        var pair = Pair()
        pair.run("SELECT set_config('my.x', $1, false)")
        #expect(pair.client.releaseDecision == .probe(.namedSettings))
        #expect(pair.client.probedSettingNames == ["my.x"])
        var findings = ProbeFindings()
        #expect(Pair.row(["my.x", "42"]).withUnsafeBytes { findings.read(dataRow: $0) })
        #expect(Pair.row(["f", "f", "f", "f", "f", "joe"]).withUnsafeBytes { findings.read(dataRow: $0) })
        pair.client.probed(.namedSettings, findings, on: &pair.server)
        #expect(pair.client.wanted["my.x"] == SettingValue("42"))
        #expect(pair.client.wanted["role"] == SettingValue("joe"))
        #expect(pair.difference == nil)
        #expect(pair.client.releaseDecision == .release)
        #expect(
            SettingsDifference(client: pair.client, server: ServerState())?.text
                == "SET \"my\".\"x\" = '42'; SET \"role\" = 'joe'")
    }

    @Test("A setting changed through pg_settings is asked for, taken over, and no other client's")
    func settingsView() {
        var pair = Pair()
        pair.run("UPDATE pg_settings SET setting = '64' WHERE name = 'work_mem'")
        #expect(pair.client.releaseDecision == .probe(.allSettings))
        var findings = ProbeFindings()
        #expect(Pair.row(["f", "f", "f", "f", "f", "none"]).withUnsafeBytes { findings.read(dataRow: $0) })
        #expect(Pair.row(["work_mem", "64"]).withUnsafeBytes { findings.read(dataRow: $0) })
        pair.client.probed(.allSettings, findings, on: &pair.server)
        #expect(pair.client.releaseDecision == .release)
        #expect(
            SettingsDifference(client: pair.client, server: ServerState())?.text == "SET \"work_mem\" = '64'")
        let another = ClientState(identifier: 2, startup: SettingList())
        #expect(
            SettingsDifference(client: another, server: pair.server)?.text
                == "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL")
    }

    @Test("Who reads sequences outside of a block keeps the server, and sees nobody else's values")
    func sequences() {
        var pair = Pair()
        #expect(
            SettingsDifference(client: pair.client, server: pair.server, discardsSequences: true)?.text
                == "DISCARD SEQUENCES")
        pair.run("BEGIN; SELECT nextval('s')", status: .inTransaction)
        pair.run("SELECT lastval()", status: .inTransaction, isInBlock: true)
        pair.run("COMMIT", isInBlock: true)
        #expect(pair.client.releaseDecision == .release)
        pair.run("SELECT currval('s')")
        #expect(pair.client.releaseDecision == .pinned(PinReasons(.sequence)))
        pair.run("DISCARD SEQUENCES")
        #expect(pair.client.releaseDecision == .release)
    }

    @Test("Rows that are none of a probe's are refused")
    func malformedRows() {
        var findings = ProbeFindings()
        for row in [[], [0], [0, 1], [0, 1, 0, 0, 0, 2, 0x74], [0, 6, 0, 0], Pair.row(["a"]) + [0]] as [[UInt8]] {
            #expect(!row.withUnsafeBytes { findings.read(dataRow: $0) })
        }
    }

    @Test("What the client was told, and what it has to be told on another server")
    func told() {
        var pair = Pair()
        #expect(pair.client.reportsToTell(of: pair.server).count == 3)
        for report in pair.client.reportsToTell(of: pair.server) {
            let isNew = pair.client.tell(report.name, report.value)
            #expect(isNew)
        }
        #expect(pair.client.reportsToTell(of: pair.server).isEmpty)
        let isNews = [pair.client.tell("client_encoding", "UTF8"), pair.client.tell("client_encoding", "SJIS")]
        #expect(isNews == [false, true])
        #expect(pair.client.lexicalRules.encoding == .shiftJIS && !pair.client.lexicalRules.isUTF8)
        _ = pair.client.tell("standard_conforming_strings", "off")
        #expect(!pair.client.lexicalRules.standardConformingStrings)
    }
}
