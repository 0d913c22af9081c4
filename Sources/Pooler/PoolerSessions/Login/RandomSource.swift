import Glibc

/// Where secrets come from: the kernel, or in tests a generator that repeats.
package struct RandomSource: Sendable {
    private let fill: @Sendable (Int) -> [UInt8]

    /// A source that calls `fill` for so many bytes.
    package init(fill: @escaping @Sendable (Int) -> [UInt8]) {
        self.fill = fill
    }

    /// So many bytes.
    package func bytes(_ count: Int) -> [UInt8] { fill(count) }

    /// The kernel's generator. Without it the process ends: going on with known bytes would be worse.
    package static let system = RandomSource { count in
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            while initializedCount < count {
                // 256 is the most that one call gives.
                let wanted = min(count - initializedCount, 256)
                let outcome = getentropy(buffer.baseAddress.map { $0 + initializedCount }, wanted)
                precondition(outcome == 0, "the kernel gives no random bytes")
                initializedCount += wanted
            }
        }
    }
}
