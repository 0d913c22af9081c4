import Foundation

/// How this program is called in commands that we tell a user to type.
enum ProgramName {
    /// "atoll" when the shell found it in PATH, else the path as it was typed.
    static let shown: String = shown(argument: CommandLine.arguments.first ?? "atoll")

    static func shown(argument: String) -> String {
        argument.contains("/") ? argument.shellQuoted : "atoll"
    }
}
