// Fuzzes everything in PostgresWire that reads bytes of a stranger and needs no cryptography: frames, messages of both
// directions, startup packets, SCRAM messages, base64. Built from the sources themselves, without packages:
//
//     swiftc -sanitize=fuzzer,address -parse-as-library -package-name atoll -module-name PostgresWire -O \
//         -swift-version 6 -enable-experimental-feature Lifetimes \
//         Sources/Postgres/PostgresWire/Codec/*.swift \
//         Sources/Postgres/PostgresWire/Scram/{Base64,ScramError,ScramMessage}.swift \
//         Fuzz/PostgresWireFuzz.swift -o /tmp/postgres-wire-fuzz
//
// `Fuzz/run 60` builds and runs it for 60 seconds. Spans trap when read outside, so a crash is a finding; so is a
// `check` below that does not hold.

/// Entry point of libFuzzer: the first byte chooses what the rest is read as.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 0 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start + 1, count: count - 1))
    switch start[0] % 8 {
    case 0: try? Fuzz.backend(bytes)
    case 1: try? Fuzz.frontend(bytes)
    case 2: try? Fuzz.startup(bytes)
    case 3: Fuzz.scramMessages(bytes)
    case 4: Fuzz.base64(bytes)
    default: Fuzz.oneMessage(type: start[0], bytes)
    }
    return 0
}

private enum Fuzz {
    static func check(_ holds: Bool) { precondition(holds) }

    static func backend(_ bytes: [UInt8]) throws(WireError) {
        var frames = FrameReader(bytes.span)
        while let frame = try frames.next() { try walk(try BackendMessage(frame)) }
        check(frames.consumedByteCount <= bytes.count)
    }

    static func frontend(_ bytes: [UInt8]) throws(WireError) {
        var frames = FrameReader(bytes.span)
        while let frame = try frames.next() { try walk(try FrontendMessage(frame)) }
    }

    /// The bytes as a body, without the luck that a right length takes.
    static func oneMessage(type: UInt8, _ bytes: [UInt8]) {
        guard let first = bytes.first else { return }
        let body = Array(bytes.dropFirst())
        if type & 1 == 0 {
            let types = BackendMessageType.allCases
            let type = types[Int(first) % types.count].rawValue
            do throws(WireError) { try walk(try BackendMessage(Frame(type: type, body: body.span))) } catch {}
        } else {
            let types = FrontendMessageType.allCases
            let type = types[Int(first) % types.count].rawValue
            do throws(WireError) { try walk(try FrontendMessage(Frame(type: type, body: body.span))) } catch {}
        }
    }

    private static func walk(_ reader: WireValueReader) throws(WireError) -> [[UInt8]?] {
        var reader = reader
        var values: [[UInt8]?] = []
        while let value = try reader.next() { values.append(value.copy) }
        return values
    }

    private static func walk(_ message: BackendMessage) throws(WireError) {
        switch message {
        case .authentication(let request):
            if case .sasl(let mechanisms) = request {
                for mechanism in mechanisms.copy where !mechanism.contains("\u{fffd}") {
                    check(mechanisms.contains(mechanism))
                }
            }
        case .dataRow(let row):
            try row.validate()
            check(try walk(row.columns).count == row.columnCount)
        case .rowDescription(let description):
            check(try description.copy().count == description.columnCount)
        case .errorResponse(let fields), .noticeResponse(let fields):
            let copy = try fields.copy()
            _ = (copy.code, copy.severity, copy.description)
            var writer = MessageWriter()
            try writer.errorResponse(copy)
        case .negotiateProtocolVersion(let negotiation):
            check(try negotiation.copy().unknownOptions.count == negotiation.optionCount)
        case .parameterDescription(let description): _ = description.typeIDs.copy
        case .copyInResponse(let copy), .copyOutResponse(let copy), .copyBothResponse(let copy):
            _ = copy.columnFormats.copy
        case .functionCallResponse(let response): _ = response.result.string
        case .commandComplete(let complete): _ = complete.tag.string
        case .parameterStatus(let status): _ = (status.name.string, status.value.string)
        case .notificationResponse(let note): _ = (note.channel.string, note.payload.string)
        case .backendKeyData(let key): check((4...256).contains(key.secret.count))
        default: break
        }
    }

    private static func walk(_ message: FrontendMessage) throws(WireError) {
        switch message {
        case .authenticationResponse(let response):
            _ = try? response.password().string
            _ = try? response.saslInitialResponse().mechanism.string
        case .bind(let bind):
            let arguments = try bind.arguments()
            let values = try walk(arguments.parameters)
            check(values.count == arguments.parameterCount)
            var renamed = MessageWriter()
            try renamed.bind(renaming: bind, statement: "x")
            var frames = FrameReader(renamed.bytes.span)
            guard let next = try frames.next(), case .bind(let again) = try FrontendMessage(next) else {
                preconditionFailure("a renamed Bind is no Bind")
            }
            check(again.statement.equals("x") && again.portal.byteCount == bind.portal.byteCount)
            check(try walk(try again.arguments().parameters) == values)
        case .functionCall(let call):
            check(try walk(call.arguments).count == call.argumentCount)
            _ = call.argumentFormats.copy
        case .parse(let parse): _ = (parse.statement.string, parse.sql.string, parse.parameterTypeIDs.copy)
        case .query(let query): _ = query.sql.string
        case .close(let target), .describe(let target): _ = target.name.string
        case .execute(let execute): _ = execute.portal.string
        case .copyFail(let reason): _ = reason.string
        default: break
        }
    }

    static func startup(_ bytes: [UInt8]) throws(WireError) {
        if case .complete(let byteCount) = StartupScan.scan(bytes.span) {
            check(byteCount <= bytes.count && byteCount <= WireLimits.startupPacketByteCountMax)
        }
        // With a right length, as above.
        let total = UInt32(min(bytes.count + 4, WireLimits.startupPacketByteCountMax))
        var packet = (0..<4).map { UInt8(truncatingIfNeeded: total >> UInt32(24 - 8 * $0)) }
        packet += bytes.prefix(Int(total) - 4)
        switch try StartupPacket(packet.span) {
        case .startup(let message):
            _ = message.negotiation()?.unknownOptions
            _ = message.value(of: "user")?.string
            var parameters = message.parameters
            while let parameter = parameters.next() { check(!parameter.name.isEmpty) }
        case .cancel(let request): check((4...256).contains(request.secret.count))
        default: break
        }
    }

    static func scramMessages(_ bytes: [UInt8]) {
        do throws(ScramError) {
            let message = try ScramMessage.ClientFirst(bytes.span)
            check(!message.nonce.isEmpty && message.flag.header.utf8.count <= bytes.count)
        } catch {}
        do throws(ScramError) {
            let message = try ScramMessage.ServerFirst(bytes.span)
            check(message.iterations > 0 && !message.salt.isEmpty)
        } catch {}
        do throws(ScramError) {
            let message = try ScramMessage.ClientFinal(bytes.span)
            check(message.withoutProof.utf8.count > 2)
        } catch {}
        _ = try? ScramMessage.ServerFinal(bytes.span)
    }

    static func base64(_ bytes: [UInt8]) {
        check(Base64.decode(Array(Base64.encode(bytes).utf8).span) == bytes)
        guard let decoded = Base64.decode(bytes.span) else { return }
        check(Array(Base64.encode(decoded).utf8) == bytes)
    }
}
