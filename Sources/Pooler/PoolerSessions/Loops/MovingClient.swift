/// A client on its way from one loop to another, where its login goes on. It has no session yet; its connection goes
/// along, by the shell.
// Unchecked, as `ClientDetails` is one loop's own and no Sendable: one loop has it at a time, and the one that it leaves
// gives it away through a mailbox with a lock and does not look at it again.
package final class MovingClient: @unchecked Sendable {
    let id: UInt64
    let connectTime: Int64
    let details: ClientDetails
    let errand: MoveErrand

    init(id: UInt64, connectTime: Int64, details: ClientDetails, errand: MoveErrand) {
        self.id = id
        self.connectTime = connectTime
        self.details = details
        self.errand = errand
    }
}

/// What a client is moved for: done when it has arrived.
enum MoveErrand {
    /// It has told who it wants to be, and goes to the home of its pool.
    case startup(StartupParameters)
    /// Its secret is asked for by servers of another pool, at that one's home.
    case lookUp
    /// The answer is there, and it goes to the home of its own pool.
    case answer(SecretLookup)
    /// It has proved itself, and its pool's home is elsewhere than it was.
    case admission(ClientIdentity)
    /// It asks to cancel what another client does.
    case cancel(processID: UInt32, secret: [UInt8])
}
