import Bytes
import RESP

/// What a MIGRATE asks for.
struct MigrationRequest {
    var host = ""
    var port: UInt16 = 0
    var databaseIndex: Int64 = 0
    var timeoutMilliseconds: Int64 = 0
    var copies = false
    var replaces = false
    /// None, a password, or a name and a password.
    var credentials: [[UInt8]] = []
    /// Positions of the names of keys.
    var names = 3..<4

    /// Idle milliseconds when the command says 0 or less.
    private static let defaultTimeoutMilliseconds: Int64 = 1000

    /// Nil once an error has been replied.
    init?(_ call: Call) {
        guard readOptions(call) else { return nil }
        guard let timeout = call.integer(5), let index = call.integer(4) else { return nil }
        timeoutMilliseconds = timeout > 0 ? timeout : Self.defaultTimeoutMilliseconds
        databaseIndex = index
        host = call[1].text
        // Whatever is no port leads nowhere: the connection fails.
        port = Decimal.parse(call[2]).flatMap { UInt16(exactly: $0) } ?? 0
    }

    private mutating func readOptions(_ call: Call) -> Bool {
        var index = 6
        while index < call.count {
            let following = call.count - index - 1
            if call.matches(index, "copy") {
                copies = true
            } else if call.matches(index, "replace") {
                replaces = true
            } else if call.matches(index, "auth"), following >= 1 {
                credentials = [call[index + 1].array]
                index += 1
            } else if call.matches(index, "auth2"), following >= 2 {
                credentials = [call[index + 1].array, call[index + 2].array]
                index += 2
            } else if call.matches(index, "keys") {
                guard call[3].isEmpty else {
                    call.error(
                        "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")
                    return false
                }
                names = index + 1..<call.count
                return true
            } else {
                call.syntaxError()
                return false
            }
            index += 1
        }
        return true
    }

    /// Positions of arguments that are secrets, whether the rest makes sense or not.
    static func secrets(_ arguments: RESP.Arguments) -> Set<Int> {
        var secrets: Set<Int> = []
        var index = 6
        while index < arguments.count, !arguments[index].equalsIgnoringCase("keys") {
            var count = 0
            if arguments[index].equalsIgnoringCase("auth") { count = 1 }
            if arguments[index].equalsIgnoringCase("auth2") { count = 2 }
            for offset in 0..<count { secrets.insert(index + 1 + offset) }
            index += 1 + count
        }
        return secrets
    }
}
