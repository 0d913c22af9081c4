import ArgumentParser
import Foundation

/// `atoll bench list`
struct BenchList: APICommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the benchmarks that were kept, newest first.",
        discussion: """
            Example:
              atoll bench list
            """)

    @OptionGroup var output: OutputOptions
    @OptionGroup var connection: ConnectionOptions

    func run(in session: Session) async throws {
        let answer = try await session.send(.benchmarks())
        try session.show(answer, as: output.format) {
            BenchmarkTable.list(try answer.decode(APIModel.Benchmarks.self, keys: .useDefaultKeys).benchmarks)
        }
    }
}
