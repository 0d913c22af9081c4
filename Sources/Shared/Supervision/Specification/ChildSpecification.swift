/// Everything a shim has to know to run one child. It travels as `child.json` in the child's run directory.
///
/// The child has its own session, /dev/null as input, umask 077, and no descriptor but those named here.
///
/// A newer control reads the `child.json` of an older shim, so a field added later must be optional.
package struct ChildSpecification: Codable, Sendable, Equatable {
    /// One step of a stop: send the signal, then wait this long before the next step (after the last: SIGKILL).
    package struct StopStep: Codable, Sendable, Equatable {
        /// The signal's number.
        package var signal: Int32
        /// How long the child has after it.
        package var graceSeconds: Double

        /// Makes a step.
        package init(signal: Int32, graceSeconds: Double) {
            self.signal = signal
            self.graceSeconds = graceSeconds
        }
    }

    /// The paths that Landlock leaves open to the child; everything else is refused by the kernel.
    package struct FilesystemRules: Codable, Sendable, Equatable {
        /// May be read, listed and executed. A path that does not exist is left out.
        package var readPaths: [String]
        /// May be read and changed in every way, but not executed.
        package var writePaths: [String]

        /// Makes a set of rules.
        package init(readPaths: [String], writePaths: [String]) {
            self.readPaths = readPaths
            self.writePaths = writePaths
        }
    }

    /// What messages call the child: one word, as in `postgres-orders`.
    package var name: String
    /// Absolute path.
    package var executable: String
    /// Without the program's own name, which is `executable`.
    package var arguments: [String]
    /// Complete: nothing is inherited.
    package var environment: [String: String]
    /// Absolute; nil: `/`.
    package var workingDirectory: String?
    /// nil: stay as we are.
    package var userID: UInt32?
    /// nil: stay as we are. Set, it also empties the supplementary groups.
    package var groupID: UInt32?
    /// No set-uid program can give the child more rights. Implied by `filesystemRules`.
    package var noNewPrivileges: Bool
    /// nil: no Landlock. A kernel without Landlock runs the child without it, and `ChildStatus` says so.
    package var filesystemRules: FilesystemRules?
    /// Absolute; receives the child's output and error output. Its directory must exist; it may not be a link.
    package var logFile: String
    /// The log is rotated before it passes this size.
    package var logFileBytesMax: Int
    /// How many rotated files (`log.1` …) are kept.
    package var logFilesKept: Int
    /// Tried in order; SIGKILL to the whole process group follows the last.
    package var stopSteps: [StopStep]
    /// What the kernel sends the child when its shim dies; nil: the child lives on.
    package var signalOnShimDeath: Int32?
    /// Bound by the shim before privileges are dropped, and passed at descriptors 3 and up in this order.
    package var listeningSockets: [ListeningSocket]

    /// Makes a specification; the defaults are those of an ordinary server.
    package init(
        name: String, executable: String, arguments: [String] = [], environment: [String: String] = [:],
        workingDirectory: String? = nil, userID: UInt32? = nil, groupID: UInt32? = nil, noNewPrivileges: Bool = false,
        filesystemRules: FilesystemRules? = nil, logFile: String, logFileBytesMax: Int = 10 * 1024 * 1024,
        logFilesKept: Int = 5, stopSteps: [StopStep] = [StopStep(signal: 15, graceSeconds: 10)],
        signalOnShimDeath: Int32? = 15, listeningSockets: [ListeningSocket] = []
    ) {
        self.name = name
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.userID = userID
        self.groupID = groupID
        self.noNewPrivileges = noNewPrivileges
        self.filesystemRules = filesystemRules
        self.logFile = logFile
        self.logFileBytesMax = logFileBytesMax
        self.logFilesKept = logFilesKept
        self.stopSteps = stopSteps
        self.signalOnShimDeath = signalOnShimDeath
        self.listeningSockets = listeningSockets
    }
}
