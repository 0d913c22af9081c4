import Bytes
import Testing

@testable import KeyValueCommands

/// Values by name, and pieces of them.
private final class FakeSource: MigrationSource {
    var values: [String: MigrationValue] = [:]
    var lifetimes: [String: MigrationLifetime] = [:]
    var pieces: [MigrationPiece] = []
    /// Keys that were asked for, in order.
    private(set) var opened: [String] = []

    func open(_ key: [UInt8]) -> MigrationValue {
        let name = String(decoding: key, as: UTF8.self)
        opened.append(name)
        return values[name] ?? .whole
    }

    func lifetime(of key: [UInt8]) -> MigrationLifetime {
        lifetimes[String(decoding: key, as: UTF8.self)] ?? .unlimited
    }

    func appendPayload(to output: inout OutputBuffer) { output.append("$1\r\nP\r\n") }

    func appendPiece(to output: inout OutputBuffer, key: [UInt8], elementCountMax: Int) -> MigrationPiece {
        let piece = pieces.isEmpty ? .end : pieces.removeFirst()
        if case .commands(let count) = piece {
            for _ in 0..<count { output.append("*3\r\n$4\r\nSADD\r\n$1\r\nT\r\n$1\r\nm\r\n") }
        }
        return piece
    }
}

@Suite("Conversation of a migration")
struct MigrationMachineTests {
    /// A machine with what it has sent and what has come of it.
    private final class Session {
        var machine: MigrationMachine
        let source = FakeSource()
        private(set) var effects: [MigrationMachine.Effect] = []

        init(
            _ keys: [String], replaces: Bool = false, credentials: [String] = [], isSelected: Bool = true,
            database: Int64 = 0
        ) {
            var options = MigrationMachine.Options()
            options.replaces = replaces
            options.credentials = credentials.map { [UInt8]($0.utf8) }
            options.isSelected = isSelected
            options.databaseIndex = database
            options.temporaryKey = [UInt8]("T".utf8)
            options.temporaryLifetimeMilliseconds = 9
            machine = MigrationMachine(keys: keys.map { [UInt8]($0.utf8) }, options: options)
        }

        /// What it sends until a reply has to come: words by spaces, requests by bars.
        func sent() -> String {
            var output = OutputBuffer()
            while machine.canProduce { machine.produce(into: &output, from: source) { effects.append($0) } }
            var words: [String] = []
            for line in output.readable.text.split(separator: "\r\n") {
                if line.hasPrefix("*") { words.append("|") } else if !line.hasPrefix("$") { words.append(String(line)) }
            }
            return words.joined(separator: " ").replacing("| ", with: "|")
        }

        @discardableResult
        func receive(_ text: String) -> Bool {
            var text = text
            return text.withUTF8 { machine.receive(ByteSlice($0)) { effects.append($0) } }
        }

        func takeEffects() -> [MigrationMachine.Effect] {
            defer { effects = [] }
            return effects
        }
    }

    @Test("Keys follow each other without waiting")
    func wholeKeys() {
        let session = Session(["a", "b", "c"])
        session.source.values["b"] = .gone
        session.source.lifetimes["c"] = .milliseconds(1)
        #expect(session.sent() == "|RESTORE a 0 P |RESTORE c 1 P")
        #expect(session.takeEffects() == [.underWay(0), .underWay(2)])
        #expect(!session.machine.isOver)
        #expect(session.receive("+O"))
        #expect(session.takeEffects() == [])
        #expect(session.receive("K\r\n+OK\r\n"))
        #expect(session.takeEffects() == [.acknowledged(0), .acknowledged(2)])
        #expect(session.machine.isOver && session.machine.error == nil)
    }

    @Test("Nothing is sent before credentials and database are accepted")
    func greeting() {
        let session = Session(["a"], replaces: true, credentials: ["me", "pw"], isSelected: false, database: 7)
        #expect(session.sent() == "|AUTH me pw |SELECT 7")
        session.receive("+OK\r\n")
        #expect(session.sent() == "")
        session.receive("+OK\r\n")
        #expect(session.machine.isSelected)
        #expect(session.sent() == "|RESTORE a 0 P REPLACE")
    }

    @Test("A refused password ends it with the target's words")
    func refusedPassword() {
        let session = Session(["a"], credentials: ["pw"], isSelected: false)
        _ = session.sent()
        session.receive("-WRONGPASS no\r\n")
        #expect(!session.machine.isOver)
        session.receive("-NOAUTH later\r\n")
        #expect(session.machine.isOver)
        #expect(session.machine.error == "ERR Target instance replied with error: WRONGPASS no")
        #expect(session.sent() == "" && session.source.opened == [])
    }

    @Test("A key that is refused stays, the others go on, the first refusal is told")
    func refusedKey() {
        let session = Session(["a", "b", "c"])
        _ = session.sent()
        _ = session.takeEffects()
        session.receive("-BUSYKEY x\r\n+OK\r\n-BUSYKEY y\r\n")
        #expect(session.takeEffects() == [.released(0), .acknowledged(1), .released(2)])
        #expect(session.machine.isOver && !session.machine.isSelected)
        #expect(session.machine.error == "ERR Target instance replied with error: BUSYKEY x")
    }

