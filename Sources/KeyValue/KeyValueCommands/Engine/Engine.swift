// The engine: all keys, all clients, no sockets. One thread owns it; the shell brings bytes and time, and sends what
// clients have in their output.

package import Bytes
import CIOLoop
import CMemory
package import Keyspace
import RESP

/// The engine, by its address. Methods are on the address, not on the value: handlers reach the engine through it while
/// its methods run, which no `inout` allows.
package typealias EngineReference = UnsafeMutablePointer<Engine>

/// All state of a server.
package struct Engine: ~Copyable {
    // MARK: Time. The shell sets it at the start of a turn; commands see it stand still.

    /// Milliseconds since 1970.
    package internal(set) var now: Int64 = 0
    /// Keys whose expiry is at or before this are due: now, or no time at all while data is loaded, because a file tells
    /// by itself when each key went.
    package internal(set) var dueTime: Int64 = .min
    /// Whether an EXEC is under way.
    var isExecutingTransaction = false
    /// Whether data is being loaded.
    package internal(set) var isLoading = false
    /// Ticks at the end of the last command: the start of the next one.
    var lastTicks: UInt64 = 0
    /// The same when `now` was set.
    var timeTicks: UInt64 = 0
    package let ticksPerMicrosecond: Double
    /// 40 hexadecimal digits, new at every start.
    package let runID: String
    /// Commands that took more ticks than this are looked at by the slow log and the latency monitor.
    var slowTicksMin: UInt64 = .max
    /// Keys that are much used.
    var hotKeys: HotKeySampler

    // MARK: Data

    package let databases: UnsafeMutablePointer<Database>
    package let databaseCount: Int
    package let reclaimer: Reclaimer
    /// The secret of all hash tables of this process.
    package let hasher: KeyedHash
    package var random: FastRandom
    /// Changes since the last save.
    package var dirty = 0
    package var journal = Journal()
    /// Files.
    package let persistence = Persistence()
    /// Whether commands may have to be refused: while data is loaded, or because writes could not be saved.
    package var refusesWrites = false
    /// The keeper of the append-only file; it outlives the engine.
    package unowned(unsafe) var appendOnly: (any AppendOnlyControl)?

    // MARK: Commands

    package var directory: CommandDirectory
    package var settings: EngineSettings
    /// All directives; `settings` holds the effect of those that the engine reads.
    package let configuration: Configuration
    /// The program around; it outlives the engine.
    package unowned(unsafe) var host: (any EngineHost)?
    package var statistics = Statistics()
    /// The requests being executed.
    let batch = RequestBatch()
    /// Bytes of the buffer that the request being executed stands at the start of, for CLIENT LIST.
    var requestByteCount = 0

    // MARK: Clients

    /// All clients, in no order.
    package internal(set) var clients: [ClientReference] = []
    package internal(set) var clientsByID: [UInt64: ClientReference] = [:]
    var nextClientID: UInt64 = 1
    /// Clients with output that the shell has to send.
    var pendingOutput: [ClientReference] = []
    /// Clients whose buffered requests can go on.
    var pendingResume: [ClientReference] = []
    /// Clients that are to be closed.
    var pendingClose: [ClientReference] = []
    /// Milliseconds since 1970 at which the peaks of clients' output are forgotten.
    var outputPeaksUntil: Int64 = 0
    /// Whether maxmemory-clients sets a limit, so that the memory of clients is counted.
    var isCountingClientMemory = false
    /// Memory of all clients as last counted, in bytes.
    var clientMemoryByteCount = 0

    // MARK: Waiting

    var blockedKeys: [DatabaseKey: BlockedQueue] = [:]
    /// Clients blocked on keys.
    package internal(set) var blockedKeyCount = 0
    package internal(set) var blockedClientCount = 0
    var readyKeys: [DatabaseKey] = []
    var readyKeySet: Set<DatabaseKey> = []
    var deadlines = DeadlineHeap()
    var watchedKeys: [DatabaseKey: [ClientReference]] = [:]
    var isServingReadyKeys = false
    package var pause = ClientPause()
    /// Migrations under way.
    var migrationCount = 0

    package var activeExpiry = ActiveExpiry()
    var eviction = Eviction()
    /// DEBUG PAUSE-CRON: the shell keeps no house.
    package var isHousekeepingPaused = false

    // MARK: Channels

    package var channels = ChannelDirectory()
    package var monitors: [ClientReference] = []
    package var trackingClientCount = 0

    /// Bytes that were in use before the engine was made.
    var memoryBase = 0

    /// What sections of other files keep.
    package var extensions = EngineExtensions()

    /// - Parameter seed: of hash tables and random choices; tests give a fixed one.
    package init(
        configuration: Configuration, rows: [CommandRow] = CommandTable.rows, seed: UInt64, usesThreads: Bool
    ) {
        let settings = configuration.engineSettings()
        self.configuration = configuration
        var random = FastRandom(seed: seed)
        hasher = KeyedHash(key0: random.next(), key1: random.next())
        runID = (0..<40).map { _ in String(random.below(16), radix: 16) }.joined()
        self.random = random
        reclaimer = Reclaimer(usesThread: usesThreads)
        databaseCount = settings.databaseCount
        databases = .allocate(capacity: settings.databaseCount)
        for index in 0..<settings.databaseCount {
            (databases + index).initialize(to: Database(hasher: hasher, reclaimer: reclaimer))
        }
        directory = CommandDirectory(rows: rows)
        self.settings = settings
        hotKeys = HotKeySampler(hasher: hasher, seed: seed)
        hotKeys.setSampleRatio(settings.hotKeySampleRatio)
        ticksPerMicrosecond = atoll_measure_ticks_per_microsecond()
        updateSlowTicks()
    }

    /// To be called after a change of the slow log's or the latency monitor's threshold.
    package mutating func updateSlowTicks() {
        var microseconds = Int.max
        if settings.slowLogMicrosecondsMin >= 0 { microseconds = settings.slowLogMicrosecondsMin }
        if settings.latencyMonitorMillisecondsMin > 0 {
            microseconds = min(microseconds, settings.latencyMonitorMillisecondsMin * 1000)
        }
        slowTicksMin = microseconds == .max ? .max : UInt64(Double(microseconds) * ticksPerMicrosecond)
    }

    /// An engine at a fixed address, for the life of the process.
    package static func make(
        configuration: Configuration = Configuration(), rows: [CommandRow] = CommandTable.rows, seed: UInt64,
        usesThreads: Bool
    ) -> EngineReference {
        let engine = EngineReference.allocate(capacity: 1)
        engine.initialize(to: Engine(configuration: configuration, rows: rows, seed: seed, usesThreads: usesThreads))
        engine.updateTime()
        engine.pointee.hotKeys.reset(now: engine.pointee.now)
        engine.setMemoryBase()
        engine.pointee.statistics.startMemoryByteCount = Int(atoll_memory_anonymous())
        engine.noteMemoryPeak()
        return engine
    }
}

