// What loops write to one another about places among the connections of a database or a user.

extension LoopPooler {
    /// Reads what has come, and does what it says.
    func readMail() {
        for letter in mailbox.take() {
            switch letter {
            case .place(let limit, let ticket, let key):
                if let pool = pools[key] { requestServers(pool) }
                limit.pass(ticket)
            case .evict(let limit, let loopsLeft): evict(for: limit, loopsLeft: loopsLeft)
            }
        }
    }

    /// Has the other loops asked, one after the other, to close an idle server for those who wait for the limit.
    func beginHunt(_ limit: ConnectionLimit) {
        guard group.loopCount > 1, limit.beginHunt() else { return }
        sendHunt(limit, loopsLeft: group.loopCount - 1)
    }

    private func evict(for limit: ConnectionLimit, loopsLeft: Int) {
        let isOver =
            !limit.isHuntWanted
            || evict { $0.pointee.details.databaseLimit === limit || $0.pointee.details.userLimit === limit }
        if isOver || loopsLeft <= 1 { return limit.endHunt() }
        sendHunt(limit, loopsLeft: loopsLeft - 1)
    }

    private func sendHunt(_ limit: ConnectionLimit, loopsLeft: Int) {
        group.mailboxes[(number + 1) % group.loopCount].post(.evict(limit, loopsLeft: loopsLeft))
    }
}
