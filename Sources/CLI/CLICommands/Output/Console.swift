import Foundation

/// Standard output, standard error and standard input, or what a test puts in their place.
package struct Console: Sendable {
    /// Writes to standard output, at once and completely.
    package var writeOutput: @Sendable (String) throws -> Void
    package var writeError: @Sendable (String) -> Void
    package var errorIsTerminal: Bool
    package var inputIsTerminal: Bool
    /// The next line of standard input without its end; nil at its end.
    package var readLine: @Sendable () -> String?
    /// Asks on the terminal for something that is not echoed.
    package var readSecret: @Sendable (_ prompt: String) -> String?

    package init(
        writeOutput: @escaping @Sendable (String) throws -> Void, writeError: @escaping @Sendable (String) -> Void,
        errorIsTerminal: Bool, inputIsTerminal: Bool, readLine: @escaping @Sendable () -> String?,
        readSecret: @escaping @Sendable (_ prompt: String) -> String?
    ) {
        self.writeOutput = writeOutput
        self.writeError = writeError
        self.errorIsTerminal = errorIsTerminal
        self.inputIsTerminal = inputIsTerminal
        self.readLine = readLine
        self.readSecret = readSecret
    }

    /// Those of this process.
    package static var standard: Console {
        Console(
            writeOutput: { try writeAll($0, to: STDOUT_FILENO) },
            writeError: { try? writeAll($0, to: STDERR_FILENO) },
            errorIsTerminal: isatty(STDERR_FILENO) == 1,
            inputIsTerminal: isatty(STDIN_FILENO) == 1,
            readLine: { Swift.readLine() },
            readSecret: { prompt in getpass(prompt).map { String(cString: $0) } })
    }

    /// A line on standard output.
    package func print(_ line: String) throws { try writeOutput(line + "\n") }

    /// A line on standard error, for people: hints and warnings.
    package func note(_ line: String) { writeError(line + "\n") }
}

/// Writes all of the text, unbuffered. A reader that has gone away (`| head`) ends the output, not the command.
private func writeAll(_ text: String, to descriptor: Int32) throws {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count >= 0 {
            bytes = bytes.dropFirst(count)
        } else if errno == EPIPE {
            return
        } else if errno != EINTR {
            throw CommandError("the output cannot be written: \(String(cString: strerror(errno)))")
        }
    }
}
