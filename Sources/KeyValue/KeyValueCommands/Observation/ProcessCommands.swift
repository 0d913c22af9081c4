import Bytes
import RESP

/// MONITOR, ROLE, REPLICAOF and what else is about the process as a whole.
enum ProcessCommands {
    static func monitor(_ call: inout Call) {
        guard call.client.pointee.flags.isDisjoint(with: [.executingTransaction]) else {
            return call.error("ERR MONITOR isn't allowed for DENY BLOCKING client")
        }
        if !call.client.pointee.flags.contains(.monitor) {
            call.client.pointee.flags.insert(.monitor)
            call.engine.pointee.monitors.append(call.client)
        }
        call.reply.ok()
    }

    static func role(_ call: inout Call) {
        call.reply.array(3)
        call.reply.bulk("master")
        call.reply.integer(0)
        call.reply.emptyArray()
    }

    static func replicaOf(_ call: inout Call) {
        guard call.matches(1, "no"), call.matches(2, "one") else {
            return call.error("ERR Replication is not built yet")
        }
        call.reply.ok()
    }

    static func whoAmI(_ call: inout Call) { call.reply.bulk(call.client.pointee.details.user) }

    static func moduleList(_ call: inout Call) { call.reply.emptyArray() }
}
