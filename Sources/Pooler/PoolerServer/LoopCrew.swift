import IOLoop
import PoolerSessions

/// All loops of the process, as the main thread reaches them; the first one is its own. Main thread only.
///
/// It takes a loop's lock between its own turns' work, in the order of the loops' numbers, and waits for nothing else
/// while it has one.
final class LoopCrew {
    /// The main thread's loop.
    let main: PoolerLoop
    private let workers: [PoolerWorker]
    private let posts: [LoopPost]
    private var isHolding = false

    /// - Parameter loops: at least one, the main thread's first.
    init(_ loops: [PoolerLoop]) {
        main = loops[0]
        workers = loops.dropFirst().map { PoolerWorker($0) }
        posts = loops.map(\.post)
        for loop in loops { loop.posts = posts }
    }

    var hasWorkers: Bool { !workers.isEmpty }
    var loopCount: Int { 1 + workers.count }

    /// Starts the other threads; 0, or why there are not enough: none is left then.
    func start() -> Int32 {
        for (index, worker) in workers.enumerated() {
            let code = worker.start()
            guard code != 0 else { continue }
            for started in workers[..<index] { started.stop() }
            return code
        }
        return 0
    }

    /// Ends the other threads.
    func stop() { for worker in workers { worker.stop() } }

    // MARK: - All loops

    /// Runs the body for each loop, one after the other.
    func forEach(_ body: (PoolerLoop) -> Void) { _ = map(body) }

    /// What the body says of each loop, one after the other.
    func map<Result>(_ body: (PoolerLoop) -> Result) -> [Result] {
        precondition(!isHolding, "loops are visited one by one while all are held")
        let now = main.pooler.now
        return [body(main)] + workers.map { $0.visit(now: now, body) }
    }

    /// Whether the body says so of every loop.
    func allSatisfy(_ body: (PoolerLoop) -> Bool) -> Bool { map(body).allSatisfy { $0 } }

    /// Runs the body while no loop is in a turn.
    func whileAllHeld<Result>(_ body: ([PoolerLoop]) -> Result) -> Result {
        isHolding = true
        defer { isHolding = false }
        return hold(workers[...], [main], body)
    }

    private func hold<Result>(
        _ left: ArraySlice<PoolerWorker>, _ held: [PoolerLoop], _ body: ([PoolerLoop]) -> Result
    ) -> Result {
        guard let next = left.first else { return body(held) }
        return next.visit(now: main.pooler.now) { hold(left.dropFirst(), held + [$0], body) }
    }

    /// Clients on all loops, and on their way between them.
    var clientCount: Int {
        guard hasWorkers else { return main.pooler.clientCount }
        return whileAllHeld { loops in loops.reduce(0) { $0 + $1.pooler.clientCount + $1.post.count } }
    }

    /// A client that another process has handed over goes to the loop of its pool.
    func adopt(_ client: ClientHandover, _ descriptor: Int32) {
        guard let (number, home) = main.pooler.enterHome(client) else {
            return main.adoptClient(client, descriptor, home: nil)
        }
        guard number != 0 else { return main.adoptClient(client, descriptor, home: home) }
        posts[number].post(.handedOver(client, descriptor, home: home))
    }
}
