/// Type byte of a message from client to server: PostgreSQL documentation, "Message Formats".
package enum FrontendMessageType: UInt8, Hashable, Sendable, CaseIterable {
    case bind = 0x42  // B
    case close = 0x43  // C
    case describe = 0x44  // D
    case execute = 0x45  // E
    case functionCall = 0x46  // F
    case flush = 0x48  // H
    case parse = 0x50  // P
    case query = 0x51  // Q
    case sync = 0x53  // S
    case terminate = 0x58  // X
    case copyDone = 0x63  // c
    case copyData = 0x64  // d
    case copyFail = 0x66  // f
    case authenticationResponse = 0x70  // p

    /// Limit on the body as PostgreSQL sets it per type (`SocketBackend` in postgres.c), in bytes.
    @inlinable package var bodyByteCountMax: Int {
        switch self {
        case .bind, .functionCall, .parse, .query, .copyData: WireLimits.bodyByteCountMax
        case .authenticationResponse: WireLimits.loginBodyByteCountMax
        case .close, .describe, .execute, .flush, .sync, .terminate, .copyDone, .copyFail:
            WireLimits.smallBodyByteCountMax
        }
    }
}

/// A message from client to server; a view whose lists are decoded when walked.
package enum FrontendMessage: ~Escapable {
    /// Answer to an AuthenticationRequest; its layout depends on the request.
    case authenticationResponse(AuthenticationResponse)
    case bind(Bind)
    case close(StatementOrPortal)
    case copyData(CopyData)
    case copyDone
    case copyFail(reason: WireText)
    case describe(StatementOrPortal)
    case execute(Execute)
    case flush
    case functionCall(FunctionCall)
    case parse(Parse)
    case query(Query)
    case sync
    case terminate
}

extension FrontendMessage {
    /// Decodes the fixed part of a message; what its lists hold is checked when they are walked.
    ///
    /// O(1) but for leading strings. Allocates nothing. Throws any `WireError`.
    @inlinable
    @_lifetime(copy frame)
    package init(_ frame: Frame) throws(WireError) {
        guard let type = FrontendMessageType(rawValue: frame.type) else { throw .unknownMessageType(frame.type) }
        var reader = WireReader(frame.body)
        switch type {
        case .bind: self = .bind(try Bind(&reader))
        case .execute: self = .execute(try Execute(&reader))
        case .describe: self = .describe(try StatementOrPortal(&reader))
        case .parse: self = .parse(try Parse(&reader))
        case .query: self = .query(try Query(&reader))
        case .close: self = .close(try StatementOrPortal(&reader))
        case .copyData: self = .copyData(CopyData(frame.body))
        case .functionCall: self = .functionCall(try FunctionCall(&reader))
        case .authenticationResponse: self = .authenticationResponse(AuthenticationResponse(frame.body))
        case .copyFail:
            self = .copyFail(reason: try reader.readText())
            try reader.finish()
        case .sync, .flush, .terminate, .copyDone:
            try reader.finish()
            self = FrontendMessage(empty: type)
        }
    }

    /// A message without a body. Any other type, which the caller has excluded, counts as Terminate.
    @usableFromInline
    @_lifetime(immortal)
    init(empty type: FrontendMessageType) {
        switch type {
        case .sync: self = .sync
        case .flush: self = .flush
        case .copyDone: self = .copyDone
        default: self = .terminate
        }
    }
}

/// `p`: PasswordMessage, SASLInitialResponse, SASLResponse or GSSResponse; a view. The caller knows what it asked for.
package struct AuthenticationResponse: ~Escapable {
    /// The whole body, which is the data of a SASLResponse or GSSResponse.
    package let bytes: Span<UInt8>

    @inlinable
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }

    /// Reads a PasswordMessage. Throws `unterminatedString`, `trailingBytes`.
    @_lifetime(copy self)
    package func password() throws(WireError) -> WireText {
        var reader = WireReader(bytes)
        let password = try reader.readText()
        try reader.finish()
        return password
    }

    /// Reads a SASLInitialResponse. Throws any length error.
    @_lifetime(copy self)
    package func saslInitialResponse() throws(WireError) -> SASLInitialResponse {
        try SASLInitialResponse(bytes)
    }
}

/// First message of a SASL exchange; a view.
package struct SASLInitialResponse: ~Escapable {
    /// Name of the mechanism that the client chose.
    package let mechanism: WireText
    /// The mechanism's first message; null when the mechanism lets the server begin.
    package let response: WireValue

    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) throws(WireError) {
        var reader = WireReader(bytes)
        self.mechanism = try reader.readText()
        self.response = try reader.readValue()
        try reader.finish()
    }
}

