import Bytes
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
