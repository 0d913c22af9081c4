import Bytes

package typealias ServerPointer = UnsafeMutablePointer<Server>

/// A connection to a server. It lives at one address from the wish to connect to the end of the turn in which it ends.
package struct Server: ~Copyable, ListedRecord {
    package enum State: UInt8 {
        /// The shell connects. To `login`, `cancelling`, `closed`.
        case connecting
        /// To `busy` (connect query), `idle`, `replicating`, `closed`.
        case login
        /// In the pool. To `active`, `busy` (check), `closed`.
        case idle
        /// Linked to a client. To `idle`, `busy`, `closed`.
        case active
        /// Runs something of the pooler's, or waits for cancel requests to be over. To `idle`, `closed`.
        case busy
        /// Belongs to one client, for replication; bytes pass as they are. To `closed`.
        case replicating
        /// Carries a cancel request. To `closed`.
        case cancelling
        /// It is gone; the record lasts until the end of the turn.
        case closed
    }

    struct Flags: OptionSet {
        let rawValue: UInt32
        /// Extended messages were sent that no Sync has followed.
        static let unsynced = Flags(rawValue: 1 << 0)
        /// After an error the server ignores what it is sent up to a Sync that was not sent yet.
        static let skipping = Flags(rawValue: 1 << 1)
        /// The server takes CopyData: it ignores Sync.
        static let copyingIn = Flags(rawValue: 1 << 2)
        /// To be closed as soon as no client needs it.
        static let closeWhenFree = Flags(rawValue: 1 << 3)
        /// Not read from, because the client is slower.
        static let paused = Flags(rawValue: 1 << 4)
        /// What is still to come of a message is thrown away.
        static let discardsRest = Flags(rawValue: 1 << 5)
        /// The check before reuse, or the cleaning after use, is running.
        static let cleaning = Flags(rawValue: 1 << 6)
        /// It has a place in the limits of its database and user.
        static let counted = Flags(rawValue: 1 << 8)
        /// After what is running, the session is reset before somebody else gets it.
        static let needsReset = Flags(rawValue: 1 << 10)
        /// It has told the client itself why it ends.
        static let saidFatal = Flags(rawValue: 1 << 11)
        /// The present extended request has a Parse of the unnamed statement.
        static let parsedUnnamed = Flags(rawValue: 1 << 13)
        /// The present extended request has a Parse of the unnamed statement, where statements are the server's own.
        static let parsedUnmapped = Flags(rawValue: 1 << 21)
        /// Settings may have been changed by ways that nobody saw.
        static let hidesSettings = Flags(rawValue: 1 << 14)
        /// Something happened that the model of the session has to be told at the next ReadyForQuery.
        static let sessionTouched = Flags(rawValue: 1 << 15)
        /// The client's request has waited for its settings, which are in force now.
        static let resumesClient = Flags(rawValue: 1 << 17)
        /// Not read from, because of SUSPEND.
        static let suspended = Flags(rawValue: 1 << 20)
        /// The client's settings were refused.
        static let settingsRefused = Flags(rawValue: 1 << 16)
        /// Connected for one client, for replication.
        static let forReplication = Flags(rawValue: 1 << 18)
        /// Carries a cancel request to the process that this one has taken over from.
        static let forPredecessor = Flags(rawValue: 1 << 19)
    }

    /// Bytes for it; the shell sends them. There once it is connected.
    var output: UnsafeMutablePointer<OutputBuffer>
    /// The shell's connection, while there is one.
    package internal(set) var connection: UnsafeMutableRawPointer?
    var client: ClientPointer?
    package let pool: PoolPointer
    package internal(set) var state = State.connecting
    var flags: Flags = []
    /// Of the last ReadyForQuery.
    var transactionStatus = UInt8(ascii: "I")
    /// Replies to Query, Sync and FunctionCall that are owed.
    var readyOwedCount: Int32 = 0
    var replies = ReplyQueue()
    /// Bytes still to come of a message that is passed on while it streams.
    var remainingByteCount = 0
    /// The turn in which it was last paused.
    var pauseTurn: UInt64 = 0
    /// The beginning of a message that must be whole.
    var partial = OutputBuffer()
    var statements = ServerStatements()
    /// The client whose unnamed statement it has; 0 for none, `unknownOwner` for one that nobody knows of.
    var unnamedOwner: UInt64 = 0
    /// Changes of prepared statements among the replies that are owed.
    var changesOwedCount: Int32 = 0
    /// Those among them in front of the last Sync: whether they come about is not certain for what is behind it.
    var unsettledCount: Int32 = 0
    /// Replies owed to what changes the session.
    var plansOwedCount: Int32 = 0
    /// The next statement of the plan in front.
    var planStep = 0
    /// What an Execute of the unnamed portal does to the session; a reference is held.
    var unnamedPortalPlan: Unmanaged<SharedPlan>?
    /// Of the settings that are in force, and of what it has reported.
    var satisfiedFingerprint = 0
    var reportsFingerprint = 0
    /// Whose values of sequences it has.
    var sequences = SequenceTrace()
    /// Transactions since it was given to its client.
    var transactionCount: Int32 = 0
    /// Cancel requests on their way to it: it must not pass to another client before they have arrived.
    var cancelCount: Int32 = 0

    let generation: UInt64
    /// When it was connected, and when it was last used.
    package let connectTime: Int64
    var stateTime: Int64 = 0
    package let id: UInt64
    package let details: ServerDetails

    var nextInList: ServerPointer?
    var previousInList: ServerPointer?

    init(id: UInt64, pool: PoolPointer, now: Int64, output: UnsafeMutablePointer<OutputBuffer>, details: ServerDetails)
    {
        self.id = id
        self.pool = pool
        self.output = output
        self.details = details
        generation = pool.pointee.generation
        connectTime = now
        stateTime = now
    }

    /// Whether it is to be connected to the process that this one has taken over from.
    package var isForPredecessor: Bool { flags.contains(.forPredecessor) }

    /// Whether nothing is owed and no transaction is open: the server may pass to somebody else.
    var isFree: Bool {
        @inline(__always) get {
            replies.isEmpty && transactionStatus == UInt8(ascii: "I")
                && flags.isDisjoint(with: [.unsynced, .skipping, .copyingIn])
        }
    }
}

