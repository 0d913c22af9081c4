// Clients on too few servers, at random, against sessions of their own: no setting is ever lost, and none leaks.

import PostgresWire
import SeededRandom
import SessionStatements
import Testing

@testable import PoolerSessions

@Suite("Histories of sessions")
struct StateHistoryTests {
    private static let names = ["a", "b", "my.c"]

    @Test("A client finds its settings on whatever server it gets", arguments: 0..<60)
    func settings(seed: Int) {
        var world = World(seed: UInt64(seed))
        for _ in 0..<150 { world.step() }
        #expect(world.failures.isEmpty, "\(world.failures.prefix(3).joined(separator: "\n"))")
        #expect(world.differenceCount > 5)
    }

    /// Three clients and two servers.
    private struct World {
        var random: SeededGenerator
        var clients: [ClientState]
        var ideals: [SimulatedSession]
        var servers: [ServerState] = [ServerState(), ServerState()]
        var sessions: [SimulatedSession]
        var failures: [String] = []
        var history: [String] = []
        var differenceCount = 0

        init(seed: UInt64) {
            random = SeededGenerator(seed: seed)
            let defaults = Dictionary(uniqueKeysWithValues: names.map { ($0, "0") })
            sessions = [SimulatedSession(defaults: defaults), SimulatedSession(defaults: defaults)]
            clients = []
            ideals = []
            for index in 0..<3 {
                let startup = index == 0 ? [] : [("a", "start\(index)")]
                guard let list = SettingList(startupParameters: startup, options: nil) else { continue }
                clients.append(ClientState(identifier: UInt64(index + 1), startup: list))
                let own = Dictionary(uniqueKeysWithValues: startup)
                ideals.append(SimulatedSession(defaults: defaults.merging(own) { $1 }))
            }
        }

        /// A client takes a server for one transaction, or one text.
        mutating func step() {
            let client = random.below(clients.count)
            let server = random.below(servers.count)
            bring(client, server)
            repeat {
                runText(client, server)
            } while ideals[client].isInBlock
            bring(client, server)
            compare(client, server)
        }

        mutating func bring(_ client: Int, _ server: Int) {
            guard let difference = SettingsDifference(client: clients[client], server: servers[server]) else {
                return compare(client, server)
            }
            differenceCount += 1
            history.append("server \(server): \(difference.text)")
            for statement in difference.text.split(separator: "; ") { _ = sessions[server].run(String(statement)) }
            servers[server].applied(difference, for: clients[client])
            compare(client, server)
            if SettingsDifference(client: clients[client], server: servers[server]) != nil {
                failures.append("a difference behind a difference")
            }
        }

        mutating func compare(_ client: Int, _ server: Int) {
            if ideals[client].values != sessions[server].values {
                failures.append(
                    "\(history.suffix(12))\nclient \(client): \(ideals[client].values), "
                        + "server \(server): \(sessions[server].values)")
            }
        }

        mutating func runText(_ client: Int, _ server: Int) {
            let text = (0...random.below(3)).map { _ in statement() }.joined(separator: ";")
            history.append("client \(client) on \(server): \(text)")
            let plan = Array(text.utf8).withUnsafeBytes { SessionPlan(text: $0, rules: clients[client].lexicalRules) }
            let isInBlock = ideals[client].isInBlock
            let isImplicit = !isInBlock
            // A text without BEGIN is one transaction.
            if isImplicit { both(client, server) { _ = $0.run("BEGIN") } }
            var isBlock = isInBlock
            for (statement, step) in zip(text.split(separator: ";").map(String.init), plan.steps) {
                if statement == "BEGIN" { isBlock = true }
                let (succeeds, isRollback) = ideals[client].run(statement)
                _ = sessions[server].run(statement)
                guard succeeds else {
                    clients[client].failed(during: step, isInBlock: isInBlock, on: &servers[server])
                    if !isBlock { both(client, server) { _ = $0.run("ROLLBACK") } }
                    break
                }
                clients[client].completed(
                    step, isRollback: isRollback, isInBlock: isInBlock, on: &servers[server])
                if statement == "COMMIT" || statement == "ROLLBACK" {
                    isBlock = false
                    both(client, server) { _ = $0.run("BEGIN") }
                }
            }
            if !isBlock { both(client, server) { _ = $0.run("COMMIT") } }
            let status: TransactionStatus = !isBlock ? .idle : ideals[client].hasFailed ? .failed : .inTransaction
            clients[client].ready(status, on: &servers[server])
        }

        private mutating func both(_ client: Int, _ server: Int, _ body: (inout SimulatedSession) -> Void) {
            body(&ideals[client])
            body(&sessions[server])
        }

        private mutating func statement() -> String {
            let name = names[random.below(names.count)]
            switch random.below(14) {
            case 0, 1: return "BEGIN"
            case 2, 3: return "COMMIT"
            case 4: return "ROLLBACK"
            case 5: return "SAVEPOINT s\(random.below(2))"
            case 6: return "ROLLBACK TO s\(random.below(2))"
            case 7: return "RELEASE s\(random.below(2))"
            case 8: return "RESET \(name)"
            case 9: return random.isHit(1, of: 2) ? "RESET ALL" : "SET LOCAL \(name) = 7"
            case 10: return "FAIL"
            default: return "SET \(name) = 'v\(random.below(5))'"
            }
        }
    }
}
