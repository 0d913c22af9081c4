// The pooler of one event loop, without sockets and clocks. The shell tells it what happened and the time; it appends
// to the connections' output buffers, names the connections that have something to send, and asks for everything else
// by actions.

package import Bytes
import CMemory
import PoolerConfiguration

/// All clients, servers and pools of one loop. One thread uses it.
package final class LoopPooler {
    /// Monotonic nanoseconds; the shell sets it at the start of each turn.
    @exclusivity(unchecked) package var now: Int64 = 0
    /// For the shell to take, in order.
    @exclusivity(unchecked) package var actions: [PoolerAction] = []
    @exclusivity(unchecked) var statementTable: StatementTable
    let nameHash: KeyedHash
    let limits: RelayLimits
    package let directory: PoolerDirectory
    /// All loops of the process, and which of them this one is.
    package let group: LoopGroup
    package let number: Int
    let mailbox: LoopMailbox

    @exclusivity(unchecked) package private(set) var pools: [PoolKey: PoolPointer] = [:]
    /// Other poolers of the group, by their number, as far as cancel requests were for them.
    @exclusivity(unchecked) package internal(set) var peerPools: [Int: PoolPointer] = [:]
    /// Whether a process that this one has taken over from still serves clients: cancel requests may be for those.
    @exclusivity(unchecked) package var hasPredecessor = false
    /// Where such requests wait; there once one was.
    @exclusivity(unchecked) var predecessorPool: PoolPointer?
    /// Clients that have not logged in.
    @exclusivity(unchecked) var logins = RecordList<Client>()
    @exclusivity(unchecked) var clientsByID: [UInt64: ClientPointer] = [:]
    @exclusivity(unchecked) package internal(set) var clientCount = 0
    @exclusivity(unchecked) package internal(set) var serverCount = 0

    /// What an administrator has switched off: `perform` changes it.
    @exclusivity(unchecked) package internal(set) var switches = PoolerSwitches()
    /// The clients of the console. It is no pool of `pools`: it has no servers.
    let consolePool: PoolPointer
    /// When the samples were taken that averages are made of.
    @exclusivity(unchecked) var statisticsClock = StatisticsClock()
    /// When SUSPEND began, or 0.
    @exclusivity(unchecked) var suspendTime: Int64 = 0

    /// Pools that have servers also while nobody is connected; nil until that is looked up.
    @exclusivity(unchecked) var readyPools: [PoolKey]?
    /// Another process serves new clients: no servers are kept ready for any.
    @exclusivity(unchecked) package var isRetired = false

    /// Connections that have something to send, for the shell to take at the end of the turn.
    @exclusivity(unchecked) private var dueSends: UnsafeMutablePointer<UnsafeMutableRawPointer>
    @exclusivity(unchecked) private var dueSendCount = 0
    @exclusivity(unchecked) private var dueSendCapacity = 256

    /// Records of connections that are gone; freed at the end of the turn.
    @exclusivity(unchecked) var goneClients: ClientPointer?
    @exclusivity(unchecked) var goneServers: ServerPointer?
    /// Servers and clients that are not read from until the other side has taken what waits for it.
    @exclusivity(unchecked) var pausedServers: [ServerPointer] = []
    @exclusivity(unchecked) var pausedClients: [ClientPointer] = []
    /// Counts up with each turn.
    @exclusivity(unchecked) var turnNumber: UInt64 = 0
    /// Clients whose server has ended while they wanted nothing: they are told in a moment.
    @exclusivity(unchecked) var doomedClients: [ClientPointer] = []
    /// Clients that are to go to another loop, by their numbers.
    @exclusivity(unchecked) var moves: [UInt64: Move] = [:]
    /// Keys that logins wait for.
    @exclusivity(unchecked) var derivations = DerivationQueue()
    /// When `advance` has to be called next.
    @exclusivity(unchecked) var maintenanceTime: Int64 = 0
    /// What servers that are not connected yet write to: never sent.
    let unconnectedOutput: UnsafeMutablePointer<OutputBuffer>

    /// - Parameter number: its number in the group.
    package init(
        _ directory: PoolerDirectory, hashing: KeyedHash, limits: RelayLimits = RelayLimits(),
        group: LoopGroup = LoopGroup(), number: Int = 0
    ) {
        self.directory = directory
        self.group = group
        self.number = number
        mailbox = group.mailboxes[number]
        self.limits = limits
        nameHash = hashing
        statementTable = StatementTable(hashing: hashing)
        dueSends = .allocate(capacity: dueSendCapacity)
        unconnectedOutput = .allocate(capacity: 1)
        unconnectedOutput.initialize(to: OutputBuffer())
        consolePool = .allocate(capacity: 1)
        consolePool.initialize(to: Pool(console: directory.limits))
        // Some servers are wanted before anybody comes.
        scheduleMaintenance(within: 0)
    }

    deinit {
        dueSends.deallocate()
        unconnectedOutput.deinitialize(count: 1)
        unconnectedOutput.deallocate()
        consolePool.deinitialize(count: 1)
        consolePool.deallocate()
    }

    func nextID() -> UInt64 { group.nextID() }

    // MARK: - Sends

    /// The connection has something to send at the end of the turn.
    @inline(__always)
    func scheduleSend(_ connection: UnsafeMutableRawPointer) {
        if dueSendCount == dueSendCapacity { growDueSends() }
        dueSends[dueSendCount] = connection
        dueSendCount &+= 1
    }

    private func growDueSends() {
        let wider = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: dueSendCapacity * 2)
        wider.update(from: dueSends, count: dueSendCount)
        dueSends.deallocate()
        dueSends = wider
        dueSendCapacity *= 2
    }

    /// Calls the body for each connection that has something to send; some may come twice. Called before connections
    /// are freed, also before those that `endTurn` has had closed.
    @inlinable
    package func takeDueSends(_ body: (UnsafeMutableRawPointer) -> Void) {
        takeSends(body)
    }

    @usableFromInline
    func takeSends(_ body: (UnsafeMutableRawPointer) -> Void) {
        var index = 0
        while index < dueSendCount {
            body(dueSends[index])
            index += 1
        }
        dueSendCount = 0
    }

    // MARK: - Pools

    /// The pool of a database and user, made if there is none.
    package func pool(_ key: PoolKey, make: () -> (PoolDetails, PoolSettings)) -> PoolPointer {
        if let known = pools[key] { return known }
        let (details, settings) = make()
        let pool = PoolPointer.allocate(capacity: 1)
        pool.initialize(to: Pool(details: details, settings: settings))
        pool.pointee.isPaused = switches.isPaused(key.database)
        pools[key] = pool
        let isFirst = group.homes.made(key, on: number)
        if isFirst, directory.snapshot.database(named: key.database)?.isAutomatic ?? false {
            actions.append(.log(.log, "registered new auto-database: db=\(key.database)"))
        }
        return pool
    }

    /// Removes a pool that has neither clients nor servers.
    func removePool(_ key: PoolKey) {
        guard let pool = pools.removeValue(forKey: key) else { return }
        precondition(pool.pointee.serverCount == 0 && pool.pointee.clientCount == 0, "a pool in use is removed")
        pool.deinitialize(count: 1)
        pool.deallocate()
        group.homes.removed(key)
    }

    // MARK: - Log

    func log(_ level: PoolerLogLevel, _ client: ClientPointer, _ text: String) {
        actions.append(.log(level, "\(client.logName) \(text)"))
    }

    func log(_ level: PoolerLogLevel, _ server: ServerPointer, _ text: String) {
        actions.append(.log(level, "\(server.logName) \(text)"))
    }

    /// `log_pooler_errors`: an error of the pooler's own, which the client is told.
    func logError(_ client: ClientPointer, _ text: String) {
        if directory.snapshot.settings.logsPoolerErrors { log(.warning, client, "pooler error: \(text)") }
    }

    /// `log_connections`
    func logConnection(_ server: ServerPointer) {
        guard directory.snapshot.settings.logsConnections else { return }
        let local = server.pointee.details.local
        log(.log, server, "new connection to server" + (local.isEmpty ? "" : " (from \(local))"))
    }

    /// `log_disconnections`
    func logEnd(_ client: ClientPointer, _ reason: String) {
        guard directory.snapshot.settings.logsDisconnections else { return }
        log(.log, client, "closing because: \(reason) (age=\(seconds(since: client.pointee.connectTime))s)")
    }

    /// `log_disconnections`
    func logEnd(_ server: ServerPointer, _ reason: String) {
        guard directory.snapshot.settings.logsDisconnections else { return }
        log(.log, server, "closing because: \(reason) (age=\(seconds(since: server.pointee.connectTime))s)")
    }

    private func seconds(since time: Int64) -> Int64 { (now - time) / 1_000_000_000 }

    // MARK: - The end of a turn

    /// Frees what left in this turn. The shell calls it when nothing of the turn refers to records any more.
    package func endTurn() {
        if goneClients != nil || goneServers != nil { freeGone() }
        if !pausedServers.isEmpty || !pausedClients.isEmpty { resumeDrained() }
        if suspendTime != 0 { advanceSuspend() }
        turnNumber &+= 1
    }

    private func freeGone() {
        while let client = goneClients {
            goneClients = client.pointee.nextInList
            client.deinitialize(count: 1)
            client.deallocate()
        }
        while let server = goneServers {
            goneServers = server.pointee.nextInList
            server.deinitialize(count: 1)
            server.deallocate()
        }
    }
}

