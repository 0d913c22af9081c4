/// A PostgreSQL session in small: its answers follow from what it was sent and from nothing else. Texts are words; the
/// first names the client, which must be the same throughout a transaction.
final class ModelServer {
    private enum Mode {
        case starting, serving
        /// Takes CopyData; whether the first line fails.
        case copying(fails: Bool, isExtended: Bool)
    }

    private var mode: Mode
    private var input: [UInt8] = []
    private(set) var status: Character = "I"
    /// Text by name; the unnamed statement is under "".
    private(set) var statements: [String: String] = [:]
    private var portals: [String: (sql: String, values: [String])] = [:]
    private var isSkipping = false
    /// Whose transaction is open, or whose extended request.
    private var owner: String?
    private(set) var isEnded = false
    /// What a session must never see.
    private(set) var violations: [String] = []
    let number: Int
    var output: [UInt8] = []
    private var rowCount = 0

    init(number: Int = 0, isLoggedIn: Bool) {
        self.number = number
        mode = isLoggedIn ? .serving : .starting
    }

    /// Nothing is half done: another client may come.
    var isClean: Bool {
        guard case .serving = mode else { return false }
        return status == "I" && input.isEmpty && !isSkipping
    }

    func receive(_ bytes: [UInt8]) {
        input += bytes
        if case .starting = mode { start() }
        if case .starting = mode { return }
        for message in WireBytes.takeMessages(&input) where !isEnded { handle(message.type, message.body) }
    }

    private func start() {
        guard input.count >= 8 else { return }
        let length = input[0..<4].reduce(0) { $0 << 8 | Int($1) }
        guard input.count >= length else { return }
        input.removeFirst(length)
        send("R", WireBytes.word(0))
        send("S", WireBytes.text("server_version") + WireBytes.text("15.0"))
        send("S", WireBytes.text("client_encoding") + WireBytes.text("UTF8"))
        send("S", WireBytes.text("standard_conforming_strings") + WireBytes.text("on"))
        send("K", WireBytes.word(number) + WireBytes.word(7))
        send("Z", Array("I".utf8))
        mode = .serving
    }

    private func send(_ type: Character, _ body: [UInt8] = []) { output += WireBytes.message(type, body) }

    private func ready() { send("Z", [status.asciiValue ?? 0]) }

    private func error(_ code: String, _ text: String) {
        let fields: [(Character, String)] = [("S", "ERROR"), ("V", "ERROR"), ("C", code), ("M", text)]
        send("E", fields.flatMap { [$0.0.asciiValue ?? 0] + WireBytes.text($0.1) } + [0])
        if status == "T" { status = "E" }
    }

    private func handle(_ type: Character, _ body: [UInt8]) {
        if case .copying(let fails, let isExtended) = mode { return copy(type, fails: fails, isExtended: isExtended) }
        if isSkipping, type != "S", type != "X" { return }
        switch type {
        case "Q": query(Self.strings(body)[0])
        case "P": parse(body)
        case "B": bind(body)
        case "D": describe(body)
        case "E": execute(Self.strings(body)[0])
        case "C": close(body)
        case "S": sync()
        case "X": isEnded = true
        case "d", "c", "f", "H": break
        default: violations.append("message \(type)")
        }
    }

