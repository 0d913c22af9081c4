/// Names of the two mechanisms, as they stand in AuthenticationSASL.
package enum ScramMechanism {
    /// Without channel binding.
    package static var plain: String { "SCRAM-SHA-256" }
    /// Bound to the TLS channel.
    package static var plus: String { "SCRAM-SHA-256-PLUS" }
}

/// One side's share of the nonce: printable ASCII without comma.
package struct ScramNonce: Hashable, Sendable {
    /// Bytes of randomness that PostgreSQL uses.
    package static var randomByteCount: Int { 18 }

    /// As it stands in the messages.
    package let text: String

    /// From bytes of a cryptographic random source.
    package init(randomBytes: [UInt8]) {
        self.text = Base64.encode(randomBytes)
    }

    /// From its text, nil if that is empty or holds anything but printable ASCII without comma.
    package init?(text: String) {
        guard !text.isEmpty, text.utf8.allSatisfy(ScramMessage.isNonceByte) else { return nil }
        self.text = text
    }
}

/// Channel-binding flag at the front of the client's first message.
package enum ScramChannelBindingFlag: Hashable, Sendable {
    /// `n`: the client cannot bind.
    case unsupported
    /// `y`: the client can bind but was not offered it.
    case notOffered
    /// `p=tls-server-end-point`: the client binds.
    case tlsServerEndPoint

    /// The GS2 header, with no authorization identity.
    var header: String {
        switch self {
        case .unsupported: "n,,"
        case .notOffered: "y,,"
        case .tlsServerEndPoint: "p=tls-server-end-point,,"
        }
    }
}

/// What the four messages of an exchange say (RFC 5802, section 7); no cryptography here.
enum ScramMessage {
    static func isNonceByte(_ byte: UInt8) -> Bool { (0x21...0x7e).contains(byte) && byte != UInt8(ascii: ",") }

    /// A user name with comma and equals sign written as `=2C` and `=3D`. PostgreSQL ignores it.
    static func escaped(_ userName: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in userName.unicodeScalars {
            switch scalar {
            case ",": result.append(contentsOf: "=2C".unicodeScalars)
            case "=": result.append(contentsOf: "=3D".unicodeScalars)
            default: result.append(scalar)
            }
        }
        return String(result)
    }

    /// `gs2-header n=user,r=nonce`
    struct ClientFirst {
        let flag: ScramChannelBindingFlag
        let nonce: String
        /// All behind the GS2 header: the first part of the text both sides sign.
        let bare: String

        init(_ bytes: Span<UInt8>) throws(ScramError) {
            var reader = try ScramAttributeReader(bytes)
            flag = try reader.readChannelBindingFlag()
            guard !reader.startsWith("a=") else { throw .unsupportedAuthorizationIdentity }
            try reader.skip(",")
            bare = reader.rest
            guard !reader.startsWith("m=") else { throw .unsupportedExtension }
            _ = try reader.read("n")
            nonce = try reader.readNonce()
            try reader.skipExtensions()
        }
    }

    /// `r=nonce,s=salt,i=rounds`
    struct ServerFirst {
        let nonce: String
        let salt: [UInt8]
        let iterations: Int

        init(_ bytes: Span<UInt8>) throws(ScramError) {
            var reader = try ScramAttributeReader(bytes)
            guard !reader.startsWith("m=") else { throw .unsupportedExtension }
            nonce = try reader.readNonce()
            salt = try reader.readBase64("s")
            guard (1...WireLimits.scramSaltByteCountMax).contains(salt.count) else { throw .saltOutOfRange }
            guard let iterations = Int(try reader.read("i")) else { throw .malformedMessage }
            guard (1...WireLimits.scramIterationsMax).contains(iterations) else { throw .iterationsOutOfRange }
            self.iterations = iterations
            try reader.skipExtensions()
        }
    }

    /// `c=channel binding,r=nonce,p=proof`
    struct ClientFinal {
        let channelBinding: [UInt8]
        let nonce: String
        let proof: [UInt8]
        /// All before the proof: the last part of the text both sides sign.
        let withoutProof: String

