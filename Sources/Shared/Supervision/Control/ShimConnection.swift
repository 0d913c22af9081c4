import CAtoll
import Dispatch
import Glibc
import Synchronization

/// Control's connection to one shim: sends commands, pairs answers with them in order, and reports the child's end.
///
/// No thread of its own waits for it: a `ReadSource` reads the socket.
final class ShimConnection: Sendable {
    /// What comes unasked.
    enum Event: Sendable {
        case exited(ChildExitRecord)
        /// No more comes: the shim ended, was killed, or broke the protocol.
        case closed
    }

    /// How long an answer may take.
    static let answerSeconds = 10.0

    /// For time limits only.
    private static let queue = DispatchQueue(label: "atoll.shim-connections")

    private struct Pending {
        let number: UInt64
        let continuation: CheckedContinuation<String, any Error>
    }

    /// Open → closed.
    private struct State {
        var descriptor: Int32
        var source: ReadSource?
        var buffer: [UInt8] = []
        var pending: [Pending] = []
        var nextNumber: UInt64 = 0
        var isClosed = false
    }

    private let state: Mutex<State>
    private let runDirectory: String
    private let onEvent: @Sendable (Event) -> Void

    /// Connects and reads the greeting; nil when nobody listens.
    static func connect(
        to directory: RunDirectory, onEvent: @escaping @Sendable (Event) -> Void
    ) async throws -> ShimConnection? {
        let descriptor = UnixSocket.make(blocking: false)
        guard descriptor >= 0 else {
            throw SupervisionError.runDirectory("no socket for \(directory.path): \(systemMessage(errno))")
        }
        let connected = UnixSocket.withAddress(of: "shim.sock", in: directory.path) {
            Glibc.connect(descriptor, $0, $1)
        }
        guard connected == 0 else {
            Glibc.close(descriptor)
            return nil
        }
        let connection = ShimConnection(descriptor: descriptor, runDirectory: directory.path, onEvent: onEvent)
        let greeting = try await connection.receiveGreeting()
        guard ShimProtocol.isKnown(greeting: greeting) else {
            connection.close()
            if let refusal = StartFailure(line: greeting) {
                throw SupervisionError.refused(runDirectory: directory.path, refusal)
            }
            throw SupervisionError.shimUnknownVersion(runDirectory: directory.path, greeting: greeting)
        }
        return connection
    }

    private init(descriptor: Int32, runDirectory: String, onEvent: @escaping @Sendable (Event) -> Void) {
        state = Mutex(State(descriptor: descriptor))
        self.runDirectory = runDirectory
        self.onEvent = onEvent
    }

    deinit { close() }

    /// Sends a command and returns its answer, an `ok` line; throws `refused` for an `error` line.
    func request(_ command: ShimCommand) async throws -> String {
        let answer = try await exchange { state in
            let bytes = Array("\(command.line)\n".utf8)
            // A command is shorter than any socket buffer: a short send is a broken connection.
            return send(state.descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL)) == bytes.count
        }
        if let refusal = StartFailure(line: answer) {
            throw SupervisionError.refused(runDirectory: runDirectory, refusal)
        }
        return answer
    }

    /// Ends the connection; pending requests fail.
    func close() { closeOnce() }

    /// Begins to read only once the greeting, which comes unasked, has its waiter.
    private func receiveGreeting() async throws -> String {
        try await exchange { state in
            state.source = ReadSource(descriptor: state.descriptor) { [weak self] in
                self?.readAvailable()
            }
            return true
        }
    }

    /// Sends by the closure (false: the connection is broken) and waits for the next line that is no event.
    private func exchange(_ sends: (inout State) -> Bool) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            let number: UInt64? = state.withLock { state -> UInt64? in
                guard !state.isClosed, sends(&state) else { return nil }
                state.nextNumber += 1
                state.pending.append(Pending(number: state.nextNumber, continuation: continuation))
                return state.nextNumber
            }
            guard let number else {
                return continuation.resume(throwing: SupervisionError.shimLost(runDirectory: runDirectory))
            }
            Self.queue.asyncAfter(deadline: .now() + Self.answerSeconds) { [weak self] in self?.expire(number) }
        }
    }

    /// Answers are paired by order, so one that never comes ends the connection.
    private func expire(_ number: UInt64) {
        let late: CheckedContinuation<String, any Error>? = state.withLock { state in
            guard let index = state.pending.firstIndex(where: { $0.number == number }) else { return nil }
            return state.pending.remove(at: index).continuation
        }
        guard let late else { return }
        late.resume(throwing: SupervisionError.shimUnresponsive(runDirectory: runDirectory))
        if closeOnce() { onEvent(.closed) }
    }

    /// On the watching thread: takes all that is there.
    private func readAvailable() {
        var isOpen = true
        let lines: [String] = state.withLock { state in
            guard !state.isClosed else { return [] }
            isOpen = Self.fill(&state)
            return Self.takeLines(&state)
        }
        for line in lines { deliver(line) }
        if !isOpen, closeOnce() { onEvent(.closed) }
    }

    private func deliver(_ line: String) {
        if let record = ChildExitRecord(eventLine: line) { return onEvent(.exited(record)) }
        let first = state.withLock { $0.pending.isEmpty ? nil : $0.pending.removeFirst() }
        first?.continuation.resume(returning: line)
    }

    /// False at the end of the connection, or when a line passes its limit.
    private static func fill(_ state: inout State) -> Bool {
        var chunk = [UInt8](repeating: 0, count: ShimProtocol.answerBytesMax)
        while true {
            let count = read(state.descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return true }
            guard count > 0 else { return false }
            state.buffer.append(contentsOf: chunk[..<count])
            if state.buffer.count > 16 * ShimProtocol.answerBytesMax { return false }
        }
    }

    private static func takeLines(_ state: inout State) -> [String] {
        var lines: [String] = []
        while let end = state.buffer.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(String(decoding: state.buffer[..<end], as: UTF8.self))
            state.buffer.removeFirst(end + 1)
        }
        return lines
    }

    /// Whether this call was the one that closed.
    @discardableResult
    private func closeOnce() -> Bool {
        let pending: [Pending]? = state.withLock { state in
            if state.isClosed { return nil }
            state.isClosed = true
            state.source?.cancel()
            state.source = nil
            defer { state.pending = [] }
            return state.pending
        }
        for entry in pending ?? [] {
            entry.continuation.resume(throwing: SupervisionError.shimLost(runDirectory: runDirectory))
        }
        return pending != nil
    }
}
