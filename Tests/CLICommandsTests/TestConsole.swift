import CLICommands
import Synchronization

/// A console whose output a test reads, and whose input it writes.
final class TestConsole: Sendable {
    private let outputText = Mutex("")
    private let errorText = Mutex("")
    private let inputLines: Mutex<[String]>
    private let inputIsTerminal: Bool

    var output: String { outputText.withLock { $0 } }
    var errors: String { errorText.withLock { $0 } }

    init(input: [String] = [], inputIsTerminal: Bool = false) {
        inputLines = Mutex(input)
        self.inputIsTerminal = inputIsTerminal
    }

    var console: Console {
        Console(
            writeOutput: { text in self.outputText.withLock { $0 += text } },
            writeError: { text in self.errorText.withLock { $0 += text } },
            errorIsTerminal: false, inputIsTerminal: inputIsTerminal,
            readLine: { self.nextLine() }, readSecret: { _ in self.nextLine() })
    }

    private func nextLine() -> String? { inputLines.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
