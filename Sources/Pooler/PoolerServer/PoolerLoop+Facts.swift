import CAtoll
import IOLoop
import PoolerSessions

// What the console shows of sockets.

extension PoolerLoop {
    /// What the pooler of this loop holds now.
    func report(_ scope: LoopReport.Scope) -> LoopReport {
        var report = pooler.report(scope) { Self.facts($0.assumingMemoryBound(to: Connection.self)) }
        report.nameSearchCount = hosts?.searchCount ?? 0
        report.names = hosts?.report(now: pooler.now) ?? []
        return report
    }

    private static func facts(_ connection: ConnectionPointer) -> SocketFacts {
        var facts = SocketFacts()
        facts.descriptor = connection.pointee.descriptor
        if connection.pointee.isUnixSocket {
            facts.address = "unix"
            facts.localAddress = "unix"
            // One of both ends has a path.
            let path = connection.pointee.localAddressText + connection.pointee.peerAddressText
            facts.port = path.split(separator: ".").last.flatMap { Int($0) } ?? 0
            facts.localPort = facts.port
            var number = pid_t()
            if atoll_peer_process_id(facts.descriptor, &number) == 0 { facts.processID = Int64(number) }
        } else {
            (facts.address, facts.port) = place(connection.pointee.peerAddressText)
            (facts.localAddress, facts.localPort) = place(connection.pointee.localAddressText)
        }
        facts.tls = tlsSummary(connection)
        return facts
    }

    /// Version and cipher; empty without TLS.
    static func tlsSummary(_ connection: ConnectionPointer) -> String {
        guard let version = connection.pointee.tlsVersionName else { return "" }
        return "\(version)/\(connection.pointee.tlsCipherName ?? "")"
    }

    /// An address and its port, from `address:port`; addresses of IPv6 come in brackets.
    private static func place(_ text: String) -> (String, Int) {
        guard let colon = text.lastIndex(of: ":") else { return (text, 0) }
        let address = text[..<colon].filter { $0 != "[" && $0 != "]" }
        return (String(address), Int(text[text.index(after: colon)...]) ?? 0)
    }
}
