// Messages from server to client. PostgreSQL documentation, "Message Formats".

extension MessageWriter {
    private mutating func backend(
        _ type: BackendMessageType, _ fields: (inout MessageWriter) throws(WireError) -> Void
    ) throws(WireError) {
        try message(type: type.rawValue, fields)
    }

    private mutating func empty(_ type: BackendMessageType) { emptyMessage(type: type.rawValue) }

    /// ParseComplete.
    package mutating func parseComplete() { empty(.parseComplete) }
    /// BindComplete.
    package mutating func bindComplete() { empty(.bindComplete) }
    /// CloseComplete.
    package mutating func closeComplete() { empty(.closeComplete) }
    /// EmptyQueryResponse: stands in for CommandComplete when the SQL was empty.
    package mutating func emptyQueryResponse() { empty(.emptyQueryResponse) }
    /// NoData: a statement that returns no rows.
    package mutating func noData() { empty(.noData) }
    /// PortalSuspended: Execute has returned as many rows as it may.
    package mutating func portalSuspended() { empty(.portalSuspended) }

    /// ReadyForQuery.
    package mutating func readyForQuery(_ status: TransactionStatus) {
        append(BackendMessageType.readyForQuery.rawValue)
        append(5 as UInt32)
        append(status.rawValue)
    }

    /// BackendKeyData. Throws `lengthOutOfRange` unless the secret has 4 ... 256 bytes; up to 3.1 exactly 4 are due.
    package mutating func backendKeyData(processID: UInt32, secret: Span<UInt8>) throws(WireError) {
        let byteCounts = WireLimits.cancelSecretByteCountMin...WireLimits.cancelSecretByteCountMax
        guard byteCounts.contains(secret.count) else { throw .lengthOutOfRange(secret.count) }
        try header(type: BackendMessageType.backendKeyData.rawValue, bodyByteCount: 4 + secret.count)
        append(processID)
        append(secret)
    }

    /// ParameterStatus. Throws `zeroByteInText`.
    package mutating func parameterStatus(name: String, value: String) throws(WireError) {
        try backend(.parameterStatus) { (writer) throws(WireError) in
            try writer.append(name)
            try writer.append(value)
        }
    }

    /// RowDescription. Throws `zeroByteInText`, `tooLong`.
    package mutating func rowDescription(_ columns: [ColumnDescription]) throws(WireError) {
        try backend(.rowDescription) { (writer) throws(WireError) in
            try writer.append(count: columns.count)
            for column in columns {
                try writer.append(column.name)
                writer.append(column.tableID)
                writer.append(UInt16(bitPattern: column.attributeNumber))
                writer.append(column.typeID)
                writer.append(UInt16(bitPattern: column.typeByteCount))
                writer.append(column.typeModifier)
                writer.append(UInt16(bitPattern: column.format.rawValue))
            }
        }
    }

    /// DataRow in text format, nil for NULL. Throws `tooLong`.
    package mutating func dataRow(_ values: [String?]) throws(WireError) {
        try dataRow(columnCount: values.count) { (writer) throws(WireError) in
            for value in values { try writer.append(value: value) }
        }
    }

    /// DataRow whose `columnCount` columns `columns` appends with `append(value:)`. Throws what it throws, `tooLong`.
    package mutating func dataRow(
        columnCount: Int, _ columns: (inout MessageWriter) throws(WireError) -> Void
    ) throws(WireError) {
        try backend(.dataRow) { (writer) throws(WireError) in
            try writer.append(count: columnCount)
            try columns(&writer)
        }
    }

    /// CommandComplete. Throws `zeroByteInText`.
    package mutating func commandComplete(tag: String) throws(WireError) {
        try backend(.commandComplete) { (writer) throws(WireError) in try writer.append(tag) }
    }

    /// ErrorResponse. Throws `zeroByteInText`, `unknownValue` for a field of kind 0.
    package mutating func errorResponse(_ error: PostgresServerError) throws(WireError) {
        try serverError(.errorResponse, error)
    }

    /// NoticeResponse. Throws as `errorResponse`.
    package mutating func noticeResponse(_ notice: PostgresServerError) throws(WireError) {
        try serverError(.noticeResponse, notice)
    }

    private mutating func serverError(
        _ type: BackendMessageType, _ error: PostgresServerError
    ) throws(WireError) {
        try backend(type) { (writer) throws(WireError) in
            for field in error.fields {
                guard field.kind.rawValue != 0 else { throw .unknownValue(0) }
                writer.append(field.kind.rawValue)
                try writer.append(field.value)
            }
            writer.append(0 as UInt8)
        }
    }

    /// Error in the layout of protocol 2, the only one such a client can read. Throws `zeroByteInText`.
    package mutating func unsupportedProtocolError(_ version: ProtocolVersion) throws(WireError) {
        append(BackendMessageType.errorResponse.rawValue)
        try append(
            "FATAL:  unsupported frontend protocol \(version.major).\(version.minor): server supports 3.0 to 3.2\n")
    }