        init(_ bytes: Span<UInt8>) throws(ScramError) {
            var reader = try ScramAttributeReader(bytes)
            channelBinding = try reader.readBase64("c")
            nonce = try reader.readNonce()
            while !reader.startsWith("p=") { try reader.skipExtension() }
            withoutProof = reader.readBefore
            proof = try reader.readBase64("p")
            guard reader.isAtEnd else { throw .malformedMessage }
        }
    }

    /// `v=signature` or `e=error`
    enum ServerFinal {
        case signature([UInt8])
        case error(String)

        init(_ bytes: Span<UInt8>) throws(ScramError) {
            var reader = try ScramAttributeReader(bytes)
            if reader.startsWith("e=") {
                self = .error(try reader.read("e"))
            } else {
                self = .signature(try reader.readBase64("v"))
            }
            try reader.skipExtensions()
        }
    }
}

/// A cursor over the comma-separated attributes of one message.
struct ScramAttributeReader: ~Escapable {
    private let bytes: Span<UInt8>
    /// Index of the next byte: the name of an attribute, or bytes.count.
    private var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) throws(ScramError) {
        guard bytes.count <= WireLimits.scramMessageByteCountMax else {
            throw .messageTooLong(byteCount: bytes.count)
        }
        self.bytes = bytes
        for index in bytes.indices where bytes[index] == 0 { throw .malformedMessage }
    }

    var isAtEnd: Bool { offset == bytes.count }
    var rest: String { String(wire: bytes.extracting(offset..<bytes.count)) }
    /// Everything before the attribute at the cursor and its comma.
    var readBefore: String { String(wire: bytes.extracting(0..<max(offset - 1, 0))) }

    func startsWith(_ prefix: StaticString) -> Bool {
        let count = prefix.utf8CodeUnitCount
        guard bytes.count - offset >= count else { return false }
        return WireText(bytes.extracting(offset..<(offset + count))).equals(prefix.description)
    }

    mutating func skip(_ prefix: StaticString) throws(ScramError) {
        guard startsWith(prefix) else { throw .malformedMessage }
        offset += prefix.utf8CodeUnitCount
    }

    mutating func readChannelBindingFlag() throws(ScramError) -> ScramChannelBindingFlag {
        if startsWith("n,") {
            try skip("n,")
            return .unsupported
        }
        if startsWith("y,") {
            try skip("y,")
            return .notOffered
        }
        guard startsWith("p=") else { throw .malformedMessage }
        guard startsWith("p=tls-server-end-point,") else { throw .unsupportedChannelBinding }
        try skip("p=tls-server-end-point,")
        return .tlsServerEndPoint
    }

    /// Value of the attribute at the cursor, which must have this name; moves behind it and its comma.
    @_lifetime(copy self)
    private mutating func readBytes(_ name: Unicode.Scalar) throws(ScramError) -> Span<UInt8> {
        guard bytes.count - offset >= 2, bytes[offset] == UInt8(ascii: name), bytes[offset + 1] == UInt8(ascii: "=")
        else { throw .malformedMessage }
        let start = offset + 2
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: ",") { end += 1 }
        // A comma must have another attribute behind it.
        guard end == bytes.count || end + 1 < bytes.count else { throw .malformedMessage }
        offset = min(end + 1, bytes.count)
        return bytes.extracting(start..<end)
    }

    mutating func read(_ name: Unicode.Scalar) throws(ScramError) -> String {
        String(wire: try readBytes(name))
    }

    mutating func readBase64(_ name: Unicode.Scalar) throws(ScramError) -> [UInt8] {
        guard let decoded = Base64.decode(try readBytes(name)) else { throw .malformedMessage }
        return decoded
    }

    mutating func readNonce() throws(ScramError) -> String {
        guard let nonce = ScramNonce(text: try read("r")) else { throw .malformedMessage }
        return nonce.text
    }

    mutating func skipExtension() throws(ScramError) {
        guard !isAtEnd else { throw .malformedMessage }
        let name = Unicode.Scalar(bytes[offset])
        guard name.properties.isAlphabetic, name.isASCII else { throw .malformedMessage }
        guard name != "m" else { throw .unsupportedExtension }
        _ = try readBytes(name)
    }

    mutating func skipExtensions() throws(ScramError) {
        while !isAtEnd { try skipExtension() }
    }
}
