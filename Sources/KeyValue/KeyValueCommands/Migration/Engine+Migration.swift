// Migrations inside the engine: steps that a turn takes, what comes of them, and the end.
//
// The client waits as one that waits for a key does, everybody else is served. A key is under way from the moment its
// value is first read for the target until it is deleted here, or is known to stay: its writers are held back for that
// time (MigrationHold), its readers are not.

package import Bytes
import CIOLoop
import Keyspace
import RESP

extension UnsafeMutablePointer where Pointee == Engine {
    var migrations: Migrations { pointee.extensions.part(Migrations.self) { Migrations() } }

    /// Begins a migration; its client waits. The first step is taken at the end of the turn.
    func startMigration(_ task: MigrationTask) {
        guard let client = task.client else { return }
        client.pointee.flags.insert(.blocked)
        client.pointee.details.migration = task
        pointee.blockedClientCount += 1
        pointee.migrationCount += 1
        migrations.tasks.append(task)
    }

    /// The client is about to be freed; its migration goes on.
    func forgetMigration(_ client: ClientReference) {
        guard let task = client.pointee.details.migration else { return }
        client.pointee.details.migration = nil
        task.client = nil
        pointee.blockedClientCount -= 1
    }

    // MARK: - Turn

    /// Takes the migrations a step on. The shell calls it before it sends.
    package func stepMigrations() {
        guard pointee.migrationCount > 0 else { return }
        let budget = UInt64(pointee.ticksPerMicrosecond * Migrations.microsecondsPerTurn)
        let began = atoll_ticks()
        let migrations = migrations
        for task in migrations.tasks { step(task) { atoll_ticks() &- began < budget } }
        // Each in its turn comes first.
        if migrations.tasks.count > 1 { migrations.tasks.append(migrations.tasks.removeFirst()) }
    }

    /// Milliseconds until `stepMigrations` is to be called even if nothing happens; nil for no need.
    package var migrationDelay: Int64? {
        guard pointee.migrationCount > 0 else { return nil }
        var delay = Int64.max
        for task in migrations.tasks {
            if wantsTurn(task) { return 0 }
            delay = min(delay, max(task.deadline - pointee.now, 0))
        }
        return delay
    }

    private func wantsTurn(_ task: MigrationTask) -> Bool {
        guard task.cursor == nil, let link = task.link else { return true }
        guard link.isConnected else { return false }
        if task.machine.isOver { return true }
        return task.machine.canProduce
            && (pointee.host?.pendingByteCount(of: link) ?? 0) < Migrations.windowByteCount
    }

    private func step(_ task: MigrationTask, hasTime: () -> Bool) {
        guard !task.isOver else { return }
        if task.cursor != nil, !search(task, hasTime) { return }
        if task.link == nil { connect(task) }
        guard !task.isOver, let link = task.link, let host = pointee.host else { return }
        if link.isConnected { produce(task, link, host, hasTime) }
        if task.machine.isOver { return finish(task, error: task.machine.error) }
        let pending = host.pendingByteCount(of: link)
        if pending < task.pendingByteCount { task.noteProgress(now: pointee.now) }
        task.pendingByteCount = pending
        if task.deadline <= pointee.now { fail(task, isTimeout: true) }
    }

    /// Searches for keys that match the patterns.
    /// - Returns: whether the list is complete and has keys.
    private func search(_ task: MigrationTask, _ hasTime: () -> Bool) -> Bool {
        let database = pointee.databases + task.databaseIndex
        while let cursor = task.cursor, hasTime() {
            var next = cursor
            for _ in 0..<Migrations.bucketsAtOnce {
                next = database.pointee.table.scan(next) { slot in
                    let key = slot.record.key
                    if let expiry = slot.record.expiry, expiry <= pointee.now { return }
                    guard task.patterns.contains(where: { $0.withUnsafeBytes { GlobPattern.matches($0, key) } })
                    else { return }
                    if task.known.insert(key.array).inserted { task.keys.append(key.array) }
                }
                if next == 0 { break }
            }
            task.cursor = next == 0 ? nil : next
        }
        guard task.cursor == nil else { return false }
        task.known = []
        guard task.keys.isEmpty else { return true }
        finish(task, error: nil, isEmpty: true)
        return false
    }

