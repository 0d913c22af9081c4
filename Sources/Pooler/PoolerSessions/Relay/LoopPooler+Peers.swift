// Other poolers of the group ([peers]): each has a pool, whose servers are connections that carry cancel requests to it.

import PoolerConfiguration

extension LoopPooler {
    /// The pool of a peer; nil for one that is not configured.
    func peerPool(_ number: Int) -> PoolPointer? {
        guard let peer = directory.snapshot.peers[number] else { return nil }
        if let known = peerPools[number] { return known }
        let pool = makePool("peer_\(number)", directory.places(peer), settings(peer))
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

    /// The pool of the process that this one has taken over from.
    func poolOfPredecessor() -> PoolPointer? {
        guard hasPredecessor else { return nil }
        if let known = predecessorPool { return known }
        var settings = PoolSettings()
        settings.poolSize = directory.snapshot.settings.defaultPoolSize
        settings.cancelWaitTimeout = directory.snapshot.settings.cancelWaitTimeoutMicroseconds * 1000
        // The shell knows the way: the place is only for the log.
        let place = ServerPlace(host: .socketDirectory("predecessor"), port: 0)
        let pool = makePool("predecessor", [place], settings)
        predecessorPool = pool
        return pool
    }

    private func makePool(_ name: String, _ places: [ServerPlace], _ settings: PoolSettings) -> PoolPointer {
        let details = PoolDetails(
            database: name, user: "(nouser)", places: places,
            target: ServerLogin.Target(user: "", database: "", credential: .none),
            databaseLimit: ConnectionLimit(), userLimit: ConnectionLimit())
        let pool = PoolPointer.allocate(capacity: 1)
        pool.initialize(to: Pool(details: details, settings: settings))
        return pool
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
