import Bytes
import Keyspace
import RESP

/// DBSIZE, FLUSHDB, FLUSHALL, RANDOMKEY, KEYS.
enum DatabaseCommands {
    static func size(_ call: inout Call) { call.reply.integer(call.database.pointee.count) }

    static func flushSelected(_ call: inout Call) {
        guard let isAsynchronous = flushMode(call) else { return }
        let index = call.client.pointee.databaseIndex
        call.engine.invalidateAllTracked()
        call.countChanges(call.engine.flush(databaseIndex: index, inBackground: isAsynchronous))
        // An empty database too: what reads the journal may have keys.
        call.journalAlways()
        call.reply.ok()
    }

    static func flushAll(_ call: inout Call) {
        guard let isAsynchronous = flushMode(call) else { return }
        call.engine.invalidateAllTracked()
        // What it would have written is no longer wanted.
        if call.engine.pointee.persistence.running?.purpose == .save { call.engine.abandonSnapshot() }
        for index in 0..<call.engine.pointee.databaseCount {
            call.countChanges(call.engine.flush(databaseIndex: index, inBackground: isAsynchronous))
        }
        call.journalAlways()
        call.engine.saveEmptied()
        call.reply.ok()
    }

    /// ASYNC or SYNC; nil once an error has been replied.
    private static func flushMode(_ call: Call) -> Bool? {
        if call.count == 1 { return false }
        if call.count == 2, call.matches(1, "async") { return true }
        if call.count == 2, call.matches(1, "sync") { return false }
        call.syntaxError()
        return nil
    }

    static func randomKey(_ call: inout Call) {
        let engine = call.engine
        let index = call.client.pointee.databaseIndex
        // Due keys stay while clients are paused, and may be all that there are.
        for _ in 0..<randomTriesMax {
            guard let slot = call.database.pointee.table.randomEntry(using: &engine.pointee.random) else { break }
            let entry = Entry(slot)
            let isDue = entry.expiry.map { $0 <= call.now } ?? false
            if !isDue { return call.reply.bulk(entry.key) }
            engine.removeDue(entry, entry.key, in: call.database, index: index)
        }
        call.reply.null()
    }

    /// Due keys that RANDOMKEY removes at most before it gives up.
    private static let randomTriesMax = 1000

    static func keys(_ call: inout Call) {
        let pattern = call[1]
        let takesAll = pattern.equals("*")
        let now = call.now
        let reply = call.reply
        var count = 0
        let mark = reply.beginAggregate()
        if GlobPattern.isLiteral(pattern) {
            if let entry = call.database.pointee.place(pattern).entry, !isDue(entry, now) {
                reply.bulk(entry.key)
                count = 1
            }
        } else {
            call.database.pointee.table.forEach { slot in
                let entry = Entry(slot)
                guard takesAll || GlobPattern.matches(pattern, entry.key), !isDue(entry, now) else { return }
                reply.bulk(entry.key)
                count += 1
            }
        }
        reply.endAggregate(mark, count: count)
    }

    private static func isDue(_ entry: Entry, _ now: Int64) -> Bool { entry.expiry.map { $0 <= now } ?? false }
}

extension UnsafeMutablePointer where Pointee == Engine {
    /// Removes all keys of a database.
    /// - Returns: how many there were.
    package func flush(databaseIndex: Int, inBackground: Bool) -> Int {
        let database = pointee.databases + databaseIndex
        touchAllWatched(databaseIndex: databaseIndex, replacement: nil)
        let removed = database.pointee.removeAll(inBackground: inBackground)
        allKeysReady(databaseIndex: databaseIndex)
        return removed
    }
}
