// Clients that wait for keys: who waits for what, in which order they are served, and when they give up.
//
// A blocking command is an ordinary one that first tries; if there is nothing it calls `Call.block`, and replies nothing.
// When one of its keys is made or changed, the command is executed again from the start (`Call.isRetry`), clients in the
// order in which they began to wait. If it blocks again it keeps its place.

package import Bytes
package import Keyspace
import RESP

/// What a client waits for.
package final class BlockedState {
    let command: UnsafeMutablePointer<Command>
    package let request: OwnedArguments
    let keys: [DatabaseKey]
    /// The type that the keys must have for a retry; nil: any.
    let type: ValueType?
    /// Retry also when a key has been removed or got another type (XREADGROUP).
    let retriesOnLoss: Bool
    /// Milliseconds since 1970; nil: waits for ever.
    let deadline: Int64?
    let timeoutReply: TimeoutReply
    let startedTicks: UInt64
    /// Whether the retry under way has blocked again.
    var hasBlockedAgain = false

    init(
        command: UnsafeMutablePointer<Command>, request: OwnedArguments, keys: [DatabaseKey], type: ValueType?,
        retriesOnLoss: Bool, deadline: Int64?, timeoutReply: TimeoutReply, startedTicks: UInt64
    ) {
        self.command = command
        self.request = request
        self.keys = keys
        self.type = type
        self.retriesOnLoss = retriesOnLoss
        self.deadline = deadline
        self.timeoutReply = timeoutReply
        self.startedTicks = startedTicks
    }
}

/// What a client is told when its time is up.
package enum TimeoutReply: Sendable {
    case null, nullArray, integer(Int)
    /// How far the client's writes up to a position of the journal are durable.
    case acknowledgements(Int64)
}

/// Clients that wait for one key, first come first served.
struct BlockedQueue {
    var clients: [ClientReference] = []
}

/// Deadlines of blocked clients, the nearest first. Those of clients that have gone on stay until their time comes.
struct DeadlineHeap {
    private var items: [(deadline: Int64, clientID: UInt64)] = []

    var first: Int64? { items.first?.deadline }

    mutating func insert(_ deadline: Int64, clientID: UInt64) {
        items.append((deadline, clientID))
        var child = items.count - 1
        while child > 0, items[(child - 1) / 2].deadline > items[child].deadline {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> UInt64? {
        guard let first = items.first else { return nil }
        items.swapAt(0, items.count - 1)
        items.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < items.count {
                if items[child].deadline < items[least].deadline { least = child }
            }
            if least == parent { return first.clientID }
            items.swapAt(parent, least)
            parent = least
        }
    }
}

extension Call {
    /// Whether the client can wait: not inside a transaction or a script. Otherwise a blocking command that finds nothing
    /// replies as if its time were up.
    package var mayBlock: Bool {
        client.pointee.flags.isDisjoint(with: [.executingTransaction, .internalClient])
    }

    /// Makes the client wait for one of the keys. The handler replies nothing and returns.
    ///
    /// - Parameters:
    ///   - keys: of the selected database.
    ///   - type: that a key must have for a retry; nil: any.
    ///   - timeoutMilliseconds: 0 for none.
    ///   - retriesOnLoss: retry also when a key is removed or gets another type.
    ///   - replacing: arguments that the retry sees changed (`$` becomes an id).
    package func block(
        on keys: [ByteSlice], type: ValueType?, timeoutMilliseconds: Int64, timeoutReply: TimeoutReply,
        retriesOnLoss: Bool = false, replacing: [(index: Int, bytes: [UInt8])] = []
    ) {
        if isRetry, let state = client.pointee.details.blocked {
            state.hasBlockedAgain = true
            return
        }
        var named: [DatabaseKey] = []
        for key in keys {
            let name = DatabaseKey(client.pointee.databaseIndex, key)
            if !named.contains(name) { named.append(name) }
        }
        let state = BlockedState(
            command: command, request: OwnedArguments(arguments, replacing: replacing), keys: named, type: type,
            retriesOnLoss: retriesOnLoss,
            deadline: timeoutMilliseconds > 0 ? now.addingClamped(timeoutMilliseconds) : nil,
            timeoutReply: timeoutReply, startedTicks: engine.pointee.lastTicks)
        engine.block(client, state)
    }

    /// The argument as a timeout in seconds, perhaps with a fraction: milliseconds, 0 for none; nil once an error has been
    /// replied.
    package func timeoutMilliseconds(_ index: Int) -> Int64? {
        guard let seconds = DoubleText.parse(arguments[index]) else {
            error("ERR timeout is not a float or out of range")
            return nil
        }
        guard seconds > -0.001 else {
            error("ERR timeout is negative")
            return nil
        }
        let milliseconds = (seconds * 1000).rounded(.up)
        guard milliseconds < Double(Int64.max) - Double(now) else {
            error("ERR timeout is out of range")
            return nil
        }
        return Int64(milliseconds)
    }
}

extension Int64 {
    /// The sum, or the largest number.
    func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    func block(_ client: ClientReference, _ state: BlockedState) {
        client.pointee.details.blocked = state
        client.pointee.flags.insert(.blocked)
        pointee.blockedClientCount += 1
        if !state.keys.isEmpty { pointee.blockedKeyCount += 1 }
        for key in state.keys { pointee.blockedKeys[key, default: BlockedQueue()].clients.append(client) }
        if let deadline = state.deadline { pointee.deadlines.insert(deadline, clientID: client.pointee.id) }
    }

