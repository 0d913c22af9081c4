import PoolerSessions

/// Addresses of host names for as long as they may be used: `dns_max_ttl` and `dns_nxdomain_ttl`. Pure.
///
/// Each connection is given the addresses in turn, beginning with the next one, so that connections spread over all and
/// one that cannot be reached costs an attempt.
struct HostNames {
    /// What is known of a name.
    enum Lookup: Equatable {
        /// Addresses, in the order in which they are to be tried; none if the name is known not to exist.
        case known([String])
        /// Nothing: search, and tell by `found`.
        case unknown
    }

    private struct Entry {
        var addresses: [String]
        /// Until when it may be used, in monotonic nanoseconds.
        var endTime: Int64
        /// The address that is next in turn.
        var next = 0
    }

    private var entries: [String: Entry] = [:]

    /// Names that are kept; names come from the configuration.
    private static let namesMax = 1024

    /// Addresses for one connection.
    mutating func look(up name: String, now: Int64) -> Lookup {
        guard let entry = entries[name], now < entry.endTime else { return .unknown }
        guard !entry.addresses.isEmpty else { return .known([]) }
        let next = entry.next % entry.addresses.count
        entries[name]?.next = next + 1
        return .known(Array(entry.addresses[next...] + entry.addresses[..<next]))
    }

    /// What is known now.
    func report(now: Int64) -> [HostNameReport] {
        entries.filter { now < $0.value.endTime }.map { name, entry in
            HostNameReport(
                name: name, addresses: entry.addresses, seconds: Int((entry.endTime - now) / 1_000_000_000))
        }
    }

    /// A search has ended.
    ///
    /// - Parameters:
    ///   - addresses: none if there is no such name.
    ///   - lifetime: how long they may be used, in nanoseconds.
    ///   - missingLifetime: how long the name may be taken for one that does not exist.
    /// - Returns: whether the name stood for other addresses before.
    mutating func found(
        _ name: String, _ addresses: [String], now: Int64, lifetime: Int64, missingLifetime: Int64
    ) -> Bool {
        let old = entries[name]
        if entries.count >= Self.namesMax, old == nil { entries.removeAll() }
        let endTime = now + (addresses.isEmpty ? missingLifetime : lifetime)
        entries[name] = Entry(addresses: addresses, endTime: endTime, next: old?.next ?? 0)
        guard let old, !old.addresses.isEmpty, !addresses.isEmpty else { return false }
        return Set(old.addresses) != Set(addresses)
    }
}
