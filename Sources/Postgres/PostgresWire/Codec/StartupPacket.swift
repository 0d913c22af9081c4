/// What stands at the front of a connection that has not sent its StartupMessage yet.
package enum StartupScan: Hashable, Sendable {
    /// A whole packet of `byteCount` bytes. Bytes behind an SSLRequest or GSSENCRequest were sent in the clear before
    /// the peer knew the answer: reject the connection (CVE-2021-23214, CVE-2021-23222).
    case complete(byteCount: Int)
    /// At least `missing` more bytes are needed.
    case partial(missing: Int)
    /// A TLS record: direct TLS, as with `sslnegotiation=direct`. ALPN `postgresql` has to be required.
    case directTLS
    /// Not a startup packet.
    case malformed(WireError)
}

extension StartupScan {
    /// First byte of a TLS handshake record. As the high byte of a length it would be far beyond the limit.
    @inlinable static var tlsHandshakeByte: UInt8 { 0x16 }

    /// Looks at the first packet of `bytes`: Int32 length (itself included), Int32 code, body. O(1).
    package static func scan(_ bytes: Span<UInt8>) -> StartupScan {
        if !bytes.isEmpty, bytes[0] == tlsHandshakeByte { return .directTLS }
        guard bytes.count >= 4 else { return .partial(missing: 4 - bytes.count) }
        var reader = WireReader(bytes)
        guard let word = try? reader.readInt32() else { return .malformed(.truncated) }
        let byteCount = Int(word)
        guard byteCount >= WireLimits.startupPacketByteCountMin else { return .malformed(.lengthOutOfRange(byteCount)) }
        guard byteCount <= WireLimits.startupPacketByteCountMax else {
            return .malformed(.tooLong(byteCount: byteCount, limit: WireLimits.startupPacketByteCountMax))
        }
        let missing = byteCount - bytes.count
        return missing > 0 ? .partial(missing: missing) : .complete(byteCount: byteCount)
    }
}

/// A packet without a type byte, the only kind before the login; a view.
///
/// PostgreSQL documentation, "Message Formats": StartupMessage, SSLRequest, GSSENCRequest, CancelRequest.
package enum StartupPacket: ~Escapable {
    /// Protocol 3 of any minor version.
    case startup(StartupMessage)
    /// Asks for TLS; answered with one byte, `S` or `N`.
    case tlsRequest
    /// Asks for GSSAPI encryption; answered with one byte, `G` or `N`.
    case gssEncryptionRequest
    /// Asks to cancel what another connection does; never answered.
    case cancel(CancelRequest)
    /// A version other than 3: answer with `MessageWriter.unsupportedProtocolError` and close.
    case unsupported(ProtocolVersion)
}

/// Codes that stand in place of a version: 1234 in the high half, which no version will have.
@usableFromInline
enum StartupCode {
    static var cancelRequest: UInt32 { 80_877_102 }
    static var tlsRequest: UInt32 { 80_877_103 }
    static var gssEncryptionRequest: UInt32 { 80_877_104 }
}

extension StartupPacket {
    /// Decodes one whole packet, length word included, as `StartupScan.scan` delimited it.
    ///
    /// Throws any `WireError` but `unknownMessageType`. O(n) in the number of bytes.
    @_lifetime(copy packet)
    package init(_ packet: Span<UInt8>) throws(WireError) {
        guard packet.count <= WireLimits.startupPacketByteCountMax else {
            throw .tooLong(byteCount: packet.count, limit: WireLimits.startupPacketByteCountMax)
        }
        var reader = WireReader(packet)
        let byteCount = try reader.readInt32()
        guard byteCount >= WireLimits.startupPacketByteCountMin else { throw .lengthOutOfRange(Int(byteCount)) }
        guard byteCount >= packet.count else { throw .trailingBytes(packet.count - Int(byteCount)) }
        guard byteCount == packet.count else { throw .truncated }
        let code = try reader.readUInt32()
        switch code {
        case StartupCode.cancelRequest:
            self = .cancel(try CancelRequest(&reader))
        case StartupCode.tlsRequest:
            try reader.finish()
            self = .tlsRequest
        case StartupCode.gssEncryptionRequest:
            try reader.finish()
            self = .gssEncryptionRequest
        default:
            let version = ProtocolVersion(rawValue: code)
            guard version.major == 3 else {
                self = .unsupported(version)
                return
            }
            self = .startup(try StartupMessage(version: version, reader.rest))
        }
    }
}

