import Bytes
import PoolerConfiguration

@testable import PoolerSessions

/// A client of the console of a configured pooler, and the shell's part of carrying out what it says.
final class ConsoleConversation {
    let pooler: ConfiguredPooler
    var console = Console(version: "test 1.0")
    let end: ConfiguredEnd

    init(_ pooler: ConfiguredPooler, user: String = "admin") {
        self.pooler = pooler
        end = pooler.connect(user: user, database: "pgbouncer")
        pooler.pooler.endTurn()
    }

    /// What the console says to a statement: rows, then the tag or the error, as text.
    func say(_ text: String) -> [String] {
        end.send(WireBytes.query(text))
        carryOut()
        return heard()
    }

    /// What has been said since the last time.
    func heard() -> [String] {
        carryOut()
        var bytes = end.take()
        return WireBytes.takeMessages(&bytes).compactMap { Self.text($0) }
    }

    /// The rows of a report as dictionaries by the names of the columns.
    func rows(_ report: ConsoleReport) -> [[String: String]] {
        let lines = say("SHOW \(report.rawValue)").filter { $0.hasPrefix("D ") }
        return lines.map { line in
            Dictionary(
                zip(
                    report.columns.map(\.name),
                    line.dropFirst(2).split(separator: "|", omittingEmptySubsequences: false)
                        .map(String.init)), uniquingKeysWith: { $1 })
        }
    }

    private func carryOut() {
        for event in pooler.takeConsoleEvents() {
            switch event {
            case .request(let request): carryOut(console.begin(request, pooler.pooler.directory.snapshot).step, request)
            case .cancelled(let client):
                guard let answer = console.cancel(client) else { continue }
                pooler.pooler.perform(.follow(console.switches))
                pooler.pooler.answer(client, answer)
            case .ended: break
            }
        }
        for (client, answer) in console.settle({ pooler.pooler.holds($0) }) { pooler.pooler.answer(client, answer) }
        pooler.endTurn()
    }

    private func carryOut(_ step: ConsoleStep, _ request: ConsoleRequest) {
        let loop = pooler.pooler
        switch step {
        case .answer(let answer): loop.answer(request.client, answer)
        case .report(let report):
            let view = ConsoleView(
                loops: [loop.report(report.scope) { _ in SocketFacts() }], directory: loop.directory,
                switches: console.switches, timeText: { "\($0)" })
            loop.answer(request.client, view.answer(report))
        case .command(let commands, let answer):
            for command in commands { loop.perform(command) }
            if let answer { loop.answer(request.client, answer) }
        case .killClient(let id): loop.answer(request.client, Console.killed(loop.perform(.killClient(id))))
        case .end(let answer):
            loop.perform(.follow(console.switches))
            loop.answer(request.client, answer)
        case .set, .reload, .stop: break
        }
    }

    private static func text(_ message: (type: Character, body: [UInt8])) -> String? {
        switch message.type {
        case "C": return String(decoding: message.body.dropLast(), as: UTF8.self)
        case "D": return "D " + values(message.body).map { $0 ?? "null" }.joined(separator: "|")
        case "E", "N":
            let fields = message.body.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            let field = { (type: Character) in String(fields.first { $0.first == type }?.dropFirst() ?? "") }
            return "\(field("S")) \(field("C")) \(field("M"))"
        default: return nil
        }
    }

    private static func values(_ row: [UInt8]) -> [String?] {
        var position = 2
        var values: [String?] = []
        while position + 4 <= row.count {
            let length = Int32(bitPattern: row[position..<(position + 4)].reduce(0) { $0 << 8 | UInt32($1) })
            position += 4
            guard length >= 0 else {
                values.append(nil)
                continue
            }
            values.append(String(decoding: row[position..<(position + Int(length))], as: UTF8.self))
            position += Int(length)
        }
        return values
    }
}
