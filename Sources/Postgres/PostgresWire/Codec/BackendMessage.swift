/// Type byte of a message from server to client: PostgreSQL documentation, "Message Formats".
package enum BackendMessageType: UInt8, Hashable, Sendable, CaseIterable {
    case parseComplete = 0x31  // 1
    case bindComplete = 0x32  // 2
    case closeComplete = 0x33  // 3
    case notificationResponse = 0x41  // A
    case commandComplete = 0x43  // C
    case dataRow = 0x44  // D
    case errorResponse = 0x45  // E
    case copyInResponse = 0x47  // G
    case copyOutResponse = 0x48  // H
    case emptyQueryResponse = 0x49  // I
    case backendKeyData = 0x4b  // K
    case noticeResponse = 0x4e  // N
    case authentication = 0x52  // R
    case parameterStatus = 0x53  // S
    case rowDescription = 0x54  // T
    case functionCallResponse = 0x56  // V
    case copyBothResponse = 0x57  // W
    case readyForQuery = 0x5a  // Z
    case copyDone = 0x63  // c
    case copyData = 0x64  // d
    case noData = 0x6e  // n
    case portalSuspended = 0x73  // s
    case parameterDescription = 0x74  // t
    case negotiateProtocolVersion = 0x76  // v
}

/// A message from server to client; a view whose lists are decoded when walked.
package enum BackendMessage: ~Escapable {
    case authentication(AuthenticationRequest)
    case backendKeyData(BackendKeyData)
    case bindComplete
    case closeComplete
    case commandComplete(CommandComplete)
    case copyData(CopyData)
    case copyDone
    case copyInResponse(CopyResponse)
    case copyOutResponse(CopyResponse)
    case copyBothResponse(CopyResponse)
    case dataRow(DataRow)
    case emptyQueryResponse
    case errorResponse(ServerErrorFields)
    case functionCallResponse(FunctionCallResponse)
    case negotiateProtocolVersion(NegotiateProtocolVersion)
    case noData
    case noticeResponse(ServerErrorFields)
    case notificationResponse(NotificationResponse)
    case parameterDescription(ParameterDescription)
    case parameterStatus(ParameterStatus)
    case parseComplete
    case portalSuspended
    case readyForQuery(TransactionStatus)
    case rowDescription(RowDescription)
}

extension BackendMessage {
    /// Decodes the fixed part of a message; what its lists hold is checked when they are walked.
    ///
    /// O(1) but for leading strings. Allocates nothing. Throws any `WireError`.
    @inlinable
    @_lifetime(copy frame)
    package init(_ frame: Frame) throws(WireError) {
        guard let type = BackendMessageType(rawValue: frame.type) else { throw .unknownMessageType(frame.type) }
        var reader = WireReader(frame.body)
        switch type {
        case .dataRow: self = .dataRow(try DataRow(&reader))
        case .copyData: self = .copyData(CopyData(frame.body))
        case .commandComplete: self = .commandComplete(try CommandComplete(&reader))
        case .readyForQuery: self = .readyForQuery(try TransactionStatus(&reader))
        case .rowDescription: self = .rowDescription(try RowDescription(&reader))
        case .errorResponse: self = .errorResponse(ServerErrorFields(reader))
        case .noticeResponse: self = .noticeResponse(ServerErrorFields(reader))
        case .parameterStatus: self = .parameterStatus(try ParameterStatus(&reader))
        case .notificationResponse: self = .notificationResponse(try NotificationResponse(&reader))
        case .parameterDescription: self = .parameterDescription(try ParameterDescription(&reader))
        case .authentication: self = .authentication(try AuthenticationRequest(&reader))
        case .backendKeyData: self = .backendKeyData(try BackendKeyData(&reader))
        case .copyInResponse: self = .copyInResponse(try CopyResponse(&reader))
        case .copyOutResponse: self = .copyOutResponse(try CopyResponse(&reader))
        case .copyBothResponse: self = .copyBothResponse(try CopyResponse(&reader))
        case .functionCallResponse: self = .functionCallResponse(try FunctionCallResponse(&reader))
        case .negotiateProtocolVersion: self = .negotiateProtocolVersion(try NegotiateProtocolVersion(&reader))
        case .parseComplete, .bindComplete, .closeComplete, .copyDone, .emptyQueryResponse, .noData, .portalSuspended:
            try reader.finish()
            self = BackendMessage(empty: type)
        }
    }

    /// A message without a body. Any other type, which the caller has excluded, counts as `noData`.
    @usableFromInline
    @_lifetime(immortal)
    init(empty type: BackendMessageType) {
        switch type {
        case .parseComplete: self = .parseComplete
        case .bindComplete: self = .bindComplete
        case .closeComplete: self = .closeComplete
        case .copyDone: self = .copyDone
        case .emptyQueryResponse: self = .emptyQueryResponse
        case .portalSuspended: self = .portalSuspended
        default: self = .noData
        }
    }
}

