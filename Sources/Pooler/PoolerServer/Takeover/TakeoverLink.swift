import CAtoll
import CIOLoop
import Glibc
import IOLoop
import PoolerSessions
import Synchronization
import Threads

/// A connection between the old process and the new one: messages in both directions, with descriptors. A thread of its
/// own waits for the socket; the loop is woken to take what has come.
final class TakeoverLink: Sendable {
    struct Arrival: Sendable {
        let message: TakeoverMessage
        /// The receiver's, as many as the message says.
        let descriptors: [Int32]
    }

    private struct Outgoing {
        var bytes: ArraySlice<UInt8>
        /// Not sent yet.
        var descriptors: [Int32]
        let closesDescriptors: Bool
    }

    private struct State {
        var outgoing: [Outgoing] = []
        var incoming: [UInt8] = []
        var descriptors: [Int32] = []
        var arrived: [Arrival] = []
        var isEnded = false
        /// Why it ended, if that was not the other's wish.
        var problem: String?
    }

    private let socket: Int32
    /// Wakes the thread: there is something to send, or it is to end.
    private let wakeDescriptor: Int32
    private let state = Mutex(State())

    private static let pieceByteCount = 64 << 10

    /// - Parameter socket: the link's from here.
    init?(socket: Int32) {
        wakeDescriptor = atoll_wake_open()
        self.socket = socket
        guard wakeDescriptor >= 0 else { return nil }
    }

    /// Begins to send and receive. 0, or why there is no thread for it.
    func start(_ waker: LoopWaker) -> Int32 {
        DetachedThread.start { [self] in run(waker) }
    }

    /// - Parameter closing: whether the descriptors are closed here once they are sent.
    func send(_ message: TakeoverMessage, descriptors: [Int32] = [], closing: Bool = false) {
        state.withLock { state in
            guard !state.isEnded else {
                if closing { for descriptor in descriptors { close(descriptor) } }
                return
            }
            state.outgoing.append(
                Outgoing(bytes: message.bytes[...], descriptors: descriptors, closesDescriptors: closing))
        }
        atoll_wake_post(wakeDescriptor)
    }

    /// What has come since the last time, in order, and whether nothing will come any more.
    func take() -> (arrivals: [Arrival], isEnded: Bool, problem: String?) {
        state.withLock { state in
            defer { state.arrived = [] }
            return (state.arrived, state.isEnded, state.problem)
        }
    }

    /// The first message, before the link is started; nil if none comes in time.
    func receiveFirst(withinMilliseconds timeout: Int32) -> Arrival? {
        var entry = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        while true {
            let (first, isEnded): (Arrival?, Bool) = state.withLock { state in
                receive(&state)
                return (state.arrived.isEmpty ? nil : state.arrived.removeFirst(), state.isEnded)
            }
            if let first { return first }
            // Each piece of the message may take that long.
            guard !isEnded, poll(&entry, 1, timeout) > 0 else { return nil }
        }
    }

    /// Ends the link; what waits is not sent any more.
    func end() {
        state.withLock { $0.isEnded = true }
        atoll_wake_post(wakeDescriptor)
    }

    // MARK: - The thread

    private func run(_ waker: LoopWaker) {
        while true {
            let (isEnded, hasOutput): (Bool, Bool) = state.withLock { state in
                if !state.isEnded { sendAll(&state) }
                if !state.isEnded { receive(&state) }
                return (state.isEnded, !state.outgoing.isEmpty)
            }
            waker.wake()
            if isEnded { break }
            var entries = [
                pollfd(fd: socket, events: Int16(POLLIN) | (hasOutput ? Int16(POLLOUT) : 0), revents: 0),
                pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&entries, 2, -1)
            atoll_wake_clear(wakeDescriptor)
        }
        close(socket)
    }

    private func sendAll(_ state: inout State) {
        while var next = state.outgoing.first {
            let count = next.bytes.withUnsafeBytes { bytes in
                atoll_send_descriptors(socket, bytes.baseAddress, bytes.count, next.descriptors, next.descriptors.count)
            }
            guard count >= 0 else {
                if errno == EAGAIN || errno == EINTR || errno == ETOOMANYREFS { return }
                return end(&state, "sendmsg: \(String(cString: strerror(errno)))")
            }
            if next.closesDescriptors { for descriptor in next.descriptors { close(descriptor) } }
            next.descriptors = []
            next.bytes = next.bytes.dropFirst(count)
            if next.bytes.isEmpty { state.outgoing.removeFirst() } else { state.outgoing[0] = next }
        }
    }

    private func receive(_ state: inout State) {
        var piece = [UInt8](repeating: 0, count: Self.pieceByteCount)
        var descriptors = [Int32](repeating: -1, count: Int(ATOLL_DESCRIPTORS_MAX))
        while true {
            var descriptorCount = 0
            let count = atoll_receive_descriptors(socket, &piece, piece.count, &descriptors, &descriptorCount)
            if count < 0, errno == EAGAIN || errno == EINTR { break }
            guard count > 0 else {
                end(&state, count < 0 ? "recvmsg: \(String(cString: strerror(errno)))" : nil)
                break
            }
            state.descriptors += descriptors.prefix(descriptorCount)
            state.incoming += piece.prefix(count)
        }
        do throws(HandoverFailure) {
            while let message = try TakeoverMessage.take(&state.incoming) {
                guard state.descriptors.count >= message.descriptorCount else { throw .malformed("no descriptor") }
                let own = Array(state.descriptors.prefix(message.descriptorCount))
                state.descriptors.removeFirst(own.count)
                state.arrived.append(Arrival(message: message, descriptors: own))
            }
        } catch {
            end(&state, "\(error)")
        }
    }

    private func end(_ state: inout State, _ problem: String?) {
        state.isEnded = true
        state.problem = problem
        for item in state.outgoing where item.closesDescriptors {
            for descriptor in item.descriptors { close(descriptor) }
        }
        state.outgoing = []
        for descriptor in state.descriptors { close(descriptor) }
        state.descriptors = []
    }
}
