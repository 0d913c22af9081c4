// Protocol-level prepared statements where a client changes servers. Each distinct statement has one name on all
// servers; clients' names are mapped to it. A server that lacks a statement is sent a Parse in front of the message
// that needs it. What the client is not sent by the server is answered by the pooler, in order.
//
// A name that the client never prepared is passed on as it is: the server then says what PostgreSQL says, aborts the
// transaction as PostgreSQL does, and finds statements that SQL has prepared.

import Bytes
import Glibc
import PoolerConfiguration

/// What became of a message that names a statement.
enum RewriteOutcome {
    /// It passes as it is.
    case unchanged
    /// The run before it was appended, and instead of that many of its bytes something else; the rest passes as it is.
    case rewritten(Int)
    /// What matters of it has not come whole.
    case incomplete
    /// What it means depends on the outcome of requests that are not answered yet.
    case waits
}

extension LoopPooler {
    /// The unnamed statement that a server has is nobody's known.
    static let unknownOwner = UInt64.max

    /// Parse, Bind, Describe or Close, of which `message` is what has come. The reply is expected unless it is
    /// incomplete or waits.
    @inline(__always)
    func rewrite(
        _ client: ClientPointer, _ server: ServerPointer, _ message: ByteSlice, _ byteCount: Int, before run: ByteSlice
    ) -> RewriteOutcome {
        if message.byte(at: 0) == UInt8(ascii: "B") { return bind(client, server, message, byteCount, before: run) }
        guard message.count == byteCount else { return .incomplete }
        return message.byte(at: 0) == UInt8(ascii: "P")
            ? parse(client, server, message, before: run) : describeOrClose(client, server, message, before: run)
    }

    /// Whether it is uncertain which named statements there are when the server comes to the next message. Within one
    /// extended request it is not: after an error all the rest is skipped.
    @inline(__always)
    private func isUnsettled(_ server: ServerPointer) -> Bool {
        server.pointee.unsettledCount > 0
    }

    /// The same for the unnamed statement.
    @inline(__always)
    private func isUnnamedUnsettled(_ server: ServerPointer) -> Bool {
        server.pointee.unsettledCount > 0 && !server.pointee.flags.contains(.parsedUnnamed)
    }

    // MARK: - Parse

    private func parse(
        _ client: ClientPointer, _ server: ServerPointer, _ message: ByteSlice, before run: ByteSlice
    ) -> RewriteOutcome {
        guard let nameEnd = message.zero(from: messageHeaderByteCount) else {
            // The server will complain.
            expect(server, ExpectedReply(.parse))
            return .unchanged
        }
        let body = message.slice(nameEnd + 1, message.count)
        guard nameEnd > messageHeaderByteCount else {
            expectUnnamed(client, server, body)
            return .unchanged
        }
        guard !isUnsettled(server) else { return .waits }
        server.pointee.output.pointee.append(run)
        parseNamed(client, server, message.slice(messageHeaderByteCount, nameEnd), body)
        return .rewritten(message.count)
    }

    private func parseNamed(_ client: ClientPointer, _ server: ServerPointer, _ name: ByteSlice, _ body: ByteSlice) {
        server.pointee.pool.pointee.statistics.clientParseCount &+= 1
        let hash = nameHash.hash(name)
        if let taken = client.pointee.statements.find(name, hash) {
            if directory.snapshot.settings.logsPoolerErrors {
                log(.warning, client, "prepared statement '\(name.text)' was already prepared")
            }
            return parseAgain(server, taken, body)
        }
        let statement = statementTable.take(body: body)
        statement.retain()
        let serial = client.pointee.statements.insert(name, hash, statement)
        if server.pointee.statements.use(statement) {
            guard mayHaveFailed(server) else {
                statementTable.release(statement)
                var reply = ExpectedReply(.parseAnswered, .change)
                reply.serial = serial
                return expect(server, reply)
            }
            forget(server, statement)
        }
        prepare(server, statement, [], serial: serial)
        statementTable.release(statement)
    }

