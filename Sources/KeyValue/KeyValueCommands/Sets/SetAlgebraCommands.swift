import Bytes
import Keyspace
import RESP

// Intersection, union and difference, replied or stored.
extension SetCommands {
    // MARK: - Intersection

    static func sinter(_ call: inout Call) {
        let call = call
        withSets(call, call.count - 1, from: 1) { sets, missing in
            guard missing == 0 else { return call.reply.set(0) }
            let mark = call.reply.beginAggregate()
            var count = 0
            SetAlgebra.forEachCommon(sets) { member in
                call.reply.element(member)
                count += 1
                return true
            }
            call.reply.endAggregate(mark, .set, count: count)
        }
    }

    static func sintercard(_ call: inout Call) {
        let call = call
        guard let keyCount = call.integer(1, in: 1...Int64.max, error: "ERR numkeys should be greater than 0") else {
            return
        }
        guard keyCount <= call.count - 2 else {
            return call.error("ERR Number of keys can't be greater than number of args")
        }
        var limit: Int64 = 0
        var index = 2 + Int(keyCount)
        while index < call.count {
            guard call.matches(index, "limit"), index + 1 < call.count else { return call.syntaxError() }
            guard let given = call.integer(index + 1, in: 0...Int64.max, error: "ERR LIMIT can't be negative") else {
                return
            }
            limit = given
            index += 2
        }
        let countMax = limit == 0 ? Int64.max : limit
        withSets(call, Int(keyCount), from: 2) { sets, missing in
            guard missing == 0 else { return call.reply.integer(0) }
            var count: Int64 = 0
            SetAlgebra.forEachCommon(sets) { _ in
                count += 1
                return count < countMax
            }
            call.reply.integer(count)
        }
    }

    static func sinterstore(_ call: inout Call) {
        let call = call
        withSets(call, call.count - 2, from: 2) { sets, missing in
            let result =
                missing > 0
                ? SetValue.makeIntegers()
                : SetAlgebra.intersection(sets, limits: call.encoding, hasher: call.engine.pointee.hasher)
            store(call, result, "sinterstore")
        }
    }

    // MARK: - Union

    static func sunion(_ call: inout Call) {
        let call = call
        withSets(call, call.count - 1, from: 1) { sets, _ in replyAndFree(call, union(call, sets)) }
    }

    static func sunionstore(_ call: inout Call) {
        let call = call
        withSets(call, call.count - 2, from: 2) { sets, _ in store(call, union(call, sets), "sunionstore") }
    }

    private static func union(_ call: Call, _ sets: UnsafeMutableBufferPointer<SetValue>) -> SetValue {
        SetAlgebra.union(sets, limits: call.encoding, hasher: call.engine.pointee.hasher)
    }

    // MARK: - Difference

    static func sdiff(_ call: inout Call) {
        let call = call
        withSets(call, call.count - 1, from: 1) { sets, _ in
            replyAndFree(call, difference(call, firstKey: call[1], sets))
        }
    }

    static func sdiffstore(_ call: inout Call) {
        let call = call
        withSets(call, call.count - 2, from: 2) { sets, _ in
            store(call, difference(call, firstKey: call[2], sets), "sdiffstore")
        }
    }

    private static func difference(
        _ call: Call, firstKey: ByteSlice, _ sets: UnsafeMutableBufferPointer<SetValue>
    ) -> SetValue {
        // Keys that are not there are left out, so the first set is the first key's only if that key is there.
        guard let entry = call.peek(firstKey).entry else { return SetValue.makeIntegers() }
        return SetAlgebra.difference(
            SetValue(entry), minus: UnsafeMutableBufferPointer(rebasing: sets[1...]), limits: call.encoding,
            hasher: call.engine.pointee.hasher)
    }

    // MARK: - Common parts

    /// Calls with the sets of the keys from an index of the request on, and how many keys are not there and so left out.
    /// Does nothing more once WRONGTYPE has been replied.
    private static func withSets(
        _ call: Call, _ keyCount: Int, from start: Int,
        _ body: (_ sets: UnsafeMutableBufferPointer<SetValue>, _ missing: Int) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: SetValue.self, capacity: keyCount) { buffer in
            var found = 0
            for index in start..<(start + keyCount) {
                guard let place = call.read(call[index], .set) else { return }
                guard let entry = place.entry else { continue }
                (buffer.baseAddress.unsafelyUnwrapped + found).initialize(to: SetValue(entry))
                found += 1
            }
            body(UnsafeMutableBufferPointer(rebasing: buffer[..<found]), keyCount - found)
        }
    }

    private static func replyAndFree(_ call: Call, _ set: SetValue) {
        replyAll(call, set)
        call.database.pointee.reclaim(kind: set.kind, pointer: set.pointer)
    }

    /// Gives the key at index 1 the set, whatever it had before, or nothing if the set is empty.
    private static func store(_ call: Call, _ set: SetValue, _ event: StaticString) {
        let key = call[1]
        let place = call.peek(key)
        let count = set.count
        if count == 0 {
            set.free()
            if let entry = place.entry {
                call.database.pointee.remove(entry)
                call.changed(key, .generic, "del")
            }
            return call.reply.integer(0)
        }
        if place.entry == nil {
            call.add(place, kind: set.kind, pointer: set.pointer)
        } else {
            call.database.pointee.setPointer(place, kind: set.kind, pointer: set.pointer, clock: call.freshClock)
        }
        call.changed(key, .set, event)
        call.reply.integer(count)
    }
}
