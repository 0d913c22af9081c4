/// A stop in progress: which signal is due when. Time comes in as a parameter.
package struct StopEscalation: Sendable, Equatable {
    /// What to send.
    package enum Action: Sendable, Equatable {
        /// To the child itself.
        case signal(Int32)
        /// SIGKILL to the child's whole process group.
        case killGroup
    }

    /// Waiting for the step at an index: → the next index, or killed. Killed: → itself, again each second, because
    /// a process that could not be killed a moment ago may be now.
    private let steps: [ChildSpecification.StopStep]
    private var nextIndex = 0
    /// When the next action is due, in seconds of a clock that never jumps.
    package private(set) var deadline: Double

    /// Begins at now, with the first step due at once.
    package init(steps: [ChildSpecification.StopStep], now: Double) {
        self.steps = steps
        deadline = now
    }

    /// The action that is due, if one is.
    package mutating func next(now: Double) -> Action? {
        guard now >= deadline else { return nil }
        guard nextIndex < steps.count else {
            deadline = now + 1
            return .killGroup
        }
        let step = steps[nextIndex]
        nextIndex += 1
        deadline = now + step.graceSeconds
        return .signal(step.signal)
    }
}
