import Bytes
import SeededRandom
import Testing

@testable import IOLoop

/// A protocol that can tell when bytes are lost or doubled: frames of a length byte and that many bytes, answered one
/// by one. 0 asks for the end.
private final class FrameEcho: LoopApplication {
    var loop: EventLoop?
    var partial: [ConnectionPointer: [UInt8]] = [:]
    var endedCount = 0
    var pausesAbove = Int.max

    func accepted(_ connection: ConnectionPointer, listener tag: Int) { partial[connection] = [] }

    func received(_ connection: ConnectionPointer, _ bytes: ByteSlice) {
        var waiting = (partial[connection] ?? []) + bytes.array
        while let count = waiting.first {
            if count == 0 {
                partial[connection] = nil
                loop?.closeAfterSending(connection)
                return
            }
            guard waiting.count > Int(count) else { break }
            waiting[0...Int(count)].withUnsafeBytes { connection.pointee.output.append($0) }
            waiting.removeFirst(Int(count) + 1)
        }
        partial[connection] = waiting
        connection.scheduleSend()
        if connection.pointee.pendingSendByteCount > pausesAbove { loop?.pauseReading(connection) }
    }

    func turnEnded() {
        for connection in partial.keys where connection.pointee.isReadingPaused {
            if connection.pointee.pendingSendByteCount == 0 { loop?.resumeReading(connection) }
        }
    }

    func ended(_ connection: ConnectionPointer, _ reason: EndReason) {
        partial[connection] = nil
        endedCount += 1
    }
}

@Suite("The simulated network")
struct SimulationTests {
    private struct History: Equatable {
        var received: [[UInt8]] = []
        var nanoseconds: Int64 = 0
        var endedCount = 0
    }

