// What a loop tells the console.

import Bytes
import PoolerConfiguration

extension LoopPooler {
    /// What the loop holds at this moment.
    /// - Parameter facts: what the shell knows of one of its connections.
    package func report(
        _ scope: LoopReport.Scope, facts: (UnsafeMutableRawPointer) -> SocketFacts
    ) -> LoopReport {
        var report = LoopReport()
        report.clientCount = clientCount
        report.loginCount = logins.count
        report.serverCount = serverCount
        let all = allPools
        if scope.contains(.pools) {
            sampleStatistics()
            report.pools = all.map { pool in
                var report = self.report(pool)
                if scope.contains(.distributions) { report.distributions = distributions(pool) }
                return report
            }
            report.memory = memory
            report.peerPools = peerPools.map { self.report($0, $1) }
        }
        if scope.contains(.clients) {
            for pool in all + peerPools.values { reportClients(pool, facts, &report.connections) }
            logins.forEach { client in
                report.connections.append(self.report(client, .login, facts))
            }
        }
        if scope.contains(.servers) {
            for pool in all + peerPools.values { reportServers(pool, facts, &report.connections) }
        }
        return report
    }

    private var memory: [MemoryReport] {
        [
            MemoryReport(name: "pool_cache", size: MemoryLayout<Pool>.stride, count: pools.count + 1),
            MemoryReport(name: "server_cache", size: MemoryLayout<Server>.stride, count: serverCount),
            MemoryReport(name: "client_cache", size: MemoryLayout<Client>.stride, count: clientCount),
            MemoryReport(
                name: "prepared_statement_cache", size: MemoryLayout<PreparedStatement>.stride,
                count: statementTable.count),
        ]
    }

    // MARK: - Pools

    private func report(_ pool: PoolPointer) -> PoolReport {
        var report = PoolReport(database: pool.pointee.details.database, user: pool.pointee.details.user)
        report.activeClientCount = pool.pointee.clients.count
        report.waitingClientCount = pool.pointee.waiting.count + pool.pointee.replication.waiting.count
        report.activeCancelRequestCount = pool.pointee.cancelsActive.count
        report.waitingCancelRequestCount = pool.pointee.cancelsWaiting.count
        report.activeServerCount = pool.pointee.active.count
        report.connectingServerCount = pool.pointee.connecting.count
        pool.pointee.replication.servers.forEach { server in
            let isActive = server.pointee.state == .replicating
            if isActive { report.activeServerCount += 1 } else { report.connectingServerCount += 1 }
        }
        pool.pointee.idle.forEach { server in
            if needsCheck(server) { report.usedServerCount += 1 } else { report.idleServerCount += 1 }
        }
        pool.pointee.busy.forEach { server in
            if isBeingCancelled(server) { report.beingCancelledCount += 1 } else { report.testedServerCount += 1 }
        }
        pool.pointee.cancels.forEach { carrier in
            let isConnected = carrier.pointee.connection != nil
            if isConnected { report.activeCancelCount += 1 } else { report.connectingServerCount += 1 }
        }
        if let first = pool.pointee.waiting.first { report.longestWait = (now - first.pointee.stateTime) / 1000 }
        report.mode = pool.pointee.settings.mode
        report.statistics = window(pool)
        return report
    }

    private func report(_ number: Int, _ pool: PoolPointer) -> PeerPoolReport {
        let whole = self.report(pool)
        var report = PeerPoolReport(peer: number)
        report.activeCancelRequestCount = whole.activeCancelRequestCount
        report.waitingCancelRequestCount = whole.waitingCancelRequestCount
        report.activeCancelCount = whole.activeCancelCount
        report.connectingCount = whole.connectingServerCount
        return report
    }

    /// Whether a server that nobody has waits for nothing but cancel requests to be over.
    private func isBeingCancelled(_ server: ServerPointer) -> Bool {
        server.pointee.cancelCount > 0 && server.pointee.replies.isEmpty
    }

    // MARK: - Clients

    private func reportClients(
        _ pool: PoolPointer, _ facts: (UnsafeMutableRawPointer) -> SocketFacts, _ reports: inout [ConnectionReport]
    ) {
        pool.pointee.clients.forEach { client in
            let hasServer = client.pointee.server != nil
            reports.append(report(client, hasServer ? .active : .idle, facts))
        }
        for list in [pool.pointee.waiting, pool.pointee.replication.waiting] {
            list.forEach { reports.append(report($0, .waiting, facts)) }
        }
        pool.pointee.cancelsActive.forEach { reports.append(report($0, .activeCancelRequest, facts)) }
        pool.pointee.cancelsWaiting.forEach { reports.append(report($0, .waitingCancelRequest, facts)) }
    }

