package import PoolerConfiguration

/// What a client of the console may do.
package enum ConsoleAccess: Sendable, Equatable {
    /// SHOW, but not SHOW FDS.
    case statistics
    /// Everything.
    case administration

    /// By the lists of the configuration; nil for nobody. Where nobody is asked who he is (`auth_type` any), everybody
    /// may look, as in PgBouncer.
    package init?(user: String, _ settings: PoolerSettings) {
        if settings.adminUsers.contains(user) {
            self = .administration
        } else if settings.authenticationType == .any || settings.statisticsUsers.contains(user) {
            self = .statistics
        } else {
            return nil
        }
    }
}

/// The state of a console's client.
struct ConsoleSession {
    let access: ConsoleAccess
    /// Whether a statement is being carried out: the next one waits.
    var isBusy = false

    init(_ access: ConsoleAccess) { self.access = access }
}

/// A statement that a loop has received for the console.
package struct ConsoleRequest: Sendable, Equatable {
    /// Names the client among all of its loop.
    package let client: UInt64
    package let access: ConsoleAccess
    package let text: String

    package init(client: UInt64, access: ConsoleAccess, text: String) {
        self.client = client
        self.access = access
        self.text = text
    }
}

/// What clients of the console do.
package enum ConsoleEvent: Sendable, Equatable {
    /// Carry it out; `LoopPooler.answer` takes the answer.
    case request(ConsoleRequest)
    /// The client does not want to wait any more.
    case cancelled(client: UInt64)
    /// The client is gone.
    case ended(client: UInt64)
}
