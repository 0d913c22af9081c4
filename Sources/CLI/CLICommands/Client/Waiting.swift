/// One look at something that takes time.
enum Observation<Value: Sendable>: Sendable {
    /// Not there yet; the text says where it stands.
    case pending(String)
    case done(Value)
}

extension Session {
    /// Time between two looks; far below the API's limit of requests a minute.
    private static var pollInterval: Duration { .milliseconds(500) }

    /// Looks until it is done, showing where it stands; nil when the time is over.
    ///
    /// The control process may restart meanwhile without harm to what it works on, so an API that does not answer is
    /// asked again until the time is over.
    func wait<Value: Sendable>(
        upTo timeout: Duration, for subject: String, _ look: (Session) async throws -> Observation<Value>
    ) async throws -> Value? {
        let start = ContinuousClock.now
        let progress = console.progress()
        defer { progress.end() }
        while true {
            let observation: Observation<Value>
            do {
                observation = try await look(self)
            } catch is UnreachableError {
                observation = .pending("Atoll does not answer, trying again")
            }
            switch observation {
            case .done(let value): return value
            case .pending(let state): progress.report("\(subject): \(state)")
            }
            guard start.duration(to: .now) < timeout else { return nil }
            try await Task.sleep(for: Self.pollInterval)
        }
    }
}
