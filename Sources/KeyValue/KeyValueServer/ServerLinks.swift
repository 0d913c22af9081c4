import Bytes
import Glibc
import IOLoop
import KeyValueCommands

/// Connections of ours to other servers, which the engine asked for. Loop only.
final class ServerLinks {
    private let loop: EventLoop
    private let engine: EngineReference
    private let resolver: HostNameResolver
    /// Open or opening ones by the ids of their connections.
    private var links: [UInt64: ServerLink] = [:]
    /// Those whose names are being looked up.
    private var searches: [UInt64: ServerLink] = [:]
    /// Addresses that are left to be tried, by the ids of the connections that come first.
    private var otherAddresses: [UInt64: ArraySlice<String>] = [:]
    private var lastSearch: UInt64 = 0

    init(loop: EventLoop, engine: EngineReference) {
        self.loop = loop
        self.engine = engine
        resolver = HostNameResolver(waker: loop.waker)
    }

    /// Begins to connect; false if that is impossible.
    func open(_ link: ServerLink) -> Bool {
        guard !link.host.isEmpty, link.port > 0 else { return false }
        do throws(LoopError) {
            try connect(link, to: link.host, others: [])
            return true
        } catch {
            // A name, or an address that leads nowhere.
            guard error.operation == "connect", error.code == EINVAL else { return false }
        }
        lastSearch += 1
        searches[lastSearch] = link
        if resolver.search(link.host, id: lastSearch) { return true }
        searches[lastSearch] = nil
        return false
    }

    private func connect(_ link: ServerLink, to address: String, others: ArraySlice<String>) throws(LoopError) {
        let connection = try loop.connect(to: .tcp(address: address, port: link.port))
        connection.pointee.setNoDelay(true)
        link.connection = UnsafeMutableRawPointer(connection)
        links[connection.pointee.id] = link
        otherAddresses[connection.pointee.id] = others
    }

    /// Connects where names have been found.
    func connectFound() {
        for answer in resolver.takeAnswers() {
            guard let link = searches.removeValue(forKey: answer.id) else { continue }
            connectFirst(link, of: answer.addresses[...])
        }
    }

    private func connectFirst(_ link: ServerLink, of addresses: ArraySlice<String>) {
        var rest = addresses
        while let address = rest.popFirst() {
            do throws(LoopError) {
                return try connect(link, to: address, others: rest)
            } catch {
                continue
            }
        }
        link.connection = nil
        engine.linkEnded(link, hasUnsent: false)
    }

    private static func connection(_ link: ServerLink) -> ConnectionPointer? {
        link.connection?.assumingMemoryBound(to: Connection.self)
    }

    func output(of link: ServerLink) -> UnsafeMutablePointer<OutputBuffer>? {
        guard let connection = Self.connection(link) else { return nil }
        return withUnsafeMutablePointer(to: &connection.pointee.output) { $0 }
    }

    func send(_ link: ServerLink) {
        if let connection = Self.connection(link) { loop.scheduleSend(connection) }
    }

    func pendingByteCount(of link: ServerLink) -> Int {
        Self.connection(link)?.pointee.pendingSendByteCount ?? 0
    }

    func close(_ link: ServerLink) {
        for (search, other) in searches where other === link { searches[search] = nil }
        guard let connection = Self.connection(link) else { return }
        forget(connection, link)
        loop.closeNow(connection)
    }

    private func forget(_ connection: ConnectionPointer, _ link: ServerLink) {
        links[connection.pointee.id] = nil
        otherAddresses[connection.pointee.id] = nil
        link.connection = nil
    }

    // MARK: - What the loop reports

    func connected(_ connection: ConnectionPointer) {
        guard let link = links[connection.pointee.id] else { return }
        otherAddresses[connection.pointee.id] = nil
        link.localAddress = connection.pointee.localAddressText
        engine.linkConnected(link)
    }

    func received(_ connection: ConnectionPointer, _ bytes: ByteSlice) {
        guard let link = links[connection.pointee.id] else { return }
        engine.updateTime()
        engine.linkReceived(link, bytes)
    }

    func ended(_ connection: ConnectionPointer) {
        guard let link = links[connection.pointee.id] else { return }
        let others = otherAddresses[connection.pointee.id] ?? []
        let hasUnsent = connection.pointee.pendingSendByteCount > 0
        forget(connection, link)
        if others.isEmpty { engine.linkEnded(link, hasUnsent: hasUnsent) } else { connectFirst(link, of: others) }
    }
}