    /// Whether the transaction may be a failed one when the server comes to the next message. Only the server knows then
    /// whether to refuse a Parse; errors of the present extended request have it skipped in any case.
    private func mayHaveFailed(_ server: ServerPointer) -> Bool {
        server.pointee.readyOwedCount > 0 || server.pointee.transactionStatus == UInt8(ascii: "E")
    }

    /// Has the server forget a statement that it has.
    private func forget(_ server: ServerPointer, _ statement: PreparedStatementPointer) {
        guard server.pointee.statements.remove(statement) else { return }
        appendClose(server, statement.name)
        var reply = ExpectedReply(.close, [.swallowed, .change])
        reply.statement = statement
        expect(server, reply)
    }

    /// The client's name is taken. The server is made to say so: it has the statement, and is told to prepare it again.
    private func parseAgain(_ server: ServerPointer, _ taken: NamedStatementPointer, _ body: ByteSlice) {
        let statement = taken.pointee.statement
        ensurePrepared(server, statement)
        appendParse(server, statement.name, body)
        var reply = ExpectedReply(.parse, [.renamesError, .change])
        reply.serial = taken.pointee.serial
        expect(server, reply)
    }

    /// Has the server prepare a statement, and forget the least recently used one if it has too many.
    private func prepare(
        _ server: ServerPointer, _ statement: PreparedStatementPointer, _ flags: ExpectedReply.Flags, serial: UInt32
    ) {
        let pool = server.pointee.pool
        while server.pointee.statements.count >= pool.pointee.settings.preparedStatementsMax,
            let oldest = server.pointee.statements.oldestStatement
        {
            forget(server, oldest)
        }
        pool.pointee.statistics.serverParseCount &+= 1
        appendParse(server, statement.name, statement.body)
        statement.retain()
        server.pointee.statements.insert(statement)
        statement.retain()
        var reply = ExpectedReply(.parse, flags.union(.change))
        reply.statement = statement
        reply.serial = serial
        expect(server, reply)
    }

    @inline(__always)
    private func ensurePrepared(_ server: ServerPointer, _ statement: PreparedStatementPointer) {
        if server.pointee.statements.use(statement) { return }
        prepare(server, statement, .swallowed, serial: 0)
    }

    private func appendParse(_ server: ServerPointer, _ name: ByteSlice, _ body: ByteSlice) {
        server.pointee.output.pointee.appendHeader(UInt8(ascii: "P"), bodyByteCount: name.count + 1 + body.count)
        server.pointee.output.pointee.append(name)
        server.pointee.output.pointee.append(byte: 0)
        server.pointee.output.pointee.append(body)
    }

    private func appendClose(_ server: ServerPointer, _ name: ByteSlice) {
        server.pointee.output.pointee.appendHeader(UInt8(ascii: "C"), bodyByteCount: name.count + 2)
        server.pointee.output.pointee.append(byte: UInt8(ascii: "S"))
        server.pointee.output.pointee.append(name)
        server.pointee.output.pointee.append(byte: 0)
    }

    // MARK: - Bind

    @inline(__always)
    private func bind(
        _ client: ClientPointer, _ server: ServerPointer, _ message: ByteSlice, _ byteCount: Int, before run: ByteSlice
    ) -> RewriteOutcome {
        guard let portalEnd = message.zero(from: messageHeaderByteCount),
            let nameEnd = message.zero(from: portalEnd &+ 1)
        else {
            guard message.count == byteCount else { return .incomplete }
            expect(server, ExpectedReply(.bind))
            return .unchanged
        }
        guard nameEnd > portalEnd &+ 1 else {
            return bindUnnamed(
                client, server, portal: message.slice(messageHeaderByteCount, portalEnd), before: run)
        }
        guard !isUnsettled(server) else { return .waits }
        server.pointee.pool.pointee.statistics.bindCount &+= 1
        let name = message.slice(portalEnd &+ 1, nameEnd)
        guard let named = client.pointee.statements.find(name, nameHash.hash(name)) else {
            expect(server, ExpectedReply(.bind))
            return .unchanged
        }
        let statement = named.pointee.statement
        noteBound(
            server, portal: message.slice(messageHeaderByteCount, portalEnd), plan(client, statement))
        server.pointee.output.pointee.append(run)
        if bindsSequences(client, server, statement) { appendEmptying(server) }
        ensurePrepared(server, statement)
        let portalByteCount = portalEnd &+ 1 &- messageHeaderByteCount
        let newName = statement.name
        let target = server.pointee.output.pointee.reserve(
            messageHeaderByteCount &+ portalByteCount &+ newName.count &+ 1)
        let length = UInt32(truncatingIfNeeded: byteCount &- 1 &- name.count &+ newName.count)
        target.storeBytes(of: UInt8(ascii: "B"), as: UInt8.self)
        target.storeBytes(of: length.bigEndian, toByteOffset: 1, as: UInt32.self)
        let source = message.baseAddress.unsafelyUnwrapped
        memcpy(target + messageHeaderByteCount, source + messageHeaderByteCount, portalByteCount)
        // With its zero, which lies behind the name.
        memcpy(
            target + messageHeaderByteCount + portalByteCount, newName.baseAddress.unsafelyUnwrapped,
            newName.count &+ 1)
        server.pointee.output.pointee.advance(
            messageHeaderByteCount &+ portalByteCount &+ newName.count &+ 1)
        var reply = ExpectedReply(.bind)
        reply.serial = named.pointee.serial
        expect(server, reply)
        return .rewritten(nameEnd &+ 1)
    }

