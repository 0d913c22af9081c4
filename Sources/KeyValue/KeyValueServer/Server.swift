// The shell around the engine: sockets, time, limits of connections. It knows no command.

package import Bytes
import CIOLoop
package import IOLoop
package import KeyValueCommands
import RESP

/// A server: one loop, one engine. Everything happens on the thread that calls `run`.
package final class Server: LoopApplication {
    package let engine: EngineReference
    package private(set) var options: ServerOptions
    /// Set once, right after the initialiser.
    private var eventLoop: EventLoop?
    /// Milliseconds of the engine's clock at which the next round of housekeeping is due.
    private var nextHousekeeping: Int64 = 0
    /// The same for the sweep for due keys.
    private var nextExpireCycle: Int64 = 0

    package init(engine: EngineReference, options: ServerOptions) throws(LoopError) {
        self.engine = engine
        self.options = options
        let loop = try EventLoop(backend: options.backend, application: self)
        eventLoop = loop
        for address in options.addresses {
            _ = try loop.listen(.tcp(address: address, port: options.port), tag: 0, backlog: options.backlog)
        }
        if let path = options.unixSocketPath {
            _ = try loop.listen(
                .unix(path: path, permissions: options.unixSocketPermissions), tag: 0, backlog: options.backlog)
        }
    }

    /// The loop; there from the initialiser on.
    package var loop: EventLoop {
        guard let eventLoop else { preconditionFailure("the loop is made by the initialiser") }
        return eventLoop
    }

    /// Serves until somebody stops the loop.
    package func run() {
        loop.runUntilStopped()
    }

    // MARK: - Connections

    package func accepted(_ connection: ConnectionPointer, listener tag: Int) {
        engine.updateTime()
        engine.pointee.statistics.connectionCount += 1
        guard engine.pointee.clients.count < engine.pointee.settings.clientCountMax else {
            engine.pointee.statistics.rejectedConnectionCount += 1
            connection.pointee.output.append("-ERR max number of clients reached\r\n")
            return loop.closeAfterSending(connection)
        }
        let output = withUnsafeMutablePointer(to: &connection.pointee.output) { $0 }
        let client = engine.makeClient(output: output)
        client.pointee.connection = UnsafeMutableRawPointer(connection)
        connection.pointee.userData = UnsafeMutableRawPointer(client)
        describe(client, connection)
        if !connection.pointee.isUnixSocket {
            connection.pointee.setNoDelay(true)
            if options.keepAliveSeconds > 0 { connection.pointee.setKeepAlive(seconds: options.keepAliveSeconds) }
        }
    }

    private func describe(_ client: ClientReference, _ connection: ConnectionPointer) {
        let details = client.pointee.details
        details.descriptor = connection.pointee.descriptor
        if connection.pointee.isUnixSocket {
            client.pointee.flags.insert(.unixSocket)
            let path = "\(options.unixSocketPath ?? ""):0"
            details.peerAddress = path
            details.localAddress = path
        } else {
            details.peerAddress = connection.pointee.peerAddressText
            details.localAddress = connection.pointee.localAddressText
        }
    }

    @inline(__always)
    private static func client(_ connection: ConnectionPointer) -> ClientReference? {
        connection.pointee.userData?.assumingMemoryBound(to: Client.self)
    }

    @inline(__always)
    private static func connection(_ client: ClientReference) -> ConnectionPointer? {
        client.pointee.connection?.assumingMemoryBound(to: Connection.self)
    }

    package func received(_ connection: ConnectionPointer, _ bytes: ByteSlice) {
        guard let client = Self.client(connection) else { return }
        engine.updateTime()
        engine.receive(client, bytes)
    }

    package func ended(_ connection: ConnectionPointer, _ reason: EndReason) {
        guard let client = Self.client(connection) else { return }
        connection.pointee.userData = nil
        engine.freeClient(client)
    }

    // MARK: - Turn

    package func turnWillSend() {
        keepHouseIfDue()
        engine.endDueWaits()
        engine.resumeClients()
        engine.takePendingOutput { client in
            guard let connection = Self.connection(client) else { return }
            loop.scheduleSend(connection)
        }
        engine.takePendingClose { client in close(client) }
    }

    private func close(_ client: ClientReference) {
        let connection = Self.connection(client)
        let isAtOnce = client.pointee.flags.contains(.closeNow)
        connection?.pointee.userData = nil
        engine.freeClient(client)
        guard let connection else { return }
        if isAtOnce { loop.closeNow(connection) } else { loop.closeAfterSending(connection) }
    }

    package func timeoutMilliseconds() -> Int {
        engine.updateTime()
        var next = min(nextHousekeeping, nextExpireCycle)
        if engine.pointee.isHousekeepingPaused { next = engine.pointee.now + 100 }
        next = min(next, engine.nextDeadline ?? .max)
        return Int(max(next - engine.pointee.now, 0))
    }

    private func keepHouseIfDue() {
        engine.updateTime()
        if engine.pointee.isHousekeepingPaused { return }
        if engine.pointee.now >= nextExpireCycle { nextExpireCycle = engine.pointee.now + engine.expireCycle() }
        guard engine.pointee.now >= nextHousekeeping else { return }
        keepHouse()
        nextHousekeeping = engine.pointee.now + Int64(1000 / max(engine.pointee.settings.hertz, 1))
    }

    /// What is to be done some times a second whether anybody asks or not.
    private func keepHouse() {
        engine.endDueWaits()
    }
}
