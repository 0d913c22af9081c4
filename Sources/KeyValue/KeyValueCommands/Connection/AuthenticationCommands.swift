import Bytes
import RESP

/// AUTH, HELLO, RESET.
enum AuthenticationCommands {
    static func auth(_ call: inout Call) {
        guard call.count <= 3 else { return call.syntaxError() }
        if call.count == 2, call.settings.password.isEmpty {
            return call.error(
                "ERR AUTH <password> called without any password configured for the default user. Are you sure your "
                    + "configuration is correct?")
        }
        let user = call.count == 3 ? call[1].text : "default"
        guard authenticate(call, user: user, password: call[call.count - 1]) else { return }
        call.reply.ok()
    }

    /// Logs the client in; false once an error has been replied.
    private static func authenticate(_ call: Call, user: String, password: ByteSlice) -> Bool {
        let expected = Array(call.settings.password.utf8)
        // The default user without a password lets everybody in, whatever they say.
        let isRight = expected.isEmpty || expected.withUnsafeBytes { isEqualInConstantTime($0, password) }
        guard user == "default", isRight else {
            call.engine.pointee.statistics.deniedAuthenticationCount += 1
            call.error("WRONGPASS invalid username-password pair or user is disabled.")
            return false
        }
        call.client.pointee.flags.insert(.authenticated)
        return true
    }

    /// Compares without telling by its duration where the first difference is.
    private static func isEqualInConstantTime(_ expected: ByteSlice, _ given: ByteSlice) -> Bool {
        var difference: UInt8 = expected.count == given.count ? 0 : 1
        for index in 0..<given.count {
            difference |= given.byte(at: index) ^ expected.byte(at: index % max(expected.count, 1))
        }
        return difference == 0
    }

    static func hello(_ call: inout Call) {
        var version = call.client.pointee.protocolVersion
        var index = 1
        if call.count > 1 {
            guard let wanted = Decimal.parse(call[1]) else {
                return call.error("ERR Protocol version is not an integer or out of range")
            }
            guard wanted == 2 || wanted == 3 else { return call.error("NOPROTO unsupported protocol version") }
            version = UInt8(wanted)
            index = 2
        }
        var name: String?
        while index < call.count {
            if call.matches(index, "auth"), index + 2 < call.count {
                guard authenticate(call, user: call[index + 1].text, password: call[index + 2]) else { return }
                index += 3
            } else if call.matches(index, "setname"), index + 1 < call.count {
                guard ClientCommands.isValidName(call[index + 1]) else {
                    return call.error("ERR Client names cannot contain spaces, newlines or special characters.")
                }
                name = call[index + 1].text
                index += 2
            } else {
                return call.error("ERR Syntax error in HELLO option '\(call[index].printed)'")
            }
        }
        guard call.client.pointee.flags.contains(.authenticated) else {
            return call.error(
                "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH "
                    + "<user> <pass> option can be used to authenticate the client and select the RESP protocol "
                    + "version at the same time")
        }
        if let name { call.client.pointee.details.name = name }
        call.client.pointee.protocolVersion = version
        describeServer(ReplyWriter(output: call.client.pointee.output, version: version), call)
    }

    private static func describeServer(_ reply: ReplyWriter, _ call: Call) {
        reply.map(7)
        reply.bulk("server")
        reply.bulk("redis")
        reply.bulk("version")
        reply.bulk(RedisCompatibility.version)
        reply.bulk("proto")
        reply.integer(Int(reply.version))
        reply.bulk("id")
        reply.integer(Int(call.client.pointee.id))
        reply.bulk("mode")
        reply.bulk("standalone")
        reply.bulk("role")
        reply.bulk("master")
        reply.bulk("modules")
        reply.emptyArray()
    }

    static func reset(_ call: inout Call) {
        let client = call.client
        let engine = call.engine
        engine.discardTransaction(client)
        engine.unwatchAll(client)
        engine.removeFromPublishing(client)
        engine.disableTracking(client)
        engine.pointee.monitors.removeAll { $0 == client }
        client.pointee.flags.subtract([.monitor, .repliesOff, .skipNextReply, .skipReply, .noEvict, .noTouch])
        client.pointee.databaseIndex = 0
        client.pointee.protocolVersion = 2
        client.pointee.details.name = ""
        if !engine.pointee.settings.password.isEmpty { client.pointee.flags.remove(.authenticated) }
        call.reply.raw("+RESET\r\n")
    }
}

/// What we call ourselves to clients of Redis.
package enum RedisCompatibility {
    /// The version whose behaviour this is.
    package static let version = "7.2.6"
}
