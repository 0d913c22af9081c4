import Glibc
import MetricText
import PoolerConfiguration
import PoolerSessions

// The console's statements carried out: `Console` says what follows from each, here the loops and the process do it.

extension PoolerProcess {
    /// A client of the console does something.
    func handle(_ event: ConsoleEvent) {
        switch event {
        case .request(let request):
            let (step, line) = console.begin(request, directory.snapshot)
            if let line { log.write(.log, line) }
            carryOut(step, for: request.client)
        case .cancelled(let client):
            guard let answer = console.cancel(client) else {
                return log.write(.warning, "admin cancel request for non-waiting client?")
            }
            tellSwitches()
            self.answer(client, answer)
        case .ended(let client):
            guard console.forget(client, isLast: poolerLoop.pooler.consoleCount == 0) else { return }
            log.write(.log, "admin disappeared when suspended, doing RESUME")
            tellSwitches()
        }
    }

    private func carryOut(_ step: ConsoleStep, for client: UInt64) {
        switch step {
        case .answer(let known): answer(client, known)
        case .report(let report): answer(client, view(report).answer(report))
        case .command(let commands, let known):
            for command in commands { crew.forEach { $0.pooler.perform(command) } }
            if let known { answer(client, known) }
        case .killClient(let id):
            answer(client, Console.killed(!crew.allSatisfy { !$0.pooler.perform(.killClient(id)) }))
        case .set(let name, let value): answer(client, set(name, value))
        case .reload: answer(client, Console.reloadAnswer(reload()))
        case .end(let known):
            beginEnd()
            answer(client, known)
        case .stop: stop("SHUTDOWN, fast exit")
        }
    }

    private func answer(_ client: UInt64, _ answer: ConsoleAnswer) {
        if let message = answer.failureMessage { log.write(.error, message) }
        poolerLoop.pooler.answer(client, answer)
    }

    /// Has the loops do as the console's switches say.
    func tellSwitches() { crew.forEach { $0.pooler.perform(.follow(console.switches)) } }

    /// Answers those for whom what they have waited for has come about; whether there was anybody.
    @discardableResult
    func settleConsole() -> Bool {
        guard console.hasWaiters else { return false }
        let answers = console.settle { condition in crew.allSatisfy { $0.pooler.holds(condition) } }
        for (client, answer) in answers { self.answer(client, answer) }
        return !answers.isEmpty
    }

    /// What `/metrics` says.
    var metricsText: String {
        PrometheusText.render(
            view(ConsoleView.metricsScope)
                .metricFamilies(version: PoolerProgram.version, process: .current(startTime: startTime)))
    }

    private func view(_ report: ConsoleReport) -> ConsoleView { view(report.scope) }

    private func view(_ scope: LoopReport.Scope) -> ConsoleView {
        let loops = scope.isEmpty ? [] : crew.map { $0.report(scope) }
        let now = poolerLoop.pooler.now
        var clock = timeval()
        gettimeofday(&clock, nil)
        let seconds = clock.tv_sec
        return ConsoleView(loops: loops, directory: directory, switches: console.switches) { moment in
            PoolerLog.secondText(seconds - Int(now - moment) / 1_000_000_000)
        }
    }

    // MARK: - SET

    /// Changes a setting until it is changed again, or the files are read anew.
    private func set(_ name: String, _ value: String) -> ConsoleAnswer {
        var snapshot = directory.snapshot
        do throws(ValueProblem) {
            switch try SettingTable.set(name, to: value, in: &snapshot.settings) {
            case .needsRestart:
                return Console.settingAnswer(name, value, problem: "\(name) can be changed by a restart alone")
            case .unchanged: return Console.settingAnswer(name, value, problem: nil)
            case .changed: break
            }
        } catch {
            return Console.settingAnswer(name, value, problem: error.reason)
        }
        let change = ConfigurationReload(from: directory.snapshot, to: snapshot)
        var note: String?
        let concernsTLS =
            change.clientTLSChanged || snapshot.settings.serverTLS != directory.snapshot.settings.serverTLS
        // As several settings may have to change before they fit together, each is kept in any case.
        var contexts: Contexts?
        if concernsTLS, snapshot.settings.tlsProblem == nil { contexts = makeContexts(snapshot.settings) }
        if concernsTLS, contexts == nil {
            note = "TLS settings could not be applied, still using old configuration"
        }
        reloadFiles(from: directory.snapshot.settings, to: change.snapshot.settings)
        apply(change, contexts)
        return Console.settingAnswer(name, value, problem: nil, note: note)
    }
}