    private func connect(_ task: MigrationTask) {
        let migrations = migrations
        let name = "\(task.request.host):\(task.request.port)"
        let link: ServerLink
        if let idle = migrations.idleLinks.removeValue(forKey: name) {
            link = idle
            task.isLinkUsed = true
        } else {
            link = ServerLink(host: task.request.host, port: task.request.port)
            task.isLinkUsed = false
        }
        link.task = task
        task.link = link
        migrations.lastNumber += 1
        let temporaryKey = "atoll:migrating:\(pointee.runID.prefix(16)):\(migrations.lastNumber)"
        task.machine = task.makeMachine(temporaryKey: temporaryKey)
        task.source = KeyspaceMigrationSource(self, databaseIndex: task.databaseIndex)
        task.pendingByteCount = 0
        task.noteProgress(now: pointee.now)
        if !task.isLinkUsed, pointee.host?.open(link) != true { fail(task, isTimeout: false) }
    }

    private func produce(
        _ task: MigrationTask, _ link: ServerLink, _ host: any EngineHost, _ hasTime: () -> Bool
    ) {
        guard let output = host.output(of: link), let source = task.source else { return }
        var pending = host.pendingByteCount(of: link)
        let before = output.pointee.count
        while task.machine.canProduce, pending < Migrations.windowByteCount, hasTime() {
            let count = output.pointee.count
            task.machine.produce(into: &output.pointee, from: source) { note($0, of: task) }
            pending += output.pointee.count - count
        }
        if output.pointee.count > before {
            // What is given to the kernel now is no progress of the target's.
            task.pendingByteCount = pending
            host.send(link)
        }
    }

    // MARK: - What the shell reports

    /// The connection is there.
    package func linkConnected(_ link: ServerLink) {
        link.isConnected = true
        link.task?.noteProgress(now: pointee.now)
    }

    /// Bytes of the other server.
    package func linkReceived(_ link: ServerLink, _ bytes: ByteSlice) {
        guard let task = link.task else { return drop(link) }
        task.noteProgress(now: pointee.now)
        if task.machine.receive(bytes, { note($0, of: task) }) { return deleteAcknowledged(task, all: false) }
        fail(task, isTimeout: true)
    }

    /// The connection has ended or did not come about.
    /// - Parameter hasUnsent: whether bytes for the other server are left.
    package func linkEnded(_ link: ServerLink, hasUnsent: Bool) {
        guard let task = link.task else {
            if migrations.idleLinks[link.name] === link { migrations.idleLinks[link.name] = nil }
            return
        }
        task.pendingByteCount = hasUnsent ? 1 : 0
        fail(task, isTimeout: false)
    }

    private func drop(_ link: ServerLink) {
        if migrations.idleLinks[link.name] === link { migrations.idleLinks[link.name] = nil }
        pointee.host?.close(link)
    }

    private func note(_ effect: MigrationMachine.Effect, of task: MigrationTask) {
        switch effect {
        case .underWay(let index): hold(index, of: task)
        case .released(let index): release([index], of: task)
        case .acknowledged(let index):
            if task.request.copies { release([index], of: task) } else { task.acknowledged.append(index) }
        }
    }

    // MARK: - End

    /// The connection is lost, or has been silent for too long.
    private func fail(_ task: MigrationTask, isTimeout: Bool) {
        let wasConnected = task.link?.isConnected ?? false
        if let link = task.link {
            link.task = nil
            pointee.host?.close(link)
            task.link = nil
        }
        if task.isLinkUsed, task.mayRetry, !isTimeout, !task.machine.hasReply {
            // The other end had closed it while it was idle. Not twice.
            task.mayRetry = false
            release(Array(task.held), of: task)
            return
        }
        guard wasConnected else { return finish(task, error: "IOERR error or timeout connecting to the client") }
        let step = task.pendingByteCount > 0 ? "writing" : "reading"
        finish(task, error: task.machine.error ?? "IOERR error or timeout \(step) to target instance")
    }

    /// Another request of this server's clients would have to wait for the migration that it is part of.
    func failAgainstItself(_ task: MigrationTask) {
        if let link = task.link {
            link.task = nil
            pointee.host?.close(link)
            task.link = nil
        }
        finish(task, error: "ERR source and destination objects are the same")
    }

    /// - Parameter isEmpty: there was no key to migrate.
    private func finish(_ task: MigrationTask, error: String?, isEmpty: Bool = false) {
        guard !task.isOver else { return }
        task.isOver = true
        deleteAcknowledged(task, all: true)
        let migrations = migrations
        migrations.tasks.removeAll { $0 === task }
        pointee.migrationCount -= 1
        release(Array(task.held), of: task)
        serveSkipped()
        putAway(task)
        guard let client = task.client else { return }
        reply(to: client, task, error: error, isEmpty: isEmpty)
    }

