import Bytes
import Keyspace
import RESP

/// Requests between MULTI and EXEC.
final class Transaction {
    var requests: [(command: UnsafeMutablePointer<Command>, request: OwnedArguments)] = []
    /// Memory of the requests, in bytes.
    var byteCount = 0
}

/// A key under WATCH.
struct WatchedKey {
    let name: DatabaseKey
    /// Whether the key was due already when it was watched: its removal is no change then.
    var wasDue: Bool
}

/// MULTI, EXEC, DISCARD, WATCH, UNWATCH.
enum TransactionCommands {
    /// Commands that are executed at once inside a transaction.
    @inline(__always)
    static func runsInside(_ command: UnsafeMutablePointer<Command>) -> Bool {
        switch command.pointee.row.name {
        case "exec", "discard", "multi", "watch", "quit", "reset": command.pointee.container == nil
        default: false
        }
    }

    static func multi(_ call: inout Call) {
        guard !call.client.pointee.flags.contains(.inTransaction) else {
            return call.error("ERR MULTI calls can not be nested")
        }
        call.client.pointee.flags.insert(.inTransaction)
        call.client.pointee.details.transaction = Transaction()
        call.reply.ok()
    }

    static func discard(_ call: inout Call) {
        guard call.client.pointee.flags.contains(.inTransaction) else {
            return call.error("ERR DISCARD without MULTI")
        }
        call.engine.discardTransaction(call.client)
        call.engine.unwatchAll(call.client)
        call.reply.ok()
    }

    static func exec(_ call: inout Call) {
        let client = call.client
        guard client.pointee.flags.contains(.inTransaction), let transaction = client.pointee.details.transaction else {
            return call.error("ERR EXEC without MULTI")
        }
        let hasFailed = client.pointee.flags.contains(.transactionFailed)
        let hasChanged =
            client.pointee.flags.contains(.watchedKeyChanged) || call.engine.hasDueWatchedKey(client)
        call.engine.discardTransaction(client)
        call.engine.unwatchAll(client)
        if hasFailed { return call.error("EXECABORT Transaction discarded because of previous errors.") }
        if hasChanged {
            call.engine.stampEverything(client)
            return call.reply.nullArray()
        }
        let engine = call.engine
        client.pointee.flags.insert(.executingTransaction)
        engine.pointee.isExecutingTransaction = true
        call.reply.array(transaction.requests.count)
        for (command, request) in transaction.requests {
            client.pointee.lastCommand = command
            engine.run(client, command, request.arguments, isRetry: false)
        }
        client.pointee.flags.remove(.executingTransaction)
        engine.pointee.isExecutingTransaction = false
        // Its requests are in the journal, with MULTI and EXEC around them if they are several.
        call.journalNothing()
        engine.pointee.extensions.lastCallFailed = false
    }

    static func watch(_ call: inout Call) {
        let client = call.client
        guard !client.pointee.flags.contains(.inTransaction) else {
            return call.error("ERR WATCH inside MULTI is not allowed")
        }
        // Once a key has changed, watching more makes no difference.
        if !client.pointee.flags.contains(.watchedKeyChanged) {
            for index in 1..<call.count { call.engine.watch(client, call[index]) }
        }
        call.reply.ok()
    }

    static func unwatch(_ call: inout Call) {
        call.engine.unwatchAll(call.client)
        call.reply.ok()
    }
}

extension UnsafeMutablePointer where Pointee == Engine {
    func queue(_ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments) {
        let request = OwnedArguments(arguments)
        client.pointee.details.transaction?.requests.append((command, request))
        client.pointee.details.transaction?.byteCount += request.byteCount
        if client.pointee.flags.isDisjoint(with: [.repliesOff, .skipNextReply]) {
            client.pointee.output.pointee.append("+QUEUED\r\n")
        } else {
            client.pointee.flags.remove(.skipNextReply)
        }
    }

    package func discardTransaction(_ client: ClientReference) {
        client.pointee.details.transaction = nil
        client.pointee.flags.subtract([.inTransaction, .transactionFailed])
    }

    fileprivate func watch(_ client: ClientReference, _ key: ByteSlice) {
        let name = DatabaseKey(client.pointee.databaseIndex, key)
        guard !client.pointee.details.watched.contains(where: { $0.name == name }) else { return }
        let place = (pointee.databases + name.databaseIndex).pointee.place(key)
        let wasDue = place.entry?.expiry.map { $0 <= pointee.now } ?? false
        client.pointee.details.watched.append(WatchedKey(name: name, wasDue: wasDue))
        pointee.watchedKeys[name, default: []].append(client)
    }

    package func unwatchAll(_ client: ClientReference) {
        for watched in client.pointee.details.watched {
            pointee.watchedKeys[watched.name]?.removeAll { $0 == client }
            if pointee.watchedKeys[watched.name]?.isEmpty == true { pointee.watchedKeys[watched.name] = nil }
        }
        client.pointee.details.watched = []
        client.pointee.flags.remove(.watchedKeyChanged)
    }

    /// Whether a watched key has become due without having been removed yet.
    fileprivate func hasDueWatchedKey(_ client: ClientReference) -> Bool {
        client.pointee.details.watched.contains { watched in
            guard !watched.wasDue else { return false }
            return watched.name.key.withUnsafeBytes { key in
                let place = (pointee.databases + watched.name.databaseIndex).pointee.place(key)
                return place.entry?.expiry.map { $0 <= pointee.now } ?? false
            }
        }
    }

    func touchWatched(_ key: ByteSlice, databaseIndex: Int) {
        let name = DatabaseKey(databaseIndex, key)
        guard let watchers = pointee.watchedKeys[name] else { return }
        let exists = (pointee.databases + databaseIndex).pointee.place(key).entry != nil
        for client in watchers {
            let details = client.pointee.details
            guard let index = details.watched.firstIndex(where: { $0.name == name }) else { continue }
            // A key that was due when it was watched, and has been removed since, is as it was.
            if details.watched[index].wasDue, !exists {
                details.watched[index].wasDue = false
                continue
            }
            client.pointee.flags.insert(.watchedKeyChanged)
        }
    }

    /// All keys of a database change at once (FLUSHDB, SWAPDB): watchers of those that were or will be there.
    /// - Parameter replacement: the database that takes its place, for SWAPDB.
    func touchAllWatched(databaseIndex: Int, replacement: UnsafeMutablePointer<Database>?) {
        let emptied = pointee.databases + databaseIndex
        for (name, clients) in pointee.watchedKeys where name.databaseIndex == databaseIndex {
            let old = Presence(of: name.key, in: emptied, now: pointee.now)
            let new = Presence(of: name.key, in: replacement, now: pointee.now)
            guard old != .absent || new != .absent else { continue }
            for client in clients {
                let details = client.pointee.details
                guard let index = details.watched.firstIndex(where: { $0.name == name }) else { continue }
                if details.watched[index].wasDue, new != .live {
                    // What was due is gone, or is due again: no change that anybody can see.
                    details.watched[index].wasDue = new == .due
                } else if old == .absent, new == .due {
                    details.watched[index].wasDue = true
                } else {
                    client.pointee.flags.insert(.watchedKeyChanged)
                }
            }
        }
    }
}

/// Whether a key is in a database, and whether its time has come.
private enum Presence {
    case absent, due, live

    init(of key: [UInt8], in database: UnsafeMutablePointer<Database>?, now: Int64) {
        guard let database,
            let entry = key.withUnsafeBytes({ database.pointee.place($0).entry })
        else {
            self = .absent
            return
        }
        self = entry.expiry.map { $0 <= now } ?? false ? .due : .live
    }
}
