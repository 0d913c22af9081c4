// The console: what a statement means, whether it may be, and what follows. Pure: the shell has the loops do it and
// brings their reports.

package import PoolerConfiguration

/// What follows from a statement.
package enum ConsoleStep: Sendable, Equatable {
    case answer(ConsoleAnswer)
    /// Ask every loop for a report of its scope, and answer with `ConsoleView`.
    case report(ConsoleReport)
    /// Have every loop do these, then answer; without an answer it comes from `Console.settle`.
    case command([LoopCommand], ConsoleAnswer?)
    /// Have the loops look for the client, then answer by `Console.killed`.
    case killClient(UInt64)
    /// Change a setting, then answer by `Console.settingAnswer`.
    case set(String, value: String)
    /// Read the files anew, then answer by `Console.reloadAnswer`.
    case reload
    /// Begin to wait for the end, then answer; the switches have changed already.
    case end(ConsoleAnswer)
    /// End now; nobody is answered.
    case stop
}

/// The console's own state: what is switched off, and who waits for it to have come about. One for the process.
package struct Console: Sendable {
    package private(set) var switches = PoolerSwitches()
    /// The first line of `--version`.
    package let version: String
    private var waiters: [Waiter] = []

    private struct Waiter: Sendable {
        let client: UInt64
        let condition: LoopCondition
        let command: ConsoleCommand
    }

    package init(version: String) { self.version = version }

    // MARK: - A statement

    /// Takes a statement in: what follows, and the line for the log, if there is one.
    package mutating func begin(
        _ request: ConsoleRequest, _ snapshot: ConfigurationSnapshot
    ) -> (step: ConsoleStep, log: String?) {
        switch ConsoleStatement(request.text) {
        case .invalid: return (.answer(Self.unknown(request)), nil)
        case .badArguments: return (.answer(.failure("bad arguments")), nil)
        case .set(let name, let value): return (set(name, value, request), nil)
        case .command(let word, let argument):
            guard let command = ConsoleCommand(rawValue: word) else { return (.answer(Self.unknown(request)), nil) }
            if command.argument == .report { return (show(argument, request), nil) }
            return begin(command, argument, request, snapshot)
        }
    }

    private static func unknown(_ request: ConsoleRequest) -> ConsoleAnswer {
        .failure("invalid command '\(request.text)', use SHOW HELP;")
    }

    private static let accessNeeded = ConsoleAnswer.failure("admin access needed")

    private func set(_ name: String, _ value: String, _ request: ConsoleRequest) -> ConsoleStep {
        if ImaginedSettings.value(name) != nil { return .answer(.notice("SET ignored", tag: "SET")) }
        return request.access == .administration ? .set(name, value: value) : .answer(Self.accessNeeded)
    }

    private func show(_ name: String, _ request: ConsoleRequest) -> ConsoleStep {
        if let value = ImaginedSettings.value(name) {
            return .answer(.setting(name: name.lowercased(), value: value))
        }
        guard let report = ConsoleReport(rawValue: name.lowercased()) else { return .answer(Self.unknown(request)) }
        guard request.access == .administration || !report.isForAdministrators else {
            return .answer(Self.accessNeeded)
        }
        switch report {
        case .help: return .answer(Self.help)
        case .version: return .answer(.rows(.version, [[version]]))
        default: return .report(report)
        }
    }

    /// What SHOW HELP says, in the form of PgBouncer's.
    static let help = ConsoleAnswer.notice(
        "Console usage",
        detail: "\n"
            + (ConsoleReport.usage + ["SET key = arg"] + ConsoleCommand.usage).map { "\t" + $0 }
            .joined(separator: "\n"),
        tag: "SHOW")

    // MARK: - Commands

    private mutating func begin(
        _ command: ConsoleCommand, _ argument: String, _ request: ConsoleRequest, _ snapshot: ConfigurationSnapshot
    ) -> (step: ConsoleStep, log: String?) {
        switch command.argument {
        case .none where !argument.isEmpty: return (.answer(Self.unknown(request)), nil)
        case .shutdownMode where !argument.isEmpty && Self.ending(argument) == nil:
            return (.answer(Self.unknown(request)), nil)
        default: break
        }
        guard request.access == .administration else { return (.answer(Self.accessNeeded), nil) }
        if let refusal = refusal(of: command, argument, snapshot) { return (.answer(.failure(refusal)), nil) }
        let subject = command.argument == .shutdownMode ? " \(argument.uppercased())" : " '\(argument)'"
        let log = "\(command.tag)\(argument.isEmpty ? "" : subject) command issued"
        return (carryOut(command, argument.isEmpty ? nil : argument, request), log)
    }

    private static func ending(_ argument: String) -> PoolerSwitches.Ending? {
        switch argument.lowercased() {
        case "wait_for_clients": .waitingForClients
        case "wait_for_servers": .waitingForServers
        default: nil
        }
    }

    /// Why a command cannot be carried out now; nil if it can.
    private func refusal(
        of command: ConsoleCommand, _ argument: String, _ snapshot: ConfigurationSnapshot
    ) -> String? {
        switch command {
        case .pause, .kill, .suspend:
            if switches.mode != .active { return "already suspended/paused" }
            if command == .suspend, !switches.pausedDatabases.isEmpty { return "cannot suspend with paused databases" }
        case .resume where argument.isEmpty:
            if switches.ending != .none { return "pooler is shutting down" }
            if switches.mode == .active { return "pooler is not paused/suspended" }
        case .killClient: return UInt64(argument) == nil ? "invalid client pointer supplied" : nil
        default: break
        }
        switch command.argument {
        case .database where argument.isEmpty: return "a database is required"
        case .database, .databaseOrNone: return argument.isEmpty ? nil : refusal(of: command, on: argument, snapshot)
        case .none, .clientNumber, .shutdownMode, .report: return nil
        }
    }

    private func refusal(
        of command: ConsoleCommand, on database: String, _ snapshot: ConfigurationSnapshot
    ) -> String? {
        guard database != DatabaseEntry.consoleName else {
            let verb = command == .waitClose ? "wait in" : command.rawValue
            return "cannot \(verb) admin db: \(database)"
        }
        guard snapshot.database(named: database) != nil else { return "no such database: \(database)" }
        if command == .resume, !switches.pausedDatabases.contains(ExactName(database)) {
            return "database \(database) is not paused"
        }
        return nil
    }

    private mutating func carryOut(
        _ command: ConsoleCommand, _ database: String?, _ request: ConsoleRequest
    ) -> ConsoleStep {
        let name = database.map { ExactName($0) }
        let done = ConsoleAnswer.done(tag: command.tag)
        switch command {
        case .pause:
            if let name { switches.pausedDatabases.insert(name) } else { switches.mode = .paused }
            return wait(request, command, .paused(database: database), .follow(switches))
        case .suspend:
            switches.mode = .suspended
            return wait(request, command, .suspended, .follow(switches))
        case .waitClose: return wait(request, command, .reconnected(database: database), nil)
        case .resume:
            if let name { switches.pausedDatabases.remove(name) } else { switches.mode = .active }
            return .command([.follow(switches)], done)
        case .reconnect: return .command([.reconnect(database: database)], done)
        case .kill:
            if let name { switches.pausedDatabases.insert(name) } else { switches.mode = .paused }
            return .command([.follow(switches), .kill(database: database)], done)
        case .disable:
            if let name { switches.disabledDatabases.insert(name) }
            return .command([.follow(switches)], done)
        case .enable:
            if let name { switches.disabledDatabases.remove(name) }
            return .command([.follow(switches)], done)
        case .killClient: return .killClient(database.flatMap { UInt64($0) } ?? 0)
        case .reload: return .reload
        case .shutdown: return shutDown(database.flatMap { Self.ending($0) }, done)
        case .show, .select: preconditionFailure("reports are no commands")
        }
    }

    private mutating func wait(
        _ request: ConsoleRequest, _ command: ConsoleCommand, _ condition: LoopCondition, _ order: LoopCommand?
    ) -> ConsoleStep {
        waiters.append(Waiter(client: request.client, condition: condition, command: command))
        return .command(order.map { [$0] } ?? [], nil)
    }

    private mutating func shutDown(_ ending: PoolerSwitches.Ending?, _ done: ConsoleAnswer) -> ConsoleStep {
        guard let ending else { return .stop }
        begin(ending)
        return .end(done)
    }

    // MARK: - Signals

    /// SIGINT, SIGTERM or SHUTDOWN: the end is waited for.
    package mutating func begin(_ ending: PoolerSwitches.Ending) {
        switches.ending = ending
        if ending == .waitingForServers { switches.mode = .paused }
    }

    /// SIGUSR1; false if it was so already.
    package mutating func pauseAll() -> Bool {
        guard switches.mode == .active else { return false }
        switches.mode = .paused
        return true
    }

    /// SIGUSR2; false if it was so already.
    package mutating func resumeAll() -> Bool {
        guard switches.mode != .active else { return false }
        switches.mode = .active
        return true
    }

    // MARK: - Answers that come later

    /// Whether anybody waits.
    package var hasWaiters: Bool { !waiters.isEmpty }

    /// Answers those for whom the condition holds on every loop.
    package mutating func settle(
        _ holds: (LoopCondition) -> Bool
    ) -> [(client: UInt64, answer: ConsoleAnswer)] {
        var answers: [(client: UInt64, answer: ConsoleAnswer)] = []
        waiters.removeAll { waiter in
            guard holds(waiter.condition) else { return false }
            answers.append((waiter.client, .done(tag: waiter.command.tag)))
            return true
        }
        return answers
    }

    /// A client does not want to wait any more: what it has begun is taken back. The answer, or nil if it did not wait.
    package mutating func cancel(_ client: UInt64) -> ConsoleAnswer? {
        guard let index = waiters.firstIndex(where: { $0.client == client }) else { return nil }
        let waiter = waiters.remove(at: index)
        if switches.ending == .none {
            switch waiter.condition {
            case .paused(database: nil), .suspended: switches.mode = .active
            case .paused(let database?): switches.pausedDatabases.remove(ExactName(database))
            case .reconnected: break
            }
        }
        return .failure(code: "57014", "canceling statement due to user request")
    }

    /// A client is gone. What it waited for goes on; but nobody is left to end a suspension when the last one leaves.
    /// - Returns: whether that has happened.
    package mutating func forget(_ client: UInt64, isLast: Bool) -> Bool {
        waiters.removeAll { $0.client == client }
        guard isLast, switches.mode == .suspended, switches.ending == .none else { return false }
        switches.mode = .active
        return true
    }

    package static func killed(_ wasFound: Bool) -> ConsoleAnswer {
        wasFound ? .done(tag: ConsoleCommand.killClient.tag) : .failure("client not found")
    }

    package static func reloadAnswer(_ isDone: Bool) -> ConsoleAnswer {
        isDone
            ? .done(tag: ConsoleCommand.reload.tag)
            : .failure(code: "F0000", "RELOAD failed, see logs for additional details")
    }

    /// What became of SET; the problem is nil if it was taken.
    /// - Parameter note: something to say about a setting that was taken.
    package static func settingAnswer(
        _ name: String, _ value: String, problem: String?, note: String? = nil
    ) -> ConsoleAnswer {
        if let problem { return .failure("SET failed: \(problem)") }
        let tag = "SET \(name)=\(value)"
        return note.map { .notice($0, tag: tag) } ?? .done(tag: tag)
    }
}

/// Settings that some clients ask for, or set, before they do anything else. The console has none of them.
enum ImaginedSettings {
    private static let values = [
        "client_encoding": "UTF-8", "default_transaction_isolation": "read committed",
        "standard_conforming_strings": "on", "datestyle": "ISO", "timezone": "GMT",
    ]

    static func value(_ name: String) -> String? { values[name.lowercased()] }
}
