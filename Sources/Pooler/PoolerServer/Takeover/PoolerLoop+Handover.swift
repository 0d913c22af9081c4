// What the loop does with connections that come from, or go to, another process.

import Glibc
import IOLoop
import PoolerSessions

extension PoolerLoop {
    /// The listener of those who want to take over.
    static let takeoverTag = 2

    // MARK: - Going

    /// What came of the wish to give a client away.
    enum Surrender {
        /// The kernel still works on its connection.
        case notYet
        /// It has gone, or has to be served here.
        case stays
        case handedOver(ClientHandover, Int32)
    }

    func pauseReading(ofClient id: UInt64) {
        guard let connection = pooler.connection(ofClient: id) else { return }
        loop.pauseReading(connection.assumingMemoryBound(to: Connection.self))
    }

    func resumeReading(ofClient id: UInt64) {
        guard let connection = pooler.connection(ofClient: id) else { return }
        loop.resumeReading(connection.assumingMemoryBound(to: Connection.self))
    }

    /// Takes a client at rest, which is not read from, out of this process.
    func surrender(client id: UInt64) -> Surrender {
        guard let connection = pooler.connection(ofClient: id)?.assumingMemoryBound(to: Connection.self) else {
            return .stays
        }
        guard pooler.connection(ofClientAtRest: id) != nil else {
            loop.resumeReading(connection)
            return .stays
        }
        guard let (descriptor, received) = loop.surrender(connection) else {
            guard loop.isBusy(connection) else {
                loop.resumeReading(connection)
                return .stays
            }
            return .notYet
        }
        connection.pointee.userData = nil
        guard let client = pooler.handOver(id, received: received) else {
            preconditionFailure("a client at rest cannot be handed over")
        }
        performActions()
        return .handedOver(client, descriptor)
    }

    /// Closes servers that no client of this process waits for.
    func closeSpareServers() {
        pooler.now = loop.nowNanoseconds
        pooler.closeSpareServers()
        performActions()
    }

    // MARK: - Coming

    /// A client that another process has handed over.
    /// - Parameter home: the pool that it has been counted for (`LoopPooler.enterHome`).
    func adoptClient(_ client: ClientHandover, _ descriptor: Int32, home: PoolKey?) {
        guard let connection = loop.adopt(descriptor, isUnixSocket: Self.isUnixSocket(descriptor)) else {
            if let home { pooler.group.homes.leave(home) }
            return
        }
        pooler.now = loop.nowNanoseconds
        let output = withUnsafeMutablePointer(to: &connection.pointee.output) { $0 }
        let pointer = pooler.adopt(
            client, connection: UnsafeMutableRawPointer(connection), output: output, details: Self.details(connection),
            home: home)
        // One that was refused is closed by the actions.
        connection.pointee.userData = UnsafeMutableRawPointer(pointer)
        performActions()
    }

    /// A connection that has said nothing yet.
    func adoptConnection(_ descriptor: Int32) {
        guard let connection = loop.adopt(descriptor, isUnixSocket: Self.isUnixSocket(descriptor)) else { return }
        accepted(connection, listener: 0)
    }

    private static func isUnixSocket(_ descriptor: Int32) -> Bool {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) == 0 }
        } && Int32(address.ss_family) == AF_UNIX
    }

    /// A connection to the process before us, which gets the other end.
    func connectToPredecessor(_ server: ServerPointer) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            return pooler.serverEnded(server, reason: "connect failed")
        }
        guard sendToPredecessor(ends[1]) else {
            close(ends[0])
            close(ends[1])
            return pooler.serverEnded(server, reason: "connect failed")
        }
        guard let connection = loop.adopt(ends[0], isUnixSocket: true) else {
            return pooler.serverEnded(server, reason: "connect failed")
        }
        own(connection, server)
        connected(connection)
    }
}
