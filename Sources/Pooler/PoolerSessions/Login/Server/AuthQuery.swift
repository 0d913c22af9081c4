package import Bytes
package import PostgresWire

/// Asks a database for a user's secret (`auth_query`), on a session that is ready and clean: a pure machine.
///
/// `start`, then `receive` with what arrives until the outcome. The session must be auth_user's and must not carry
/// settings of the client that logs in (CVE-2025-12819).
package struct AuthQuery: Sendable {
    /// What is asked unless configured: an expired password counts as none.
    package static let defaultText =
        "SELECT rolname, CASE WHEN rolvaliduntil < now() THEN NULL ELSE rolpassword END FROM pg_authid "
        + "WHERE rolname=$1 AND rolcanlogin"

    /// What follows from a server's bytes.
    package enum Event: Hashable, Sendable {
        /// More bytes are needed.
        case needsBytes
        /// The answer. The session is ready for something else.
        case answered(SecretLookup)
        /// The query failed; the session is ready for something else. The client is told "bouncer config error".
        case queryFailed(PostgresServerError)
        /// The server does not keep to the protocol, or leaves the session in a state of its own: close it.
        case broken(String)
    }

    private enum Outcome: Sendable {
        case pending
        case lookup(SecretLookup)
        case error(PostgresServerError)
        case malformed(String)
    }

    /// What the client is told when auth_query cannot be asked: the reason is the operator's.
    package static let clientFailure = LoginFailure(.serverRejectedConnection, "bouncer config error")

    private var input = LoginInput()
    private var outcome = Outcome.pending

    /// A query that has not been sent.
    package init() {}

    /// Sends the query. Throws `zeroByteInText`, `tooLong`, having written nothing.
    package mutating func start(
        _ text: String = AuthQuery.defaultText, user: String, into output: inout OutputBuffer
    ) throws(WireError) {
        try output.appendMessages { (writer) throws(WireError) in
            try writer.parse(sql: text)
            try writer.bind(parameters: [Array(user.utf8)])
            try writer.describe(.portal)
            try writer.execute()
            writer.sync()
        }
    }

    /// Takes what has arrived, cut anywhere.
    package mutating func receive(_ bytes: ByteSlice) -> Event {
        input.append(bytes)
        while true {
            // Taken out of `self`, so that messages can be views of it while `self` changes.
            var received = LoginInput()
            swap(&received, &input)
            let (byteCount, event) = step(received.span)
            received.consume(byteCount)
            swap(&received, &input)
            if let event { return event }
        }
    }

    /// What was received beyond the answer; empties the buffer.
    package mutating func takeLeftover() -> [UInt8] { input.takeAll() }

    private mutating func step(_ bytes: Span<UInt8>) -> (Int, Event?) {
        switch FrameScan.scan(bytes, bodyByteCountMax: 2 * WireLimits.loginBodyByteCountMax) {
        case .partialHeader, .partialBody: return (0, .needsBytes)
        case .malformed(let error): return (0, .broken("bad packet: \(error)"))
        case .complete(let header):
            let body = bytes.extracting(FrameHeader.byteCount..<header.frameByteCount)
            do throws(WireError) {
                return (header.frameByteCount, try handle(try BackendMessage(Frame(type: header.type, body: body))))
            } catch {
                return (header.frameByteCount, .broken("bad packet: \(error)"))
            }
        }
    }

    private mutating func handle(_ message: BackendMessage) throws(WireError) -> Event? {
        switch message {
        case .rowDescription(let description):
            guard description.columnCount == 2 else {
                note("expected 2 columns from auth_query, not \(description.columnCount)")
                return nil
            }
        case .dataRow(let row): try read(row)
        case .errorResponse(let fields):
            let error = try fields.copy()
            outcome = .error(error)
            if error.endsSession { return .broken("server closes the session: \(error.message)") }
        case .readyForQuery(let status): return finish(status)
        case .parseComplete, .bindComplete, .commandComplete, .noticeResponse, .parameterStatus,
            .notificationResponse, .emptyQueryResponse:
            break
        case .noData: note("auth_query returns no rows")
        default: return .broken("unexpected response from auth_query")
        }
        return nil
    }

    private mutating func read(_ row: DataRow) throws(WireError) {
        guard case .pending = outcome else {
            // Which of two secrets would be meant nobody can say.
            if case .lookup = outcome { outcome = .malformed("auth_query returned more than one row") }
            return
        }
        guard row.columnCount == 2 else { return note("expected 2 columns from auth_query, not \(row.columnCount)") }
        try row.validate()
        var columns = row.columns
        guard let user = try columns.next()?.string else {
            return note("auth_query response contained null user name")
        }
        guard user.utf8.count <= LoginLimits.userNameByteCountMax else {
            return note("auth_query response contained a user name of \(user.utf8.count) bytes")
        }
        outcome = .lookup(.found(user: user, StoredSecret(try columns.next()?.string)))
    }

    private mutating func note(_ complaint: String) {
        if case .pending = outcome { outcome = .malformed(complaint) }
    }

    private func finish(_ status: TransactionStatus) -> Event {
        guard status == .idle else { return .broken("auth_query left a transaction open") }
        switch outcome {
        case .pending: return .answered(.noSuchUser)
        case .lookup(let lookup): return .answered(lookup)
        case .error(let error): return .queryFailed(error)
        case .malformed(let complaint):
            return .answered(.failed(AuthQuery.clientFailure.with(detail: complaint)))
        }
    }
}
