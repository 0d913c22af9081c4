/// What can go wrong between control and a child. Each says what happened, to what, and what to do next.
package enum SupervisionError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A field of a specification makes no sense.
    case invalidSpecification(String)
    /// A shim already runs a child in the run directory.
    case alreadyRunning(runDirectory: String)
    /// The child, by name, never ran.
    case startFailed(name: String, StartFailure)
    /// The shim itself did not come up; what it said, if anything.
    case shimFailed(runDirectory: String, String)
    /// The shim lives but does not answer.
    case shimUnresponsive(runDirectory: String)
    /// The shim speaks a protocol newer than ours.
    case shimUnknownVersion(runDirectory: String, greeting: String)
    /// The connection ended before the answer came.
    case shimLost(runDirectory: String)
    /// The shim refused a command.
    case refused(runDirectory: String, StartFailure)
    /// The child has ended, so nothing can be asked of it.
    case childEnded(ChildExit)
    /// The run directory cannot be used.
    case runDirectory(String)

    /// In words.
    package var description: String {
        switch self {
        case .invalidSpecification(let problem): problem
        case .alreadyRunning(let directory):
            "a child already runs in \(directory); adopt it, or stop it before starting another there"
        case .startFailed(let name, let failure): "\(name) could not start: \(failure.message)"
        case .shimFailed(let directory, let output):
            "the shim for \(directory) did not start: \(output.isEmpty ? "it ended without a word" : output)"
        case .shimUnresponsive(let directory):
            "the shim of \(directory) is alive but does not answer; look at its process, and end it with kill -9 if "
                + "it hangs (its child gets signalOnShimDeath)"
        case .shimUnknownVersion(let directory, let greeting):
            "the shim of \(directory) greets with \"\(greeting)\" and this atoll speaks version "
                + "\(ShimProtocol.version); use the newer atoll again, or stop the child with it"
        case .shimLost(let directory): "the shim of \(directory) went away before it answered"
        case .refused(_, let failure): "the shim refused: \(failure.message)"
        case .childEnded(let exit): "the child \(exit.description)"
        case .runDirectory(let problem): problem
        }
    }
}
