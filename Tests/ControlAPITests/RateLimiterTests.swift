import SeededRandom
import Testing

@testable import ControlAPI

struct RateLimiterTests {
    /// Unix time at the start of a minute.
    let start = 1_700_000_040

    @Test func burstIsRefusedUntilItsSecondLeavesTheMinute() {
        var limiter = RateLimiter(perHour: 100, perMinute: 3, keysMax: 10)
        for _ in 0..<3 {
            #expect(limiter.admit("a", at: start).retryAfterSeconds == nil)
        }
        let refused = limiter.admit("a", at: start + 10)
        #expect(refused.retryAfterSeconds == 51)
        #expect(refused.usage.remaining == 97, "refused requests do not count")
        #expect(limiter.admit("a", at: start + 60).retryAfterSeconds == 1)
        #expect(limiter.admit("a", at: start + 61).retryAfterSeconds == nil)
    }

    @Test func hourlyLimitSlides() {
        var limiter = RateLimiter(perHour: 2, perMinute: 10, keysMax: 10)
        #expect(limiter.admit("a", at: start).usage == .init(limit: 2, remaining: 1, resetSeconds: start + 3660))
        #expect(limiter.admit("a", at: start + 1800).usage.remaining == 0)
        #expect(limiter.admit("a", at: start + 3600).retryAfterSeconds == 60)
        #expect(limiter.admit("a", at: start + 3660).retryAfterSeconds == nil)
        #expect(limiter.admit("a", at: start + 3661).retryAfterSeconds == 1799)
    }

    @Test func keysAreCountedApart() {
        var limiter = RateLimiter(perHour: 1, perMinute: 1, keysMax: 10)
        #expect(limiter.admit("a", at: start).retryAfterSeconds == nil)
        #expect(limiter.admit("b", at: start).retryAfterSeconds == nil)
        #expect(limiter.admit("a", at: start).retryAfterSeconds != nil)
    }

    @Test func memoryIsBoundedAndTheLongestIdleGoFirst() {
        var limiter = RateLimiter(perHour: 1, perMinute: 1, keysMax: 8)
        for key in 0..<1000 {
            _ = limiter.admit("key\(key)", at: start + key)
            #expect(limiter.keyCount <= 8)
        }
        #expect(limiter.admit("key999", at: start + 1000).retryAfterSeconds != nil, "a recent key is remembered")
    }

    @Test func aClockThatGoesBackStandsStill() {
        var limiter = RateLimiter(perHour: 9, perMinute: 2, keysMax: 8)
        _ = limiter.admit("a", at: start)
        #expect(limiter.admit("a", at: start - 10_000).retryAfterSeconds == nil)
        #expect(limiter.admit("a", at: start - 10_000).retryAfterSeconds == 61)
    }

    /// Against a plain list of times: never more than the limit in any 60 seconds, and never stricter than 61.
    @Test func agreesWithAListOfTimes() {
        var random = SeededGenerator(seed: 7)
        var limiter = RateLimiter(perHour: 1_000_000, perMinute: 20, keysMax: 8)
        var admitted: [Int] = []
        var second = start
        for _ in 0..<5000 {
            second += Int(random.next() % 5)
            let isAdmitted = limiter.admit("a", at: second).retryAfterSeconds == nil
            if isAdmitted { admitted.append(second) }
            #expect(admitted.count { $0 > second - 60 } <= 20)
            if !isAdmitted { #expect(admitted.count { $0 > second - 61 } >= 20) }
        }
        #expect(admitted.count > 1000)
    }
}
