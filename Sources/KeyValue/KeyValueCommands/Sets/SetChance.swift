import Bytes
import Keyspace
import RESP

// Members chosen by chance: SPOP and SRANDMEMBER.
extension SetCommands {
    static func spop(_ call: inout Call) {
        if call.count == 3 { return popSeveral(call) }
        if call.count > 3 { return call.syntaxError() }
        let key = call[1]
        guard let place = call.write(key, .set) else { return }
        guard let entry = place.entry else { return call.reply.null() }
        var set = SetValue(entry)
        let call = call
        set.popRandom(using: &call.engine.pointee.random) { member in
            call.reply.element(member)
            journalPopped(call, key, member)
        }
        set.store(in: entry)
        call.changed(key, .set, "spop")
        if set.count == 0 { call.removeEmptied(entry, key) }
    }

    /// What happened, for the journal: SREM of the member.
    @inline(__always)
    private static func journalPopped(_ call: Call, _ key: ByteSlice, _ member: ListPackValue) {
        guard call.isJournalled else { return }
        member.withBytes { call.journalInstead([("SREM" as StaticString).bytes, key, $0]) }
    }

    private static func popSeveral(_ call: Call) {
        let key = call[1]
        guard let count = call.integer(2, in: 0...Int64.max, error: "ERR value is out of range, must be positive"),
            let place = call.write(key, .set)
        else { return }
        guard count > 0, let entry = place.entry else { return call.reply.set(0) }
        var set = SetValue(entry)
        let total = set.count
        if count >= total {
            replyAll(call, set)
            if call.isJournalled { call.journalInstead([("DEL" as StaticString).bytes, key]) }
            changed(call, key, "spop", count: total)
            return call.removeEmptied(entry, key)
        }
        call.reply.set(Int(count))
        let old = set.popRandom(
            Int(count), limits: call.encoding, hasher: call.engine.pointee.hasher,
            using: &call.engine.pointee.random
        ) { member in
            call.reply.element(member)
            journalPopped(call, key, member)
        }
        set.store(in: entry)
        if let old { call.database.pointee.reclaim(kind: old.kind, pointer: old.pointer) }
        changed(call, key, "spop", count: Int(count))
    }

    static func srandmember(_ call: inout Call) {
        if call.count > 3 { return call.syntaxError() }
        guard call.count == 3 else {
            guard let place = call.read(call[1], .set) else { return }
            guard let entry = place.entry else { return call.reply.null() }
            let reply = call.reply
            return SetValue(entry).withRandom(using: &call.engine.pointee.random) { reply.element($0) }
        }
        guard let count = call.signedCount(2), let place = call.read(call[1], .set) else { return }
        guard count != 0, let entry = place.entry else { return call.reply.emptyArray() }
        let set = SetValue(entry)
        let reply = call.reply
        if count < 0 || count == 1 {
            let call = call
            var random = call.engine.pointee.random
            defer { call.engine.pointee.random = random }
            reply.array(Int(count.magnitude))
            set.forEachDraw(Int(count.magnitude), using: &random) { member in
                reply.element(member)
                return call.mayReplyMore
            }
            return
        }
        let wanted = min(Int(count), set.count)
        reply.array(wanted)
        set.forEachRandom(wanted, using: &call.engine.pointee.random) { reply.element($0) }
    }
}

extension Call {
    /// Whether the client may be sent more: false once a reply of any length has passed the limit of its output.
    var mayReplyMore: Bool {
        let pending = reply.output.pointee.count
        // Limits are read for replies that are long.
        if pending < Self.shortReplyByteCount { return true }
        engine.enforceOutputLimit(client, pendingByteCount: pending)
        return !client.pointee.flags.contains(.closeNow)
    }

    private static let shortReplyByteCount = 16 << 10

    /// A number of elements chosen by chance: negative where repetitions are allowed. Nil once the error has been
    /// replied.
    func signedCount(_ index: Int) -> Int64? {
        guard let count = integer(index) else { return nil }
        guard count == .min else { return count }
        error("ERR value is out of range, value must between \(-Int64.max) and \(Int64.max)")
        return nil
    }
}
