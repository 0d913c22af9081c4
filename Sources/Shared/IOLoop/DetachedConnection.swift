// Connections that go from one loop to another of the same process, with their TLS.

import Bytes
import Glibc
import TLS

/// A connection that is on no loop: its socket, what has come and was not delivered, and its TLS. It ends if nobody
/// attaches it.
// Unchecked, as it holds the pointer to the TLS state and what `attach` takes out of it: one thread has it at a time, and
// the loop that has let go of it gives it away and does not look at it again.
package final class DetachedConnection: @unchecked Sendable {
    fileprivate var descriptor: Int32
    fileprivate let held: [UInt8]
    fileprivate var secure: UnsafeMutablePointer<SecureLayer>?
    fileprivate let flags: Connection.Flags
    /// What a simulated network has in place of a socket.
    fileprivate let simulated: AnyObject?

    fileprivate init(
        descriptor: Int32, held: [UInt8], secure: UnsafeMutablePointer<SecureLayer>?, flags: Connection.Flags,
        simulated: AnyObject?
    ) {
        self.descriptor = descriptor
        self.held = held
        self.secure = secure
        self.flags = flags
        self.simulated = simulated
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        guard let secure else { return }
        secure.deinitialize(count: 1)
        secure.deallocate()
    }
}

extension EventLoop {
    /// What came of the wish to let go of a connection.
    package enum Detachment {
        case detached(DetachedConnection)
        /// The kernel works on it, or output waits for it: try again in a later turn.
        case notYet
        /// Its peer has gone, or it is closed: `resumeReading` has the end told.
        case never
    }

    /// Lets go of a paused connection (`pauseReading`), with TLS once the handshake is done. `ended` is not called, and
    /// the pointer must not be used after this turn.
    package func detach(_ connection: ConnectionPointer) -> Detachment {
        switch letGo(of: connection) {
        case .yes: break
        case .notYet: return .notYet
        case .never: return .never
        }
        if let secure = connection.pointee.secure, !secure.pointee.session.isEstablished { return .notYet }
        let detached = DetachedConnection(
            descriptor: connection.pointee.descriptor, held: connection.pointee.held.readable.array,
            secure: connection.pointee.secure,
            flags: connection.pointee.flags.intersection([.unixSocket, .outgoing, .secure, .upgraded]),
            simulated: backend.simulatedPeer(of: connection))
        connection.pointee.secure = nil
        abandon(connection)
        return .detached(detached)
    }

    /// Takes over a connection that another loop has let go of. What had come is received in the next turn.
    /// - Returns: nil, with the connection closed, if it cannot be watched.
    package func attach(_ detached: DetachedConnection) -> ConnectionPointer? {
        precondition(detached.descriptor >= 0 || detached.simulated != nil, "a connection is attached twice")
        let connection = makeConnection(detached.descriptor)
        detached.descriptor = -1
        connection.pointee.flags.formUnion(detached.flags)
        connection.pointee.secure = detached.secure
        detached.secure = nil
        detached.held.withUnsafeBytes { connection.pointee.held.append($0) }
        guard backend.attach(connection, simulated: detached.simulated) == 0 else {
            closeNow(connection)
            return nil
        }
        if !connection.pointee.held.isEmpty { scheduleDelivery(connection) }
        return connection
    }
}
