package import ArgumentParser

/// How a command prints what the API answered.
package enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// Columns for people.
    case table
    /// The API's answer itself, indented and with sorted keys, for programs.
    case json
}

/// The output option, the same for every command that prints something.
package struct OutputOptions: ParsableArguments {
    @Option(help: "How to print: a table, or the API's answer as JSON.")
    package var format: OutputFormat = .table

    package init() {}
}