    /// Peers send frames in any pieces, stop reading now and then, and say goodbye.
    private func play(seed: UInt64, faults: SimulatedFaults) throws -> (sent: [[UInt8]], History) {
        let network = SimulatedNetwork(seed: seed, faults: faults)
        let application = FrameEcho()
        let loop = try EventLoop(simulation: network, application: application)
        application.loop = loop
        application.pausesAbove = seed % 2 == 0 ? 500 : .max
        defer { application.loop = nil }
        _ = try loop.listen(.tcp(address: "127.0.0.1", port: 1), tag: 3, backlog: 1)
        var random = SeededGenerator(seed: ~seed)
        let peers = (0..<8).map { _ in network.connect(listenerTag: 3) }
        var sent = [[UInt8]](repeating: [], count: peers.count)
        for _ in 0..<200 {
            let index = random.below(8)
            let count = random.below(255) + 1
            let frame = [UInt8(count)] + (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            sent[index] += frame
            let cut = random.below(frame.count)
            peers[index].send(Array(frame[..<cut]))
            peers[index].send(Array(frame[cut...]))
            if random.isHit(1, of: 10) { peers[index].isReading.toggle() }
            if random.isHit(1, of: 3) { loop.runOnce(timeoutMilliseconds: 10) }
        }
        for (index, peer) in peers.enumerated() {
            peer.isReading = true
            if index % 2 == 0 { peer.shutDownSending() } else { peer.send([0]) }
        }
        for _ in 0..<50_000 where loop.connectionCount > 0 { loop.runOnce(timeoutMilliseconds: 1000) }
        #expect(loop.connectionCount == 0, "seed \(seed)")
        let history = History(
            received: peers.map(\.received), nanoseconds: network.nowNanoseconds, endedCount: application.endedCount)
        return (sent, history)
    }

    @Test("Every frame comes back, whole and in order", arguments: 0..<30)
    func frames(seed: UInt64) throws {
        var faults = SimulatedFaults()
        faults.windowByteCount = 700
        let (sent, history) = try play(seed: seed, faults: faults)
        #expect(history.received == sent)
        #expect(history.endedCount == 4, "half of the peers closed by themselves")
    }

    @Test("With resets, what came back is a beginning of what was sent", arguments: 0..<30)
    func resets(seed: UInt64) throws {
        var faults = SimulatedFaults()
        faults.resetPerTenThousand = 200
        let (sent, history) = try play(seed: seed, faults: faults)
        for (received, sent) in zip(history.received, sent) { #expect(sent.starts(with: received)) }
    }

    @Test("The same seed gives the same history")
    func repeatable() throws {
        var faults = SimulatedFaults()
        faults.resetPerTenThousand = 100
        let first = try play(seed: 42, faults: faults)
        let second = try play(seed: 42, faults: faults)
        let other = try play(seed: 43, faults: faults)
        #expect(first.1 == second.1)
        #expect(first.1 != other.1)
    }

    @Test("A closing connection whose peer neither reads nor closes is given up in simulated time")
    func closingIsBounded() throws {
        var faults = SimulatedFaults()
        faults.windowByteCount = 100
        let network = SimulatedNetwork(seed: 1, faults: faults)
        let application = RecordingApplication()
        let loop = try EventLoop(simulation: network, application: application)
        _ = try loop.listen(.tcp(address: "127.0.0.1", port: 1), tag: 0, backlog: 1)
        let deaf = network.connect(listenerTag: 0)
        let silent = network.connect(listenerTag: 0)
        deaf.isReading = false
        while application.accepted.count < 2 { loop.runOnce(timeoutMilliseconds: 1) }
        for connection in application.accepted {
            connection.pointee.output.append(ByteSlice.zeros(180))
            loop.closeAfterSending(connection)
        }
        let start = network.nowNanoseconds
        for _ in 0..<100 where loop.connectionCount > 0 { loop.runOnce(timeoutMilliseconds: 1000) }
        #expect(loop.connectionCount == 0)
        #expect(silent.received.count == 180)
        #expect(deaf.isEnded)
        let seconds = (network.nowNanoseconds - start) / 1_000_000_000
        #expect((10...13).contains(seconds), "\(seconds)")
        #expect(application.ended.isEmpty)
    }

    @Test("Timers fire in their order and not when cancelled")
    func timers() throws {
        let network = SimulatedNetwork(seed: 1)
        let application = RecordingApplication()
        let loop = try EventLoop(simulation: network, application: application)
        let late = loop.schedule(afterMilliseconds: 50)
        let early = loop.schedule(afterMilliseconds: 20)
        let never = loop.schedule(afterMilliseconds: 30)
        #expect(loop.cancel(never))
        #expect(!loop.cancel(never))
        for _ in 0..<10 {
            network.advance(nanoseconds: 10_000_000)
            loop.runOnce(timeoutMilliseconds: 0)
            if network.nowNanoseconds < 1_020_000_000 { #expect(application.fired.isEmpty) }
        }
        #expect(application.fired == [early, late])
    }

    @Test("A sleep is as long as a timer needs, however long the loop was left alone before")
    func sleepAfterAPause() throws {
        let network = SimulatedNetwork(seed: 1)
        let application = RecordingApplication()
        let loop = try EventLoop(simulation: network, application: application)
        loop.runOnce(timeoutMilliseconds: 0)
        network.advance(nanoseconds: 1_000_000_000)
        let timer = loop.schedule(afterMilliseconds: 50)
        let began = network.nowNanoseconds
        loop.runOnce(timeoutMilliseconds: 10_000)
        #expect(application.fired == [timer])
        #expect(network.nowNanoseconds - began <= 51_000_000)
    }

    @Test("The heap gives what a sorted list gives", arguments: 0..<20)
    func timerHeap(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var heap = TimerHeap()
        var model: [(time: Int64, handle: TimerHeap.Handle)] = []
        for _ in 0..<2000 {
            switch random.below(3) {
            case 0, 1:
                let time = random.below(Int64(500))
                model.append((time, heap.add(time: time, context: nil)))
            default:
                guard !model.isEmpty else { continue }
                if random.isHit(1, of: 2) {
                    let gone = model.remove(at: random.below(model.count))
                    let isCancelled = heap.cancel(gone.handle)
                    #expect(isCancelled)
                } else {
                    let due = random.below(Int64(500))
                    let first = model.map(\.time).min() ?? 0
                    let fired = heap.removeFirst(dueAt: due)
                    #expect((fired != nil) == (first <= due))
                    guard let fired else { continue }
                    let index = model.firstIndex { $0.handle == fired.handle }
                    #expect(index.map { model[$0].time } == first)
                    if let index { model.remove(at: index) }
                }
            }
            #expect(heap.count == model.count)
            #expect(heap.firstTime == model.map(\.time).min())
        }
    }

    @Test("Outgoing connections reach a peer or are refused")
    func outgoing() throws {
        let network = SimulatedNetwork(seed: 1)
        let application = RecordingApplication()
        let loop = try EventLoop(simulation: network, application: application)
        let peer = network.peerForOutgoing()
        network.accept = { endpoint in endpoint.description == "10.0.0.1:80" ? peer : nil }
        let good = try loop.connect(to: .tcp(address: "10.0.0.1", port: 80))
        good.pointee.output.append("hello")
        let bad = try loop.connect(to: .tcp(address: "10.0.0.2", port: 80)).pointee.id
        for _ in 0..<100 where peer.received.count < 5 { loop.runOnce(timeoutMilliseconds: 10) }
        #expect(peer.received == Array("hello".utf8))
        #expect(application.connected == [good])
        for _ in 0..<100 where application.ended.isEmpty { loop.runOnce(timeoutMilliseconds: 10) }
        #expect(application.ended.map(\.id) == [bad])
    }
}
