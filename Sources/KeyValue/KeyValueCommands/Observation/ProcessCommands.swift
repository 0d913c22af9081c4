import Bytes
import RESP

/// MONITOR, SHUTDOWN, ROLE, REPLICAOF and what else is about the process as a whole.
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

    static func shutdown(_ call: inout Call) {
        var saves = false
        var savesNot = false
        var aborts = false
        for index in 1..<call.count {
            if call.matches(index, "nosave") {
                savesNot = true
            } else if call.matches(index, "save") {
                saves = true
            } else if call.matches(index, "abort") {
                aborts = true
            } else if !call.matches(index, "now"), !call.matches(index, "force") {
                return call.syntaxError()
            }
        }
        guard !(aborts && call.count > 2), !(saves && savesNot) else { return call.syntaxError() }
        if aborts { return call.error("ERR No shutdown in progress.") }
        if saves { return call.error("ERR SHUTDOWN SAVE needs persistence, which is not built yet") }
        guard let host = call.engine.pointee.host else { return call.error("ERR There is no process to end") }
        call.engine.log(.notice, "User requested shutdown...")
        call.engine.log(.warning, "Nothing is saved: persistence is not built yet.")
        host.shutDown()
        // The client sees its connection end, and no reply.
        call.engine.close(call.client, afterReply: false)
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