    private static func strings(_ body: [UInt8]) -> [String] {
        body.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: - Statements

    /// Everything in a transaction must come from one client.
    private func note(_ tag: String) {
        if let owner, owner != tag { violations.append("\(tag) in the transaction of \(owner)") }
        owner = tag
    }

    private func endIfIdle() {
        if status == "I" {
            owner = nil
            portals = [:]
        }
    }

    private func query(_ sql: String) {
        statements[""] = nil
        let words = sql.split(separator: " ").map(String.init)
        guard words.count >= 2, words[0].hasPrefix("client") else { return administer(sql) }
        note(words[0])
        if words[1] == "copyin", status != "E" {
            send("G", [0] + WireBytes.half(0))
            mode = .copying(fails: words.contains("bad"), isExtended: false)
            return
        }
        if run(words, values: []), words[1] == "two" { _ = run(words, values: ["second"]) }
        endIfIdle()
        ready()
    }

    /// What the pooler says itself, or a client of its session.
    private func administer(_ sql: String) {
        for statement in sql.split(separator: ";").map({ $0.drop { $0 == " " } }) {
            if statement.hasPrefix("SELECT EXISTS") || statement.hasPrefix("SELECT false") {
                // A probe: nothing is held, and there is no role.
                let values = ["f", "f", "f", "f", "f", "none"]
                send("T", WireBytes.half(0))
                let columns = values.flatMap { WireBytes.word($0.utf8.count) + Array($0.utf8) }
                send("D", WireBytes.half(values.count) + columns)
            }
            if statement == "ROLLBACK" { status = "I" }
            if statement == "DISCARD ALL" { statements = [:] }
            send("C", WireBytes.text(String(statement)))
        }
        if sql.isEmpty { send("I") }
        endIfIdle()
        ready()
    }

    /// Runs a statement; false after an error.
    private func run(_ words: [String], values: [String]) -> Bool {
        if status == "E", words[1] != "rollback", words[1] != "commit" {
            error("25P02", "current transaction is aborted")
            return false
        }
        switch words[1] {
        case "begin":
            if status == "I" { status = "T" }
            send("C", WireBytes.text("BEGIN"))
        case "commit", "rollback":
            status = "I"
            send("C", WireBytes.text(words[1].uppercased()))
        case "fail":
            error("22012", "\(words[0]) failed")
            return false
        case "empty": send("I")
        default:
            let row = words.joined(separator: " ") + "|" + values.joined(separator: ",")
            if values.isEmpty { send("T", WireBytes.half(0)) }
            for _ in 0..<(words[1] == "many" ? 300 : 1) {
                send("D", WireBytes.half(1) + WireBytes.word(row.utf8.count) + Array(row.utf8))
            }
            send("C", WireBytes.text("SELECT 1"))
        }
        return true
    }

    private func copy(_ type: Character, fails: Bool, isExtended: Bool) {
        switch type {
        case "d":
            guard fails else { return }
            mode = .serving
            error("22P02", "bad line")
        case "c":
            mode = .serving
            send("C", WireBytes.text("COPY 1"))
        case "f":
            mode = .serving
            error("57014", "COPY from stdin failed")
        case "S", "H": return
        case "X":
            isEnded = true
            return
        default:
            mode = .serving
            error("08P01", "unexpected message in COPY")
        }
        if isExtended {
            if type != "c" { isSkipping = true }
        } else {
            endIfIdle()
            ready()
        }
    }

    // MARK: - The extended protocol

    private func fail(_ code: String, _ text: String) {
        error(code, text)
        isSkipping = true
    }

    private func parse(_ body: [UInt8]) {
        let parts = Self.strings(body)
        let (name, sql) = (parts[0], parts[1])
        let words = sql.split(separator: " ").map(String.init)
        if name.isEmpty { statements[""] = nil }
        if status == "E", !words.contains("rollback") { return fail("25P02", "current transaction is aborted") }
        if words.contains("bad") { return fail("42601", "syntax error") }
        if !name.isEmpty, statements[name] != nil {
            return fail("42P05", "prepared statement \"\(name)\" already exists")
        }
        statements[name] = sql
        send("1")
    }

    private func bind(_ body: [UInt8]) {
        let parts = Self.strings(body)
        guard let sql = statements[parts[1]] else {
            let text =
                parts[1].isEmpty
                ? "unnamed prepared statement does not exist" : "prepared statement \"\(parts[1])\" does not exist"
            return fail("26000", text)
        }
        if status == "E", !sql.contains("rollback") { return fail("25P02", "current transaction is aborted") }
        var position = parts[0].utf8.count + parts[1].utf8.count + 4
        let count = Int(body[position]) << 8 | Int(body[position + 1])
        position += 2
        var values: [String] = []
        for _ in 0..<count {
            let length = body[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
            values.append(String(decoding: body[(position + 4)..<(position + 4 + length)], as: UTF8.self))
            position += 4 + length
        }
        if let tag = values.first { note(tag) }
        portals[parts[0]] = (sql, values)
        send("2")
    }

    private func describe(_ body: [UInt8]) {
        let name = Self.strings(Array(body.dropFirst()))[0]
        if body[0] == UInt8(ascii: "S") {
            if status == "E", statements[name] != nil { return fail("25P02", "current transaction is aborted") }
            guard let sql = statements[name] else {
                return fail("26000", "prepared statement \"\(name)\" does not exist")
            }
            send("t", WireBytes.half(0))
            send(sql.contains("select") ? "T" : "n", sql.contains("select") ? WireBytes.half(0) : [])
        } else {
            guard let portal = portals[name] else { return fail("34000", "portal \"\(name)\" does not exist") }
            send(portal.sql.contains("select") ? "T" : "n", portal.sql.contains("select") ? WireBytes.half(0) : [])
        }
    }

    private func execute(_ name: String) {
        guard let portal = portals[name] else { return fail("34000", "portal \"\(name)\" does not exist") }
        let words = portal.sql.split(separator: " ").map(String.init)
        if words[1] == "copyin", status != "E" {
            send("G", [0] + WireBytes.half(0))
            mode = .copying(fails: words.contains("bad"), isExtended: true)
            return
        }
        if !run(words, values: portal.values) { isSkipping = true }
    }

    private func close(_ body: [UInt8]) {
        let name = Self.strings(Array(body.dropFirst()))[0]
        if body[0] == UInt8(ascii: "S") { statements[name] = nil } else { portals[name] = nil }
        send("3")
    }

    private func sync() {
        isSkipping = false
        endIfIdle()
        ready()
    }
}