/// Database and user: what clients of one pool have in common.
package struct PoolKey: Hashable, Sendable {
    package let database: String
    package let user: String

    package init(database: String, user: String) {
        self.database = database
        self.user = user
    }
}

/// Bounds of what the relay holds, in bytes unless told otherwise.
package struct RelayLimits: Sendable {
    /// Output that waits for a slow peer before the other side is no longer read from.
    package var outputByteCountMax = 256 << 10
    /// Output at which the other side is read from again.
    package var outputByteCountResume = 64 << 10
    /// What a client may have sent while it waits for a server.
    package var waitingByteCountMax = 64 << 10
    /// A first request up to this size is received whole before it takes a server.
    package var wholeRequestByteCountMax = 64 << 10
    /// A message of a server that has to be read as a whole: an error, a description of rows, a parameter.
    package var wholeMessageByteCountMax = 16 << 20
    /// Transactions that a pipelining client may have one after the other while others wait for a server.
    package var transactionsInTurnMax: Int32 = 8
    /// How long a server may take to finish what a client left behind, in nanoseconds.
    package var abandonedTimeout: Int64 = 5_000_000_000
    /// How long a client that waits for nothing is not told that its server has ended, in nanoseconds.
    package var lastWordsDelay: Int64 = 10_000_000

    package init() {}
}

extension ClientPointer {
    /// As the log has it: `C-0x55d0: database/user@address:port`.
    package var logName: String {
        let details = pointee.details
        let database = details.database.isEmpty ? "(nodb)" : details.database
        let user = details.user.isEmpty ? "(nouser)" : details.user
        return "C-0x\(String(UInt(bitPattern: self), radix: 16)): \(database)/\(user)@\(details.peer)"
    }
}

extension ServerPointer {
    /// As the log has it: `S-0x55d0: database/user@address:port`.
    package var logName: String {
        let details = pointee.pool.pointee.details
        let peer = pointee.details.peer
        return "S-0x\(String(UInt(bitPattern: self), radix: 16)): \(details.database)/\(details.user)@\(peer)"
    }
}
