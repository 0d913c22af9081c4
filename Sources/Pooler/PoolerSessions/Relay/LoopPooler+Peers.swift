// Other poolers of the group ([peers]): each has a pool, whose servers are connections that carry cancel requests to it.

import PoolerConfiguration

extension LoopPooler {
    /// The pool of a peer; nil for one that is not configured.
    func peerPool(_ number: Int) -> PoolPointer? {
        guard let peer = directory.snapshot.peers[number] else { return nil }
        if let known = peerPools[number] { return known }
        let details = PoolDetails(
            database: "peer_\(number)", user: "(nouser)", places: directory.places(peer),
            target: ServerLogin.Target(user: "", database: "", credential: .none),
            databaseLimit: ConnectionLimit(), userLimit: ConnectionLimit())
        let pool = PoolPointer.allocate(capacity: 1)
        pool.initialize(to: Pool(details: details, settings: settings(peer)))
        peerPools[number] = pool
        return pool
    }

    private func settings(_ peer: PeerEntry) -> PoolSettings {
        let settings = directory.snapshot.settings
        var own = PoolSettings()
        own.poolSize = peer.poolSize ?? settings.defaultPoolSize
        own.cancelWaitTimeout = settings.cancelWaitTimeoutMicroseconds * 1000
        return own
    }

    /// Takes over what a new configuration says of peers. The pool of one that is gone stays for what is on its way.
    func followPeers(_ snapshot: ConfigurationSnapshot) {
        for (number, pool) in peerPools {
            guard let peer = snapshot.peers[number] else {
                pool.pointee.cancelsWaiting.forEach { endClient($0, reason: "peer removed") }
                continue
            }
            pool.pointee.details.places = directory.places(peer)
            pool.pointee.settings = settings(peer)
        }
    }
}
