import Bytes
import Keyspace
import RESP

/// DEL, UNLINK, EXISTS, TYPE, TOUCH.
enum DeletionCommands {
    /// DEL and UNLINK: the reclaimer decides where the memory of a value is given back, so there is no difference.
    static func delete(_ call: inout Call) {
        var removed = 0
        for index in 1..<call.count {
            let key = call[index]
            guard let entry = call.peek(key).entry else { continue }
            call.database.pointee.remove(entry)
            call.changed(key, .generic, "del")
            removed += 1
        }
        call.reply.integer(removed)
    }

    static func exists(_ call: inout Call) {
        var found = 0
        for index in 1..<call.count where call.readUntouched(call[index]).entry != nil { found += 1 }
        call.reply.integer(found)
    }

    static func touch(_ call: inout Call) {
        var found = 0
        for index in 1..<call.count {
            guard let entry = call.readUntouched(call[index]).entry else { continue }
            // Also for clients under CLIENT NO-TOUCH: it is what they ask for.
            call.engine.touch(entry)
            found += 1
        }
        call.reply.integer(found)
    }

    static func type(_ call: inout Call) {
        guard let entry = call.readUntouched(call[1]).entry else { return call.reply.simple("none" as StaticString) }
        call.reply.simple(entry.type.name)
    }
}

extension Call {
    /// The key for reading as `read` finds it, but its access clock stays.
    func readUntouched(_ key: ByteSlice) -> KeyPlace {
        let place = peek(key)
        if place.entry != nil {
            engine.pointee.statistics.keyspaceHitCount &+= 1
        } else {
            engine.pointee.statistics.keyspaceMissCount &+= 1
            notify(.keyMiss, "keymiss", key)
        }
        return place
    }

    /// The argument as a 32-bit integer; nil once an error has been replied.
    func smallInteger(_ index: Int, error text: String? = nil) -> Int64? {
        let bounds = Int64(Int32.min)...Int64(Int32.max)
        guard let value = Decimal.parse(self[index]) else {
            if let text { error(text) } else { notAnInteger() }
            return nil
        }
        guard bounds.contains(value) else {
            error(
                text
                    ?? "ERR value is out of range, value must between \(bounds.lowerBound) and \(bounds.upperBound)")
            return nil
        }
        return value
    }

    /// The argument as the number of a database; nil once an error has been replied.
    func databaseIndex(_ index: Int, error text: String? = nil) -> Int? {
        guard let value = smallInteger(index, error: text) else { return nil }
        guard engine.database(value) != nil else {
            error("ERR DB index is out of range")
            return nil
        }
        return Int(value)
    }
}
