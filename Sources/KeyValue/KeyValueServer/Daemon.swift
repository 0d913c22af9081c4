import CAtoll
import Glibc

/// Going into the background.
enum Daemon {
    /// Detaches this process from its terminal: the caller goes on in a child, the parent ends. No thread may run yet.
    static func detach() -> Bool {
        atoll_daemonize() == 0
    }
}
