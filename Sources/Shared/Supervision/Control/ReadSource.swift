import CAtoll
import Glibc
import Synchronization

/// Calls back whenever a descriptor is readable or at its end, until it is cancelled. Owns the descriptor.
///
/// One thread for all sources of the process waits in epoll. It is not Dispatch's: on Linux its read sources crash
/// when many come and go at once (a use after free of its epoll notes, swift-corelibs-libdispatch issue 949), and
/// thread sanitizer runs of our tests hit that each time. Here the kernel holds numbers, never pointers.
final class ReadSource: Sendable {
    private let descriptor: Int32
    private let token: UInt64

    /// The callback must not block. It may still run once while or after `cancel` runs on another thread, so it has
    /// to look, under the lock under which its owner cancels, whether the descriptor is still its own.
    init(descriptor: Int32, onReadable: @escaping @Sendable () -> Void) {
        self.descriptor = descriptor
        token = DescriptorWatch.shared.add(descriptor, onReadable)
    }

    /// Ends the watch and closes the descriptor. To be called exactly once.
    func cancel() {
        DescriptorWatch.shared.remove(token, descriptor)
        close(descriptor)
    }
}

/// The thread that waits for all read sources.
private final class DescriptorWatch: Sendable {
    static let shared = DescriptorWatch()

    private struct State {
        var callbacks: [UInt64: @Sendable () -> Void] = [:]
        var nextToken: UInt64 = 1
    }

    private let watch: Int32
    private let state = Mutex(State())

    private init() {
        watch = atoll_watch_make()
        precondition(watch >= 0, "no epoll descriptor: raise the limit of open files (ulimit -n)")
        var thread = pthread_t()
        let outcome = pthread_create(&thread, nil, { _ in DescriptorWatch.shared.run() }, nil)
        precondition(outcome == 0, "no thread for epoll: raise the limit of processes (ulimit -u)")
        pthread_detach(thread)
    }

    func add(_ descriptor: Int32, _ callback: @escaping @Sendable () -> Void) -> UInt64 {
        let token = state.withLock { state in
            defer { state.nextToken += 1 }
            state.callbacks[state.nextToken] = callback
            return state.nextToken
        }
        // It fails only for a number that is no open descriptor, or when the kernel is out of memory.
        let outcome = atoll_watch_add(watch, descriptor, token)
        precondition(outcome == 0, "epoll refused descriptor \(descriptor): \(systemMessage(errno))")
        return token
    }

    func remove(_ token: UInt64, _ descriptor: Int32) {
        _ = atoll_watch_remove(watch, descriptor)
        // Taken out under the lock, but freed after it: the callback may hold the last hold on its owner.
        let callback = state.withLock { $0.callbacks.removeValue(forKey: token) }
        _ = callback
    }

    private func run() -> Never {
        _ = atoll_set_process_name("atoll-watch")
        var tokens = [UInt64](repeating: 0, count: 64)
        while true {
            let count = Int(atoll_watch_wait(watch, &tokens, Int32(tokens.count)))
            for token in tokens[..<count] {
                // A token that was removed since is simply not there any more.
                let callback = state.withLock { $0.callbacks[token] }
                callback?()
            }
        }
    }
}
