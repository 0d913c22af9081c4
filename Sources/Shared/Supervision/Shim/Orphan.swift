import CAtoll
import Glibc

/// A child whose shim was killed. The kernel has sent it `signalOnShimDeath`, but it may still be busy ending when
/// the next child is started in the same run directory, and two of them on the same data would be ruin.
enum Orphan {
    /// How long the child has to end, and then how long SIGKILL has to work.
    private static let graceMilliseconds: Int32 = 5000

    /// Ends what a lost shim left behind. Only a process with the same pid, start time and boot is touched.
    static func end(in directory: RunDirectory, specification: ChildSpecification) throws(StartFailure) {
        guard let running = directory.readRunning(), running.isAlive else { return }
        let descriptor = atoll_pidfd_open(running.pid)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        // The descriptor may be of a process that took the pid in between.
        guard running.isAlive else { return }
        let first = specification.signalOnShimDeath ?? specification.stopSteps.first?.signal ?? SIGTERM
        for signal in [first, SIGKILL] {
            _ = atoll_pidfd_send_signal(descriptor, signal)
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, graceMilliseconds) > 0 { return }
        }
        throw StartFailure(
            stage: "orphan", errorNumber: EBUSY,
            message: "the former child (pid \(running.pid)) does not end, not even by SIGKILL; "
                + "it is stuck in the kernel, as on a dead disk")
    }
}