    private func bindUnnamed(
        _ client: ClientPointer, _ server: ServerPointer, portal: ByteSlice, before run: ByteSlice
    ) -> RewriteOutcome {
        guard !isUnnamedUnsettled(server) else { return .waits }
        noteBound(server, portal: portal, client.pointee.unnamed.flatMap { plan(client, $0) })
        server.pointee.pool.pointee.statistics.bindCount &+= 1
        let isEmptied = client.pointee.unnamed.map { bindsSequences(client, server, $0) } ?? false
        guard server.pointee.unnamedOwner != client.pointee.id || isEmptied else {
            expect(server, ExpectedReply(.bind))
            return .unchanged
        }
        server.pointee.output.pointee.append(run)
        if isEmptied { appendEmptying(server) }
        if server.pointee.unnamedOwner != client.pointee.id { restoreUnnamed(client, server) }
        expect(server, ExpectedReply(.bind))
        return .rewritten(0)
    }

    // MARK: - Describe and Close

    private func describeOrClose(
        _ client: ClientPointer, _ server: ServerPointer, _ message: ByteSlice, before run: ByteSlice
    ) -> RewriteOutcome {
        let isClose = message.byte(at: 0) == UInt8(ascii: "C")
        guard message.count > messageHeaderByteCount + 1,
            message.byte(at: messageHeaderByteCount) == UInt8(ascii: "S"),
            let nameEnd = message.zero(from: messageHeaderByteCount + 1)
        else {
            expect(server, ExpectedReply(isClose ? .close : .describe))
            return .unchanged
        }
        let name = message.slice(messageHeaderByteCount + 1, nameEnd)
        guard !name.isEmpty else { return describeOrCloseUnnamed(client, server, isClose, before: run) }
        guard !isUnsettled(server) else { return .waits }
        guard let named = client.pointee.statements.find(name, nameHash.hash(name)) else {
            expect(server, ExpectedReply(isClose ? .close : .describe))
            return .unchanged
        }
        server.pointee.output.pointee.append(run)
        if isClose {
            client.pointee.statements.remove(named)
            var reply = ExpectedReply(.closeAnswered, .change)
            reply.closedName = named
            expect(server, reply)
            return .rewritten(message.count)
        }
        ensurePrepared(server, named.pointee.statement)
        let newName = named.pointee.statement.name
        server.pointee.output.pointee.appendHeader(UInt8(ascii: "D"), bodyByteCount: newName.count + 2)
        server.pointee.output.pointee.append(byte: UInt8(ascii: "S"))
        server.pointee.output.pointee.append(newName)
        server.pointee.output.pointee.append(byte: 0)
        var reply = ExpectedReply(.describe)
        reply.serial = named.pointee.serial
        expect(server, reply)
        return .rewritten(message.count)
    }

    // MARK: - The unnamed statement

