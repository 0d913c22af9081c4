/// The commands of the console. What they do is in `Console`.
package enum ConsoleCommand: String, CaseIterable, Sendable {
    case disable
    case enable
    case kill
    case killClient = "kill_client"
    case pause
    case reconnect
    case reload
    case resume
    case select
    case show
    case shutdown
    case suspend
    case waitClose = "wait_close"

    /// What a command takes behind its name.
    enum Argument {
        case none
        case database
        case databaseOrNone
        case clientNumber
        /// WAIT_FOR_CLIENTS or WAIT_FOR_SERVERS, or nothing.
        case shutdownMode
        case report
    }

    var argument: Argument {
        switch self {
        case .reload, .suspend: .none
        case .disable, .enable: .database
        case .kill, .pause, .reconnect, .resume, .waitClose: .databaseOrNone
        case .killClient: .clientNumber
        case .shutdown: .shutdownMode
        case .select, .show: .report
        }
    }

    /// In the log, and as what is answered when it is done.
    var tag: String { self == .select ? "SHOW" : rawValue.uppercased() }

    /// Lines of SHOW HELP, without those of SHOW and SET.
    static let usage: [String] = [
        Self.reload, .pause, .resume, .disable, .enable, .reconnect, .kill, .killClient, .suspend, .shutdown,
        .waitClose,
    ].flatMap(\.usageLines)

    private var usageLines: [String] {
        switch argument {
        case .none, .report: [tag]
        case .database: ["\(tag) <db>"]
        case .databaseOrNone: ["\(tag) [<db>]"]
        case .clientNumber: ["\(tag) <client_id>"]
        case .shutdownMode: [tag, "\(tag) WAIT_FOR_SERVERS|WAIT_FOR_CLIENTS"]
        }
    }
}
