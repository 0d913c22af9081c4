import PoolerConfiguration
import Testing

@testable import PoolerSessions

/// Two clients and one server: who is told which values of sequences, by what the server is sent.
@Suite("Values of sequences")
struct SequenceTests {
    private let pooler = ScriptedPooler { snapshot in snapshot.settings.defaultPoolSize = 1 }
    private let server: ScriptedServer
    private let one: ScriptedClient
    private let other: ScriptedClient

    init() throws {
        one = pooler.client()
        server = try #require(pooler.serve())
        other = pooler.client()
        _ = (one.take(), other.take())
    }

    /// What the server has been sent since the last time: texts of queries and types of other messages.
    private func sent() -> [String] {
        server.take().map { message in
            guard message.type == "Q" || message.type == "P" else { return String(message.type) }
            return String(decoding: message.body.filter { $0 != 0 }, as: UTF8.self)
        }
    }

    /// A request is answered with success. Returns what the server was sent for it; behind that it has the status.
    @discardableResult
    private func run(_ client: ScriptedClient, _ text: String, status: String = "I") -> [String] {
        pooler.send(client, WireBytes.query(text))
        let texts = sent()
        for _ in texts.dropLast() { answer(presentStatus) }
        answer(status)
        #expect(client.takeTypes() == "CZ")
        return texts
    }

    private var presentStatus: String {
        String(UnicodeScalar(server.pointer.pointee.transactionStatus))
    }

    private func answer(_ status: String = "I") {
        pooler.send(
            server, WireBytes.message("C", WireBytes.text("SELECT 0")) + WireBytes.message("Z", Array(status.utf8)))
    }

    @Test(
        "The first who asks is not told what others have advanced",
        arguments: [
            "SELECT nextval('s')", "INSERT INTO t DEFAULT VALUES", "UPDATE t SET a = DEFAULT", "COPY t FROM STDIN",
            "WITH a AS (INSERT INTO t VALUES (1) RETURNING n) SELECT n FROM a",
        ])
    func foreign(_ advance: String) {
        run(one, advance)
        #expect(run(other, "SELECT currval('s')") == ["DISCARD SEQUENCES", "SELECT currval('s')"])
        // It was the only question: nothing of others is left.
        pooler.send(other, WireBytes.query("SELECT lastval()"))
        #expect(sent() == ["SELECT lastval()"])
    }

    @Test("Nor in a transaction that has done nothing yet")
    func foreignInBlock() {
        run(one, "INSERT INTO t DEFAULT VALUES")
        run(other, "BEGIN", status: "T")
        #expect(run(other, "SELECT lastval()", status: "T") == ["DISCARD SEQUENCES", "SELECT lastval()"])
    }

    @Test("A question that comes with BEGIN waits for the server to be in the transaction")
    func pipelined() {
        run(one, "INSERT INTO t DEFAULT VALUES")
        pooler.send(other, WireBytes.query("BEGIN") + WireBytes.query("SELECT lastval()"))
        #expect(sent() == ["BEGIN"])
        answer("T")
        #expect(sent() == ["DISCARD SEQUENCES", "SELECT lastval()"])
    }

    @Test("A client's own values stay", arguments: ["SELECT nextval('s')", "INSERT INTO t DEFAULT VALUES"])
    func own(_ advance: String) {
        run(one, advance)
        #expect(run(one, "SELECT lastval()") == ["SELECT lastval()"])
    }

    @Test("Those of its transaction stay; where such questions are asked, servers come without others' values")
    func ownInBlock() {
        run(one, "INSERT INTO t DEFAULT VALUES")
        run(other, "BEGIN", status: "T")
        run(other, "INSERT INTO t DEFAULT VALUES", status: "T")
        // Its own cannot be told from the others'.
        #expect(run(other, "SELECT lastval()", status: "T") == ["SELECT lastval()"])
        run(other, "COMMIT")
        #expect(run(one, "BEGIN", status: "T") == ["DISCARD SEQUENCES", "BEGIN"])
        run(one, "INSERT INTO t DEFAULT VALUES", status: "T")
        #expect(run(one, "SELECT lastval()", status: "T") == ["SELECT lastval()"])
    }

