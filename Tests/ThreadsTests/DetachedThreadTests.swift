import Glibc
import Synchronization
import Testing

@testable import Threads

@Suite struct DetachedThreadTests {
    /// Frees its flag when it goes.
    private final class Witness: Sendable {
        let isGone: Flag
        init(_ isGone: Flag) { self.isGone = isGone }
        deinit { isGone.value.store(true, ordering: .relaxed) }
    }

    private final class Flag: Sendable {
        let value = Atomic<Bool>(false)
    }

    private static func wait(for flag: Flag) -> Bool {
        for _ in 0..<10_000 where !flag.value.load(ordering: .relaxed) { usleep(1000) }
        return flag.value.load(ordering: .relaxed)
    }

    @Test func runsElsewhereAndLetsGoOfWhatItHeld() {
        let here = pthread_self()
        let (wasElsewhere, isGone) = (Flag(), Flag())
        let code = DetachedThread.start { [witness = Witness(isGone)] in
            withExtendedLifetime(witness) { wasElsewhere.value.store(pthread_self() != here, ordering: .relaxed) }
        }
        #expect(code == 0)
        #expect(Self.wait(for: wasElsewhere))
        #expect(Self.wait(for: isGone))
    }
}
