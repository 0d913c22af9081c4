// From a request to a reply: finding the command, refusing what must be refused, running the handler, counting.

import Bytes
import CIOLoop
import Glibc
package import RESP

extension UnsafeMutablePointer where Pointee == Engine {
    /// Executes one request of a client.
    /// - Returns: false when the client is held back and the request is to be given again.
    @discardableResult
    package func execute(_ client: ClientReference, _ arguments: Arguments) -> Bool {
        execute(client, arguments, named: pointee.directory.find(arguments[0]))
    }

    /// The same when the command's name has been looked up.
    @inline(__always)
    func execute(
        _ client: ClientReference, _ arguments: Arguments, named command: UnsafeMutablePointer<Command>?
    ) -> Bool {
        outputAdded(to: client)
        guard let command = resolve(client, command, arguments) else { return true }
        guard admit(client, command, arguments) else { return true }
        if pointee.trackingClientCount > 0 { limitTrackingTable() }
        if pointee.pause.mayHoldBack, holdBack(client, command, arguments) { return false }
        let flags = client.pointee.flags
        if flags.contains(.inTransaction), !TransactionCommands.runsInside(command) {
            queue(client, command, arguments)
            return true
        }
        run(client, command, arguments, isRetry: false)
        if !pointee.readyKeys.isEmpty { serveReadyKeys() }
        return true
    }

    // MARK: - Refusal

    /// The command of the request, or nil once an error has been replied.
    @inline(__always)
    private func resolve(
        _ client: ClientReference, _ named: UnsafeMutablePointer<Command>?, _ arguments: Arguments
    ) -> UnsafeMutablePointer<Command>? {
        guard var command = named else {
            reject(client, nil, unknownCommand(arguments))
            return nil
        }
        if !command.pointee.subcommands.isEmpty, arguments.count > 1 {
            guard let subcommand = command.pointee.subcommands[arguments[1].text.lowercased()] else {
                let name = arguments[1].slice(0, min(arguments[1].count, 128)).printed
                let container = command.pointee.fullName.uppercased()
                reject(client, nil, "ERR unknown subcommand '\(name)'. Try \(container) HELP.")
                return nil
            }
            command = subcommand
        }
        client.pointee.lastCommand = command
        guard command.pointee.accepts(argumentCount: arguments.count) else {
            reject(client, command, "ERR wrong number of arguments for '\(command.pointee.fullName)' command")
            return nil
        }
        return command
    }

    private func unknownCommand(_ arguments: Arguments) -> String {
        var shown = ""
        for index in 1..<max(arguments.count, 1) where shown.utf8.count < 128 {
            shown += "'\(arguments[index].slice(0, min(arguments[index].count, 128 - shown.utf8.count)).printed)' "
        }
        let name = arguments[0].slice(0, min(arguments[0].count, 128)).printed
        return "ERR unknown command '\(name)', with args beginning with: \(shown)"
    }

    /// Whether the command may run now; false once an error has been replied.
    @inline(__always)
    private func admit(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: Arguments
    ) -> Bool {
        let flags = command.pointee.flags
        if !client.pointee.flags.contains(.authenticated), !flags.contains(.noAuthentication) {
            reject(client, command, "NOAUTH Authentication required.")
            return false
        }
        if !flags.isDisjoint(with: .conditional) {
            guard admitUncommon(client, command, flags) else { return false }
        }
        if pointee.refusesWrites, isRefusedForFiles(client, command) { return false }
        if pointee.settings.maxMemoryByteCount > 0 {
            guard admitMemory(client, command) else { return false }
        }
        if client.pointee.flags.contains(.subscribed), client.pointee.protocolVersion == 2,
            !Self.isAllowedToSubscribers(command)
        {
            let name = command.pointee.fullName
            reject(
                client, command,
                "ERR Can't execute '\(name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
                    + "allowed in this context")
            return false
        }
        return true
    }

