import CLICommands
import Foundation
import Supervision

@main
enum Main {
    static func main() async {
        // A shim stays as small as it can be: nothing of the command line is set up for it.
        let arguments = CommandLine.arguments
        if arguments.count > 1, arguments[1] == "shim" {
            exit(Shim.run(arguments: Array(arguments.dropFirst(2))))
        }
        await Atoll.start()
    }
}
