import Bytes
import CIOLoop
import Keyspace
import RESP

/// TIME and LOLWUT.
enum PastimeCommands {
    static func time(_ call: inout Call) {
        let microseconds = atoll_wall_microseconds()
        call.reply.array(2)
        call.reply.bulk(integer: microseconds / 1_000_000)
        call.reply.bulk(integer: microseconds % 1_000_000)
    }

    private static let columnsMax: Int64 = 1000
    private static let rowsMax: Int64 = 200

    /// A maze of diagonals, as home computers drew it in one line of BASIC.
    static func lolwut(_ call: inout Call) {
        var sizes: [Int64] = []
        var index = 1
        if call.count > 2, call.matches(1, "version") {
            guard call.integer(2) != nil else { return }
            index = 3
        }
        for position in index..<max(call.count, index) {
            guard let size = call.integer(position) else { return }
            sizes.append(size)
        }
        let columns = min(max(sizes.first ?? 64, 1), columnsMax)
        let rows = min(max(sizes.dropFirst().first ?? 12, 1), rowsMax)
        var text = ""
        for _ in 0..<rows {
            for _ in 0..<columns { text += call.engine.pointee.random.next() & 1 == 0 ? "╱" : "╲" }
            text += "\n"
        }
        call.reply.verbatim(text + "\nA maze without an exit. Redis ver. 7.2.6\n")
    }
}