/// `B`: makes a portal of a prepared statement; a view.
package struct Bind: ~Escapable {
    /// Name of the portal, empty for the unnamed one.
    package let portal: WireText
    /// Name of the statement, empty for the unnamed one.
    package let statement: WireText
    /// Formats, values and result formats as they stand: all that stays the same when a pooler renames the statement.
    package let tail: Span<UInt8>

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.portal = try reader.readText()
        self.statement = try reader.readText()
        self.tail = reader.rest
    }

    /// Decodes the tail. O(number of parameters). Throws any length error and `trailingBytes`.
    @_lifetime(copy self)
    package func arguments() throws(WireError) -> BindArguments {
        try BindArguments(tail)
    }
}

/// Parameters of a Bind and the formats wished for its results; a view.
package struct BindArguments: ~Escapable {
    /// Formats of the parameters.
    package let parameterFormats: WireFormats
    /// Number of parameters: 0 ... 65,535.
    package let parameterCount: Int
    /// Formats of the results.
    package let resultFormats: WireFormats
    let values: WireReader

    @_lifetime(copy tail)
    init(_ tail: Span<UInt8>) throws(WireError) {
        var reader = WireReader(tail)
        self.parameterFormats = try WireFormats(&reader)
        self.parameterCount = Int(try reader.readUInt16())
        self.values = WireReader(reader.rest)
        for _ in 0..<parameterCount { _ = try reader.readValue() }
        self.resultFormats = try WireFormats(&reader)
        try reader.finish()
    }

    /// Walks the parameters from the first; their lengths were checked before.
    package var parameters: WireValueReader {
        @_lifetime(copy self)
        get { WireValueReader(values, count: parameterCount) }
    }
}

/// What Describe and Close speak of; a view.
package struct StatementOrPortal: ~Escapable {
    /// Which of the two.
    package enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// `S`
        case statement = 0x53
        /// `P`
        case portal = 0x50
    }

    /// Which of the two.
    package let kind: Kind
    /// Name, empty for the unnamed one.
    package let name: WireText

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        let byte = try reader.readUInt8()
        guard let kind = Kind(rawValue: byte) else { throw .unknownValue(Int(byte)) }
        self.kind = kind
        self.name = try reader.readText()
        try reader.finish()
    }
}

/// `E`: runs a portal; a view.
package struct Execute: ~Escapable {
    /// Name of the portal, empty for the unnamed one.
    package let portal: WireText
    /// Most rows to return before the portal is suspended; 0 or less means all.
    package let rowCountMax: Int32

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.portal = try reader.readText()
        self.rowCountMax = try reader.readInt32()
        try reader.finish()
    }
}

/// `F`: calls a function by number; a view.
package struct FunctionCall: ~Escapable {
    /// Function, as `pg_proc.oid`.
    package let functionID: UInt32
    /// Formats of the arguments.
    package let argumentFormats: WireFormats
    /// Number of arguments: 0 ... 65,535.
    package let argumentCount: Int
    /// Format of the result.
    package let resultFormat: WireFormat
    @usableFromInline let values: WireReader

    @usableFromInline
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.functionID = try reader.readUInt32()
        self.argumentFormats = try WireFormats(&reader)
        self.argumentCount = Int(try reader.readUInt16())
        self.values = WireReader(reader.rest)
        for _ in 0..<argumentCount { _ = try reader.readValue() }
        self.resultFormat = WireFormat(rawValue: try reader.readInt16())
        try reader.finish()
    }

    /// Walks the arguments from the first; their lengths were checked before.
    package var arguments: WireValueReader {
        @_lifetime(copy self)
        get { WireValueReader(values, count: argumentCount) }
    }
}

/// `P`: prepares a statement; a view.
package struct Parse: ~Escapable {
    /// Name of the statement, empty for the unnamed one.
    package let statement: WireText
    /// Its SQL.
    package let sql: WireText
    /// Types given for its parameters, 0 for those to be inferred; may be fewer than there are parameters.
    package let parameterTypeIDs: WireObjectIDs

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.statement = try reader.readText()
        self.sql = try reader.readText()
        self.parameterTypeIDs = try WireObjectIDs(&reader)
        try reader.finish()
    }
}

/// `Q`: simple query; a view.
package struct Query: ~Escapable {
    /// Any number of statements.
    package let sql: WireText

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.sql = try reader.readText()
        try reader.finish()
    }
}
