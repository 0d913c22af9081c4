/// `R`: what the server wants before it lets the client in, or that it does; a view.
///
/// PostgreSQL documentation, "Message Formats", Authentication*.
package enum AuthenticationRequest: ~Escapable {
    /// 0: the client is in.
    case ok
    /// 2: Kerberos V5, no longer made by any server.
    case kerberosV5
    /// 3: the password itself.
    case cleartextPassword
    /// 5: the password hashed with this salt of 4 bytes.
    case md5Password(salt: Span<UInt8>)
    /// 7: GSSAPI.
    case gss
    /// 8: more GSSAPI or SSPI data.
    case gssContinue(Span<UInt8>)
    /// 9: SSPI.
    case sspi
    /// 10: SASL with one of these mechanisms.
    case sasl(SASLMechanisms)
    /// 11: SASL challenge.
    case saslContinue(Span<UInt8>)
    /// 12: SASL outcome with data for the client to check.
    case saslFinal(Span<UInt8>)
}

/// Code words of AuthenticationRequest.
@usableFromInline
enum AuthenticationCode: UInt32 {
    case ok = 0
    case kerberosV5 = 2
    case cleartextPassword = 3
    case md5Password = 5
    case gss = 7
    case gssContinue = 8
    case sspi = 9
    case sasl = 10
    case saslContinue = 11
    case saslFinal = 12
}

extension AuthenticationRequest {
    @usableFromInline
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        let word = try reader.readUInt32()
        guard let code = AuthenticationCode(rawValue: word) else { throw .unknownAuthenticationCode(word) }
        switch code {
        case .gssContinue: self = .gssContinue(reader.rest)
        case .saslContinue: self = .saslContinue(reader.rest)
        case .saslFinal: self = .saslFinal(reader.rest)
        case .sasl: self = .sasl(try SASLMechanisms(reader.rest))
        case .md5Password:
            self = .md5Password(salt: try reader.readBytes(4))
            try reader.finish()
        case .ok, .kerberosV5, .cleartextPassword, .gss, .sspi:
            try reader.finish()
            self = AuthenticationRequest(empty: code)
        }
    }

    /// A request without data. Any other code, which the caller has excluded, counts as Kerberos, which nobody accepts.
    @_lifetime(immortal)
    private init(empty code: AuthenticationCode) {
        switch code {
        case .ok: self = .ok
        case .cleartextPassword: self = .cleartextPassword
        case .gss: self = .gss
        case .sspi: self = .sspi
        default: self = .kerberosV5
        }
    }
}

/// Names of the SASL mechanisms a server offers, best first; a view.
package struct SASLMechanisms: ~Escapable {
    /// Strings, without the zero byte that ends the list.
    let names: Span<UInt8>

    @_lifetime(copy body)
    init(_ body: Span<UInt8>) throws(WireError) {
        guard !body.isEmpty, body[body.count - 1] == 0 else { throw .unterminatedString }
        self.names = body.extracting(0..<(body.count - 1))
        var reader = WireReader(names)
        while reader.remainingByteCount > 0 {
            let nameIsEmpty = try reader.readText().isEmpty
            guard !nameIsEmpty else { throw .trailingBytes(reader.remainingByteCount) }
        }
    }

    /// Whether `name` is offered. O(n).
    package func contains(_ name: String) -> Bool {
        var reader = WireReader(names)
        while let candidate = try? reader.readText() {
            if candidate.equals(name) { return true }
        }
        return false
    }

    /// A copy. O(n).
    package var copy: [String] {
        var copy: [String] = []
        var reader = WireReader(names)
        while let name = try? reader.readText() { copy.append(name.string) }
        return copy
    }
}
