import ArgumentParser
import ControlModel
import Foundation

/// `atoll bench show`
struct BenchShow: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the runs of one benchmark.",
        discussion: """
            Example:
              atoll bench show 3f0c7e3e-5a53-4b55-a6a3-9a1d6d1f0b52
            """)

    @Argument(help: "Id of the benchmark (atoll bench list).")
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let answer = try await session.send(.benchmarks(.get, id))
        switch output.format {
        case .json: try answer.value().map { try session.console.print($0.jsonText(pretty: true)) }
        case .table:
            let benchmark = try answer.decode(APIModel.BenchmarkEnvelope.self, keys: .useDefaultKeys).benchmark
            try session.console.print(BenchmarkTable.text(benchmark.content.runs, seconds: benchmark.content.seconds))
        }
    }
}
