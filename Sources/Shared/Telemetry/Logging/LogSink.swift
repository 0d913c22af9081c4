import Glibc
import Synchronization

/// Where finished lines go.
package protocol LogSink: Sendable {
    /// Takes one whole line, newline included.
    func write(_ line: String)
}

/// Standard error, unbuffered: one `write` a line, under a lock that every handler of the process shares, so that
/// lines from different threads never mix. A reader that is gone or stuck costs lines, never the program.
package struct StandardErrorSink: LogSink {
    /// Guards the descriptor for the length of one line.
    private static let turn = Mutex(())
    /// How long a full pipe may hold up one line before the line is dropped.
    private static let fullPipeWaitMilliseconds: Int32 = 200

    private let descriptor: Int32

    /// A sink over standard error, or over another descriptor in tests.
    package init(descriptor: Int32 = STDERR_FILENO) {
        self.descriptor = descriptor
    }

    /// Writes the whole line, or gives up on it.
    package func write(_ line: String) {
        let bytes = Array(line.utf8)
        Self.turn.withLock { _ in
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes { buffer in
                    Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), bytes.count - written)
                }
                if count > 0 {
                    written += count
                } else if count < 0, errno == EINTR {
                    continue
                } else if count < 0, errno == EAGAIN, waitForRoom() {
                    continue
                } else {
                    return
                }
            }
        }
    }

    private func waitForRoom() -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, Self.fullPipeWaitMilliseconds) > 0 && request.revents & Int16(POLLOUT) != 0
    }
}
