import Bytes
import Keyspace
import RESP

/// The commands of hashes.
enum HashCommands {
    // MARK: - Changes

    static func hset(_ call: inout Call) {
        guard let created = setPairs(call) else { return }
        call.reply.integer(created)
    }

    static func hmset(_ call: inout Call) {
        guard setPairs(call) != nil else { return }
        call.reply.ok()
    }

    /// Sets the fields and values that follow the key and returns how many fields are new; nil once an error has been
    /// replied.
    @inline(__always)
    private static func setPairs(_ call: Call) -> Int? {
        guard call.count & 1 == 0 else {
            call.wrongArgumentCount()
            return nil
        }
        let key = call[1]
        guard let place = call.write(key, .hash) else { return nil }
        let hasher = call.engine.pointee.hasher
        let pairCount = (call.count - 2) / 2
        var hash = place.entry.map { HashValue($0) } ?? HashValue.make()
        if pairCount > 1 { hash.expect(pairCount: pairCount, limits: call.encoding, hasher: hasher) }
        var created = 0
        var index = 2
        while index < call.count {
            if hash.set(call[index], call[index + 1], limits: call.encoding, hasher: hasher) { created += 1 }
            index += 2
        }
        store(call, hash, at: place)
        call.changed(key, .hash, "hset")
        if pairCount > 1 { call.countChanges(pairCount - 1) }
        return created
    }

    /// Stores a hash that was taken from the key, or made for it.
    @inline(__always)
    static func store(_ call: Call, _ hash: HashValue, at place: KeyPlace) {
        if let entry = place.entry {
            hash.store(in: entry)
        } else {
            call.add(place, kind: hash.kind, pointer: hash.pointer)
        }
    }

    static func hsetnx(_ call: inout Call) {
        let key = call[1]
        guard let place = call.write(key, .hash) else { return }
        var hash = place.entry.map { HashValue($0) } ?? HashValue.make()
        if hash.contains(call[2]) { return call.reply.integer(0) }
        _ = hash.set(call[2], call[3], limits: call.encoding, hasher: call.engine.pointee.hasher)
        store(call, hash, at: place)
        call.changed(key, .hash, "hset")
        call.reply.integer(1)
    }

    static func hdel(_ call: inout Call) {
        let key = call[1]
        guard let place = call.write(key, .hash) else { return }
        guard let entry = place.entry else { return call.reply.integer(0) }
        var hash = HashValue(entry)
        var removed = 0
        for index in 2..<call.count where hash.remove(call[index]) {
            removed += 1
            if hash.count == 0 { break }
        }
        hash.store(in: entry)
        if removed > 0 {
            call.changed(key, .hash, "hdel")
            call.countChanges(removed - 1)
            if hash.count == 0 { call.removeEmptied(entry, key) }
        }
        call.reply.integer(removed)
    }

    // MARK: - Reads

    static func hget(_ call: inout Call) {
        guard let place = call.read(call[1], .hash) else { return }
        replyValue(call, place.entry.map { HashValue($0) }, call[2])
    }

    static func hmget(_ call: inout Call) {
        guard let place = call.read(call[1], .hash) else { return }
        let hash = place.entry.map { HashValue($0) }
        call.reply.array(call.count - 2)
        for index in 2..<call.count { replyValue(call, hash, call[index]) }
    }

    @inline(__always)
    private static func replyValue(_ call: Call, _ hash: HashValue?, _ field: ByteSlice) {
        guard let value = hash?.value(of: field) else { return call.reply.null() }
        call.reply.element(value)
    }

    static func hexists(_ call: inout Call) {
        guard let place = call.read(call[1], .hash) else { return }
        call.reply.flag(place.entry.map { HashValue($0).contains(call[2]) } ?? false)
    }

    static func hlen(_ call: inout Call) {
        guard let place = call.read(call[1], .hash) else { return }
        call.reply.integer(place.entry.map { HashValue($0).count } ?? 0)
    }

    static func hstrlen(_ call: inout Call) {
        guard let place = call.read(call[1], .hash) else { return }
        let value = place.entry.flatMap { HashValue($0).value(of: call[2]) }
        call.reply.integer(value?.byteCount ?? 0)
    }

    static func hkeys(_ call: inout Call) {
        guard let place = call.read(call[1], .hash) else { return }
        guard let entry = place.entry else { return call.reply.emptyArray() }
        let (hash, reply) = (HashValue(entry), call.reply)
        reply.array(hash.count)
        hash.forEach { field, _ in reply.element(field) }
    }

    static func hvals(_ call: inout Call) {
        guard let place = call.read(call[1], .hash) else { return }
        guard let entry = place.entry else { return call.reply.emptyArray() }
        let (hash, reply) = (HashValue(entry), call.reply)
        reply.array(hash.count)
        hash.forEach { _, value in reply.element(value) }
    }

    static func hgetall(_ call: inout Call) {
        guard let place = call.read(call[1], .hash) else { return }
        guard let entry = place.entry else { return call.reply.map(0) }
        let (hash, reply) = (HashValue(entry), call.reply)
        reply.map(hash.count)
        hash.forEach { field, value in
            reply.element(field)
            reply.element(value)
        }
    }

    static func hscan(_ call: inout Call) {
        guard let cursor = ScanCursor.parse(call, 2), let place = call.read(call[1], .hash) else { return }
        guard let entry = place.entry else { return ScanReply.empty(call.reply) }
        guard let options = ScanOptions(call, from: 3) else { return }
        var reply = ScanReply(call.reply)
        let next = HashValue(entry).scan(cursor, effort: options.count) { field, value in
            guard options.pattern == nil || field.withBytes({ options.matches($0) }) else { return }
            reply.add(field)
            reply.add(value)
        }
        reply.finish(cursor: next)
    }

    // MARK: - Chance

    static func hrandfield(_ call: inout Call) {
        guard call.count > 2 else { return replyOneField(call) }
        guard let count = call.signedCount(2) else { return }
        let withValues = call.count == 4 && call.matches(3, "withvalues")
        guard call.count == 3 || withValues else { return call.syntaxError() }
        guard !withValues || count.magnitude <= UInt64(Int64.max / 2) else {
            return call.error("ERR value is out of range")
        }
        guard let place = call.read(call[1], .hash) else { return }
        guard count != 0, let entry = place.entry else { return call.reply.emptyArray() }
        let (hash, reply) = (HashValue(entry), call.reply)
        let isNested = withValues && reply.isRESP3
        func add(_ field: ListPackValue, _ value: ListPackValue) {
            if isNested { reply.array(2) }
            reply.element(field)
            if withValues { reply.element(value) }
        }
        let isDistinct = count > 1
        let wanted = isDistinct ? min(Int(count), hash.count) : Int(count.magnitude)
        reply.array(withValues && !isNested ? wanted * 2 : wanted)
        if isDistinct {
            hash.forEachRandom(wanted, using: &call.engine.pointee.random, add)
        } else {
            let call = call
            var random = call.engine.pointee.random
            defer { call.engine.pointee.random = random }
            hash.forEachDraw(wanted, using: &random) { field, value in
                add(field, value)
                return call.mayReplyMore
            }
        }
    }

    private static func replyOneField(_ call: Call) {
        guard let place = call.read(call[1], .hash) else { return }
        guard let entry = place.entry else { return call.reply.null() }
        let reply = call.reply
        HashValue(entry).forEachDraw(1, using: &call.engine.pointee.random) { field, _ in
            reply.element(field)
            return true
        }
    }
}