    @Test("Where nobody asks, nothing is sent")
    func unasked() {
        for client in [one, other, one] {
            #expect(run(client, "INSERT INTO t DEFAULT VALUES") == ["INSERT INTO t DEFAULT VALUES"])
            #expect(run(client, "SELECT 1") == ["SELECT 1"])
        }
    }

    @Test("Where others ask in a later transaction, who advances a sequence keeps the server")
    func kept() throws {
        run(one, "SELECT currval('s')")
        run(one, "DISCARD SEQUENCES")
        run(other, "SELECT nextval('s')")
        pooler.send(one, WireBytes.query("SELECT 1"))
        #expect(sent() == [])
        #expect(run(other, "SELECT currval('s')") == ["SELECT currval('s')"])
        run(other, "DISCARD SEQUENCES")
        #expect(sent() == ["SELECT 1"])
    }

    @Test("In a failed transaction nothing is sent that would fail too")
    func failed() {
        run(one, "INSERT INTO t DEFAULT VALUES")
        run(other, "BEGIN", status: "T")
        pooler.send(other, WireBytes.query("SELECT 1 / 0"))
        _ = sent()
        pooler.send(server, WireBytes.error("ERROR", "22012", "no") + WireBytes.message("Z", Array("E".utf8)))
        pooler.send(other, WireBytes.query("SELECT lastval()"))
        #expect(sent() == ["SELECT lastval()"])
    }

    private static let extended =
        WireBytes.parse("", "SELECT currval('s')") + WireBytes.bind("", []) + WireBytes.execute() + WireBytes.sync

    @Test("By the extended protocol the question has the session emptied in front of its Bind")
    func extendedProtocol() {
        run(one, "INSERT INTO t DEFAULT VALUES")
        pooler.send(other, Self.extended)
        #expect(
            sent() == ["SELECT currval('s')", "C", "atoll_discard_sequencesDISCARD SEQUENCES", "B", "E", "B", "E", "S"])
        let emptied =
            WireBytes.message("3") + WireBytes.message("1") + WireBytes.message("2")
            + WireBytes.message("C", WireBytes.text("DISCARD SEQUENCES"))
        let told = WireBytes.message("2") + WireBytes.message("C", WireBytes.text("SELECT 0"))
        pooler.send(server, WireBytes.message("1") + emptied + told + WireBytes.ready)
        #expect(other.takeTypes() == "12CZ")
        pooler.send(other, Self.extended)
        #expect(sent() == ["SELECT currval('s')", "B", "E", "S"])
    }

    @Test("What was not emptied is emptied the next time")
    func emptyingFails() {
        run(one, "INSERT INTO t DEFAULT VALUES")
        pooler.send(other, Self.extended)
        _ = sent()
        pooler.send(server, WireBytes.message("1") + WireBytes.error("ERROR", "57014", "canceled") + WireBytes.ready)
        #expect(other.takeTypes() == "1EZ")
        #expect(run(other, "SELECT 1") == ["DISCARD SEQUENCES", "SELECT 1"])
    }

    @Test("A FunctionCall may do anything: the session is asked for before another client has it")
    func functionCall() {
        run(one, "INSERT INTO t DEFAULT VALUES")
        pooler.send(other, WireBytes.message("F", WireBytes.word(2078) + [0, 0, 0, 0, 0, 0]))
        #expect(sent() == ["DISCARD SEQUENCES", "F"])
        answer()
        pooler.send(server, WireBytes.message("V", WireBytes.word(-1)) + WireBytes.ready)
        #expect(other.takeTypes() == "VZ")
        let probe = sent()
        #expect(probe.count == 1 && probe.first?.contains("pg_settings") == true)
    }
}
