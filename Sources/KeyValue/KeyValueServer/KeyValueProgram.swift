import Glibc
import IOLoop
import KeyValueCommands

/// `atoll kv`: the program around the engine.
package enum KeyValueProgram {
    /// Runs the server until it ends, and returns the exit code.
    package static func run(arguments: [String]) -> Int32 {
        if arguments.contains("--print-commands") {
            print(CommandReference.page(), terminator: "")
            return 0
        }
        var options = ServerOptions()
        var settings = EngineSettings()
        var index = 1
        while index + 1 < arguments.count {
            switch arguments[index] {
            case "--port": options.port = UInt16(arguments[index + 1]) ?? options.port
            case "--io": options.backend = Backend(rawValue: arguments[index + 1]) ?? .automatic
            case "--requirepass": settings.password = arguments[index + 1]
            default: break
            }
            index += 2
        }
        do {
            let engine = Engine.make(
                settings: settings, seed: UInt64.random(in: 0 ... .max), usesThreads: true)
            let server = try Server(engine: engine, options: options)
            server.run()
            return 0
        } catch {
            print("atoll kv: \(error)")
            return 1
        }
    }
}
