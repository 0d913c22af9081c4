import Bytes
import Keyspace
import RESP

/// SCAN.
enum ScanCommand {
    static func scan(_ call: inout Call) {
        guard let cursor = ScanCursor.parse(call, 1), let options = ScanOptions(call, from: 2, takesType: true) else {
            return
        }
        let now = call.now
        var reply = ScanReply(call.reply)
        // Keys cannot be removed during the walk.
        var dueKeys: [[UInt8]] = []
        let next = call.database.pointee.table.scan(cursor, effort: options.count) { record in
            let key = record.key
            guard options.matches(key) else { return }
            if let expiry = record.expiry, expiry <= now {
                dueKeys.append(key.array)
            } else if options.matches(record.kind.type) {
                reply.add(key)
            }
        }
        reply.finish(cursor: next)
        for key in dueKeys { key.withUnsafeBytes { _ = call.peek($0) } }
    }
}
