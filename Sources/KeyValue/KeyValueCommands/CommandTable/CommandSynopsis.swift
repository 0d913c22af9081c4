/// The arguments of a command as one line of text, as manuals and HELP show them.
package enum CommandSynopsis {
    /// For example `<key> <value> [NX | XX] [EX <seconds>]`.
    package static func text(of arguments: [CommandArgument]) -> String {
        arguments.map(text).joined(separator: " ")
    }

    private static func text(of argument: CommandArgument) -> String {
        var once = body(of: argument)
        let token = argument.kind == .pureToken ? nil : argument.token
        if let token, argument.repeatsToken || !argument.isMultiple { once = "\(token) \(once)" }
        if argument.isMultiple { once += " [\(once) ...]" }
        if let token, argument.isMultiple, !argument.repeatsToken { once = "\(token) \(once)" }
        return argument.isOptional ? "[\(once)]" : once
    }

    private static func body(of argument: CommandArgument) -> String {
        switch argument.kind {
        case .pureToken: return argument.token ?? argument.name
        case .block: return text(of: argument.parts)
        case .oneOf:
            let choice = argument.parts.map(text).joined(separator: " | ")
            // Brackets of an option around the choice would say the same twice.
            return argument.isOptional && argument.token == nil && !argument.isMultiple ? choice : "<\(choice)>"
        default: return "<\(argument.display ?? argument.name)>"
        }
    }
}
