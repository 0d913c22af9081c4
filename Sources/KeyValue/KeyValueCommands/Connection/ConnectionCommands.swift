import Bytes
import RESP

/// PING, ECHO, SELECT, QUIT.
enum ConnectionCommands {
    static func ping(_ call: inout Call) {
        guard call.count <= 2 else { return call.wrongArgumentCount() }
        if call.client.pointee.flags.contains(.subscribed), !call.reply.isRESP3 {
            call.reply.array(2)
            call.reply.bulk("pong")
            if call.count == 2 { call.reply.bulk(call[1]) } else { call.reply.bulk("") }
            return
        }
        if call.count == 2 { call.reply.bulk(call[1]) } else { call.reply.raw("+PONG\r\n") }
    }

    static func echo(_ call: inout Call) { call.reply.bulk(call[1]) }

    static func select(_ call: inout Call) {
        guard let index = call.databaseIndex(1) else { return }
        call.client.pointee.databaseIndex = index
        call.reply.ok()
    }

    static func quit(_ call: inout Call) {
        call.reply.ok()
        call.engine.close(call.client, afterReply: true)
    }
}
