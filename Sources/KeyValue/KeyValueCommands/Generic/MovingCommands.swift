import Bytes
import Keyspace
import RESP

/// RENAME, RENAMENX, MOVE, COPY, SWAPDB.
enum MovingCommands {
    static func rename(_ call: inout Call) { rename(call, onlyIfAbsent: false) }
    static func renameIfAbsent(_ call: inout Call) { rename(call, onlyIfAbsent: true) }

    private static func rename(_ call: Call, onlyIfAbsent: Bool) {
        let (key, newKey) = (call[1], call[2])
        guard call.write(key).entry != nil else { return call.noSuchKey() }
        if key.equals(newKey) {
            if onlyIfAbsent { call.reply.integer(0) } else { call.reply.ok() }
            return
        }
        if let old = call.write(newKey).entry {
            guard !onlyIfAbsent else { return call.reply.integer(0) }
            call.database.pointee.remove(old)
        }
        // Found again: removals make entries invalid.
        guard let entry = call.peek(key).entry else { return call.noSuchKey() }
        let value = call.database.pointee.detach(entry)
        let expiry = value.expiry
        call.database.pointee.attach(value, key: newKey, expiry: expiry)
        call.keyAdded(newKey)
        call.signalModified(key)
        call.signalModified(newKey)
        call.notify(.generic, "rename_from", key)
        call.notify(.generic, "rename_to", newKey)
        call.countChanges(1)
        if onlyIfAbsent { call.reply.integer(1) } else { call.reply.ok() }
    }

    static func move(_ call: inout Call) {
        let key = call[1]
        guard let targetIndex = call.databaseIndex(2) else { return }
        let sourceIndex = call.client.pointee.databaseIndex
        guard targetIndex != sourceIndex else {
            return call.error("ERR source and destination objects are the same")
        }
        let engine = call.engine
        let target = engine.pointee.databases + targetIndex
        guard let entry = call.write(key).entry, engine.find(key, in: target, index: targetIndex).entry == nil else {
            return call.reply.integer(0)
        }
        let value = call.database.pointee.detach(entry)
        let expiry = value.expiry
        target.pointee.attach(value, key: key, expiry: expiry)
        call.keyAdded(key, databaseIndex: targetIndex)
        call.signalModified(key)
        engine.signalModified(key, databaseIndex: targetIndex, by: call.client)
        call.notify(.generic, "move_from", key)
        call.notify(.generic, "move_to", key, databaseIndex: targetIndex)
        call.countChanges(1)
        call.reply.integer(1)
    }

    static func copy(_ call: inout Call) {
        let (key, newKey) = (call[1], call[2])
        let sourceIndex = call.client.pointee.databaseIndex
        var targetIndex = sourceIndex
        var replaces = false
        var index = 3
        while index < call.count {
            if call.matches(index, "replace") {
                replaces = true
            } else if call.matches(index, "db"), index + 1 < call.count {
                guard let number = call.databaseIndex(index + 1) else { return }
                targetIndex = number
                index += 1
            } else {
                return call.syntaxError()
            }
            index += 1
        }
        guard targetIndex != sourceIndex || !key.equals(newKey) else {
            return call.error("ERR source and destination objects are the same")
        }
        let engine = call.engine
        let target = engine.pointee.databases + targetIndex
        guard call.read(key).entry != nil else { return call.reply.integer(0) }
        if let old = engine.find(newKey, in: target, index: targetIndex).entry {
            guard replaces else { return call.reply.integer(0) }
            target.pointee.remove(old)
        }
        guard let entry = call.peek(key).entry else { return call.reply.integer(0) }
        target.pointee.addCopy(of: entry.record, key: newKey, clock: call.freshClock)
        call.keyAdded(newKey, databaseIndex: targetIndex)
        engine.signalModified(newKey, databaseIndex: targetIndex, by: call.client)
        call.notify(.generic, "copy_to", newKey, databaseIndex: targetIndex)
        call.countChanges(1)
        call.reply.integer(1)
    }

    static func swapDatabases(_ call: inout Call) {
        guard let first = call.smallInteger(1, error: "ERR invalid first DB index"),
            let second = call.smallInteger(2, error: "ERR invalid second DB index")
        else { return }
        let engine = call.engine
        guard let one = engine.database(first), let other = engine.database(second) else {
            return call.error("ERR DB index is out of range")
        }
        if one != other {
            engine.touchAllWatched(databaseIndex: Int(first), replacement: other)
            engine.touchAllWatched(databaseIndex: Int(second), replacement: one)
            swap(&one.pointee, &other.pointee)
            engine.allKeysReady(databaseIndex: Int(first))
            engine.allKeysReady(databaseIndex: Int(second))
        }
        call.countChanges(1)
        call.reply.ok()
    }
}

extension Call {
    /// As `keyAdded` and `notify`, for a key of another database than the selected one.
    fileprivate func keyAdded(_ key: ByteSlice, databaseIndex: Int) {
        notify(.new, "new", key, databaseIndex: databaseIndex)
        if engine.pointee.blockedKeyCount > 0 { engine.keyReady(key, databaseIndex: databaseIndex) }
    }

    fileprivate func notify(
        _ type: NotificationClasses, _ event: StaticString, _ key: ByteSlice, databaseIndex: Int
    ) {
        guard !settings.notifications.isDisjoint(with: type) else { return }
        engine.publishEvent(event, key: key, databaseIndex: databaseIndex)
    }
}
