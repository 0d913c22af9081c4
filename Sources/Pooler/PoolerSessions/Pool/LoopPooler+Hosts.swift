import PoolerConfiguration

extension LoopPooler {
    /// The name of a host stands for other addresses now: servers at those that are left out are used no more.
    package func hostMoved(_ name: String, to addresses: [String]) {
        for pool in pools.values {
            for list in [pool.pointee.idle, pool.pointee.active, pool.pointee.busy] {
                list.forEach { server in
                    let details = server.pointee.details
                    guard details.place.host == .network(name), let address = details.address,
                        !addresses.contains(address)
                    else { return }
                    server.pointee.flags.insert(.closeWhenFree)
                    if server.pointee.state == .idle { endServer(server, reason: "obsolete connection") }
                }
            }
        }
    }
}
