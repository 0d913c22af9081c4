package import Bytes
package import PostgresWire

/// What a client is sent once it is authenticated and the pooler knows the server's settings.
package enum ClientWelcome {
    /// AuthenticationOk, ParameterStatus of each setting, BackendKeyData, a notice (`login_notify_message`) unless
    /// empty, ReadyForQuery. Throws `zeroByteInText`, having written nothing.
    package static func write(
        parameters: [SessionParameter], key: CancelKey, notice: String = "", into output: inout OutputBuffer
    ) throws(WireError) {
        try output.appendMessages { (writer) throws(WireError) in
            writer.authenticationOk()
            for parameter in parameters {
                try writer.parameterStatus(name: parameter.name, value: parameter.value)
            }
            try writer.backendKeyData(processID: key.processID, secret: key.secret.span)
            if !notice.isEmpty {
                try writer.noticeResponse(
                    PostgresServerError(severity: .notice, code: .successfulCompletion, message: notice))
            }
            writer.readyForQuery(.idle)
        }
    }
}
