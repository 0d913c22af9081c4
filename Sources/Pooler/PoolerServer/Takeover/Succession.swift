// Online restart (decision 0020). The new process gets the listening sockets first; from the moment that it serves, the
// old one accepts nobody and hands its clients over one by one, each when it is at rest. Who never is, or speaks TLS,
// is served by the old process until it leaves; cancel requests for such clients arrive at the new one and are handed
// back. The same process may be the new one to one and the old one to another.

import Glibc
import IOLoop
import PoolerSessions

/// What a process has to do with the one before it and the one after it. Main thread only.
final class Succession {
    private enum Stage {
        /// Nobody has asked for our sockets. To `offered`.
        case serving
        /// Somebody has our sockets and does not serve yet. To `serving` (it went), `retired`.
        case offered(TakeoverLink)
        /// Another process serves; nil when it has gone too. Stays.
        case retired(TakeoverLink?)
    }

    private let crew: LoopCrew
    /// The main thread's.
    private let poolerLoop: PoolerLoop
    private let listeners: PoolerListeners
    private let log: PoolerLog
    private var stage = Stage.serving
    private var predecessor: TakeoverLink?
    private let gate: ExitGate
    /// Clients that have been sent and that the new process does not serve yet: ours again if it goes.
    private var sent: [UInt64: (client: ClientHandover, descriptor: Int32)] = [:]
    private var lastNumber: UInt64 = 0

    init(_ crew: LoopCrew, _ listeners: PoolerListeners, _ log: PoolerLog, predecessor: Predecessor?) {
        self.crew = crew
        poolerLoop = crew.main
        gate = ExitGate(waker: crew.main.loop.waker)
        self.listeners = listeners
        self.log = log
        self.predecessor = predecessor?.link
        poolerLoop.pooler.hasPredecessor = predecessor != nil
    }

    /// Whether another process serves in our place.
    var isRetired: Bool {
        if case .retired = stage { true } else { false }
    }

    /// Whether nobody needs this process any more.
    var isDone: Bool {
        // In the order in which clients go.
        isRetired && predecessor == nil && crew.clientCount == 0 && gate.isEmpty && sent.isEmpty
    }

    /// We serve: the process before us may stop.
    func takeOver() {
        guard let predecessor else { return }
        predecessor.send(.taken)
        let code = predecessor.start(poolerLoop.loop.waker)
        guard code != 0 else { return }
        log.write(.error, "no thread for the old process: \(String(cString: strerror(code)))")
        predecessor.end()
    }

    // MARK: - The process after us

    /// Somebody has connected to be given our sockets.
    func arrived(_ descriptor: Int32) {
        guard TakeoverPeer.isTrusted(descriptor), let link = TakeoverLink(socket: descriptor) else {
            log.write(.warning, "refused to hand over to another user's process")
            close(descriptor)
            return
        }
        guard case .serving = stage else {
            // It reads the refusal, and the end behind it.
            link.send(.refused)
            return start(link)
        }
        let (endpoints, descriptors) = listeners.offer
        link.send(.listeners(version: TakeoverMessage.version, endpoints: endpoints), descriptors: descriptors)
        stage = .offered(link)
        log.write(.log, "another process takes over: it has the listening sockets")
        start(link)
    }

    private func start(_ link: TakeoverLink) {
        let code = link.start(poolerLoop.loop.waker)
        if code != 0 { log.write(.error, "no thread to hand over: \(String(cString: strerror(code)))") }
    }

    private func retire(_ link: TakeoverLink) {
        listeners.withdraw(poolerLoop.loop)
        crew.forEach { loop in
            loop.pooler.isRetired = true
            loop.exit = ClientExit(gate)
        }
        stage = .retired(link)
        log.write(.log, "another process serves: \(crew.clientCount) clients go to it as they come to rest")
    }

    private func successorWoke(_ link: TakeoverLink) {
        let (arrivals, isEnded, problem) = link.take()
        for arrival in arrivals {
            switch arrival.message {
            case .taken:
                if case .offered = stage { retire(link) }
            case .adopted(let number):
                guard let gone = sent.removeValue(forKey: number) else { continue }
                close(gone.descriptor)
                gate.leave()
            case .cancelConnection: for descriptor in arrival.descriptors { poolerLoop.adoptConnection(descriptor) }
            default:
                log.write(.error, "unexpected message from the new process")
                for descriptor in arrival.descriptors { close(descriptor) }
            }
        }
        if isEnded { successorEnded(problem) }
    }

    private func successorEnded(_ problem: String?) {
        let reason = problem.map { ": \($0)" } ?? ""
        if case .offered = stage {
            stage = .serving
            return log.write(.warning, "the process that was to take over has gone\(reason); serving on")
        }
        stage = .retired(nil)
        log.write(.warning, "the new process has gone\(reason); \(crew.clientCount + sent.count) clients stay here")
        crew.forEach { $0.exit?.isOver = true }
        // Nobody passes the gate any more.
        let back = gate.take() + sent.values
        sent = [:]
        for item in back {
            gate.leave()
            crew.adopt(item.client, item.descriptor)
        }
    }

    // MARK: - The process before us

    private func predecessorWoke(_ link: TakeoverLink) {
        let (arrivals, isEnded, problem) = link.take()
        for arrival in arrivals {
            guard case .client(let number, let client) = arrival.message else {
                log.write(.error, "unexpected message from the old process")
                for descriptor in arrival.descriptors { close(descriptor) }
                continue
            }
            // Told first: from here on we may read from the client, and the old process must not do so again.
            link.send(.adopted(number))
            for descriptor in arrival.descriptors { crew.adopt(client, descriptor) }
        }
        guard isEnded else { return }
        predecessor = nil
        poolerLoop.pooler.hasPredecessor = false
        log.write(.log, "the old process has ended\(problem.map { ": \($0)" } ?? "")")
    }

    /// The other end of the connection will bring a cancel request for a client of the old process's.
    func sendCancelConnection(_ descriptor: Int32) -> Bool {
        guard let predecessor else { return false }
        predecessor.send(.cancelConnection, descriptors: [descriptor], closing: true)
        return true
    }

    // MARK: - Turns

    /// Something has woken the loop.
    func woken() {
        switch stage {
        case .serving, .retired(nil): break
        case .offered(let link), .retired(let link?): successorWoke(link)
        }
        if let predecessor { predecessorWoke(predecessor) }
    }

    /// Sends those on who have left their loops.
    func turnEnded() {
        guard case .retired(let link?) = stage else { return }
        for (client, descriptor) in gate.take() {
            lastNumber += 1
            sent[lastNumber] = (client, descriptor)
            link.send(.client(lastNumber, client), descriptors: [descriptor])
        }
    }
}
