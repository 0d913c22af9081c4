package import PoolerConfiguration

/// What one loop tells the console: values only, so that it may come from another thread. The console puts those of all
/// loops together.
package struct LoopReport: Sendable {
    /// What is wanted of it.
    package struct Scope: OptionSet, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Pools and counts.
        package static let pools = Scope(rawValue: 1 << 0)
        /// Each client.
        package static let clients = Scope(rawValue: 1 << 1)
        /// Each server.
        package static let servers = Scope(rawValue: 1 << 2)
        /// Histograms and pins of pools.
        package static let distributions = Scope(rawValue: 1 << 3)
    }

    package var pools: [PoolReport] = []
    package var connections: [ConnectionReport] = []
    package var memory: [MemoryReport] = []
    package var clientCount = 0
    /// Those of `clientCount` that have not logged in.
    package var loginCount = 0
    package var serverCount = 0
    /// Names of hosts that are being looked up.
    package var nameSearchCount = 0
    /// Names of hosts whose addresses are known for a while.
    package var names: [HostNameReport] = []
    package var peerPools: [PeerPoolReport] = []

    package init() {}
}

/// A pool's connections by what they do, and what it has counted.
package struct PoolReport: Sendable, Equatable {
    package let database: String
    package let user: String
    package var activeClientCount = 0
    package var waitingClientCount = 0
    package var activeCancelRequestCount = 0
    package var waitingCancelRequestCount = 0
    package var activeServerCount = 0
    package var activeCancelCount = 0
    package var beingCancelledCount = 0
    package var idleServerCount = 0
    /// Idle for so long that they are checked before they are used.
    package var usedServerCount = 0
    /// Being checked or cleaned.
    package var testedServerCount = 0
    package var connectingServerCount = 0
    /// How long the first client has waited, in microseconds.
    package var longestWait: Int64 = 0
    package var mode = PoolMode.session
    package var statistics = StatisticsWindow()
    /// Empty unless it was asked for.
    package var distributions = PoolDistributions.none

    package init(database: String, user: String) {
        self.database = database
        self.user = user
    }

    /// The same pool on another loop.
    static func += (sum: inout PoolReport, other: PoolReport) {
        for path in counts { sum[keyPath: path] += other[keyPath: path] }
        sum.longestWait = max(sum.longestWait, other.longestWait)
        sum.statistics += other.statistics
        sum.distributions += other.distributions
    }

    /// In the order of SHOW POOLS.
    static let counts: [any WritableKeyPath<PoolReport, Int> & Sendable] = [
        \.activeClientCount, \.waitingClientCount, \.activeCancelRequestCount, \.waitingCancelRequestCount,
        \.activeServerCount, \.activeCancelCount, \.beingCancelledCount, \.idleServerCount, \.usedServerCount,
        \.testedServerCount, \.connectingServerCount,
    ]
}

/// A client or a server. Times are monotonic nanoseconds.
package struct ConnectionReport: Sendable {
    package enum State: String, Sendable {
        case login, active, idle, waiting
        case used, tested, new
        case activeCancelRequest = "active_cancel_req"
        case waitingCancelRequest = "waiting_cancel_req"
        case activeCancel = "active_cancel"
        case beingCancelled = "being_canceled"
    }

    package let id: UInt64
    package let isServer: Bool
    package var state: State
    /// Nil where it is not known yet.
    package var user: String?
    package var database: String?
    package var replication = ReplicationMode.none
    package var socket = SocketFacts()
    package var connectTime: Int64 = 0
    package var requestTime: Int64 = 0
    /// How long it has waited or worked for its request, in microseconds.
    package var waitTime: Int64 = 0
    /// Whether it is closed as soon as nobody needs it.
    package var closesSoon = false
    /// The record's address, and that of the other side's, as the log has them.
    package var address: UInt = 0
    package var linkAddress: UInt = 0
    package var linkID: UInt64 = 0
    /// The descriptor of the other side, or 0.
    package var linkDescriptor: Int32 = 0
    package var processID: Int64 = 0
    package var linkProcessID: Int64 = 0
    package var applicationName = ""
    package var preparedStatementCount = 0
    /// Of settings that were reported.
    package var settings: [String: String] = [:]
    package var cancelKey: UInt64 = 0
    package var receivedByteCount = 0
    package var remainingByteCount = 0
    package var unsentByteCount = 0
    /// Why a client keeps its server.
    package var pins: PinReasons = []

    init(id: UInt64, isServer: Bool, state: State) {
        self.id = id
        self.isServer = isServer
        self.state = state
    }
}

/// What only the shell knows of a connection. Addresses are without ports and brackets, `unix` for Unix sockets.
package struct SocketFacts: Sendable {
    package var descriptor: Int32 = -1
    package var address = ""
    package var port = 0
    package var localAddress = ""
    package var localPort = 0
    /// Version and cipher; empty without TLS.
    package var tls = ""
    /// The process at the other end of a Unix socket, or 0.
    package var processID: Int64 = 0

    package init() {}
}

/// Memory of records of one kind, in bytes.
package struct MemoryReport: Sendable, Equatable {
    package let name: String
    /// Of one.
    package let size: Int
    package var count: Int

    package init(name: String, size: Int, count: Int) {
        self.name = name
        self.size = size
        self.count = count
    }
}

/// A name of a host and the addresses that it has.
package struct HostNameReport: Sendable, Equatable {
    package let name: String
    package let addresses: [String]
    /// How long they may still be used.
    package let seconds: Int

    package init(name: String, addresses: [String], seconds: Int) {
        self.name = name
        self.addresses = addresses
        self.seconds = seconds
    }
}

/// Cancel requests on their way to another pooler.
package struct PeerPoolReport: Sendable, Equatable {
    package let peer: Int
    package var activeCancelRequestCount = 0
    package var waitingCancelRequestCount = 0
    package var activeCancelCount = 0
    package var connectingCount = 0

    package init(peer: Int) { self.peer = peer }
}