    @inline(never)
    private func isRefusedForFiles(_ client: ClientReference, _ command: UnsafeMutablePointer<Command>) -> Bool {
        pointee.persistence.loading == nil ? refusesWrite(client, command) : refusesWhileLoading(client, command)
    }

    private func refusesWhileLoading(_ client: ClientReference, _ command: UnsafeMutablePointer<Command>) -> Bool {
        if command.pointee.row.name == "exec", let transaction = client.pointee.details.transaction,
            transaction.requests.contains(where: { !$0.command.pointee.flags.contains(.loading) })
        {
            abortTransaction(client, command, Self.loadingRefusal)
            return true
        }
        guard !command.pointee.flags.contains(.loading) else { return false }
        reject(client, command, Self.loadingRefusal)
        return true
    }

    /// Refuses EXEC, and forgets what was queued.
    func abortTransaction(_ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ reason: String) {
        discardTransaction(client)
        unwatchAll(client)
        reject(client, command, "EXECABORT Transaction discarded because of: \(reason)")
    }

    private func refusesWrite(_ client: ClientReference, _ command: UnsafeMutablePointer<Command>) -> Bool {
        guard command.pointee.flags.contains(.write) || command.pointee.fullName == "ping" else { return false }
        reject(client, command, writeRefusal)
        return true
    }

    private func admitUncommon(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ flags: CommandFlags
    ) -> Bool {
        if flags.contains(.protected), !mayUseProtected(client, command) {
            let name = Self.isAboutModules(command) ? "MODULE" : "DEBUG"
            reject(
                client, command,
                "ERR \(name) command not allowed. If the enable-\(name.lowercased())-command option is set to "
                    + "\"local\", you can run it from a local connection, otherwise you need to set this option in "
                    + "the configuration file, and then restart the server.")
            return false
        }
        if flags.contains(.noMulti), client.pointee.flags.contains(.inTransaction) {
            reject(client, command, "ERR Command not allowed inside a transaction")
            return false
        }
        return true
    }

    private func mayUseProtected(_ client: ClientReference, _ command: UnsafeMutablePointer<Command>) -> Bool {
        let access =
            Self.isAboutModules(command) ? pointee.settings.moduleCommand : pointee.settings.debugCommand
        switch access {
        case .yes: return true
        case .no: return false
        case .local:
            let peer = client.pointee.details.peerAddress
            return client.pointee.flags.contains(.unixSocket) || peer.hasPrefix("127.") || peer.hasPrefix("[::1]")
        }
    }

    /// MODULE and its subcommands; the others that are protected are DEBUG and its own.
    private static func isAboutModules(_ command: UnsafeMutablePointer<Command>) -> Bool {
        command.pointee.fullName.hasPrefix("module")
    }

    private static func isAllowedToSubscribers(_ command: UnsafeMutablePointer<Command>) -> Bool {
        switch command.pointee.fullName {
        case "subscribe", "unsubscribe", "psubscribe", "punsubscribe", "ssubscribe", "sunsubscribe", "ping", "quit",
            "reset":
            true
        default: false
        }
    }

    /// Replies an error to a request that is not executed. Inside a transaction EXEC will fail.
    func reject(_ client: ClientReference, _ command: UnsafeMutablePointer<Command>?, _ text: String) {
        countError(text)
        command?.pointee.rejectedCallCount += 1
        if client.pointee.flags.contains(.inTransaction) { client.pointee.flags.insert(.transactionFailed) }
        guard acceptsReply(client) else { return }
        ReplyWriter(output: client.pointee.output, version: client.pointee.protocolVersion).error(text)
    }

    /// Whether replies go out: CLIENT REPLY may hold them back.
    @inline(__always)
    private func acceptsReply(_ client: ClientReference) -> Bool {
        if client.pointee.flags.isDisjoint(with: .withholdsReply) { return true }
        client.pointee.flags.remove(.skipNextReply)
        return false
    }

    // MARK: - Execution

