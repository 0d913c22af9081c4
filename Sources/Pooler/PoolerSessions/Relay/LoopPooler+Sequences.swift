// currval and lastval tell of the session, and no statement asks PostgreSQL what they would tell. Who advances sequences is
// seen from texts (`SequenceTrace`); a session with others' values is emptied (DISCARD SEQUENCES) in front of a statement
// that may tell them. As soon as a pool has seen such a statement, it is emptied whenever a client gets it: a client's own
// values of a transaction that has begun could not be told from others' any more.

import Bytes
import PostgresWire
import SessionStatements

extension LoopPooler {
    /// Whether the server comes with values that the client must not be told.
    @inline(__always)
    func bringsForeignSequences(_ client: ClientPointer, _ server: ServerPointer) -> Bool {
        server.pointee.sequences.owner != 0 && server.pointee.pool.pointee.tellsSequences
            && server.pointee.sequences.isForeign(to: client.pointee.id)
    }

    /// Notes what a Query or FunctionCall may do to sequences, and empties the session in front of it where that is
    /// needed; false if it has to wait for what the server owes.
    @inline(__always)
    func admitSequences(_ client: ClientPointer, _ server: ServerPointer, _ effects: StatementEffects) -> Bool {
        if mayTell(client, effects), server.pointee.sequences.isOnlyForeign(to: client.pointee.id) {
            guard emptySequences(client, server) else { return false }
        }
        if !effects.isDisjoint(with: .advancing) { server.pointee.sequences.advanced(by: client.pointee.id) }
        return true
    }

    /// The same for a Bind, in front of which messages of the pooler's may go: whether the session has to be emptied.
    @inline(__always)
    func bindsSequences(
        _ client: ClientPointer, _ server: ServerPointer, _ statement: PreparedStatementPointer
    ) -> Bool {
        let effects = statement.pointee.sequenceEffects
        guard !effects.isEmpty else { return false }
        let isEmptied = mayTell(client, effects) && server.pointee.sequences.isOnlyForeign(to: client.pointee.id)
        if isEmptied { server.pointee.sequences.discarded() }
        if !effects.isDisjoint(with: .advancing) { server.pointee.sequences.advanced(by: client.pointee.id) }
        return isEmptied
    }

    /// Whether a statement may tell values of sequences.
    @inline(__always)
    private func mayTell(_ client: ClientPointer, _ effects: StatementEffects) -> Bool {
        if effects.contains(.sequenceRead) { client.pointee.pool?.pointee.tellsSequences = true }
        if !effects.isDisjoint(with: [.sequenceRead, .opaque]) { return true }
        return effects.contains(.execute) && client.pointee.pool?.pointee.tellsSequences == true
    }

    private func emptySequences(_ client: ClientPointer, _ server: ServerPointer) -> Bool {
        // In the middle of an extended request or COPY the server would take a Query for its end.
        guard server.pointee.flags.isDisjoint(with: [.unsynced, .skipping, .copyingIn]) else { return true }
        guard server.pointee.readyOwedCount == 0 else {
            client.pointee.flags.insert(.held)
            return false
        }
        // In a failed transaction it would fail, as the client's own statement will.
        guard server.pointee.transactionStatus != UInt8(ascii: "E") else { return true }
        sendOwn(Self.emptying, on: server)
        server.pointee.sequences.discarded()
        return true
    }

    private static let emptying = "DISCARD SEQUENCES"
    /// The name of that statement on servers.
    private static let emptyingName = "atoll_discard_sequences"

    /// Empties the session in the middle of an extended request.
    func appendEmptying(_ server: ServerPointer) {
        let name = Array(Self.emptyingName.utf8) + [0]
        func append(_ type: Character, _ body: [UInt8], _ kind: ExpectedReply.Kind) {
            server.pointee.output.pointee.appendHeader(type.asciiValue ?? 0, bodyByteCount: body.count)
            body.withUnsafeBytes { server.pointee.output.pointee.append($0) }
            expect(server, ExpectedReply(kind, .swallowed))
        }
        // First, as it is still there if an earlier one has failed.
        append("C", [UInt8(ascii: "S")] + name, .close)
        append("P", name + Array(Self.emptying.utf8) + [0, 0, 0], .parse)
        // The unnamed portal, which the client's Bind behind it replaces; no formats, no values.
        append("B", [0] + name + [0, 0, 0, 0, 0, 0], .bind)
        append("E", [0, 0, 0, 0, 0], .execute)
    }

    /// A message of those has failed or was skipped.
    func undoEmptying(_ server: ServerPointer, _ reply: ExpectedReply) {
        if reply.kind == .execute, reply.flags.contains(.swallowed) { server.pointee.sequences.spoiled() }
    }
}
