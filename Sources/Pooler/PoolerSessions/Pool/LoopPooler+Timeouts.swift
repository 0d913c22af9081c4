// Limits of time for clients that have logged in.

import Bytes

extension LoopPooler {
    /// Ends queries, transactions and clients that have lasted too long.
    func endLongUses(_ pool: PoolPointer) {
        let settings = pool.pointee.settings
        if settings.queryTimeout > 0 || settings.idleTransactionTimeout > 0 || settings.transactionTimeout > 0 {
            pool.pointee.active.forEach { server in
                if let reason = exceededLimit(server, settings) { endServer(server, reason: reason) }
            }
        }
        guard settings.clientIdleTimeout > 0 else { return }
        pool.pointee.clients.forEach { client in
            guard client.pointee.state == .idle, now - client.pointee.stateTime >= settings.clientIdleTimeout
            else { return }
            endClient(client, reason: "client_idle_timeout", error: ("08P01", "client_idle_timeout"))
        }
    }

    /// The limit that the server's client has exceeded, in the words for it.
    private func exceededLimit(_ server: ServerPointer, _ settings: PoolSettings) -> String? {
        guard let client = server.pointee.client else { return nil }
        let isWorking = !server.pointee.replies.isEmpty
        let isInTransaction = server.pointee.transactionStatus != UInt8(ascii: "I")
        if settings.queryTimeout > 0, isWorking, client.pointee.requestTime > 0,
            now - client.pointee.requestTime >= settings.queryTimeout
        {
            return "query timeout"
        }
        if settings.idleTransactionTimeout > 0, !isWorking, isInTransaction,
            now - client.pointee.stateTime >= settings.idleTransactionTimeout
        {
            return "idle transaction timeout"
        }
        if settings.transactionTimeout > 0, isInTransaction || isWorking, client.pointee.transactionTime > 0,
            now - client.pointee.transactionTime >= settings.transactionTimeout
        {
            return "transaction timeout"
        }
        return nil
    }
}
