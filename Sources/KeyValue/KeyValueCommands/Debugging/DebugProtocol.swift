import Bytes
import RESP

extension DebugCommand {
    /// DEBUG PROTOCOL: a reply of the type that is asked for.
    static func replySample(_ call: Call) {
        let reply = call.reply
        switch call[2].text.lowercased() {
        case "string": reply.bulk("Hello World" as StaticString)
        case "integer": reply.integer(12345)
        case "double": reply.double(3.141)
        case "bignum": reply.bigNumber("1234567999999999999999999999999999999")
        case "null": reply.null()
        case "array":
            reply.array(3)
            for value in 0..<3 { reply.integer(value) }
        case "set":
            reply.set(3)
            for value in 0..<3 { reply.integer(value) }
        case "map":
            reply.map(3)
            for value in 0..<3 {
                reply.integer(value)
                reply.boolean(value == 1)
            }
        case "attrib": replyAttribute(reply)
        case "push":
            guard reply.isRESP3 else { return call.error("ERR RESP2 is not supported by this command") }
            reply.push(2)
            reply.bulk("server-cpu-usage" as StaticString)
            reply.integer(42)
            // A push is no reply, so one follows.
            reply.bulk("Some real reply following the push reply" as StaticString)
        case "true": reply.boolean(true)
        case "false": reply.boolean(false)
        case "verbatim": reply.verbatim("This is a verbatim\nstring")
        default:
            call.error(
                "ERR Wrong protocol type name. Please use one of the following: "
                    + "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
        }
    }

    private static func replyAttribute(_ reply: ReplyWriter) {
        if reply.isRESP3 {
            reply.attribute(1)
            reply.bulk("key-popularity" as StaticString)
            reply.array(2)
            reply.bulk("key:123" as StaticString)
            reply.integer(90)
        }
        // An attribute is no reply, so one follows.
        reply.bulk("Some real reply following the attribute" as StaticString)
    }
}