    /// NotificationResponse. Throws `zeroByteInText`.
    package mutating func notificationResponse(
        processID: UInt32, channel: String, payload: String
    ) throws(WireError) {
        try backend(.notificationResponse) { (writer) throws(WireError) in
            writer.append(processID)
            try writer.append(channel)
            try writer.append(payload)
        }
    }

    /// ParameterDescription. Throws `tooLong`.
    package mutating func parameterDescription(typeIDs: [UInt32]) throws(WireError) {
        try backend(.parameterDescription) { (writer) throws(WireError) in try writer.append(objectIDs: typeIDs) }
    }

    /// CopyInResponse. Throws `tooLong`.
    package mutating func copyInResponse(format: WireFormat, columnFormats: [WireFormat]) throws(WireError) {
        try copyResponse(.copyInResponse, format, columnFormats)
    }

    /// CopyOutResponse. Throws `tooLong`.
    package mutating func copyOutResponse(format: WireFormat, columnFormats: [WireFormat]) throws(WireError) {
        try copyResponse(.copyOutResponse, format, columnFormats)
    }

    /// CopyBothResponse, for replication. Throws `tooLong`.
    package mutating func copyBothResponse(format: WireFormat, columnFormats: [WireFormat]) throws(WireError) {
        try copyResponse(.copyBothResponse, format, columnFormats)
    }

    private mutating func copyResponse(
        _ type: BackendMessageType, _ format: WireFormat, _ columnFormats: [WireFormat]
    ) throws(WireError) {
        try backend(type) { (writer) throws(WireError) in
            writer.append(UInt8(truncatingIfNeeded: format.rawValue))
            try writer.append(formats: columnFormats)
        }
    }

    /// FunctionCallResponse, nil for NULL. Throws `tooLong`.
    package mutating func functionCallResponse(_ result: [UInt8]?) throws(WireError) {
        try backend(.functionCallResponse) { (writer) throws(WireError) in try writer.append(value: result?.span) }
    }

    /// NegotiateProtocolVersion, once, before authentication. Throws `zeroByteInText`.
    package mutating func negotiateProtocolVersion(_ negotiation: ProtocolNegotiation) throws(WireError) {
        try backend(.negotiateProtocolVersion) { (writer) throws(WireError) in
            writer.append(negotiation.newest.rawValue)
            writer.append(UInt32(negotiation.unknownOptions.count))
            for option in negotiation.unknownOptions { try writer.append(option) }
        }
    }
}

// Authentication requests.
extension MessageWriter {
    private mutating func authentication(_ code: AuthenticationCode, _ data: Span<UInt8>) throws(WireError) {
        try header(type: BackendMessageType.authentication.rawValue, bodyByteCount: 4 + data.count)
        append(code.rawValue)
        append(data)
    }

    private mutating func authentication(_ code: AuthenticationCode) {
        append(BackendMessageType.authentication.rawValue)
        append(8 as UInt32)
        append(code.rawValue)
    }

    /// AuthenticationOk.
    package mutating func authenticationOk() { authentication(.ok) }
    /// AuthenticationKerberosV5.
    package mutating func authenticationKerberosV5() { authentication(.kerberosV5) }
    /// AuthenticationCleartextPassword.
    package mutating func authenticationCleartextPassword() { authentication(.cleartextPassword) }
    /// AuthenticationGSS.
    package mutating func authenticationGSS() { authentication(.gss) }
    /// AuthenticationSSPI.
    package mutating func authenticationSSPI() { authentication(.sspi) }

    /// AuthenticationMD5Password. Throws `lengthOutOfRange` unless the salt has 4 bytes.
    package mutating func authenticationMD5Password(salt: Span<UInt8>) throws(WireError) {
        guard salt.count == 4 else { throw .lengthOutOfRange(salt.count) }
        try authentication(.md5Password, salt)
    }

    /// AuthenticationGSSContinue. Throws `tooLong`.
    package mutating func authenticationGSSContinue(_ data: Span<UInt8>) throws(WireError) {
        try authentication(.gssContinue, data)
    }

    /// AuthenticationSASL; mechanisms best first. Throws `zeroByteInText`, `lengthOutOfRange` for an empty name.
    package mutating func authenticationSASL(mechanisms: [String]) throws(WireError) {
        try backend(.authentication) { (writer) throws(WireError) in
            writer.append(AuthenticationCode.sasl.rawValue)
            for mechanism in mechanisms {
                guard !mechanism.isEmpty else { throw .lengthOutOfRange(0) }
                try writer.append(mechanism)
            }
            writer.append(0 as UInt8)
        }
    }

    /// AuthenticationSASLContinue. Throws `tooLong`.
    package mutating func authenticationSASLContinue(_ data: Span<UInt8>) throws(WireError) {
        try authentication(.saslContinue, data)
    }

    /// AuthenticationSASLFinal. Throws `tooLong`.
    package mutating func authenticationSASLFinal(_ data: Span<UInt8>) throws(WireError) {
        try authentication(.saslFinal, data)
    }
}
