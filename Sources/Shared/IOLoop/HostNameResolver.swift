import Glibc
import Synchronization
import Threads

/// Finds the addresses of names without holding up the loop: each search is a thread of its own, which the C library's
/// resolver may keep for as long as it likes.
package final class HostNameResolver: Sendable {
    /// What was found: addresses as literals, in the order in which they are to be tried.
    package struct Answer: Sendable {
        package let id: UInt64
        package let addresses: [String]

        package init(id: UInt64, addresses: [String]) {
            self.id = id
            self.addresses = addresses
        }
    }

    private let waker: LoopWaker
    private let answers = Mutex<[Answer]>([])
    private let running = Atomic<Int>(0)

    /// Searches at a time; more fail at once.
    private static let searchesMax = 16

    package init(waker: LoopWaker) {
        self.waker = waker
    }

    /// Begins to search; the loop is woken when there is an answer.
    /// - Returns: false when too many searches are under way.
    package func search(_ name: String, id: UInt64) -> Bool {
        guard running.load(ordering: .relaxed) < Self.searchesMax else { return false }
        running.add(1, ordering: .relaxed)
        let code = DetachedThread.start { [self] in add(Answer(id: id, addresses: Self.addresses(of: name))) }
        guard code == 0 else {
            running.subtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Answers that have come since the last time.
    package func takeAnswers() -> [Answer] {
        answers.withLock { answers in
            defer { answers = [] }
            return answers
        }
    }

    private func add(_ answer: Answer) {
        answers.withLock { $0.append(answer) }
        running.subtract(1, ordering: .relaxed)
        waker.wake()
    }

    /// Addresses of a name, as literals; waits for the answer.
    package static func addresses(of name: String) -> [String] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var addresses: [String] = []
        var next = first
        while let info = next {
            next = info.pointee.ai_next
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            let code = getnameinfo(
                info.pointee.ai_addr, info.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
            if code == 0 {
                let literal = String(
                    decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
                if !addresses.contains(literal) { addresses.append(literal) }
            }
        }
        return addresses
    }
}
