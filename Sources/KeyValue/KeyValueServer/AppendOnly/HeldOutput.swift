// Replies that wait for the disk (`appendfsync always`).
//
// Such a client is replied into a buffer of its own. At the end of a turn, what came into it goes to the connection's
// output at once if all that it shows is durable, else when that position of the log is. Two portions are enough: what
// waits for the sync under way, and what waits for the next one.

import Bytes
import IOLoop
import KeyValueCommands

/// What a client was replied and must not see yet. At a fixed address; freed by the server with the connection.
struct HeldOutput: ~Copyable {
    private struct Portion {
        var byteCount = 0
        var position: Int64 = 0
    }

    var replies = OutputBuffer()
    let connection: ConnectionPointer
    /// Whether the connection is to be closed once all has been sent; its client is gone.
    var isClosing = false
    private var first = Portion()
    private var second = Portion()

    init(_ connection: ConnectionPointer) { self.connection = connection }

    /// Whether anything waits.
    var isWaiting: Bool { first.byteCount > 0 }

    /// Lets all that came since the last time wait for a position.
    mutating func hold(until position: Int64) {
        let added = replies.count - first.byteCount - second.byteCount
        guard added > 0 else { return }
        if first.byteCount == 0 {
            first = Portion(byteCount: added, position: position)
        } else if second.byteCount == 0, position <= first.position {
            first.byteCount += added
        } else {
            second = Portion(byteCount: second.byteCount + added, position: position)
        }
    }

    /// Moves what may be seen to the connection's output.
    /// - Returns: whether there was any.
    mutating func release(upTo position: Int64) -> Bool {
        var count = 0
        if first.byteCount > 0, first.position <= position {
            count = first.byteCount
            first = second
            second = Portion()
            if first.byteCount > 0, first.position <= position {
                count += first.byteCount
                first = Portion()
            }
        }
        guard count > 0 else { return false }
        move(count)
        return true
    }

    /// Moves everything; nothing waits.
    mutating func releaseAll() { move(replies.count) }

    private mutating func move(_ byteCount: Int) {
        connection.pointee.output.append(replies.readable.slice(0, byteCount))
        replies.consume(byteCount)
        if replies.isEmpty, replies.reservedByteCount > Self.keptByteCountMax { replies.release() }
    }

    private static let keptByteCountMax = 16 << 10
}

/// All that waits. Loop only.
struct HeldOutputs {
    typealias Reference = UnsafeMutablePointer<HeldOutput>

    private var waiting: [Reference] = []

    /// Whether any reply waits.
    var isAnyWaiting: Bool { !waiting.isEmpty }

    /// Has a client be replied into a buffer of its own from now on.
    func redirect(_ client: ClientReference, _ connection: ConnectionPointer, _ engine: EngineReference) {
        guard client.pointee.heldOutput == nil else { return }
        let held = Reference.allocate(capacity: 1)
        held.initialize(to: HeldOutput(connection))
        client.pointee.heldOutput = UnsafeMutableRawPointer(held)
        engine.redirectOutput(client, to: withUnsafeMutablePointer(to: &held.pointee.replies) { $0 })
    }

    static func of(_ client: ClientReference) -> Reference? {
        client.pointee.heldOutput?.assumingMemoryBound(to: HeldOutput.self)
    }

    /// Lets a client's output wait for a position, or go.
    /// - Returns: whether there is something to send.
    mutating func settle(_ held: Reference, awaiting position: Int64, durable: Int64) -> Bool {
        if position <= durable, !held.pointee.isWaiting {
            held.pointee.releaseAll()
            return true
        }
        let wasWaiting = held.pointee.isWaiting
        held.pointee.hold(until: position)
        if !wasWaiting, held.pointee.isWaiting { waiting.append(held) }
        return false
    }

    /// Lets go what is durable now; calls for each that has something to send.
    mutating func release(upTo position: Int64, _ send: (Reference) -> Void) {
        guard !waiting.isEmpty else { return }
        var kept = 0
        for index in waiting.indices {
            let held = waiting[index]
            let isWaitingStill: Bool
            if held.pointee.release(upTo: position) {
                // It may be freed by the call.
                isWaitingStill = held.pointee.isWaiting
                send(held)
            } else {
                isWaitingStill = true
            }
            if isWaitingStill {
                waiting[kept] = held
                kept += 1
            }
        }
        waiting.removeLast(waiting.count - kept)
    }

    /// Forgets one whose connection is over.
    mutating func free(_ held: Reference) {
        if held.pointee.isWaiting { waiting.removeAll { $0 == held } }
        Self.destroy(held)
    }

    static func destroy(_ held: Reference) {
        held.deinitialize(count: 1)
        held.deallocate()
    }

    /// The one of a connection whose client is gone.
    func closing(_ connection: ConnectionPointer) -> Reference? {
        waiting.first { $0.pointee.isClosing && $0.pointee.connection == connection }
    }
}
