import Testing

/// The real program over real sockets with real clients. One after another: the machine has two cores.
@Suite("Key-value server", .serialized)
struct ServerTests {
    private func expectSuccess(_ name: String, _ arguments: [String] = [], timeoutSeconds: Int = 300) throws {
        let (code, output) = try ServerScript.run(name, arguments, timeoutSeconds: timeoutSeconds)
        #expect(code == 0, "\(name) ended with \(code):\n\(output.suffix(4000))")
        #expect(output.contains("all checks passed"), "\(name) did not get to its end:\n\(output.suffix(4000))")
    }

    @Test("The tutorial on databases and keys, command by command, through redis-cli")
    func tutorial() throws { try expectSuccess("tutorial.py") }

    @Test("Bad input: oversized, malformed, truncated, slow; too many clients; a client that never reads")
    func badInput() throws { try expectSuccess("bad_input.py") }
}
