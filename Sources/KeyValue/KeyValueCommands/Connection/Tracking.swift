// Client tracking: which keys a client has read and caches, and telling it when they change.

import Bytes
import RESP

/// How a client tracks.
struct TrackingOptions: OptionSet {
    let rawValue: Int
    static let broadcast = TrackingOptions(rawValue: 1)
    static let optIn = TrackingOptions(rawValue: 2)
    static let optOut = TrackingOptions(rawValue: 4)
    static let noLoop = TrackingOptions(rawValue: 8)
    /// CLIENT CACHING YES or NO has been said for the next command.
    static let cachingYes = TrackingOptions(rawValue: 16)
    static let cachingNo = TrackingOptions(rawValue: 32)
    /// The client that messages are redirected to is gone.
    static let brokenRedirection = TrackingOptions(rawValue: 64)
}

/// The tracking of one client.
final class ClientTracking {
    var options: TrackingOptions = []
    /// The client that gets the messages; 0: the tracking one.
    var redirection: UInt64 = 0
    /// Each once, in the order in which they were given.
    var prefixes: [[UInt8]] = []
}

/// What the server remembers for tracking clients. Keys are without their database, as in Redis.
final class TrackingTable {
    var clients: [UInt64: ClientTracking] = [:]
    /// Who may have cached a key.
    var readers: [[UInt8]: Set<UInt64>] = [:]
    /// Broadcast: who wants to hear of keys with a prefix, and which have changed in this turn, by whom last.
    var prefixes: [[UInt8]: (clients: Set<UInt64>, changed: [[UInt8]: UInt64])] = [:]
    var itemCount: Int { readers.values.reduce(0) { $0 + $1.count } }
}

extension UnsafeMutablePointer where Pointee == Engine {
    var tracking: TrackingTable { pointee.extensions.part(TrackingTable.self) { TrackingTable() } }

    // MARK: - Reading

    /// Notes which keys a tracking client has read.
    func rememberTrackedKeys(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments
    ) {
        let table = tracking
        guard let own = table.clients[client.pointee.id], !own.options.contains(.broadcast) else { return }
        if own.options.contains(.optIn), !own.options.contains(.cachingYes) { return }
        if own.options.contains(.optOut), own.options.contains(.cachingNo) { return }
        CommandKeys.forEach(of: command.pointee.row, in: arguments) { position, _ in
            table.readers[[UInt8](arguments[position]), default: []].insert(client.pointee.id)
        }
    }

    /// CLIENT CACHING is for one command, or one transaction.
    func forgetCachingChoice(_ client: ClientReference, _ command: UnsafeMutablePointer<Command>) {
        guard !client.pointee.flags.contains(.inTransaction), command.pointee.fullName != "client|caching",
            !client.pointee.flags.contains(.executingTransaction)
        else { return }
        tracking.clients[client.pointee.id]?.options.subtract([.cachingYes, .cachingNo])
    }

    // MARK: - Changes

    /// Tells tracking clients that a key has changed.
    func invalidateTracked(_ key: ByteSlice, by client: ClientReference?) {
        let table = tracking
        let name = [UInt8](key)
        for prefix in table.prefixes.keys where name.starts(with: prefix) {
            table.prefixes[prefix]?.changed[name] = client?.pointee.id ?? 0
        }
        guard let readers = table.readers.removeValue(forKey: name) else { return }
        for id in readers {
            guard let own = table.clients[id], let reader = pointee.clientsByID[id],
                reader.pointee.flags.contains(.tracking), !own.options.contains(.broadcast)
            else { continue }
            if own.options.contains(.noLoop), reader == client { continue }
            sendInvalidation([name], to: reader, own)
        }
    }

    /// All keys are gone: FLUSHALL, FLUSHDB.
    package func invalidateAllTracked() {
        guard pointee.trackingClientCount > 0 else { return }
        let table = tracking
        for (id, own) in table.clients {
            guard let client = pointee.clientsByID[id] else { continue }
            sendInvalidation(nil, to: client, own)
        }
        table.readers = [:]
    }

