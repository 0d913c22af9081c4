import Bytes
import Keyspace
import RESP

/// The commands of sets.
enum SetCommands {
    // MARK: - Changes

    static func sadd(_ call: inout Call) {
        let key = call[1]
        guard let place = call.write(key, .set) else { return }
        let hasher = call.engine.pointee.hasher
        let expectedCount = call.count - 2
        var set: SetValue
        if let entry = place.entry {
            set = SetValue(entry)
            if expectedCount > 1 { set.expect(count: expectedCount, limits: call.encoding, hasher: hasher) }
        } else {
            set = SetValue.make(
                first: call[2], expectedCount: expectedCount, limits: call.encoding, hasher: hasher)
        }
        var added = 0
        for index in 2..<call.count where set.add(call[index], limits: call.encoding, hasher: hasher) {
            added += 1
        }
        if let entry = place.entry {
            if added > 0 || expectedCount > 1 { set.store(in: entry) }
        } else {
            call.add(place, kind: set.kind, pointer: set.pointer)
        }
        if added > 0 { changed(call, key, "sadd", count: added) }
        call.reply.integer(added)
    }

    static func srem(_ call: inout Call) {
        let key = call[1]
        guard let place = call.write(key, .set) else { return }
        guard let entry = place.entry else { return call.reply.integer(0) }
        var set = SetValue(entry)
        var removed = 0
        for index in 2..<call.count where set.remove(call[index]) {
            removed += 1
            if set.count == 0 { break }
        }
        set.store(in: entry)
        if removed > 0 {
            changed(call, key, "srem", count: removed)
            if set.count == 0 { call.removeEmptied(entry, key) }
        }
        call.reply.integer(removed)
    }

    /// Tells of a command that changed that many members.
    @inline(__always)
    static func changed(_ call: Call, _ key: ByteSlice, _ event: StaticString, count: Int) {
        call.changed(key, .set, event)
        if count > 1 { call.countChanges(count - 1) }
    }

    static func smove(_ call: inout Call) {
        let (sourceKey, targetKey, member) = (call[1], call[2], call[3])
        // An entry is void once another was removed, which finding the target may do.
        guard call.write(sourceKey).entry != nil else { return call.reply.integer(0) }
        let target = call.write(targetKey).entry
        if let target, target.type != .set { return call.wrongType() }
        let targetPointer = target?.pointer
        guard let entry = call.peek(sourceKey).entry else { return call.reply.integer(0) }
        guard entry.type == .set else { return call.wrongType() }
        var source = SetValue(entry)
        if source.pointer == targetPointer { return call.reply.flag(source.contains(member)) }
        guard source.remove(member) else { return call.reply.integer(0) }
        source.store(in: entry)
        call.changed(sourceKey, .set, "srem")
        if source.count == 0 { call.removeEmptied(entry, sourceKey) }
        addMoved(call, member, to: call.peek(targetKey))
        call.reply.integer(1)
    }

    private static func addMoved(_ call: Call, _ member: ByteSlice, to place: KeyPlace) {
        let hasher = call.engine.pointee.hasher
        let limits = call.encoding
        var set =
            place.entry.map { SetValue($0) }
            ?? SetValue.make(first: member, expectedCount: 1, limits: limits, hasher: hasher)
        let isNew = set.add(member, limits: limits, hasher: hasher)
        if let entry = place.entry {
            set.store(in: entry)
        } else {
            call.add(place, kind: set.kind, pointer: set.pointer)
        }
        if isNew { call.changed(place.key, .set, "sadd") }
    }

    // MARK: - Reads

    static func sismember(_ call: inout Call) {
        guard let place = call.read(call[1], .set) else { return }
        guard let entry = place.entry else { return call.reply.integer(0) }
        call.reply.flag(SetValue(entry).contains(call[2]))
    }

    static func smismember(_ call: inout Call) {
        guard let place = call.read(call[1], .set) else { return }
        let set = place.entry.map { SetValue($0) }
        call.reply.array(call.count - 2)
        for index in 2..<call.count { call.reply.flag(set?.contains(call[index]) ?? false) }
    }

    static func scard(_ call: inout Call) {
        guard let place = call.read(call[1], .set) else { return }
        call.reply.integer(place.entry.map { SetValue($0).count } ?? 0)
    }

    static func smembers(_ call: inout Call) {
        guard let place = call.read(call[1], .set) else { return }
        guard let entry = place.entry else { return call.reply.set(0) }
        replyAll(call, SetValue(entry))
    }

    /// Replies all members.
    static func replyAll(_ call: Call, _ set: SetValue) {
        let reply = call.reply
        reply.set(set.count)
        set.forEach { member in
            reply.element(member)
            return true
        }
    }

    static func sscan(_ call: inout Call) {
        guard let cursor = ScanCursor.parse(call, 2), let place = call.read(call[1], .set) else { return }
        guard let entry = place.entry else { return ScanReply.empty(call.reply) }
        guard let options = ScanOptions(call, from: 3) else { return }
        var reply = ScanReply(call.reply)
        let next = SetValue(entry).scan(cursor, effort: options.count) { member in
            if options.pattern == nil || member.withBytes({ options.matches($0) }) { reply.add(member) }
        }
        reply.finish(cursor: next)
    }
}
