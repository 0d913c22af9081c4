package import Bytes
import CIOLoop
import RESP

extension UnsafeMutablePointer where Pointee == Engine {
    /// Shows a command to the clients of MONITOR.
    func feedMonitors(
        _ client: ClientReference, _ command: UnsafeMutablePointer<Command>, _ arguments: RESP.Arguments
    ) {
        guard command.pointee.flags.isDisjoint(with: [.skipMonitor, .admin]) else { return }
        let microseconds = atoll_wall_microseconds()
        let fraction = String(1_000_000 + microseconds % 1_000_000).dropFirst()
        let peer = client.pointee.flags.contains(.internalClient) ? "lua" : client.pointee.details.peerAddress
        var line = "+\(microseconds / 1_000_000).\(fraction) [\(client.pointee.databaseIndex) \(peer)]"
        let secrets = Self.secrets(command, arguments)
        for index in 0..<arguments.count {
            line += secrets.contains(index) ? " \"(redacted)\"" : " \"\(QuotedText.escape(arguments[index]))\""
        }
        line += "\r\n"
        for monitor in pointee.monitors {
            outputAdded(to: monitor)
            stampPush(monitor)
            monitor.pointee.output.pointee.append(line)
        }
    }
}

/// Bytes as redis-cli shows them between quotes: printable ASCII as it is, the rest escaped.
package enum QuotedText {
    /// The text without the quotes around it.
    package static func escape(_ bytes: ByteSlice) -> String {
        var text = ""
        for byte in bytes {
            switch byte {
            case 0x5C, 0x22: text += "\\\(Character(UnicodeScalar(byte)))"
            case 0x0A: text += "\\n"
            case 0x0D: text += "\\r"
            case 0x09: text += "\\t"
            case 0x07: text += "\\a"
            case 0x08: text += "\\b"
            case 0x20...0x7E: text.unicodeScalars.append(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 16)
                text += "\\x" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text
    }
}
