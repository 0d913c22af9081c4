// Clients that go to another loop of the process, or come from one: `LoopPooler+Moves` says who and why.

import Bytes
import IOLoop
import PoolerSessions

extension PoolerLoop {
    /// Gives away those whom the kernel has let go of.
    func sendMoving() {
        for (id, address) in pooler.movingClients {
            let connection = address.assumingMemoryBound(to: Connection.self)
            switch loop.detach(connection) {
            case .notYet: continue
            case .never:
                // Its end is told, or it ends itself.
                pooler.moveFailed(id)
            case .detached(let detached):
                connection.pointee.userData = nil
                guard let (client, number) = pooler.takeMoving(id) else { continue }
                posts[number].post(.moving(client, detached))
            }
        }
        performActions()
    }

    /// Takes in those who have come.
    func takePost() {
        for parcel in post.take() {
            switch parcel {
            case .moving(let client, let detached): arrived(client, detached)
            case .handedOver(let client, let descriptor, let home): adoptClient(client, descriptor, home: home)
            }
        }
    }

    private func arrived(_ moving: MovingClient, _ detached: DetachedConnection) {
        guard let connection = loop.attach(detached) else { return pooler.lost(moving) }
        let output = withUnsafeMutablePointer(to: &connection.pointee.output) { $0 }
        let client = pooler.arrived(moving, connection: UnsafeMutableRawPointer(connection), output: output)
        // One that was refused is closed by the actions.
        connection.pointee.userData = UnsafeMutableRawPointer(client)
        performActions()
    }
}
