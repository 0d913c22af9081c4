/// How many servers a pool attempts side by side.
///
/// PostgreSQL gives a connection its slot before it sees who comes, and takes it back from an ordinary user when only the
/// slots of superusers are left (InitPostgres). Attempts in vain hold those for that moment, and whoever looks at the
/// server then is refused. So there are never many, one after a refusal, and more again as they succeed.
struct ConnectPace: Equatable, Sendable {
    private(set) var attemptsMax = ConnectPace.most

    /// A cold pool of 97 is full after seven rounds: the time goes by in the server, which starts a process for each.
    static let most = 16

    /// The server had no slot (53300).
    mutating func foundNoSlot() { attemptsMax = 1 }

    mutating func succeeded() { attemptsMax = min(Self.most, attemptsMax * 2) }
}
