// Messages from client to server. PostgreSQL documentation, "Message Formats".

extension MessageWriter {
    /// StartupMessage. Parameters keep their order; `user` must be among them. Throws `zeroByteInText`, `tooLong`
    /// above 10,000 bytes.
    package mutating func startup(
        version: ProtocolVersion = .v3_0, parameters: [(name: String, value: String)]
    ) throws(WireError) {
        let start = byteCount
        try packet { (writer) throws(WireError) in
            writer.append(version.rawValue)
            for parameter in parameters {
                try writer.append(parameter.name)
                try writer.append(parameter.value)
            }
            writer.append(0 as UInt8)
            let packetByteCount = writer.byteCount - start
            guard packetByteCount <= WireLimits.startupPacketByteCountMax else {
                throw .tooLong(byteCount: packetByteCount, limit: WireLimits.startupPacketByteCountMax)
            }
        }
    }

    /// SSLRequest. The answer is one byte, `S` or `N`.
    package mutating func tlsRequest() {
        append(8 as UInt32)
        append(StartupCode.tlsRequest)
    }

    /// GSSENCRequest. The answer is one byte, `G` or `N`.
    package mutating func gssEncryptionRequest() {
        append(8 as UInt32)
        append(StartupCode.gssEncryptionRequest)
    }

    /// CancelRequest, on a connection of its own. Throws `lengthOutOfRange` unless the secret has 4 ... 256 bytes.
    package mutating func cancelRequest(processID: UInt32, secret: Span<UInt8>) throws(WireError) {
        let byteCounts = WireLimits.cancelSecretByteCountMin...WireLimits.cancelSecretByteCountMax
        guard byteCounts.contains(secret.count) else { throw .lengthOutOfRange(secret.count) }
        append(UInt32(12 + secret.count))
        append(StartupCode.cancelRequest)
        append(processID)
        append(secret)
    }

    /// PasswordMessage: the password or its md5 response. Throws `zeroByteInText`.
    package mutating func password(_ password: String) throws(WireError) {
        try message(type: FrontendMessageType.authenticationResponse.rawValue) { (writer) throws(WireError) in
            try writer.append(password)
        }
    }

    /// SASLInitialResponse. Throws `zeroByteInText`, `tooLong`.
    package mutating func saslInitialResponse(mechanism: String, response: Span<UInt8>?) throws(WireError) {
        let start = byteCount
        append(FrontendMessageType.authenticationResponse.rawValue)
        append(UInt32(4 + mechanism.utf8.count + 1 + 4 + (response?.count ?? 0)))
        do {
            try append(mechanism)
            try append(value: response)
        } catch {
            truncate(to: start)
            throw error
        }
    }

    /// SASLResponse. Throws `tooLong`.
    package mutating func saslResponse(_ response: Span<UInt8>) throws(WireError) {
        try bytesMessage(type: FrontendMessageType.authenticationResponse.rawValue, response)
    }

    /// Query: any number of statements. Throws `zeroByteInText`, `tooLong`.
    package mutating func query(_ sql: String) throws(WireError) {
        try message(type: FrontendMessageType.query.rawValue) { (writer) throws(WireError) in
            try writer.append(sql)
        }
    }

    /// Parse. Empty name for the unnamed statement. Throws `zeroByteInText`, `tooLong`.
    package mutating func parse(
        statement: String = "", sql: String, parameterTypeIDs: [UInt32] = []
    ) throws(WireError) {
        try message(type: FrontendMessageType.parse.rawValue) { (writer) throws(WireError) in
            try writer.append(statement)
            try writer.append(sql)
            try writer.append(objectIDs: parameterTypeIDs)
        }
    }

    /// Bind. Empty names for the unnamed ones, nil for NULL. Throws `zeroByteInText`, `tooLong`.
    package mutating func bind(
        portal: String = "", statement: String = "", parameterFormats: [WireFormat] = [], parameters: [[UInt8]?] = [],
        resultFormats: [WireFormat] = []
    ) throws(WireError) {
        try message(type: FrontendMessageType.bind.rawValue) { (writer) throws(WireError) in
            try writer.append(portal)
            try writer.append(statement)
            try writer.append(formats: parameterFormats)
            try writer.append(values: parameters)
            try writer.append(formats: resultFormats)
        }
    }

