import Bytes
import Glibc
import IOLoop
import KeyValueCommands

// What the server does for the append-only file: replies that wait for the disk, and the end of the process.
extension Server {
    /// Sends what the client was replied in this turn, or lets it wait for what it shows to be durable.
    func send(_ client: ClientReference, _ connection: ConnectionPointer) {
        var heldByteCount = 0
        if let held = HeldOutputs.of(client) {
            let isFree = heldOutputs.settle(
                held, awaiting: engine.settledAwaitedPosition(client),
                durable: engine.holdsReplies ? engine.durablePosition : .max)
            heldByteCount = held.pointee.replies.count
            // What was replied before replies had to wait is in the connection's output already.
            if isFree || !connection.pointee.output.isEmpty { schedule(connection) }
        } else {
            schedule(connection)
        }
        engine.enforceOutputLimit(
            client, pendingByteCount: connection.pointee.pendingSendByteCount + heldByteCount)
        engine.countMemory(client)
    }

    private func schedule(_ connection: ConnectionPointer) {
        engine.pointee.statistics.outputByteCount &+= connection.pointee.output.count
        engine.pointee.statistics.writeCount &+= 1
        loop.scheduleSend(connection)
    }

    /// Lets go the replies that were waiting for what is durable now.
    func releaseHeldOutput() {
        // Where replies do not wait any more, neither do those that did.
        heldOutputs.release(upTo: engine.holdsReplies ? engine.durablePosition : .max) { held in
            let connection = held.pointee.connection
            engine.pointee.statistics.outputByteCount &+= connection.pointee.output.count
            engine.pointee.statistics.writeCount &+= 1
            if held.pointee.isClosing, !held.pointee.isWaiting {
                HeldOutputs.destroy(held)
                loop.closeAfterSending(connection)
            } else {
                loop.scheduleSend(connection)
            }
        }
    }

    /// Once replies have to wait, all clients are replied into buffers of their own.
    func followHolding() {
        guard engine.holdsReplies != isHolding else { return }
        isHolding = engine.holdsReplies
        guard isHolding else { return }
        for client in engine.pointee.clients {
            guard let connection = client.pointee.connection?.assumingMemoryBound(to: Connection.self) else { continue }
            heldOutputs.redirect(client, connection, engine)
        }
    }
}
