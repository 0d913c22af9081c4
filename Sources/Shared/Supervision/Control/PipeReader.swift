import Dispatch
import Glibc
import Synchronization

/// Collects what comes from a pipe until its end, up to a limit; more is read and thrown away, so that the writer
/// is never held up. Owns the descriptor.
final class PipeReader: Sendable {
    /// What was collected.
    struct Output: Sendable {
        var bytes: [UInt8] = []
        var isTruncated = false
    }

    /// For time limits only.
    private static let queue = DispatchQueue(label: "atoll.pipes")

    /// Reading → finished.
    private struct State {
        var output = Output()
        var source: ReadSource?
        var isFinished = false
        var waiter: CheckedContinuation<Output, Never>?
    }

    private let state = Mutex(State())
    private let descriptor: Int32
    private let bytesMax: Int
    /// Gets what came, as it comes, also past the limit; called under the lock, so it must not call back.
    private let onBytes: (@Sendable (ArraySlice<UInt8>) -> Void)?

    /// Starts to read.
    init(descriptor: Int32, bytesMax: Int, onBytes: (@Sendable (ArraySlice<UInt8>) -> Void)? = nil) {
        self.descriptor = descriptor
        self.bytesMax = bytesMax
        self.onBytes = onBytes
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        // The source keeps the reader alive until the end.
        let source = ReadSource(descriptor: descriptor) { self.readAvailable() }
        let isFinished = state.withLock { state in
            if !state.isFinished { state.source = source }
            return state.isFinished
        }
        if isFinished { source.cancel() }
    }

    /// Waits for the end. For one caller.
    func collect() async -> Output {
        await withCheckedContinuation { continuation in
            let done: Output? = state.withLock { state in
                if state.isFinished { return state.output }
                state.waiter = continuation
                return nil
            }
            if let done { continuation.resume(returning: done) }
        }
    }

    /// Ends the reading after this many seconds, whatever comes until then.
    func finish(afterSeconds seconds: Double) {
        Self.queue.asyncAfter(deadline: .now() + seconds) { [weak self] in
            self?.readAvailable()
            self?.finish()
        }
    }

    private func readAvailable() {
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        let isAtEnd = state.withLock { state in
            // A writer without pause must not hold the thread: the rest makes the source fire again.
            for _ in 0..<16 where !state.isFinished {
                let count = read(descriptor, &chunk, chunk.count)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN { return false }
                if count <= 0 { return true }
                onBytes?(chunk[..<count])
                let room = bytesMax - state.output.bytes.count
                state.output.bytes.append(contentsOf: chunk[..<min(count, room)])
                if count > room { state.output.isTruncated = true }
            }
            return false
        }
        if isAtEnd { finish() }
    }

    private func finish() {
        let waiter: (CheckedContinuation<Output, Never>, Output)? = state.withLock { state in
            guard !state.isFinished else { return nil }
            state.isFinished = true
            state.source?.cancel()
            state.source = nil
            defer { state.waiter = nil }
            return state.waiter.map { ($0, state.output) }
        }
        if let (continuation, output) = waiter { continuation.resume(returning: output) }
    }
}
