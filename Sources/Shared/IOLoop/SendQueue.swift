/// Connections with something to send in this turn, first come first.
struct SendQueue {
    var head: ConnectionPointer?
    private var tail: ConnectionPointer?

    @inline(__always)
    mutating func append(_ connection: ConnectionPointer) {
        guard connection.pointee.flags.isDisjoint(with: [.sendScheduled, .closed]) else { return }
        connection.pointee.flags.insert(.sendScheduled)
        connection.pointee.nextToSend = nil
        if let tail { tail.pointee.nextToSend = connection } else { head = connection }
        tail = connection
    }

    @inline(__always)
    mutating func removeFirst() -> ConnectionPointer? {
        guard let connection = head else { return nil }
        head = connection.pointee.nextToSend
        if head == nil { tail = nil }
        connection.pointee.flags.remove(.sendScheduled)
        return connection
    }
}

extension ConnectionPointer {
    /// Has the loop send the connection's output at the end of this turn: what `EventLoop.scheduleSend` does, without
    /// the loop at hand.
    package func scheduleSend() {
        pointee.sendQueue.pointee.append(self)
    }
}