/// What is known of a server beside its state.
package final class ServerDetails {
    /// Where it is connected to.
    package internal(set) var place: ServerPlace
    /// The process number and secret that cancel what it does.
    package var processID: UInt32 = 0
    package var cancelSecret: [UInt8] = []
    /// What its session has.
    var session = ServerState()
    /// The client's settings that are being put in force.
    var difference: SettingsDifference?
    /// The question about its session that it is answering.
    var probe: SessionQuestion?
    /// What Execute of named portals does to the session, by name.
    var portalPlans: [[UInt8]: SharedPlan] = [:]
    /// Until the server is logged in.
    var login: ServerLogin?
    /// What the login waits for.
    var derivation: KeyDerivation?
    /// The question for a client's secret that the server is answering.
    var lookup: AuthQuery?
    /// The client that the answer is for, while it is there.
    var lookupClient: ClientPointer?
    /// For a connection that carries a cancel request: the server that is to stop, unless another pooler is told.
    var cancelled: ServerPointer?
    /// The client that asked for it: it is closed on when the request has arrived.
    var asking: ClientPointer?
    /// What it sends.
    var cancelRequest: BackendKey?
    /// Why it ends, in its own words.
    var farewell: LastWords?
    /// The address that the host's name stood for.
    package var address: String?
    /// Address and port of both ends, as the log has them.
    package var peer = ""
    package var local = ""

    package init(place: ServerPlace) { self.place = place }
}
