// Limits of clients that time or memory brings: idle ones, and those that do not read what they are sent.

extension UnsafeMutablePointer where Pointee == Engine {
    /// What is to be done for clients some times a second.
    package func keepHouse() {
        closeIdleClients()
        closeIdleLinks()
        countMemoryOfAllClients()
        // maxmemory may have been lowered, and memory may have filled without a command.
        makeRoomForWrite()
        noteMemoryPeak()
        limitTrackingTable()
    }

    /// Whether clients wait to go on, or keys are still to be evicted, so that the shell must not sleep.
    package var hasPendingWork: Bool {
        !pointee.pendingResume.isEmpty || !pointee.pendingClose.isEmpty || !pointee.pendingOutput.isEmpty
            || pointee.eviction.isUnfinished
    }

    /// Closes a client whose output has grown past the limit of its class.
    /// - Parameter pendingByteCount: output that the kernel has not taken.
    package func enforceOutputLimit(_ client: ClientReference, pendingByteCount: Int) {
        if pendingByteCount > client.pointee.outputPeak { client.pointee.outputPeak = pendingByteCount }
        let limit = outputLimit(client)
        if limit.hardByteCount == 0, limit.softByteCount == 0 { return }
        guard client.pointee.flags.isDisjoint(with: [.closeNow, .closeAfterReply]) else { return }
        if limit.softByteCount > 0, pendingByteCount >= limit.softByteCount {
            if client.pointee.softLimitSince == 0 { client.pointee.softLimitSince = pointee.now }
        } else {
            client.pointee.softLimitSince = 0
        }
        let isHard = limit.hardByteCount > 0 && pendingByteCount >= limit.hardByteCount
        let since = client.pointee.softLimitSince
        let isSoft = since > 0 && pointee.now - since > Int64(limit.softSeconds) * 1000
        guard isHard || isSoft else { return }
        pointee.statistics.outputLimitDisconnectionCount += 1
        log(
            .warning,
            "Client id=\(client.pointee.id) scheduled to be closed ASAP for overcoming of output buffer limits.")
        close(client, afterReply: false)
    }

    private func outputLimit(_ client: ClientReference) -> OutputLimit {
        client.pointee.flags.contains(.subscribed)
            ? pointee.settings.outputLimits.pubSub : pointee.settings.outputLimits.normal
    }

    /// How long the longest output of a client is remembered for CLIENT LIST (Redis's 5 s).
    private static var outputPeakMilliseconds: Int64 { 5000 }

    private func closeIdleClients() {
        let seconds = pointee.settings.clientTimeoutSeconds
        let milliseconds = Int64(seconds) * 1000
        let forgetsPeaks = pointee.now >= pointee.outputPeaksUntil
        if forgetsPeaks { pointee.outputPeaksUntil = pointee.now + Self.outputPeakMilliseconds }
        for client in pointee.clients {
            let idle = pointee.now - client.pointee.lastInteraction
            if client.pointee.softLimitSince > 0 {
                enforceOutputLimit(client, pendingByteCount: outputState(client).pendingByteCount)
            }
            if forgetsPeaks { client.pointee.outputPeak = 0 }
            guard seconds > 0, idle > milliseconds,
                client.pointee.flags.isDisjoint(with: [.subscribed, .blocked, .monitor, .internalClient])
            else { continue }
            log(.verbose, "Closing idle client")
            close(client, afterReply: false)
        }
    }

    /// Microseconds that commands have taken together.
    package var commandMicroseconds: Int {
        microseconds(pointee.directory.all.reduce(0) { $0 &+ $1.pointee.ticks })
    }
}
