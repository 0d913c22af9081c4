/// Finding the shim of a run directory, at any point of its life.
enum ShimSearch {
    /// Longer than the longest start of a shim (which may have to end an orphan in two steps of 5 seconds).
    private static let patience: Duration = .seconds(15)
    private static let pause: Duration = .milliseconds(10)

    /// Connects to the shim and asks its status; nil when no shim is alive.
    ///
    /// A lock without a socket is a shim that is just starting or ending: worth waiting for.
    static func connect(
        to directory: RunDirectory, onEvent: @escaping @Sendable (ShimConnection.Event) -> Void
    ) async throws -> (connection: ShimConnection, status: ChildStatus)? {
        let deadline = ContinuousClock.now + patience
        while ContinuousClock.now < deadline {
            // Before the try, so that a shim that ends in between is not taken for one that hangs.
            let wasLocked = directory.isLocked()
            do {
                if let connection = try await ShimConnection.connect(to: directory, onEvent: onEvent) {
                    let line = try await connection.request(.status)
                    if let status = ChildStatus(line: line) { return (connection, status) }
                }
            } catch SupervisionError.shimLost {
                // It ended in this moment.
            } catch SupervisionError.refused(_, let refusal) where ["ended", "busy"].contains(refusal.stage) {
                // The same, or full for now.
            }
            if !wasLocked { return nil }
            try await Task.sleep(for: pause)
        }
        throw SupervisionError.shimUnresponsive(runDirectory: directory.path)
    }
}