    /// Runs the handler of an admitted command and does the accounting.
    @inline(__always)
    func run(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: Arguments, isRetry: Bool
    ) {
        guard let handler = command.pointee.handler else {
            return reject(client, command, "ERR \(command.pointee.fullName.uppercased()) is not built yet")
        }
        let before = client.pointee.output.pointee.count
        let isSilent = !acceptsReply(client)
        let dirtyBefore = pointee.dirty
        pointee.extensions.lastCallFailed = false
        var call = Call(
            engine: self, client: client, arguments: arguments, command: command,
            reply: ReplyWriter(output: client.pointee.output, version: client.pointee.protocolVersion),
            isRetry: isRetry)
        let isNested = client.pointee.flags.contains(.executing)
        let isJournalled = pointee.journal.isEnabled
        if isJournalled, !isNested { pointee.journal.beginUnit() }
        client.pointee.flags.insert(.executing)
        handler(&call)
        if !isNested { client.pointee.flags.remove(.executing) }
        let hasPushed = client.pointee.flags.contains(.pushed)
        client.pointee.flags.remove(.pushed)
        // CLIENT REPLY OFF takes effect with its own reply, ON answers.
        if isSilent, !hasPushed, !client.pointee.flags.isDisjoint(with: .repliesOff) || !Self.switchesReplies(command) {
            client.pointee.output.pointee.truncate(to: before)
        }
        account(client, command, arguments)
        pointee.hotKeys.skipCount &-= 1
        if pointee.hotKeys.skipCount == 0 { countHotKeys(client, command, arguments, isRetry: isRetry) }
        if client.pointee.flags.contains(.tracking) { accountTracking(client, command, arguments) }
        if !isNested, client.pointee.flags.contains(.hasDeferredPushes) { sendDeferredPushes(client) }
        if !pointee.monitors.isEmpty, !isRetry { feedMonitors(client, command, arguments) }
        if isJournalled {
            // SAVE makes the count smaller.
            finishJournal(
                client, command, arguments, hasChanged: pointee.dirty > dirtyBefore, isNested: isNested)
        }
    }

    private func accountTracking(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: Arguments
    ) {
        if command.pointee.flags.contains(.readOnly) { rememberTrackedKeys(client, command, arguments) }
        forgetCachingChoice(client, command)
    }

    private static func switchesReplies(_ command: UnsafeMutablePointer<Command>) -> Bool {
        command.pointee.fullName == "client|reply"
    }

    @inline(__always)
    private func account(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: Arguments
    ) {
        let end = atoll_ticks()
        let elapsed = end &- pointee.lastTicks
        pointee.lastTicks = end
        pointee.statistics.commandCount &+= 1
        // A blocked command counts when it is done.
        if client.pointee.flags.contains(.blocked) { return }
        command.pointee.callCount &+= 1
        command.pointee.ticks &+= elapsed
        if pointee.extensions.lastCallFailed { command.pointee.failedCallCount += 1 }
        if pointee.settings.tracksLatency { recordLatency(command, elapsed) }
        if elapsed >= pointee.slowTicksMin { noteSlow(client, command, arguments, elapsed) }
    }

    // MARK: - Latencies

    /// Buckets of a command's latencies: a power of two of ticks, and eighths of it.
    package static var latencyBucketCount: Int { 64 * 8 }

    @inline(__always)
    private func recordLatency(_ command: UnsafeMutablePointer<Command>, _ ticks: UInt64) {
        if command.pointee.latencies == nil {
            let buckets = UnsafeMutablePointer<UInt32>.allocate(capacity: Self.latencyBucketCount)
            buckets.initialize(repeating: 0, count: Self.latencyBucketCount)
            command.pointee.latencies = buckets
        }
        let power = 63 - (ticks | 8).leadingZeroBitCount
        let eighth = Int(truncatingIfNeeded: (ticks | 8) >> UInt64(power - 3)) & 7
        command.pointee.latencies.unsafelyUnwrapped[power << 3 | eighth] &+= 1
    }
}