    private func report(
        _ client: ClientPointer, _ state: ConnectionReport.State,
        _ facts: (UnsafeMutableRawPointer) -> SocketFacts
    ) -> ConnectionReport {
        let details = client.pointee.details
        var report = ConnectionReport(id: client.pointee.id, isServer: false, state: state)
        report.user = details.user.isEmpty ? nil : details.user
        report.database = client.pointee.pool?.pointee.details.database
        report.replication = details.startup?.replication ?? .none
        report.socket = facts(client.pointee.connection)
        report.processID = report.socket.processID
        report.connectTime = client.pointee.connectTime
        let began = client.pointee.requestTime
        report.requestTime = began == 0 ? client.pointee.stateTime : began
        let isWaiting = [.waiting, .awaitingWelcome, .awaitingOwnServer].contains(client.pointee.state)
        if isWaiting || began != 0 {
            report.waitTime = (now - (isWaiting ? client.pointee.stateTime : began)) / 1000
        }
        report.address = UInt(bitPattern: client)
        link(&report, client.pointee.server, facts)
        report.settings = Dictionary(
            details.session?.told.reports.map { ($0.name, $0.value) } ?? [], uniquingKeysWith: { $1 })
        report.applicationName =
            report.settings["application_name"] ?? details.startup?.setting("application_name") ?? ""
        report.preparedStatementCount = client.pointee.statements.count
        report.pins = client.pointee.server == nil ? [] : details.session?.pins ?? []
        report.cancelKey = details.cancelKey.map { Self.number($0) } ?? 0
        report.receivedByteCount = client.pointee.pending.count
        report.remainingByteCount = client.pointee.remainingByteCount
        report.unsentByteCount = client.pointee.output.pointee.count
        return report
    }

    private func link(
        _ report: inout ConnectionReport, _ server: ServerPointer?,
        _ facts: (UnsafeMutableRawPointer) -> SocketFacts
    ) {
        guard let server else { return }
        report.linkAddress = UInt(bitPattern: server)
        report.linkID = server.pointee.id
        report.linkProcessID = Int64(server.pointee.details.processID)
        if let connection = server.pointee.connection { report.linkDescriptor = facts(connection).descriptor }
    }

    /// The eight bytes that a client of protocol 3.0 has; longer secrets are cut.
    private static func number(_ key: CancelKey) -> UInt64 {
        key.secret.prefix(4).reduce(UInt64(key.processID)) { $0 << 8 | UInt64($1) }
    }

    // MARK: - Servers

    private func reportServers(
        _ pool: PoolPointer, _ facts: (UnsafeMutableRawPointer) -> SocketFacts, _ reports: inout [ConnectionReport]
    ) {
        pool.pointee.active.forEach { reports.append(report($0, .active, facts)) }
        pool.pointee.idle.forEach { reports.append(report($0, needsCheck($0) ? .used : .idle, facts)) }
        pool.pointee.busy.forEach { server in
            reports.append(report(server, isBeingCancelled(server) ? .beingCancelled : .tested, facts))
        }
        pool.pointee.connecting.forEach { reports.append(report($0, .new, facts)) }
        pool.pointee.replication.servers.forEach { server in
            reports.append(report(server, server.pointee.state == .replicating ? .active : .new, facts))
        }
        pool.pointee.cancels.forEach { carrier in
            reports.append(report(carrier, carrier.pointee.connection == nil ? .new : .activeCancel, facts))
        }
    }

    private func report(
        _ server: ServerPointer, _ state: ConnectionReport.State,
        _ facts: (UnsafeMutableRawPointer) -> SocketFacts
    ) -> ConnectionReport {
        let details = server.pointee.details
        var report = ConnectionReport(id: server.pointee.id, isServer: true, state: state)
        report.user = server.pointee.pool.pointee.details.user
        report.database = server.pointee.pool.pointee.details.database
        if let connection = server.pointee.connection { report.socket = facts(connection) }
        report.processID = report.socket.processID == 0 ? Int64(details.processID) : report.socket.processID
        report.connectTime = server.pointee.connectTime
        report.requestTime = server.pointee.stateTime
        report.closesSoon =
            server.pointee.flags.contains(.closeWhenFree)
            || server.pointee.generation != server.pointee.pool.pointee.generation
        report.address = UInt(bitPattern: server)
        if let client = server.pointee.client {
            report.linkAddress = UInt(bitPattern: client)
            report.linkID = client.pointee.id
            report.linkDescriptor = facts(client.pointee.connection).descriptor
            report.pins = client.pointee.details.session?.pins ?? []
            if client.pointee.requestTime != 0 { report.waitTime = (now - client.pointee.requestTime) / 1000 }
        }
        report.settings = Dictionary(
            details.session.reports.reports.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        report.applicationName = report.settings["application_name"] ?? ""
        report.preparedStatementCount = server.pointee.statements.count
        report.cancelKey = details.cancelSecret.prefix(4).reduce(UInt64(details.processID)) { $0 << 8 | UInt64($1) }
        report.receivedByteCount = server.pointee.partial.count
        report.remainingByteCount = server.pointee.remainingByteCount
        report.unsentByteCount = server.pointee.output.pointee.count
        return report
    }
}