/// Whether a transaction is open, as ReadyForQuery tells.
package enum TransactionStatus: UInt8, Hashable, Sendable, CaseIterable {
    /// `I`: no transaction is open.
    case idle = 0x49
    /// `T`: a transaction is open.
    case inTransaction = 0x54
    /// `E`: a transaction is open and has failed; only ROLLBACK is accepted.
    case failed = 0x45

    /// Throws `truncated`, `trailingBytes`, `unknownValue`.
    @inlinable
    init(_ reader: inout WireReader) throws(WireError) {
        let byte = try reader.readUInt8()
        try reader.finish()
        guard let status = TransactionStatus(rawValue: byte) else { throw .unknownValue(Int(byte)) }
        self = status
    }
}

/// `K`: the key that a CancelRequest for this session needs; a view.
package struct BackendKeyData: ~Escapable {
    /// Process number, in truth any 32 bits.
    package let processID: UInt32
    /// Secret: 4 bytes up to protocol 3.1, 4 ... 256 from 3.2 on.
    package let secret: Span<UInt8>

    @inlinable
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

/// `C`: a statement is done; a view.
package struct CommandComplete: ~Escapable {
    /// Command tag such as `SELECT 3` or `INSERT 0 1`.
    package let tag: WireText

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.tag = try reader.readText()
        try reader.finish()
    }
}

/// `d`: a piece of a copy stream, cut anywhere; a view.
package struct CopyData: ~Escapable {
    /// The piece.
    package let bytes: Span<UInt8>

    @inlinable
    @_lifetime(copy bytes)
    init(_ bytes: Span<UInt8>) {
        self.bytes = bytes
    }
}

/// `G`, `H`, `W`: a copy begins; a view.
package struct CopyResponse: ~Escapable {
    /// Format of the stream as a whole: text means lines, binary means PostgreSQL's binary copy format.
    package let format: WireFormat
    /// Formats of the columns.
    package let columnFormats: WireFormats

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.format = WireFormat(rawValue: Int16(try reader.readUInt8()))
        self.columnFormats = try WireFormats(&reader)
        try reader.finish()
    }
}

/// `D`: one row; a view.
package struct DataRow: ~Escapable {
    /// Number of columns.
    package let columnCount: Int
    /// The columns, each with its length in front.
    @usableFromInline let reader: WireReader

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.columnCount = Int(try reader.readUInt16())
        self.reader = WireReader(reader.rest)
    }

    /// Walks the columns from the first.
    @inlinable package var columns: WireValueReader {
        @_lifetime(copy self)
        get { WireValueReader(reader, count: columnCount) }
    }

    /// Walks all columns and checks that the message ends with the last. O(columns). Throws any length error.
    package func validate() throws(WireError) {
        var columns = columns
        while try columns.next() != nil {}
        try columns.reader.finish()
    }
}

/// `V`: the result of a FunctionCall; a view.
package struct FunctionCallResponse: ~Escapable {
    /// The result.
    package let result: WireValue

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.result = try reader.readValue()
        try reader.finish()
    }
}

/// `A`: somebody sent NOTIFY; a view. Comes at any time.
package struct NotificationResponse: ~Escapable {
    /// Process number of the sender.
    package let processID: UInt32
    /// Channel.
    package let channel: WireText
    /// Payload, maybe empty.
    package let payload: WireText

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.processID = try reader.readUInt32()
        self.channel = try reader.readText()
        self.payload = try reader.readText()
        try reader.finish()
    }
}

/// `t`: types of a prepared statement's parameters; a view.
package struct ParameterDescription: ~Escapable {
    /// Type identifiers in order.
    package let typeIDs: WireObjectIDs

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.typeIDs = try WireObjectIDs(&reader)
        try reader.finish()
    }
}

/// `S`: a setting's value, at login and whenever it changes; a view.
package struct ParameterStatus: ~Escapable {
    /// Name of the setting.
    package let name: WireText
    /// Its value now.
    package let value: WireText

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        self.name = try reader.readText()
        self.value = try reader.readText()
        try reader.finish()
    }
}

/// `v`: the server speaks only older versions or does not know some options; a view.
package struct NegotiateProtocolVersion: ~Escapable {
    /// Newest version the server speaks. PostgreSQL sends a whole version word; a bare minor number, as the
    /// documentation of old has it, is read as 3.minor.
    package let newest: ProtocolVersion
    /// Number of options that the server does not know.
    package let optionCount: Int
    @usableFromInline let options: Span<UInt8>

    @inlinable
    @_lifetime(copy reader)
    init(_ reader: inout WireReader) throws(WireError) {
        let word = try reader.readUInt32()
        self.newest = ProtocolVersion(rawValue: word <= 0xffff ? 3 << 16 | word : word)
        let count = try reader.readInt32()
        // Each name takes at least its zero byte.
        guard count >= 0, Int(count) <= reader.remainingByteCount else { throw .lengthOutOfRange(Int(count)) }
        self.optionCount = Int(count)
        self.options = reader.rest
    }

    /// A copy. O(n). Throws `unterminatedString`, `trailingBytes`.
    package func copy() throws(WireError) -> ProtocolNegotiation {
        var reader = WireReader(options)
        var unknownOptions: [String] = []
        for _ in 0..<optionCount { unknownOptions.append(try reader.readText().string) }
        try reader.finish()
        return ProtocolNegotiation(newest: newest, unknownOptions: unknownOptions)
    }
}
