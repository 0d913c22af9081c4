// What a server says when it ends, and how its client comes to hear it.

import Bytes

/// Why a session ends: what the client is told.
struct LastWords {
    let code: String
    let reason: String
    /// The server's own message; nil if the words are the pooler's.
    let message: [UInt8]?

    /// - Parameter message: an ErrorResponse.
    init(_ message: ByteSlice, _ error: ErrorText) {
        code = error.code
        reason = error.message
        self.message = message.array
    }

    init(code: String, reason: String) {
        self.code = code
        self.reason = reason
        message = nil
    }
}

extension LoopPooler {
    /// Keeps why the server ends, if the error says that it does. A client that is passed the error needs no second one.
    func noteFarewell(_ server: ServerPointer, _ message: ByteSlice, isPassedOn: Bool) {
        // Most errors are no farewells, and cost no more than a look at the first letters.
        let start = messageHeaderByteCount
        guard message.count > start + 6, message.byte(at: start) == UInt8(ascii: "S"),
            !message.slice(start + 1, start + 6).equals("ERROR")
        else { return }
        let error = ErrorText(message)
        guard error.severity == "FATAL" || error.severity == "PANIC" else { return }
        server.pointee.details.farewell = LastWords(message, error)
        if isPassedOn { server.pointee.flags.insert(.saidFatal) }
    }

    /// An error that answers nothing: as a rule the server says good-bye, and nobody is given it any more. True if the
    /// client is to be passed it.
    func failedUnasked(_ server: ServerPointer, _ message: ByteSlice) -> Bool {
        noteFarewell(server, message, isPassedOn: false)
        if server.pointee.client != nil {
            guard server.pointee.details.farewell != nil else { return true }
        } else {
            server.pointee.flags.insert(.closeWhenFree)
            log(.warning, server, "server said: \(ErrorText(message).message)")
            guard server.pointee.state == .idle else { return false }
        }
        endServer(server, reason: "server closed the session")
        return false
    }

    /// The server of the client has ended: the client is told why, in the server's words if it has said any.
    ///
    /// - Parameter isWaiting: whether the client waits for an answer.
    func endClient(_ client: ClientPointer, of server: ServerPointer, reason: String, isWaiting: Bool) {
        let isTold = server.pointee.flags.contains(.saidFatal) || isWithinMessage(client)
        client.pointee.server = nil
        var words = server.pointee.details.farewell ?? LastWords(code: "08006", reason: reason)
        if words.code.isEmpty { words = LastWords(code: "08006", reason: words.reason) }
        guard !isTold else { return endClient(client, reason: words.reason) }
        // Drivers take an error that comes behind the end of a request, and answers none, for a notice. So it becomes the
        // answer to the next request, or comes by itself when the driver has read all there is.
        guard !isWaiting, client.pointee.pending.isEmpty else { return end(client, words) }
        client.pointee.state = .idle
        client.pointee.stateTime = now
        client.pointee.flags.insert(.doomed)
        client.pointee.details.lastWords = words
        doomedClients.append(client)
        scheduleMaintenance(within: limits.lastWordsDelay)
    }

    /// Ends a client whose server has ended.
    func endDoomed(_ client: ClientPointer) {
        guard let words = client.pointee.details.lastWords else { return }
        end(client, words)
    }

    private func end(_ client: ClientPointer, _ words: LastWords) {
        guard let message = words.message else {
            return endClient(client, reason: words.reason, error: (words.code, words.reason))
        }
        logError(client, words.reason)
        message.withUnsafeBytes { client.pointee.output.pointee.append($0) }
        endClient(client, reason: words.reason)
    }

    /// Tells those who have been silent for long enough.
    func endDoomedClients() {
        for client in doomedClients where now - client.pointee.stateTime >= limits.lastWordsDelay { endDoomed(client) }
    }

    /// Whether the client has been sent a part of a message only: what is appended would be taken for its rest.
    func isWithinMessage(_ client: ClientPointer) -> Bool {
        guard let server = client.pointee.server else { return false }
        return server.pointee.remainingByteCount > 0 && !server.pointee.flags.contains(.discardsRest)
    }
}