/// A key of a numbered database.
struct DatabaseKey: Hashable {
    let databaseIndex: Int
    let key: [UInt8]

    init(_ databaseIndex: Int, _ key: ByteSlice) {
        self.databaseIndex = databaseIndex
        self.key = [UInt8](key)
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    // MARK: - Time

    /// Takes the time from the machine's clock.
    package func updateTime() {
        setTime(milliseconds: atoll_wall_microseconds() / 1000)
        pointee.timeTicks = pointee.lastTicks
    }

    /// Whether commands have run for more than about a tenth of a millisecond since the time was taken.
    @inline(__always)
    package var hasWorkedLong: Bool {
        Double(pointee.lastTicks &- pointee.timeTicks) > 100 * pointee.ticksPerMicrosecond
    }

    /// Sets the time: milliseconds since 1970.
    package func setTime(milliseconds: Int64) {
        pointee.now = milliseconds
        if !pointee.isLoading { pointee.dueTime = milliseconds }
    }

    /// Microseconds of that many ticks.
    package func microseconds(_ ticks: UInt64) -> Int {
        Int(Double(ticks) / pointee.ticksPerMicrosecond)
    }

    /// Whether an EXEC is under way.
    package var isExecutingTransaction: Bool { pointee.isExecutingTransaction }

    // MARK: - Clients

    /// A new client. Its output is the shell's and must outlive it.
    package func makeClient(output: UnsafeMutablePointer<OutputBuffer>) -> ClientReference {
        let client = ClientReference.allocate(capacity: 1)
        client.initialize(to: Client(id: pointee.nextClientID, output: output, now: pointee.now))
        pointee.nextClientID += 1
        if pointee.settings.password.isEmpty { client.pointee.flags.insert(.authenticated) }
        client.pointee.listIndex = pointee.clients.count
        pointee.clients.append(client)
        pointee.clientsByID[client.pointee.id] = client
        return client
    }

    /// Takes a client out of everything that it is in and frees it. Not to be called while it executes a command.
    package func freeClient(_ client: ClientReference) {
        unblock(client)
        forgetMigration(client)
        discardTransaction(client)
        unwatchAll(client)
        removeFromPublishing(client)
        disableTracking(client)
        pointee.monitors.removeAll { $0 == client }
        pointee.pendingOutput.removeAll { $0 == client }
        pointee.pendingResume.removeAll { $0 == client }
        pointee.pendingClose.removeAll { $0 == client }
        pointee.pause.remove(client)
        let last = pointee.clients.count - 1
        let moved = pointee.clients[last]
        pointee.clients[client.pointee.listIndex] = moved
        moved.pointee.listIndex = client.pointee.listIndex
        pointee.clients.removeLast()
        pointee.clientsByID[client.pointee.id] = nil
        pointee.clientMemoryByteCount -= client.pointee.countedByteCount
        client.deinitialize(count: 1)
        client.deallocate()
    }

    /// Has the client closed as soon as the shell can: with what is in its output sent before, or at once.
    package func close(_ client: ClientReference, afterReply: Bool, reason: String = "") {
        let isNew = client.pointee.flags.isDisjoint(with: [.closeAfterReply, .closeNow])
        client.pointee.flags.insert(afterReply ? .closeAfterReply : .closeNow)
        if !reason.isEmpty { client.pointee.details.closeReason = reason }
        if isNew { pointee.pendingClose.append(client) }
    }

    /// Notes that the client has output, for the shell to send at the end of the turn.
    @inline(__always)
    package func outputAdded(to client: ClientReference) {
        guard !client.pointee.flags.contains(.outputPending) else { return }
        client.pointee.flags.insert(.outputPending)
        pointee.pendingOutput.append(client)
    }

    /// Clients that have output, each once; the list is empty afterwards.
    package func takePendingOutput(_ body: (ClientReference) -> Void) {
        var index = 0
        while index < pointee.pendingOutput.count {
            let client = pointee.pendingOutput[index]
            client.pointee.flags.remove(.outputPending)
            body(client)
            index += 1
        }
        pointee.pendingOutput.removeAll(keepingCapacity: true)
    }

    /// Clients to be closed, each once; the list is empty afterwards. The body frees them.
    package func takePendingClose(_ body: (ClientReference) -> Void) {
        while let client = pointee.pendingClose.popLast() { body(client) }
        pointee.eviction.closingByteCount = 0
    }

    // MARK: - Errors

    /// Counts an error reply by its code.
    package func countError(_ text: String) {
        pointee.statistics.errorReplyCount += 1
        var code = "ERR"
        if let space = text.firstIndex(of: " "), text[..<space].allSatisfy({ $0.isUppercase || $0.isNumber }) {
            code = String(text[..<space])
        }
        if pointee.statistics.errorsByCode[code] != nil
            || pointee.statistics.errorsByCode.count < Statistics.errorCodesMax
        {
            pointee.statistics.errorsByCode[code, default: 0] += 1
        }
        pointee.extensions.lastCallFailed = true
    }
}

/// State of parts that have files of their own, so that adding one does not touch `Engine`.
package struct EngineExtensions {
    /// Whether the command being executed has replied an error.
    package var lastCallFailed = false
    /// Parts register their state here under their type.
    private var parts: [ObjectIdentifier: AnyObject] = [:]

    init() {}

    /// The state of a part, made when it is first asked for. For cold paths: it looks in a dictionary.
    package mutating func part<Part: AnyObject>(_ type: Part.Type, make: () -> Part) -> Part {
        if let part = parts[ObjectIdentifier(type)] as? Part { return part }
        let part = make()
        parts[ObjectIdentifier(type)] = part
        return part
    }
}
