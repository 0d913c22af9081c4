import PostgresWire

/// Bytes of a string.
func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A frame with a right length around `body`; types up to U+00FF.
func frame(_ type: Unicode.Scalar, _ body: [UInt8]) -> [UInt8] {
    let length = UInt32(body.count + 4)
    return [UInt8(truncatingIfNeeded: type.value)]
        + (0..<4).map { UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * $0)) } + body
}

/// What a writer writes.
func written(_ write: (inout MessageWriter) throws -> Void) rethrows -> [UInt8] {
    var writer = MessageWriter()
    try write(&writer)
    return writer.take()
}

/// Walks every field of the frontend or backend messages in `bytes` and writes them down; throws what the codec throws.
enum Describe {
    static func backend(_ bytes: [UInt8]) throws(WireError) -> String {
        var frames = FrameReader(bytes.span)
        var lines: [String] = []
        while let frame = try frames.next() { lines.append(try describe(try BackendMessage(frame))) }
        return lines.joined(separator: "; ")
    }

    static func frontend(_ bytes: [UInt8]) throws(WireError) -> String {
        var frames = FrameReader(bytes.span)
        var lines: [String] = []
        while let frame = try frames.next() { lines.append(try describe(try FrontendMessage(frame))) }
        return lines.joined(separator: "; ")
    }

    static func startup(_ bytes: [UInt8]) throws(WireError) -> String {
        switch try StartupPacket(bytes.span) {
        case .startup(let message):
            var text = "startup \(message.version.major).\(message.version.minor)"
            var parameters = message.parameters
            while let parameter = parameters.next() {
                text += " \(parameter.name.string)=\(parameter.value.string)"
            }
            return text
        case .tlsRequest: return "tls"
        case .gssEncryptionRequest: return "gss"
        case .cancel(let request): return "cancel \(request.processID) \(Array(wire: request.secret))"
        case .unsupported(let version): return "unsupported \(version.major).\(version.minor)"
        }
    }

    private static func values(_ reader: borrowing WireValueReader) throws(WireError) -> String {
        var reader = copy reader
        var texts: [String] = []
        while let value = try reader.next() { texts.append(value.string ?? "NULL") }
        return texts.joined(separator: ",")
    }

    private static func codes(_ formats: WireFormats) -> String {
        formats.copy.map { String($0.rawValue) }.joined(separator: ",")
    }

    private static func describe(_ message: BackendMessage) throws(WireError) -> String {
        switch message {
        case .authentication(let request): return "authentication " + describe(request)
        case .backendKeyData(let key): return "key \(key.processID) \(Array(wire: key.secret))"
        case .bindComplete: return "bindComplete"
        case .closeComplete: return "closeComplete"
        case .commandComplete(let complete): return "complete \(complete.tag.string)"
        case .copyData(let data): return "copyData \(String(wire: data.bytes))"
        case .copyDone: return "copyDone"
        case .copyInResponse(let copy): return "copyIn \(copy.format.rawValue) \(codes(copy.columnFormats))"
        case .copyOutResponse(let copy): return "copyOut \(copy.format.rawValue) \(codes(copy.columnFormats))"
        case .copyBothResponse(let copy): return "copyBoth \(copy.format.rawValue) \(codes(copy.columnFormats))"
        case .dataRow(let row):
            try row.validate()
            return "row \(row.columnCount) \(try values(row.columns))"
        case .emptyQueryResponse: return "emptyQuery"
        case .errorResponse(let fields): return "error \(try describe(fields))"
        case .functionCallResponse(let response): return "result \(response.result.string ?? "NULL")"
        case .negotiateProtocolVersion(let negotiation):
            let copy = try negotiation.copy()
            return "negotiate \(copy.newest.major).\(copy.newest.minor) \(copy.unknownOptions)"
        case .noData: return "noData"
        case .noticeResponse(let fields): return "notice \(try describe(fields))"
        case .notificationResponse(let note):
            return "notification \(note.processID) \(note.channel.string) \(note.payload.string)"
        case .parameterDescription(let description): return "parameters \(description.typeIDs.copy)"
        case .parameterStatus(let status): return "parameter \(status.name.string)=\(status.value.string)"
        case .parseComplete: return "parseComplete"
        case .portalSuspended: return "portalSuspended"
        case .readyForQuery(let status): return "ready \(status)"
        case .rowDescription(let description):
            let columns = try description.copy().map { column in
                "\(column.name):\(column.tableID):\(column.attributeNumber):\(column.typeID):\(column.typeByteCount)"
                    + ":\(column.typeModifier):\(column.format.rawValue)"
            }
            return "columns " + columns.joined(separator: " ")
        }
    }

    private static func describe(_ fields: ServerErrorFields) throws(WireError) -> String {
        let copy = try fields.copy()
        let code = try fields.first(.code)?.string
        precondition(code == copy[.code])
        return copy.fields.map { "\(Character(Unicode.Scalar($0.kind.rawValue)))=\($0.value)" }.joined(separator: " ")
    }

    private static func describe(_ request: AuthenticationRequest) -> String {
        switch request {
        case .ok: "ok"
        case .kerberosV5: "krb5"
        case .cleartextPassword: "cleartext"
        case .md5Password(let salt): "md5 \(Array(wire: salt))"
        case .gss: "gss"
        case .gssContinue(let data): "gssContinue \(String(wire: data))"
        case .sspi: "sspi"
        case .sasl(let mechanisms): "sasl \(mechanisms.copy)"
        case .saslContinue(let data): "saslContinue \(String(wire: data))"
        case .saslFinal(let data): "saslFinal \(String(wire: data))"
        }
    }

    private static func describe(_ message: FrontendMessage) throws(WireError) -> String {
        switch message {
        case .authenticationResponse(let response):
            if let initial = try? response.saslInitialResponse() {
                return "sasl \(initial.mechanism.string) \(initial.response.string ?? "NULL")"
            }
            if let password = try? response.password() { return "password \(password.string)" }
            return "response \(String(wire: response.bytes))"
        case .bind(let bind):
            let arguments = try bind.arguments()
            return "bind [\(bind.portal.string)] [\(bind.statement.string)] \(codes(arguments.parameterFormats)) "
                + "\(arguments.parameterCount) \(try values(arguments.parameters)) \(codes(arguments.resultFormats))"
        case .close(let target): return "close \(target.kind) [\(target.name.string)]"
        case .copyData(let data): return "copyData \(String(wire: data.bytes))"
        case .copyDone: return "copyDone"
        case .copyFail(let reason): return "copyFail \(reason.string)"
        case .describe(let target): return "describe \(target.kind) [\(target.name.string)]"
        case .execute(let execute): return "execute [\(execute.portal.string)] \(execute.rowCountMax)"
        case .flush: return "flush"
        case .functionCall(let call):
            return "call \(call.functionID) \(codes(call.argumentFormats)) \(call.argumentCount) "
                + "\(try values(call.arguments)) \(call.resultFormat.rawValue)"
        case .parse(let parse):
            return "parse [\(parse.statement.string)] \(parse.sql.string) \(parse.parameterTypeIDs.copy)"
        case .query(let query): return "query \(query.sql.string)"
        case .sync: return "sync"
        case .terminate: return "terminate"
        }
    }
}
