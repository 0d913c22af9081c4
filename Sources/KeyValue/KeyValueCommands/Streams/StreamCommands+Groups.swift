// XGROUP and XACK.

import Bytes
import Keyspace
import RESP

extension StreamCommands {
    private static func keyRequired(_ call: Call) {
        call.error(
            "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the "
                + "MKSTREAM option to create an empty stream automatically.")
    }

    /// MKSTREAM and ENTRIESREAD.
    private struct GroupOptions {
        var makesStream = false
        var entriesRead: Int64?

        /// Reads the options behind the id; nil once an error has been replied.
        static func parse(_ call: Call, mayMakeStream: Bool) -> GroupOptions? {
            var options = GroupOptions()
            var index = 5
            while index < call.count {
                if mayMakeStream, call.matches(index, "mkstream") {
                    options.makesStream = true
                    index += 1
                } else if index + 1 < call.count, call.matches(index, "entriesread") {
                    guard let count = call.integer(index + 1) else { return nil }
                    guard count >= -1 else {
                        call.error("ERR value for ENTRIESREAD must be positive or -1")
                        return nil
                    }
                    options.entriesRead = count >= 0 ? count : nil
                    index += 2
                } else {
                    call.subcommandSyntaxError()
                    return nil
                }
            }
            return options
        }
    }

    static func createGroup(_ call: inout Call) {
        guard let options = GroupOptions.parse(call, mayMakeStream: true) else { return }
        guard let place = call.write(call[2], .stream) else { return }
        guard place.entry != nil || options.makesStream else { return keyRequired(call) }
        var id = place.stream?.lastID ?? .zero
        if !call[4].equals("$") {
            guard let given = call.streamID(4) else { return }
            id = given
        }
        let stream = place.stream ?? Stream.make()
        if place.entry == nil {
            call.add(place, kind: .stream, pointer: stream.base)
            call.signalModified(call[2])
        }
        guard stream.group(call[3]) == nil else {
            return call.error("BUSYGROUP Consumer Group name already exists")
        }
        stream.addGroup(call[3], lastID: id, entriesRead: options.entriesRead)
        call.reply.ok()
        call.countChanges(1)
        call.notify(.stream, "xgroup-create", call[2])
    }

    /// The stream and the group that a subcommand names; nil once an error has been replied.
    private static func existingGroup(_ call: Call) -> (stream: Stream, group: StreamGroup)? {
        guard let place = call.write(call[2], .stream) else { return nil }
        guard let stream = place.stream else {
            keyRequired(call)
            return nil
        }
        guard let group = stream.group(call[3]) else {
            call.noSuchGroup(call[3], key: call[2])
            return nil
        }
        return (stream, group)
    }

    static func setGroupID(_ call: inout Call) {
        guard let options = GroupOptions.parse(call, mayMakeStream: false) else { return }
        guard let (stream, group) = existingGroup(call) else { return }
        guard call.count == 5 || call.count == 7 else { return call.subcommandSyntaxError() }
        var id = stream.lastID
        if !call[4].equals("$") {
            guard let given = call.streamIDOrEnd(4, missingSequence: 0) else { return }
            id = given
        }
        group.setLastID(id)
        group.setEntriesRead(options.entriesRead)
        call.reply.ok()
        call.countChanges(1)
        call.notify(.stream, "xgroup-setid", call[2])
    }

    static func destroyGroup(_ call: inout Call) {
        guard let place = call.write(call[2], .stream) else { return }
        guard let stream = place.stream else { return keyRequired(call) }
        guard stream.removeGroup(call[3]) else { return call.reply.integer(0) }
        call.reply.integer(1)
        call.countChanges(1)
        call.notify(.stream, "xgroup-destroy", call[2])
        // Consumers that wait for the group are to hear that it is gone.
        if call.engine.pointee.blockedKeyCount > 0 {
            call.engine.keyReady(call[2], databaseIndex: call.client.pointee.databaseIndex)
        }
    }

    static func createConsumer(_ call: inout Call) {
        guard let (_, group) = existingGroup(call) else { return }
        guard group.consumer(call[4]) == nil else { return call.reply.integer(0) }
        _ = addConsumer(call, group, call[4], key: call[2])
        call.reply.integer(1)
    }

    static func deleteConsumer(_ call: inout Call) {
        guard let (_, group) = existingGroup(call) else { return }
        guard let consumer = group.consumer(call[4]) else { return call.reply.integer(0) }
        let pendingCount = consumer.pendingCount
        group.removeConsumer(consumer)
        call.countChanges(1)
        call.notify(.stream, "xgroup-delconsumer", call[2])
        call.reply.integer(pendingCount)
    }

    static func acknowledge(_ call: inout Call) {
        guard let place = call.read(call[1], .stream) else { return }
        guard let group = place.stream?.group(call[2]) else { return call.reply.integer(0) }
        for index in 3..<call.count where call.streamID(index) == nil { return }
        var acknowledged = 0
        for index in 3..<call.count {
            if let id = StreamID.parse(call[index]), group.removePending(id) { acknowledged += 1 }
        }
        call.countChanges(acknowledged)
        call.reply.integer(acknowledged)
    }
}
