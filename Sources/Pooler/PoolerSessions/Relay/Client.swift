import Bytes
package import PoolerConfiguration

package typealias ClientPointer = UnsafeMutablePointer<Client>

/// A client's connection. It lives at one address from `LoopPooler.clientConnected` to the end of the turn in which it
/// leaves.
package struct Client: ~Copyable, ListedRecord {
    package enum State: UInt8 {
        /// Who it is is being found out. To `lookingUp`, `awaitingWelcome`, `awaitingOwnServer`, `idle`, `cancelling`,
        /// `console`, `closed`.
        case login
        /// Its secret is asked for: it waits for a server of auth_user's, or for that server's answer. To `login`, `closed`.
        case lookingUp
        /// It may come in once a server has told what it is like. To `idle`, `closed`.
        case awaitingWelcome
        /// For replication: a server of its own is being connected. To `replicating`, `closed`.
        case awaitingOwnServer
        /// Without a server, and no request begun. To `active`, `waiting`, `closed`.
        case idle
        /// Its request waits for a server. To `active`, `idle` (cancelled), `closed`.
        case waiting
        /// It has a server. To `idle`, `closed`.
        case active
        /// It has a server of its own, and bytes pass as they are. To `closed`.
        case replicating
        /// It has brought a cancel request and waits until that has arrived. To `closed`.
        case cancelling
        /// It speaks to the console. To `closed`.
        case console
        /// It is gone; the record lasts until the end of the turn.
        case closed
    }

    struct Flags: OptionSet {
        let rawValue: UInt16
        /// What is still to come of a message is thrown away.
        static let discardsRest = Flags(rawValue: 1 << 0)
        /// Messages are thrown away up to the next Sync.
        static let skipsToSync = Flags(rawValue: 1 << 1)
        /// Not read from, because a server or a queue is slower.
        static let paused = Flags(rawValue: 1 << 2)
        /// Its next request waits for a transaction boundary, because others wait for the server.
        static let held = Flags(rawValue: 1 << 3)
        /// It was told that it waits.
        static let wasNotified = Flags(rawValue: 1 << 4)
        /// Its session state moves with it from server to server.
        static let tracked = Flags(rawValue: 1 << 7)
        /// Its transaction has changed what lasts beyond it, if it is committed.
        static let uncommitted = Flags(rawValue: 1 << 9)
        /// Its server has ended: it is told at its next request, or in a moment.
        static let doomed = Flags(rawValue: 1 << 11)
        /// Its server may hold something of its own.
        static let suspicious = Flags(rawValue: 1 << 10)
        /// Not read from, because of SUSPEND.
        static let suspended = Flags(rawValue: 1 << 12)
    }

    /// Bytes for it; the shell sends them.
    var output: UnsafeMutablePointer<OutputBuffer>
    /// The shell's connection.
    package let connection: UnsafeMutableRawPointer
    var server: ServerPointer?
    package internal(set) var pool: PoolPointer?
    package internal(set) var state = State.login
    var flags: Flags = []
    /// Bytes still to come of a message that is passed on while it streams.
    var remainingByteCount = 0
    /// The turn in which it was last paused.
    var pauseTurn: UInt64 = 0
    /// Bytes that came and cannot be handled yet: the beginning of a message, or requests that wait.
    var pending = OutputBuffer()
    var statements = ClientStatements()
    /// The unnamed statement; the client holds a reference.
    var unnamed: PreparedStatementPointer?

    /// Of the settings that it wants, of those among them that a server has accepted, and of what it was told.
    var wantedFingerprint = 0
    var provenFingerprint = 0
    var toldFingerprint = 0

    /// When its present request was begun; 0 while there is none.
    var requestTime: Int64 = 0
    /// When its present transaction was begun; 0 while there is none.
    var transactionTime: Int64 = 0
    /// When it was last heard of, or began to wait.
    var stateTime: Int64 = 0
    package let connectTime: Int64

    package let id: UInt64
    package let details: ClientDetails

    var nextInList: ClientPointer?
    var previousInList: ClientPointer?

    init(
        id: UInt64, output: UnsafeMutablePointer<OutputBuffer>, connection: UnsafeMutableRawPointer, now: Int64,
        connectTime: Int64? = nil, details: ClientDetails
    ) {
        self.id = id
        self.output = output
        self.connection = connection
        self.details = details
        self.connectTime = connectTime ?? now
        stateTime = now
    }
}

/// What is known of a client beside its state: for the log and the console.
package final class ClientDetails {
    package var user = ""
    package var database = ""
    /// What the client asked for at its start.
    package internal(set) var startup: StartupParameters?
    /// What its session needs from servers, once it has logged in.
    var session: ClientState?
    /// Until it is known who the client is.
    var login: ClientLogin?
    /// What its login waits for.
    var derivation: KeyDerivation?
    /// Who the client is, once that is known.
    package internal(set) var identity: ClientIdentity?
    /// Set while it is a client of the console.
    var console: ConsoleSession?
    /// What it names itself with in a cancel request.
    var cancelKey: CancelKey?
    /// Why its server has ended, while it has not been told.
    var lastWords: LastWords?
    /// The cancel request that it has brought.
    var cancelRequest: BackendKey?
    /// The connection that carries that request, once there is one.
    var carrier: ServerPointer?
    /// The server that is asked for the client's secret.
    var lookupServer: ServerPointer?
    /// Address and port as the log has them.
    package var peer: String
    /// The address, for the rules of access; nil over a Unix socket.
    package var address: NetworkAddress?
    package var isUnixSocket = false
    /// The system's user at the other end of a Unix socket.
    package var systemUserID: UInt32?
    package var channel: ClientChannel?
    /// The common name in the client's certificate.
    package var certificateName: String?
    /// The pool that it is counted for among the homes of pools, with several loops.
    var home: PoolKey?
    /// Places that it has taken.
    package var limits: [ConnectionLimit] = []

    package init(peer: String) { self.peer = peer }
}
