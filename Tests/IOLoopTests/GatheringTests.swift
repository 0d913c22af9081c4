import Testing

@testable import IOLoop

@Suite struct GatheringTests {
    /// What a loop has decided after a window of so many busy connections and so many requests a second of all of them.
    private func decision(connections count: Int, requestsPerSecond rate: Int64) -> Gathering {
        let queue = UnsafeMutablePointer<SendQueue>.allocate(capacity: 1)
        let connections = ConnectionPointer.allocate(capacity: count)
        for index in 0..<count {
            (connections + index).initialize(to: Connection(id: UInt64(index), descriptor: -1, sendQueue: queue))
        }
        defer {
            connections.deinitialize(count: count)
            connections.deallocate()
            queue.deallocate()
        }
        var gathering = Gathering()
        gathering.advance(to: 1_000_000_000)
        for index in 0..<Int(rate / 100) { gathering.note(connections + index % count) }
        gathering.advance(to: 1_010_000_000)
        return gathering
    }

    @Test func quietLoopWakesAtOnce() {
        let quiet = decision(connections: 50, requestsPerSecond: 10_000)
        #expect(quiet.eventCount == 1 && !quiet.isActive && quiet.pauseNanoseconds == 0)
    }

    @Test func busyLoopWaitsForWhatComesInATenthOfAMillisecond() {
        let busy = decision(connections: 50, requestsPerSecond: 120_000)
        #expect(busy.eventCount == 12 && busy.isActive)
    }

    @Test func neverMoreThanHalfOfTheBusyConnectionsAreWaitedFor() {
        #expect(decision(connections: 10, requestsPerSecond: 120_000).eventCount == 5)
        #expect(decision(connections: 1, requestsPerSecond: 120_000).eventCount == 1)
    }

    /// The rounds of few connections are short: a pause would be felt.
    @Test(arguments: [1, 4, 10, 30])
    func noPauseForFewConnections(count: Int) {
        #expect(decision(connections: count, requestsPerSecond: 120_000).pauseNanoseconds == 0)
    }

    /// 50 connections that ask 100,000 times a second together: each does every 500 microseconds.
    @Test func pauseIsASixteenthOfARound() {
        #expect(decision(connections: 50, requestsPerSecond: 100_000).pauseNanoseconds == 31_250)
        #expect(decision(connections: 1000, requestsPerSecond: 100_000).pauseNanoseconds == 50_000)
    }

    /// Many connections that seldom ask: nothing would come in a pause.
    @Test func noPauseWhenLittleComes() {
        #expect(decision(connections: 5000, requestsPerSecond: 30_000).pauseNanoseconds == 0)
    }

    @Test func busyLoopGetsQuietAgain() {
        var gathering = decision(connections: 50, requestsPerSecond: 120_000)
        gathering.advance(to: 1_030_000_000)
        #expect(!gathering.isActive && gathering.pauseNanoseconds == 0)
    }
}
