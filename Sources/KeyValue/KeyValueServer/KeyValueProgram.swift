/// `atoll kv`: the program around the engine.
package enum KeyValueProgram {
    /// Runs the server until it ends, and returns the exit code.
    package static func run(arguments: [String]) -> Int32 { 0 }
}
