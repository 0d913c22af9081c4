/// What the server owes for one message that it was sent, or what the pooler itself owes at that place of the order.
struct ExpectedReply {
    /// Each kind ends with its own message: see `LoopPooler.relay(from:)`.
    enum Kind: UInt8 {
        /// Query: any number of results, then ReadyForQuery.
        case query
        /// Sync: ReadyForQuery.
        case sync
        /// FunctionCall: its response, then ReadyForQuery.
        case functionCall
        /// Parse: ParseComplete.
        case parse
        /// Bind: BindComplete.
        case bind
        /// Describe: RowDescription or NoData.
        case describe
        /// Execute: CommandComplete, EmptyQueryResponse or PortalSuspended.
        case execute
        /// Close: CloseComplete.
        case close
        /// CopyDone or CopyFail: nothing; it marks where the server leaves copy mode.
        case copyEnd
        /// The pooler answers ParseComplete: the server has the statement already.
        case parseAnswered
        /// The pooler answers CloseComplete: the statement stays prepared for others.
        case closeAnswered

        /// Whether ReadyForQuery ends it.
        @inline(__always) var endsWithReady: Bool { rawValue <= Kind.functionCall.rawValue }
        /// Whether an error in it has the server skip everything up to the next Sync.
        @inline(__always) var isExtended: Bool { rawValue > Kind.functionCall.rawValue && self != .copyEnd }
        /// Whether the server sends nothing for it.
        @inline(__always) var isSilent: Bool { rawValue >= Kind.copyEnd.rawValue }
    }

    struct Flags: OptionSet {
        let rawValue: UInt8
        /// The pooler sent it: the client sees none of the replies.
        static let swallowed = Flags(rawValue: 1 << 0)
        /// The error that is sure to come names the pooler's statement and must name the client's.
        static let renamesError = Flags(rawValue: 1 << 1)
        /// The cleaning of a session before it may be reused.
        static let cleaning = Flags(rawValue: 1 << 2)
        /// Settings of the client that are being put in force.
        static let settings = Flags(rawValue: 1 << 3)
        /// It changes which statements are prepared, and whether it will is not certain before it is answered.
        static let change = Flags(rawValue: 1 << 4)
        /// A question about what the session holds.
        static let probe = Flags(rawValue: 1 << 6)
        /// It is about the unnamed statement.
        static let unnamed = Flags(rawValue: 1 << 5)
    }

    var kind: Kind
    var flags: Flags = []
    /// Names the client's statement that a Parse made, to take it back when the server skips the Parse, or that a Bind or
    /// Describe is about; 0 for none.
    var serial: UInt32 = 0
    /// The statement that a Parse or Close is about; for a client's unnamed Parse, the one that it replaces. The entry
    /// holds a reference.
    var statement: PreparedStatementPointer?
    /// For `closeAnswered`: the client's name for the statement, which the entry owns until it is answered.
    var closedName: NamedStatementPointer?
    /// What a Query or Execute does to the session, if it matters; the entry holds a reference.
    var plan: Unmanaged<SharedPlan>?

    init(_ kind: Kind, _ flags: Flags = []) {
        self.kind = kind
        self.flags = flags
    }
}
