import Bytes
import Keyspace
import RESP

/// The plain commands of sorted sets: single members, and what is known of the whole.
enum SortedSetCommands {
    /// The sorted set of the key at an index of the request, for reading.
    /// - Parameter missing: replies when there is no such key.
    @inline(__always)
    static func read(_ call: Call, _ index: Int, missing: () -> Void) -> SortedSetValue? {
        guard let place = call.read(call[index], .sortedSet) else { return nil }
        guard let entry = place.entry else {
            missing()
            return nil
        }
        return SortedSetValue(entry)
    }

    static func zcard(_ call: inout Call) {
        let call = call
        guard let value = read(call, 1, missing: { call.reply.integer(0) }) else { return }
        call.reply.integer(value.count)
    }

    static func zscore(_ call: inout Call) {
        let call = call
        guard let value = read(call, 1, missing: { call.reply.null() }) else { return }
        guard let score = value.score(of: call[2]) else { return call.reply.null() }
        call.reply.double(score)
    }

    static func zmscore(_ call: inout Call) {
        guard let place = call.read(call[1], .sortedSet) else { return }
        call.reply.array(call.count - 2)
        for index in 2..<call.count {
            if let entry = place.entry, let score = SortedSetValue(entry).score(of: call[index]) {
                call.reply.double(score)
            } else {
                call.reply.null()
            }
        }
    }

    static func zrank(_ call: inout Call) { rank(call, isReversed: false) }

    static func zrevrank(_ call: inout Call) { rank(call, isReversed: true) }

    private static func rank(_ call: Call, isReversed: Bool) {
        guard call.count <= 4 else { return call.wrongArgumentCount() }
        let wantsScore = call.count == 4
        if wantsScore, !call.matches(3, "withscore") { return call.syntaxError() }
        guard let place = call.read(call[1], .sortedSet) else { return }
        guard let entry = place.entry, let found = SortedSetValue(entry).rank(of: call[2]) else {
            if wantsScore { call.reply.nullArray() } else { call.reply.null() }
            return
        }
        if wantsScore { call.reply.array(2) }
        call.reply.integer(isReversed ? SortedSetValue(entry).count - 1 - found.rank : found.rank)
        if wantsScore { call.reply.double(found.score) }
    }

    static func zrem(_ call: inout Call) {
        let key = call[1]
        guard let place = call.write(key, .sortedSet) else { return }
        guard let entry = place.entry else { return call.reply.integer(0) }
        var value = SortedSetValue(entry)
        var removed = 0
        for index in 2..<call.count where value.remove(call[index]) {
            removed += 1
            if value.count == 0 { break }
        }
        value.store(in: entry)
        if removed > 0 {
            call.countChanges(removed - 1)
            call.changed(key, .sortedSet, "zrem")
            if value.count == 0 { call.removeEmptied(entry, key) }
        }
        call.reply.integer(removed)
    }

    // MARK: - Common parts

    /// Gives the key a sorted set, whatever it had before, or nothing if the sorted set is empty; replies its count.
    static func store(_ call: Call, _ key: ByteSlice, _ value: SortedSetValue, _ event: StaticString) {
        let place = call.peek(key)
        let count = value.count
        if count == 0 {
            value.free()
            removeResult(call, place)
            return call.reply.integer(0)
        }
        if place.entry == nil {
            call.add(place, kind: value.kind, pointer: value.pointer)
        } else {
            call.database.pointee.setPointer(
                place, kind: value.kind, pointer: value.pointer, clock: call.freshClock)
        }
        call.changed(key, .sortedSet, event)
        call.reply.integer(count)
    }

    /// Removes what a key had, as there is nothing to store.
    static func removeResult(_ call: Call, _ place: KeyPlace) {
        guard let entry = place.entry else { return }
        call.database.pointee.remove(entry)
        call.changed(place.key, .generic, "del")
    }
}