    /// A Parse of the unnamed statement, which passes: the client's is this one from now on.
    private func expectUnnamed(_ client: ClientPointer, _ server: ServerPointer, _ body: ByteSlice) {
        server.pointee.unnamedOwner = client.pointee.id
        server.pointee.flags.insert(.parsedUnnamed)
        var reply = ExpectedReply(.parse, [.unnamed, .change])
        if let unnamed = client.pointee.unnamed, unnamed.body.equals(body) {
            unnamed.retain()
            reply.statement = unnamed
        } else {
            reply.statement = client.pointee.unnamed
            client.pointee.unnamed = statementTable.take(body: body)
        }
        expect(server, reply)
    }

    /// The server has somebody else's unnamed statement: gives it the client's, or none if the client has none.
    private func restoreUnnamed(_ client: ClientPointer, _ server: ServerPointer) {
        let none = ByteSlice(start: nil, count: 0)
        if let unnamed = client.pointee.unnamed {
            appendParse(server, none, unnamed.body)
            expect(server, ExpectedReply(.parse, [.swallowed, .unnamed, .change]))
            server.pointee.unnamedOwner = client.pointee.id
        } else if server.pointee.unnamedOwner != 0 {
            appendClose(server, none)
            expect(server, ExpectedReply(.close, [.swallowed, .unnamed, .change]))
            server.pointee.unnamedOwner = 0
        }
    }

    private func describeOrCloseUnnamed(
        _ client: ClientPointer, _ server: ServerPointer, _ isClose: Bool, before run: ByteSlice
    ) -> RewriteOutcome {
        guard !isUnnamedUnsettled(server) else { return .waits }
        if isClose {
            var reply = ExpectedReply(.close, [.unnamed, .change])
            reply.statement = client.pointee.unnamed
            client.pointee.unnamed = nil
            server.pointee.unnamedOwner = 0
            expect(server, reply)
            return .unchanged
        }
        guard server.pointee.unnamedOwner != client.pointee.id else {
            expect(server, ExpectedReply(.describe))
            return .unchanged
        }
        server.pointee.output.pointee.append(run)
        restoreUnnamed(client, server)
        expect(server, ExpectedReply(.describe))
        return .rewritten(0)
    }

    /// A simple query drops the unnamed statement, unless it is skipped after an error.
    @inline(__always)
    func dropUnnamed(_ client: ClientPointer, _ server: ServerPointer, _ reply: inout ExpectedReply) {
        guard !server.pointee.flags.contains(.skipping) else { return }
        server.pointee.unnamedOwner = 0
        guard let unnamed = client.pointee.unnamed else { return }
        client.pointee.unnamed = nil
        reply.flags.formUnion([.unnamed, .change])
        reply.statement = unnamed
    }

    private func dropUnnamed(_ client: ClientPointer) {
        guard let unnamed = client.pointee.unnamed else { return }
        client.pointee.unnamed = nil
        statementTable.release(unnamed)
    }

    // MARK: - What becomes of it

    /// A reply has come in due form, or is the pooler's to give: what the entry holds is let go.
    @inline(__always)
    func commit(_ server: ServerPointer, _ reply: ExpectedReply) {
        if reply.flags.contains(.change) { commitChange(server, reply) }
        if let plan = reply.plan { dropPlan(server, plan) }
    }

    private func dropPlan(_ server: ServerPointer, _ plan: Unmanaged<SharedPlan>) {
        plan.release()
        server.pointee.plansOwedCount &-= 1
        server.pointee.planStep = 0
    }

    private func commitChange(_ server: ServerPointer, _ reply: ExpectedReply) {
        settle(server, reply)
        if let statement = reply.statement { statementTable.release(statement) }
        if let named = reply.closedName { free(named) }
    }

    /// One change less is uncertain.
    private func settle(_ server: ServerPointer, _ reply: ExpectedReply) {
        server.pointee.changesOwedCount &-= 1
        // They are settled in order.
        if server.pointee.unsettledCount > 0 { server.pointee.unsettledCount &-= 1 }
    }

    private func free(_ named: NamedStatementPointer) {
        statementTable.release(named.pointee.statement)
        named.free()
    }

