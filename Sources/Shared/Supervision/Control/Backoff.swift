/// How long to wait before a child that ended is started again: doubling, with a ceiling, forgotten after a good run.
///
/// It holds no clock: the caller says how long the child ran.
package struct Backoff: Sendable, Equatable {
    /// The wait after the first failure.
    package var first: Duration = .milliseconds(100)
    /// The longest wait.
    package var longest: Duration = .seconds(30)
    /// A run of this length makes the next failure the first again.
    package var goodRun: Duration = .seconds(60)
    /// Failures in a row, for messages.
    package private(set) var failures = 0
    private var next: Duration?

    /// Makes one with the default times.
    package init() {}

    /// The child ended after running this long: how long to wait now.
    package mutating func delay(afterRunning duration: Duration) -> Duration {
        if duration >= goodRun { reset() }
        let delay = min(next ?? first, longest)
        next = min(delay * 2, longest)
        failures += 1
        return delay
    }

    /// Forgets all failures, as when a user asks for a start.
    package mutating func reset() {
        next = nil
        failures = 0
    }
}
