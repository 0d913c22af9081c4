import Bytes
import RESP

/// PUBSUB: what channels there are.
enum PubSubCommands {
    static func channels(_ call: inout Call) { list(call, call.engine.pointee.channels.channels) }
    static func shardChannels(_ call: inout Call) { list(call, call.engine.pointee.channels.shardChannels) }
    static func numberOfSubscribers(_ call: inout Call) { count(call, call.engine.pointee.channels.channels) }
    static func numberOfShardSubscribers(_ call: inout Call) { count(call, call.engine.pointee.channels.shardChannels) }

    static func numberOfPatterns(_ call: inout Call) {
        call.reply.integer(call.engine.pointee.channels.patterns.count)
    }

    private static func list(_ call: Call, _ directory: [[UInt8]: [ClientReference]]) {
        guard call.count <= 3 else { return call.syntaxError() }
        let names = directory.keys.filter { name in
            call.count < 3 || name.withUnsafeBytes { GlobPattern.matches(call[2], $0) }
        }
        call.reply.array(names.count)
        for name in names { name.withUnsafeBytes { call.reply.bulk($0) } }
    }

    private static func count(_ call: Call, _ directory: [[UInt8]: [ClientReference]]) {
        call.reply.array((call.count - 2) * 2)
        for index in 2..<call.count {
            call.reply.bulk(call[index])
            call.reply.integer(directory[[UInt8](call[index])]?.count ?? 0)
        }
    }
}
