import CAtoll
import Glibc

/// Why a process could not be started: which step, on what, and the system's error.
package struct SpawnFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// The step that failed.
    package var step: SpawnStep
    /// errno.
    package var errorNumber: Int32
    /// What was to be started.
    package var executable: String

    /// What happened, to what, and what to do next.
    package var description: String {
        let stepNumber = SpawnStep.allCases.firstIndex(of: step).map(Int32.init) ?? 0
        let action = String(cString: atoll_spawn_step_name(stepNumber))
        return "cannot start \(executable): could not \(action): \(systemMessage(errorNumber))\(advice)"
    }

    private var advice: String {
        switch (step, errorNumber) {
        case (.execute, ENOENT): "; check that the file exists, with the interpreter or loader it names"
        case (.execute, EACCES):
            "; check that its user may execute it and pass its directories, and that Landlock's rules name it"
        case (.groups, EPERM), (.group, EPERM), (.user, EPERM): "; only root may run it as another user"
        case (.workingDirectory, EACCES): "; its user may not enter that directory"
        case (.descriptors, EMFILE), (.pipe, EMFILE): "; raise the limit of open files (ulimit -n)"
        case (.fork, EAGAIN): "; the limit of processes is reached (ulimit -u)"
        default: ""
        }
    }
}

/// The system's words for an error number.
func systemMessage(_ errorNumber: Int32) -> String {
    // glibc's strerror is safe with threads since 2.32.
    guard let text = strerror(errorNumber) else { return "error \(errorNumber)" }
    return String(cString: text)
}