/// Wish to start a session: version and named parameters; a view.
///
/// Whether `user` is there is for the session to check: its absence is an authorization error, not a malformed packet.
package struct StartupMessage: ~Escapable {
    /// Version as asked for; the minor part may be one that nobody knows.
    package let version: ProtocolVersion
    /// Pairs of strings, without the zero byte that ends the list.
    let pairs: Span<UInt8>

    @_lifetime(copy body)
    init(version: ProtocolVersion, _ body: Span<UInt8>) throws(WireError) {
        self.version = version
        guard !body.isEmpty, body[body.count - 1] == 0 else { throw .unterminatedString }
        self.pairs = body.extracting(0..<(body.count - 1))
        // An empty name before the end would hide what follows it from a reader that stops there.
        var reader = WireReader(pairs)
        while reader.remainingByteCount > 0 {
            let nameIsEmpty = try reader.readText().isEmpty
            guard !nameIsEmpty else { throw .trailingBytes(reader.remainingByteCount) }
            _ = try reader.readText()
        }
    }

    /// The parameters in the order sent, protocol options included.
    package var parameters: StartupParameterReader {
        @_lifetime(copy self)
        get { StartupParameterReader(pairs) }
    }

    /// Value of the last parameter with this exact name, as the server takes it; nil without one. O(n).
    @_lifetime(copy self)
    package func value(of name: String) -> WireText? {
        var parameters = parameters
        var found: Span<UInt8>?
        while let parameter = parameters.next() {
            if parameter.name.equals(name) { found = parameter.value.bytes }
        }
        guard let found else { return nil }
        return WireText(found)
    }

    /// What NegotiateProtocolVersion has to say before authentication, nil when the message asks for nothing unknown.
    ///
    /// - Parameters:
    ///   - newest: newest version the server speaks.
    ///   - knownOptions: names of the protocol options it knows, with their `_pq_.` prefix.
    package func negotiation(newest: ProtocolVersion = .newest, knownOptions: Set<String> = []) -> ProtocolNegotiation?
    {
        var unknown: [String] = []
        var parameters = parameters
        while let parameter = parameters.next() {
            let name = parameter.name.string
            if name.hasPrefix("_pq_."), !knownOptions.contains(name) { unknown.append(name) }
        }
        guard version > newest || !unknown.isEmpty else { return nil }
        return ProtocolNegotiation(newest: newest, unknownOptions: unknown)
    }
}

/// One parameter of a StartupMessage; a view.
package struct StartupParameter: ~Escapable {
    /// Name, never empty; case counts.
    package let name: WireText
    /// Value, maybe empty.
    package let value: WireText

    @_lifetime(copy name, copy value)
    init(name: WireText, value: WireText) {
        self.name = name
        self.value = value
    }
}

/// Walks the parameters of a StartupMessage, whose layout was checked before.
package struct StartupParameterReader: ~Escapable {
    var reader: WireReader

    @_lifetime(copy pairs)
    init(_ pairs: Span<UInt8>) {
        self.reader = WireReader(pairs)
    }

    /// The next parameter, nil after the last one.
    @_lifetime(copy self)
    package mutating func next() -> StartupParameter? {
        guard let name = try? reader.readText(), let value = try? reader.readText() else { return nil }
        return StartupParameter(name: name, value: value)
    }
}

/// Wish to cancel what the session with this key does; a view.
package struct CancelRequest: ~Escapable {
    /// Process number from BackendKeyData.
    package let processID: UInt32
    /// Secret from BackendKeyData: 4 ... 256 bytes. Compare with `constantTimeEqual`.
    package let secret: Span<UInt8>

    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.processID = try reader.readUInt32()
        let byteCount = reader.remainingByteCount
        guard byteCount >= WireLimits.cancelSecretByteCountMin else { throw .lengthOutOfRange(byteCount) }
        guard byteCount <= WireLimits.cancelSecretByteCountMax else {
            throw .tooLong(byteCount: byteCount, limit: WireLimits.cancelSecretByteCountMax)
        }
        self.secret = try reader.readBytes(byteCount)
    }
}

/// Whether two secrets are the same, in time that depends on the lengths only.
package func constantTimeEqual(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}

/// What a server tells a client that asked for a newer minor version or unknown options.
package struct ProtocolNegotiation: Hashable, Sendable {
    /// Newest version the server speaks; the session goes on with it or with the client's, whichever is older.
    package let newest: ProtocolVersion
    /// Protocol options the server does not know and ignores.
    package let unknownOptions: [String]

    /// A negotiation with these contents.
    package init(newest: ProtocolVersion, unknownOptions: [String]) {
        self.newest = newest
        self.unknownOptions = unknownOptions
    }
}