    @Test("More replies than requests, and what is no reply, are refused")
    func unexpected() {
        let session = Session(["a"])
        _ = session.sent()
        #expect(session.receive("+OK\r\n"))
        #expect(!session.receive("+OK\r\n"))
        let other = Session(["a"])
        _ = other.sent()
        #expect(!other.receive("HTTP/1.1 400\r\n"))
    }

    private func large(replaces: Bool = true) -> Session {
        let session = Session(["big", "next"], replaces: replaces)
        session.source.values["big"] = .pieces(countCommand: "SCARD", count: 3)
        session.source.pieces = [.commands(1), .commands(2)]
        return session
    }

    @Test("A large value in pieces, over the key that is there")
    func pieces() {
        let session = large()
        #expect(
            session.sent()
                == "|MULTI |SADD T m |PEXPIRE T 9 |EXEC |SADD T m |SADD T m |PEXPIRE T 9")
        #expect(session.takeEffects() == [.underWay(0)])
        session.receive("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n:1\r\n:1\r\n")
        #expect(session.sent() == "")
        session.receive(":1\r\n")
        #expect(session.sent() == "|SCARD T")
        session.receive(":3\r\n")
        #expect(session.sent() == "|MULTI |RENAME T big |PERSIST big |EXEC")
        session.receive("+OK\r\n+QUEUED\r\n+QUEUED\r\n")
        #expect(session.takeEffects() == [])
        session.receive("*2\r\n+OK\r\n:1\r\n")
        #expect(session.takeEffects() == [.acknowledged(0)])
        #expect(session.sent() == "|RESTORE next 0 P REPLACE")
    }

    @Test("A large value in pieces, where no such key may be")
    func piecesWithoutReplacing() {
        let session = large(replaces: false)
        session.source.lifetimes["big"] = .milliseconds(5000)
        #expect(session.sent() == "|EXISTS big")
        session.receive(":0\r\n")
        _ = session.sent()
        session.receive("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n")
        #expect(session.sent() == "|WATCH big |EXISTS big |SCARD T")
        session.receive("+OK\r\n:0\r\n:3\r\n")
        #expect(session.sent() == "|MULTI |RENAME T big |PEXPIRE big 5000 |EXEC")
        session.receive("+OK\r\n+QUEUED\r\n+QUEUED\r\n*-1\r\n")
        // Somebody made the key meanwhile.
        #expect(session.sent() == "|UNWATCH |UNLINK T")
        session.receive("+OK\r\n:1\r\n")
        #expect(session.takeEffects() == [.underWay(0), .released(0)])
        #expect(
            session.machine.error
                == "ERR Target instance replied with error: BUSYKEY Target key name already exists.")
        #expect(session.sent() == "|RESTORE next 0 P")
    }

    @Test("A key that is there already is found out before anything is sent")
    func busyAtOnce() {
        let session = large(replaces: false)
        _ = session.sent()
        session.receive(":1\r\n")
        #expect(session.sent() == "|RESTORE next 0 P")
        #expect(session.takeEffects() == [.underWay(0), .released(0), .underWay(1)])
    }

    @Test("A refused piece ends the value, and what is there of it is removed")
    func refusedPiece() {
        let session = large()
        _ = session.sent()
        session.receive("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n-OOM full\r\n:0\r\n")
        #expect(session.sent() == "|UNWATCH |UNLINK T")
        session.receive("-OOM full\r\n-OOM full\r\n:0\r\n+OK\r\n:0\r\n")
        #expect(session.takeEffects() == [.underWay(0), .released(0)])
        #expect(session.machine.error == "ERR Target instance replied with error: OOM full")
    }

    @Test("A value of which the target has lost a part is not put in place")
    func lostPart() {
        let session = large()
        _ = session.sent()
        session.receive("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n")
        _ = session.sent()
        session.receive(":2\r\n")
        #expect(session.sent() == "|UNWATCH |UNLINK T")
        #expect(session.machine.error?.hasPrefix("ERR The target has lost parts") == true)
    }

    @Test("A key that falls due half way leaves nothing, and is no error")
    func goneHalfWay() {
        let session = large()
        session.source.pieces = [.commands(1), .gone]
        #expect(session.sent() == "|MULTI |SADD T m |PEXPIRE T 9 |EXEC |UNWATCH |UNLINK T")
        session.receive("+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n:1\r\n+OK\r\n:1\r\n")
        #expect(session.sent() == "|RESTORE next 0 P REPLACE")
        session.receive("+OK\r\n")
        #expect(session.machine.isOver && session.machine.error == nil)
    }

    @Test("What no server takes is refused without being sent")
    func tooLarge() {
        let session = Session(["huge"])
        session.source.values["huge"] = .tooLarge
        #expect(session.sent() == "")
        #expect(session.machine.isOver)
        #expect(session.machine.error?.contains("too large") == true)
    }

    @Test("A long list keeps its order of replies")
    func manyKeys() {
        let session = Session((0..<10_000).map { "k\($0)" })
        _ = session.sent()
        for _ in 0..<100 { session.receive(String(repeating: "+OK\r\n", count: 100)) }
        let acknowledged = session.takeEffects().compactMap { effect -> Int? in
            guard case .acknowledged(let index) = effect else { return nil }
            return index
        }
        #expect(acknowledged == Array(0..<10_000))
        #expect(session.machine.isOver)
    }
}
