import Bytes
import Keyspace
import RESP

/// WAIT and WAITAOF. There are no replicas yet, so none ever acknowledges anything.
enum WaitingCommands {
    static func wait(_ call: inout Call) {
        guard let replicaCount = call.integer(1), let timeout = milliseconds(call, 2) else { return }
        guard replicaCount > 0, call.mayBlock else { return call.reply.integer(0) }
        call.block(on: [], type: nil, timeoutMilliseconds: timeout, timeoutReply: .integer(0))
    }

    static func waitForFile(_ call: inout Call) {
        guard let localCount = call.integer(1) else { return }
        guard (0...1).contains(localCount) else {
            return call.error("ERR value is out of range, value must between 0 and 1")
        }
        guard let replicaCount = call.integer(2) else { return }
        guard replicaCount >= 0 else { return call.error("ERR value is out of range, must be positive") }
        guard let timeout = milliseconds(call, 3) else { return }
        let engine = call.engine
        guard localCount == 0 || engine.pointee.configuration.flag("appendonly") else { return call.error(noFileError) }
        let position = call.client.pointee.writtenPosition
        let known = engine.acknowledgements(of: position)
        guard known.local < localCount || replicaCount > known.replicas, call.mayBlock else {
            call.reply.array(2)
            call.reply.integer(known.local)
            return call.reply.integer(known.replicas)
        }
        call.block(on: [], type: nil, timeoutMilliseconds: timeout, timeoutReply: .acknowledgements(position))
        guard replicaCount == 0 else { return }
        engine.pointee.journal.durability.waiters.append(
            DurabilityWaiter(clientID: call.client.pointee.id, position: position, needsLocal: localCount > 0))
    }

    static let noFileError = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."

    /// The argument as a timeout in milliseconds, 0 for none; nil once an error has been replied.
    private static func milliseconds(_ call: Call, _ index: Int) -> Int64? {
        guard let value = Decimal.parse(call[index]) else {
            call.error("ERR timeout is not an integer or out of range")
            return nil
        }
        guard value >= 0 else {
            call.error("ERR timeout is negative")
            return nil
        }
        guard value <= Int64.max - call.now else {
            call.error("ERR timeout is out of range")
            return nil
        }
        return value
    }
}
