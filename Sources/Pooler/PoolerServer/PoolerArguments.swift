/// The command line, as pgbouncer has it.
struct PoolerArguments {
    enum Wish: Equatable {
        case run, version, help
        /// What is wrong with the arguments.
        case usage(String)
    }

    private(set) var wish = Wish.run
    private(set) var configurationPath = ""
    private(set) var isDaemon = false
    /// The process that runs is taken over from.
    private(set) var takesOver = false
    /// No log on standard error.
    private(set) var isQuiet = false
    private(set) var verbosity = 0
    private(set) var user: String?

    /// - Parameter words: without the program's name.
    init(_ words: [String]) {
        var rest = words[...]
        while let word = rest.popFirst() {
            switch word {
            case "-d", "--daemon": isDaemon = true
            case "-q", "--quiet": isQuiet = true
            case "-v", "--verbose": verbosity += 1
            case "-R", "--reboot": takesOver = true
            case "-V", "--version": wish = .version
            case "-h", "--help": wish = .help
            case "-u", "--user": user = rest.popFirst()
            case _ where word.hasPrefix("--user="): user = String(word.dropFirst("--user=".count))
            case _ where word.hasPrefix("-") && word.count > 2 && !word.hasPrefix("--"):
                // Letters may stand together: -dq.
                rest = word.dropFirst().map { "-\($0)" } + rest
            case _ where word.hasPrefix("-"):
                wish = .usage("unknown option: \(word)")
                return
            case _ where configurationPath.isEmpty: configurationPath = word
            default:
                wish = .usage("Need config file. See pgbouncer -h for usage.")
                return
            }
        }
        if wish == .run, configurationPath.isEmpty {
            wish = .usage("Need config file. See pgbouncer -h for usage.")
        }
    }

    static let help = """
        Usage: atoll pooler [OPTION]... CONFIG_FILE

        Options:
          -d, --daemon         run in background (as a daemon)
          -q, --quiet          run quietly: no log on standard error
          -R, --reboot         take over from the process that runs, with its clients
          -u, --user=USERNAME  assume the identity of USERNAME
          -v, --verbose        increase the verbosity of the log
          -V, --version        show the version, then exit
          -h, --help           show this help, then exit
        """
}
