package import Bytes
package import PostgresWire

/// What a client is sent once it is authenticated and the pooler knows the server's settings.
package enum ClientWelcome {
    /// AuthenticationOk, ParameterStatus of each setting, BackendKeyData, a notice (`login_notify_message`) unless
    /// empty, ReadyForQuery. Throws `zeroByteInText`, having written nothing.
    package static func write(
        parameters: [SessionParameter], key: CancelKey, notice: String = "", into output: inout OutputBuffer
    ) throws(WireError) {
        write(try PoolGreeting(parameters), own: [], key: key, notice: notice, into: &output)
    }

    /// The same, with a client's own values in place of the servers'.
    static func write(
        _ welcome: PoolGreeting, own: [PoolGreeting.Own], key: CancelKey, notice: String,
        into output: inout OutputBuffer
    ) {
        output.appendHeader(UInt8(ascii: "R"), bodyByteCount: 4)
        output.append(word32: 0)
        welcome.appendMessages(own, to: &output)
        output.appendHeader(UInt8(ascii: "K"), bodyByteCount: 4 + key.secretByteCount)
        output.append(word32: Int(key.processID))
        key.secret.withUnsafeBytes { output.append($0) }
        if !notice.isEmpty {
            output.appendReport(
                UInt8(ascii: "N"), severity: "NOTICE", code: SQLState.successfulCompletion.rawValue, message: notice)
        }
        output.appendReadyForQuery(UInt8(ascii: "I"))
    }
}