    /// Ends the waiting, without a reply.
    package func unblock(_ client: ClientReference) {
        guard let state = client.pointee.details.blocked else { return }
        client.pointee.details.blocked = nil
        client.pointee.flags.remove(.blocked)
        pointee.blockedClientCount -= 1
        if !state.keys.isEmpty { pointee.blockedKeyCount -= 1 }
        for key in state.keys {
            guard let index = pointee.blockedKeys[key]?.clients.firstIndex(of: client) else { continue }
            pointee.blockedKeys[key]?.clients.remove(at: index)
            if pointee.blockedKeys[key]?.clients.isEmpty == true { pointee.blockedKeys[key] = nil }
        }
        resumeLater(client)
    }

    /// Ends the waiting as if time were up, or with an error (CLIENT UNBLOCK).
    package func endWaiting(_ client: ClientReference, error: String? = nil) {
        guard let state = client.pointee.details.blocked else { return }
        let reply = ReplyWriter(output: client.pointee.output, version: client.pointee.protocolVersion)
        if let error {
            countError(error)
            reply.error(error)
        } else {
            switch state.timeoutReply {
            case .null: reply.null()
            case .nullArray: reply.nullArray()
            case .integer(let value): reply.integer(value)
            case .acknowledgements(let position):
                let known = acknowledgements(of: position)
                reply.array(2)
                reply.integer(known.local)
                reply.integer(known.replicas)
            }
        }
        // A blocked command counts when it is done (see `account`).
        state.command.pointee.callCount &+= 1
        if error != nil { state.command.pointee.failedCallCount += 1 }
        outputAdded(to: client)
        unblock(client)
    }

    /// Milliseconds since 1970 of the next thing that time brings; nil for none.
    package var nextDeadline: Int64? {
        guard pointee.pause.isActive else { return pointee.deadlines.first }
        return min(pointee.deadlines.first ?? .max, pointee.pause.until)
    }

    /// Ends the waiting of clients whose time is up, and a pause that is over.
    package func endDueWaits() {
        while let deadline = pointee.deadlines.first, deadline <= pointee.now {
            guard let id = pointee.deadlines.popFirst(), let client = pointee.clientsByID[id] else { continue }
            guard let state = client.pointee.details.blocked, state.deadline == deadline else { continue }
            endWaiting(client)
        }
        endPauseIfDue()
    }

    /// A key for which somebody may wait was made or changed.
    package func keyReady(_ key: ByteSlice, databaseIndex: Int) {
        let name = DatabaseKey(databaseIndex, key)
        guard pointee.blockedKeys[name] != nil, pointee.readyKeySet.insert(name).inserted else { return }
        pointee.readyKeys.append(name)
    }

    /// All keys of a database may have changed (SWAPDB, FLUSHDB).
    package func allKeysReady(databaseIndex: Int) {
        for name in pointee.blockedKeys.keys.filter({ $0.databaseIndex == databaseIndex }) {
            if pointee.readyKeySet.insert(name).inserted { pointee.readyKeys.append(name) }
        }
    }

    /// Executes the commands of clients whose keys have become ready, and so on until nothing is left to serve.
    func serveReadyKeys() {
        guard !pointee.isServingReadyKeys else { return }
        pointee.isServingReadyKeys = true
        while !pointee.readyKeys.isEmpty {
            let ready = pointee.readyKeys
            pointee.readyKeys = []
            pointee.readyKeySet = []
            for name in ready { serve(name) }
        }
        pointee.isServingReadyKeys = false
    }

    private func serve(_ name: DatabaseKey) {
        guard let queue = pointee.blockedKeys[name]?.clients else { return }
        for client in queue {
            guard let state = client.pointee.details.blocked, state.keys.contains(name) else { continue }
            let type = name.key.withUnsafeBytes { key in
                find(key, in: pointee.databases + name.databaseIndex, index: name.databaseIndex).entry?.type
            }
            let isWanted = type != nil && (state.type == nil || state.type == type)
            guard isWanted || state.retriesOnLoss else { continue }
            retry(client, state)
        }
    }

    private func retry(_ client: ClientReference, _ state: BlockedState) {
        if pointee.pause.heldKeyCount > 0,
            writesHeldKey(state.command, state.request.arguments, databaseIndex: client.pointee.databaseIndex)
        {
            migrations.hasSkippedRetry = true
            return
        }
        state.hasBlockedAgain = false
        outputAdded(to: client)
        client.pointee.flags.remove(.blocked)
        run(client, state.command, state.request.arguments, isRetry: true)
        if state.hasBlockedAgain {
            client.pointee.flags.insert(.blocked)
        } else if client.pointee.details.blocked === state {
            unblock(client)
        }
    }
}
