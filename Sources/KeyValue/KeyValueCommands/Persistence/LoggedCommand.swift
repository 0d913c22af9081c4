import Bytes
package import RESP

/// What loading makes of a request of an append-only file.
enum LoggedCommand {
    /// It is executed.
    case executed(UnsafeMutablePointer<Command>)
    /// The source of a library of functions: kept, and written back, until functions are built.
    case library
    /// It changes nothing, so that only a hand can have put it there.
    case passedOver
    /// The file cannot be loaded, and why.
    case refused(String)

    /// - Parameter named: the command of the request's name.
    init(_ arguments: Arguments, _ named: UnsafeMutablePointer<Command>?) {
        guard var command = named else {
            self = .refused("Unknown command '\(arguments[0].printed)'")
            return
        }
        if !command.pointee.subcommands.isEmpty, arguments.count > 1 {
            guard let subcommand = command.pointee.subcommands[arguments[1].text.lowercased()] else {
                self = .refused("Unknown subcommand '\(arguments[1].printed)' of '\(command.pointee.fullName)'")
                return
            }
            command = subcommand
        }
        let name = command.pointee.fullName
        guard command.pointee.accepts(argumentCount: arguments.count) else {
            self = .refused("Wrong number of arguments for '\(name)'")
            return
        }
        guard command.pointee.handler != nil else {
            self = name == "function|load" ? .library : .refused("The command '\(name)' is not built yet,")
            return
        }
        self = Self.isLogged(command) ? .executed(command) : .passedOver
    }

    /// What a server writes into the file: changes, and what frames them.
    private static func isLogged(_ command: UnsafeMutablePointer<Command>) -> Bool {
        if !command.pointee.flags.isDisjoint(with: .logged) { return true }
        switch command.pointee.row.name {
        case "select", "multi", "exec": return true
        default: return false
        }
    }
}

extension CommandFlags {
    fileprivate static let logged: CommandFlags = [.write, .mayReplicate]
}

/// Tells of requests whether an append-only file with them can be loaded: for checks without a server.
package final class LoggedCommandCheck {
    private let directory = CommandDirectory(rows: CommandTable.rows)

    package init() {}

    /// Why a file with the request cannot be loaded, or nil.
    package func refusal(_ arguments: Arguments) -> String? {
        guard case .refused(let reason) = LoggedCommand(arguments, directory.find(arguments[0])) else { return nil }
        return reason
    }
}