    private func reply(to client: ClientReference, _ task: MigrationTask, error: String?, isEmpty: Bool) {
        let mayReply = client.pointee.flags.isDisjoint(with: .repliesOff)
        let reply = ReplyWriter(output: client.pointee.output, version: client.pointee.protocolVersion)
        if let error {
            countError(error)
            task.command.pointee.failedCallCount += 1
            if mayReply { reply.error(error) }
        } else if mayReply {
            if isEmpty { reply.simple("NOKEY" as StaticString) } else { reply.ok() }
        }
        // A command that waits counts when it is done.
        task.command.pointee.callCount &+= 1
        client.pointee.details.migration = nil
        client.pointee.flags.remove(.blocked)
        pointee.blockedClientCount -= 1
        stampEverything(client)
        outputAdded(to: client)
        resumeLater(client)
    }

    /// Keeps the connection for the next migration, if it is in order.
    private func putAway(_ task: MigrationTask) {
        guard let link = task.link else { return }
        task.link = nil
        link.task = nil
        let migrations = migrations
        guard task.machine.isOver, link.isConnected, migrations.idleLinks[link.name] == nil else {
            pointee.host?.close(link)
            return
        }
        if migrations.idleLinks.count >= Migrations.idleLinksMax,
            let other = migrations.idleLinks.values.randomElement()
        {
            drop(other)
        }
        link.selectedDatabase = task.machine.isSelected ? task.request.databaseIndex : nil
        link.idleSince = pointee.now
        migrations.idleLinks[link.name] = link
    }

    /// Connections that wait to be used again, for INFO.
    var idleLinkCount: Int { migrations.idleLinks.count }

    /// Closes connections that nobody has used for long. Some times a second.
    func closeIdleLinks() {
        for link in migrations.idleLinks.values where pointee.now - link.idleSince > Migrations.idleMillisecondsMax {
            drop(link)
        }
    }

    // MARK: - Deletion

    /// Deletes keys that the target has: at the end, or when there are many. The journal gets one DEL.
    private func deleteAcknowledged(_ task: MigrationTask, all: Bool) {
        while task.acknowledged.count >= Migrations.deletionMax || all && !task.acknowledged.isEmpty {
            let indices = Array(task.acknowledged.prefix(Migrations.deletionMax))
            task.acknowledged.removeFirst(indices.count)
            delete(indices.map { task.keys[$0] }, of: task)
            release(indices, of: task)
        }
        serveSkipped()
    }

    private func delete(_ keys: [[UInt8]], of task: MigrationTask) {
        // By its own name: rename-command may have taken it away from clients.
        guard let command = pointee.directory.all.first(where: { $0.pointee.fullName == "del" }) else { return }
        let migrations = migrations
        let client = makeClient(output: migrations.output)
        client.pointee.flags.formUnion([.authenticated, .internalClient])
        client.pointee.databaseIndex = task.databaseIndex
        RequestWords.withArguments([Array("DEL".utf8)] + keys) { run(deletion: $0, command, client) }
        if let waiting = task.client {
            waiting.pointee.writtenPosition = max(waiting.pointee.writtenPosition, client.pointee.writtenPosition)
        }
        freeClient(client)
        migrations.output.pointee.removeAll()
    }

    private func run(
        deletion arguments: Arguments, _ command: UnsafeMutablePointer<Command>, _ client: ClientReference
    ) {
        let isJournalled = pointee.journal.isEnabled
        let before = pointee.dirty
        if isJournalled { pointee.journal.beginUnit() }
        var call = Call(
            engine: self, client: client, arguments: arguments, command: command,
            reply: ReplyWriter(output: client.pointee.output, version: 2), isRetry: false)
        DeletionCommands.delete(&call)
        if isJournalled {
            finishJournal(
                client, command, arguments, hasChanged: pointee.dirty > before, isNested: false)
        }
        if !pointee.readyKeys.isEmpty { serveReadyKeys() }
    }
}

/// Arguments of a request that nobody sent.
private enum RequestWords {
    static func withArguments(_ words: [[UInt8]], _ body: (Arguments) -> Void) {
        let offsets = words.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
        Array(words.joined()).withUnsafeBytes { bytes in
            let slices = words.indices.map { bytes.slice(offsets[$0], offsets[$0 + 1]) }
            slices.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                body(Arguments(base: base, count: buffer.count))
            }
        }
    }
}