    /// The server has not done, and will not do, what the entry stands for: it failed or was skipped after an error.
    func undo(_ server: ServerPointer, _ reply: ExpectedReply, isFailed: Bool) {
        if let plan = reply.plan { dropPlan(server, plan) }
        undoEmptying(server, reply)
        guard reply.flags.contains(.change) else { return }
        settle(server, reply)
        if reply.flags.contains(.unnamed) { return undoUnnamed(server, reply, isFailed: isFailed) }
        switch reply.kind {
        case .parse where reply.flags.contains(.renamesError): break
        case .parse, .parseAnswered: undoParse(server, reply)
        case .close:
            // It is still there; a cache that is too long by one is shortened by the next Parse.
            guard let statement = reply.statement else { break }
            if server.pointee.statements.contains(statement) {
                statementTable.release(statement)
            } else {
                server.pointee.statements.insert(statement)
            }
        case .closeAnswered:
            guard let named = reply.closedName else { break }
            if let client = server.pointee.client {
                client.pointee.statements.insert(named)
            } else {
                free(named)
            }
        default: break
        }
    }

    /// A Bind or Describe failed. PostgreSQL's "cached plan must not change result type" holds for a statement until it
    /// is prepared again, and clients do that at once (asyncpg) under another name: it must not be the same for servers.
    func noteStale(_ client: ClientPointer?, _ reply: ExpectedReply, _ message: ByteSlice) {
        guard reply.kind == .bind || reply.kind == .describe, reply.serial != 0,
            let named = client?.pointee.statements.find(serial: reply.serial), ErrorText(message).code == "0A000"
        else { return }
        named.pointee.statement.pointee.isStale = true
    }

    private func undoParse(_ server: ServerPointer, _ reply: ExpectedReply) {
        if let statement = reply.statement {
            if server.pointee.statements.remove(statement) { statementTable.release(statement) }
            statementTable.release(statement)
        }
        if let client = server.pointee.client, let named = client.pointee.statements.find(serial: reply.serial) {
            client.pointee.statements.remove(named)
            free(named)
        }
    }

    private func undoUnnamed(_ server: ServerPointer, _ reply: ExpectedReply, isFailed: Bool) {
        if !reply.flags.contains(.swallowed), let later = laterUnnamed(server) {
            // The client has changed it again meanwhile: what that replaces is another one now.
            var change = server.pointee.replies[later]
            if let replaced = change.statement { statementTable.release(replaced) }
            change.statement = isFailed ? nil : reply.statement
            if isFailed, let statement = reply.statement { statementTable.release(statement) }
            server.pointee.replies[later] = change
            return
        }
        server.pointee.unnamedOwner = Self.unknownOwner
        guard !reply.flags.contains(.swallowed), let client = server.pointee.client else {
            if let statement = reply.statement { statementTable.release(statement) }
            return
        }
        dropUnnamed(client)
        if isFailed {
            // PostgreSQL drops the old one before it reads the new one.
            if let statement = reply.statement { statementTable.release(statement) }
        } else {
            client.pointee.unnamed = reply.statement
        }
    }

    /// The next change of the unnamed statement that the client has asked for.
    private func laterUnnamed(_ server: ServerPointer) -> Int? {
        (0..<server.pointee.replies.count).first { index in
            let flags = server.pointee.replies[index].flags
            return flags.contains(.unnamed) && !flags.contains(.swallowed)
        }
    }

    /// The server has dropped all its statements, at the client's wish if there is a client.
    func dropStatements(_ server: ServerPointer) {
        forgetStatements(server)
        if let client = server.pointee.client { forgetStatements(client) }
        // Those behind in the pipeline are prepared afterwards.
        for index in 0..<server.pointee.replies.count {
            let reply = server.pointee.replies[index]
            guard reply.kind == .parse, !reply.flags.contains(.unnamed), let statement = reply.statement,
                !server.pointee.statements.contains(statement)
            else { continue }
            statement.retain()
            server.pointee.statements.insert(statement)
        }
    }

    func forgetStatements(_ server: ServerPointer) {
        while let statement = server.pointee.statements.popOldest() { statementTable.release(statement) }
        server.pointee.unnamedOwner = 0
    }

    func forgetStatements(_ client: ClientPointer) {
        while let named = client.pointee.statements.popAny() { free(named) }
        dropUnnamed(client)
    }
}
