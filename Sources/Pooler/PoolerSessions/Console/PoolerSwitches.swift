package import PoolerConfiguration

/// What an administrator has switched on and off, by the console or by signals. The console holds the one that counts;
/// every loop is given a copy when it changes (`LoopCommand.follow`).
package struct PoolerSwitches: Sendable, Equatable {
    package enum Mode: Sendable, Equatable {
        case active
        /// No server is given to a client; those that come back are closed.
        case paused
        /// Nothing is read from anybody.
        case suspended
    }

    /// What is being waited for before the process ends.
    package enum Ending: Sendable, Equatable {
        case none
        /// Until the last client has left.
        case waitingForClients
        /// Until no client uses a server; clients that wait for one are let go.
        case waitingForServers
    }

    package var mode = Mode.active
    /// Paused each by itself.
    package var pausedDatabases: Set<ExactName> = []
    /// New clients of these are refused.
    package var disabledDatabases: Set<ExactName> = []
    package var ending = Ending.none

    package init() {}

    func isPaused(_ database: String) -> Bool {
        mode == .paused || (!pausedDatabases.isEmpty && pausedDatabases.contains(ExactName(database)))
    }

    func isDisabled(_ database: String) -> Bool {
        !disabledDatabases.isEmpty && disabledDatabases.contains(ExactName(database))
    }
}