    /// Bind with another statement name and all else as received. Throws `zeroByteInText`, `tooLong`.
    package mutating func bind(renaming bind: Bind, statement: String) throws(WireError) {
        // Spans cannot be captured, so the length is told beforehand.
        let bodyByteCount = bind.portal.byteCount + 1 + statement.utf8.count + 1 + bind.tail.count
        let start = byteCount
        try header(type: FrontendMessageType.bind.rawValue, bodyByteCount: bodyByteCount)
        append(bind.portal)
        do {
            try append(statement)
        } catch {
            truncate(to: start)
            throw error
        }
        append(bind.tail)
    }

    /// Describe. Throws `zeroByteInText`.
    package mutating func describe(_ kind: StatementOrPortal.Kind, name: String = "") throws(WireError) {
        try statementOrPortal(.describe, kind, name)
    }

    /// Close. Throws `zeroByteInText`.
    package mutating func close(_ kind: StatementOrPortal.Kind, name: String = "") throws(WireError) {
        try statementOrPortal(.close, kind, name)
    }

    private mutating func statementOrPortal(
        _ type: FrontendMessageType, _ kind: StatementOrPortal.Kind, _ name: String
    ) throws(WireError) {
        try message(type: type.rawValue) { (writer) throws(WireError) in
            writer.append(kind.rawValue)
            try writer.append(name)
        }
    }

    /// Execute; `rowCountMax` 0 for all rows. Throws `zeroByteInText`.
    package mutating func execute(portal: String = "", rowCountMax: Int32 = 0) throws(WireError) {
        try message(type: FrontendMessageType.execute.rawValue) { (writer) throws(WireError) in
            try writer.append(portal)
            writer.append(rowCountMax)
        }
    }

    /// FunctionCall. Throws `tooLong`.
    package mutating func functionCall(
        functionID: UInt32, argumentFormats: [WireFormat] = [], arguments: [[UInt8]?], resultFormat: WireFormat = .text
    ) throws(WireError) {
        try message(type: FrontendMessageType.functionCall.rawValue) { (writer) throws(WireError) in
            writer.append(functionID)
            try writer.append(formats: argumentFormats)
            try writer.append(values: arguments)
            writer.append(UInt16(bitPattern: resultFormat.rawValue))
        }
    }

    /// CopyFail. Throws `zeroByteInText`.
    package mutating func copyFail(reason: String) throws(WireError) {
        try message(type: FrontendMessageType.copyFail.rawValue) { (writer) throws(WireError) in
            try writer.append(reason)
        }
    }

    /// Sync.
    package mutating func sync() { emptyMessage(type: FrontendMessageType.sync.rawValue) }
    /// Flush.
    package mutating func flush() { emptyMessage(type: FrontendMessageType.flush.rawValue) }
    /// Terminate.
    package mutating func terminate() { emptyMessage(type: FrontendMessageType.terminate.rawValue) }
}

// Of both directions.
extension MessageWriter {
    /// CopyData, cut anywhere. Throws `tooLong`.
    package mutating func copyData(_ data: Span<UInt8>) throws(WireError) {
        try bytesMessage(type: FrontendMessageType.copyData.rawValue, data)
    }

    /// CopyDone.
    package mutating func copyDone() { emptyMessage(type: FrontendMessageType.copyDone.rawValue) }

    /// A message whose body is `body`. Throws `tooLong`.
    mutating func bytesMessage(type: UInt8, _ body: Span<UInt8>) throws(WireError) {
        try header(type: type, bodyByteCount: body.count)
        append(body)
    }

    /// A header for a body that the caller appends next. Throws `tooLong`.
    package mutating func header(type: UInt8, bodyByteCount: Int) throws(WireError) {
        guard bodyByteCount <= WireLimits.bodyByteCountMax else {
            throw .tooLong(byteCount: bodyByteCount, limit: WireLimits.bodyByteCountMax)
        }
        append(type)
        append(UInt32(4 + bodyByteCount))
    }
}
