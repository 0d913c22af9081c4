// Clients of the console: who they are, and their statements one after the other. What a statement does is decided by
// `Console`, outside of any loop.

import Bytes
import PoolerConfiguration
import PostgresWire

extension LoopPooler {
    // MARK: - Login

    /// Whether the client asks for the console.
    func wantsConsole(_ startup: StartupParameters) -> Bool { startup.database == DatabaseEntry.consoleName }

    /// The pooler's own user of the system, over a Unix socket, is an administrator without further proof.
    func isOwner(_ client: ClientPointer, _ startup: StartupParameters) -> Bool {
        guard wantsConsole(startup), startup.user == DatabaseEntry.consoleName,
            let number = client.pointee.details.systemUserID
        else { return false }
        return number == directory.ownUserID
    }

    /// It is known who the client is.
    func admitConsole(_ client: ClientPointer, _ access: ConsoleAccess) {
        let details = client.pointee.details
        logins.remove(client)
        consolePool.pointee.clients.append(client)
        consolePool.pointee.statistics.clientLoginCount += 1
        client.pointee.pool = consolePool
        client.pointee.state = .console
        client.pointee.stateTime = now
        details.console = ConsoleSession(access)
        let key = directory.cancelKeys.issue(
            for: details.startup?.version ?? .v3_0, client: client.pointee.id, loop: number)
        details.cancelKey = key
        clientsByID[client.pointee.id] = client
        // None of them has a zero in it.
        try? ClientWelcome.write(
            parameters: Self.consoleParameters, key: key, into: &client.pointee.output.pointee)
        scheduleSend(client.pointee.connection)
        noteLogin(client)
        proceedConsole(client)
    }

    private static let consoleParameters: [SessionParameter] = [
        SessionParameter("server_version", "1.25.2/bouncer"),
        SessionParameter("client_encoding", "UTF8"),
        SessionParameter("server_encoding", "UTF8"),
        SessionParameter("DateStyle", "ISO"),
        SessionParameter("TimeZone", "GMT"),
        SessionParameter("standard_conforming_strings", "on"),
        SessionParameter("is_superuser", "on"),
    ]

    // MARK: - Statements

    func consoleReceived(_ client: ClientPointer, _ bytes: ByteSlice) {
        consolePool.pointee.statistics.receivedByteCount &+= UInt64(bytes.count)
        client.pointee.pending.append(bytes)
        client.pointee.stateTime = now
        proceedConsole(client)
    }

    /// Begins the next statement that has arrived, unless one is being carried out or answers wait to be taken.
    func proceedConsole(_ client: ClientPointer) {
        while client.pointee.state == .console, client.pointee.details.console?.isBusy == false {
            let pending = client.pointee.pending.readable
            guard pending.count >= messageHeaderByteCount else { return }
            guard client.pointee.output.pointee.count <= limits.outputByteCountMax else { return pauseReading(client) }
            let byteCount = pending.messageByteCount(at: 0)
            guard byteCount >= messageHeaderByteCount, byteCount <= ConsoleLimits.messageByteCountMax else {
                return failProtocol(client, "incomplete pkt")
            }
            guard byteCount <= pending.count else { return }
            handleConsole(client, pending.slice(0, byteCount))
            if client.pointee.state == .console { client.pointee.pending.consume(byteCount) }
        }
        if client.pointee.state == .console, client.pointee.pending.count > limits.waitingByteCountMax {
            pauseReading(client)
        }
    }

    private func handleConsole(_ client: ClientPointer, _ message: ByteSlice) {
        switch message.byte(at: 0) {
        case UInt8(ascii: "Q"):
            guard let session = client.pointee.details.console,
                message.byte(at: message.count - 1) == 0, message.count > messageHeaderByteCount
            else { return failProtocol(client, "incomplete query") }
            client.pointee.details.console?.isBusy = true
            client.pointee.requestTime = now
            consolePool.pointee.statistics.queryCount &+= 1
            consolePool.pointee.statistics.transactionCount &+= 1
            let text = message.slice(messageHeaderByteCount, message.count - 1).text
            log(.debug, client, "got admin query: \(text)")
            actions.append(
                .console(.request(ConsoleRequest(client: client.pointee.id, access: session.access, text: text))))
        case UInt8(ascii: "X"): endClient(client, reason: "client close request")
        case UInt8(ascii: "P"), UInt8(ascii: "B"), UInt8(ascii: "E"):
            refuseConsole(client, "extended query protocol not supported by admin console")
        case let type: refuseConsole(client, "unsupported packet type for admin console: \(type)")
        }
    }

    private func refuseConsole(_ client: ClientPointer, _ text: String) {
        log(.error, client, text)
        client.pointee.output.pointee.appendReport(
            UInt8(ascii: "E"), severity: "ERROR", code: "08P01", message: text)
        failProtocol(client, "bad packet")
    }

    /// The client has taken what waited for it, or the console has answered.
    func resumeConsole(_ client: ClientPointer) {
        guard client.pointee.output.pointee.count <= limits.outputByteCountResume,
            client.pointee.details.console?.isBusy == false
        else { return }
        resumeReading(client)
        proceedConsole(client)
    }

    /// Answers a client's statement, if the client is still there.
    package func answer(_ id: UInt64, _ answer: ConsoleAnswer) {
        guard let client = clientsByID[id], client.pointee.state == .console,
            client.pointee.details.console?.isBusy == true
        else { return }
        let before = client.pointee.output.pointee.count
        answer.write(into: &client.pointee.output.pointee)
        consolePool.pointee.statistics.sentByteCount &+= UInt64(client.pointee.output.pointee.count - before)
        consolePool.pointee.statistics.queryTime.add(now - client.pointee.requestTime)
        consolePool.pointee.statistics.transactionTime.add(now - client.pointee.requestTime)
        client.pointee.details.console?.isBusy = false
        client.pointee.requestTime = 0
        scheduleSend(client.pointee.connection)
        proceedConsole(client)
    }

    /// The console's clients of this loop.
    package var consoleCount: Int { consolePool.pointee.clients.count }
}