    /// Sends what has changed under the prefixes of broadcasting clients; once a turn.
    package func broadcastInvalidations() {
        guard pointee.trackingClientCount > 0 else { return }
        let table = tracking
        for (prefix, entry) in table.prefixes where !entry.changed.isEmpty {
            table.prefixes[prefix]?.changed = [:]
            for id in entry.clients {
                guard let own = table.clients[id], let client = pointee.clientsByID[id] else { continue }
                let names = entry.changed.filter { !own.options.contains(.noLoop) || $0.value != id }.map(\.key)
                if !names.isEmpty { sendInvalidation(names, to: client, own) }
            }
        }
    }

    /// - Parameter names: nil: everything.
    private func sendInvalidation(_ names: [[UInt8]]?, to client: ClientReference, _ own: ClientTracking) {
        var target = client
        if own.redirection != 0 {
            guard let other = pointee.clientsByID[own.redirection] else {
                own.options.insert(.brokenRedirection)
                if client.pointee.protocolVersion > 2 {
                    let reply = beginPush(client, 2)
                    reply.bulk("tracking-redir-broken")
                    reply.integer(Int(own.redirection))
                }
                return
            }
            target = other
        }
        let reply: ReplyWriter
        if target.pointee.protocolVersion > 2 {
            reply = beginPush(target, 2)
            reply.bulk("invalidate")
        } else if own.redirection != 0, target.pointee.flags.contains(.subscribed) {
            reply = beginPush(target, 3)
            reply.bulk("message")
            reply.bulk("__redis__:invalidate")
        } else {
            return
        }
        guard let names else { return reply.nullArray() }
        reply.array(names.count)
        for name in names { name.withUnsafeBytes { reply.bulk($0) } }
    }

    // MARK: - Switching

    func disableTracking(_ client: ClientReference) {
        guard client.pointee.flags.contains(.tracking) else { return }
        client.pointee.flags.remove(.tracking)
        pointee.trackingClientCount -= 1
        let table = tracking
        for prefix in table.clients[client.pointee.id]?.prefixes ?? [] {
            table.prefixes[prefix]?.clients.remove(client.pointee.id)
            if table.prefixes[prefix]?.clients.isEmpty == true { table.prefixes[prefix] = nil }
        }
        table.clients[client.pointee.id] = nil
        if pointee.trackingClientCount == 0 {
            table.readers = [:]
        }
    }

    func enableTracking(_ client: ClientReference, _ wanted: ClientTracking) {
        let table = tracking
        if !client.pointee.flags.contains(.tracking) {
            client.pointee.flags.insert(.tracking)
            pointee.trackingClientCount += 1
        }
        let own = table.clients[client.pointee.id] ?? ClientTracking()
        own.options = wanted.options
        own.redirection = wanted.redirection
        if own.options.contains(.broadcast) {
            let added = wanted.prefixes.isEmpty && own.prefixes.isEmpty ? [[]] : wanted.prefixes
            for prefix in added {
                if !own.prefixes.contains(prefix) { own.prefixes.append(prefix) }
                table.prefixes[prefix, default: ([], [:])].clients.insert(client.pointee.id)
            }
        }
        table.clients[client.pointee.id] = own
    }

    /// Forgets keys at random while there are more than tracking-table-max-keys: their readers are told.
    func limitTrackingTable() {
        let maximum = pointee.settings.trackingTableKeyCountMax
        guard maximum > 0, pointee.trackingClientCount > 0 else { return }
        let table = tracking
        while table.readers.count > maximum, let name = table.readers.keys.first {
            name.withUnsafeBytes { invalidateTracked($0, by: nil) }
        }
    }

    func redirection(_ client: ClientReference) -> Int {
        guard client.pointee.flags.contains(.tracking) else { return -1 }
        return Int(tracking.clients[client.pointee.id]?.redirection ?? 0)
    }

    func trackedPrefixCount(_ client: ClientReference) -> Int {
        guard client.pointee.flags.contains(.tracking) else { return 0 }
        return tracking.clients[client.pointee.id]?.prefixes.count ?? 0
    }

    func trackingLetters(_ client: ClientReference) -> String {
        guard let own = tracking.clients[client.pointee.id] else { return "t" }
        var letters = "t"
        if own.options.contains(.brokenRedirection) { letters += "R" }
        if own.options.contains(.broadcast) { letters += "B" }
        return letters
    }
}
