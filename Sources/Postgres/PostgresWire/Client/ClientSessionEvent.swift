/// What follows from bytes that a server sent, in the order it sent them.
package enum ClientSessionEvent: Hashable, Sendable {
    /// Send these bytes.
    case send([UInt8])
    /// The server does not know some options or speaks only older versions; the login goes on.
    case negotiated(ProtocolNegotiation)
    /// The server lets us in. `ready` comes later.
    case authenticated
    /// Key for a CancelRequest.
    case backendKey(processID: UInt32, secret: [UInt8])
    /// A setting's value, at login and whenever it changes.
    case parameter(name: String, value: String)
    /// Rows with these columns follow.
    case rowDescription([ColumnDescription])
    /// One row, nil for NULL. Text format; U+FFFD for what is not UTF-8.
    case row([String?])
    /// One statement of the query is done; the tag is such as `SELECT 3`.
    case commandComplete(tag: String)
    /// The query held no statement.
    case emptyQuery
    /// `copyData` follows, until `copyDone`.
    case copyOut
    /// A piece of the copy stream, cut anywhere.
    case copyData([UInt8])
    /// The copy stream is complete. `commandComplete` or another stream follows.
    case copyDone
    /// Somebody sent NOTIFY.
    case notification(processID: UInt32, channel: String, payload: String)
    /// Something to be logged.
    case notice(PostgresServerError)
    /// The statement failed, then `ready` follows; or the session is over, see `ClientSession.isClosed`.
    case error(PostgresServerError)
    /// One query, or the login, is complete.
    case ready(TransactionStatus)
}

/// Why a session ended on our side, or a call was refused.
package enum ClientSessionError: Error, Hashable, Sendable {
    /// A message is malformed, received or to be sent.
    case wire(WireError)
    /// The SCRAM exchange failed.
    case scram(ScramError)
    /// A message that must not come now.
    case unexpectedMessage(type: UInt8)
    /// The server wants a password and there is none.
    case passwordMissing
    /// The server wants a way of authentication that is not allowed or not known here.
    case authenticationMethodRefused(String)
    /// The server wants to stream both ways, which is not spoken here.
    case copyBothUnsupported
    /// The call does not go with the state of the session.
    case outOfOrder
}
