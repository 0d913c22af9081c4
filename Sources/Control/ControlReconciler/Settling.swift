import ControlModel

/// Those who wait until a control loop has done what was wanted when they asked. Part of the loop's actor.
///
/// The loop notes `asked` when it begins a pass, and finishes all who had asked by then once nothing is left to do.
struct Settling {
    private var waiting: [(pass: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    /// How often somebody has asked.
    private(set) var asked = 0

    /// Somebody asks; the number to wait with.
    mutating func ask() -> Int {
        asked += 1
        return asked
    }

    /// Somebody waits with the number that `ask` gave.
    mutating func wait(_ pass: Int, _ continuation: CheckedContinuation<Void, any Error>) {
        waiting.append((pass, continuation))
    }

    /// Lets go all who asked up to then, with the error if there is one.
    mutating func finish(upTo pass: Int, error: (any Error)? = nil) {
        let finished = waiting.filter { $0.pass <= pass }
        waiting.removeAll { $0.pass <= pass }
        for waiter in finished {
            if let error { waiter.continuation.resume(throwing: error) } else { waiter.continuation.resume() }
        }
    }
}
